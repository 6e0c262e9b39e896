"""What the decision hangs on: which unknowns could change it, and which single answers would flip it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from advisor.catalog.answers import KEYS, AnswersFile, choices
from advisor.catalog.models import Frozen
from advisor.selection.decision import Decision, decide
from advisor.selection.facets import Facets, Given, completions_of


class Dependency(Frozen):
    """An unknown or partly answered question that could change the decision.

    `outcomes` maps each value it may turn out to have to the fields that differ then. `together_with` is empty when
    the question decides on its own; else it holds the smallest set of other answers under which it does, and
    `outcomes` are computed with these.
    """

    question: str
    answer: str
    outcomes: dict[str, dict[str, Any]]
    together_with: dict[str, str]


class Flip(Frozen):
    """A single answer that, changed, changes the decision: the fields that differ, with their new values."""

    question: str
    from_: str = Field(alias="from")
    to: str
    changes: dict[str, Any]


def dependencies(facets: Facets, given: Given, file: AnswersFile) -> tuple[Dependency, ...]:
    """Every unknown or partly answered question that some completion lets change the decision."""
    found = []
    for question in KEYS:
        if given[question] not in {"unknown", "partly"}:
            continue
        reads = [with_ for facet in facets if (with_ := facet.reads(question, given)) is not None]
        if not reads:
            continue
        together = min(reads, key=len)
        base = {**given, **together}
        outcomes = {v: decide(facets, {**base, question: v}, file) for v in completions_of(question)}
        here = decide(facets, base, file)
        found.append(
            Dependency(
                question=question,
                answer=given[question],
                outcomes=_differences(here, outcomes),
                together_with=together,
            )
        )
    return tuple(found)


def _differences(here: Decision, outcomes: Mapping[str, Decision]) -> dict[str, dict[str, Any]]:
    """For each outcome the fields that are not the same everywhere, so that outcomes can be read side by side."""
    varying: dict[str, set[str]] = {}
    every = [here, *outcomes.values()]
    for a in every:
        for b in every:
            for name, value in a.changes_to(b).items():
                varying.setdefault(name, set()).update(value if name == "planes" else ())
    shown = {}
    for answer, decision in outcomes.items():
        dump = decision.model_dump(mode="json")
        shown[answer] = {
            name: {p: dump["planes"][p] for p in dump["planes"] if p in planes} if name == "planes" else dump[name]
            for name, planes in sorted(varying.items(), key=lambda item: list(dump).index(item[0]))
        }
    return shown


def flips(facets: Facets, given: Given, file: AnswersFile) -> tuple[Flip, ...]:
    """Every single answer changed to any other value except unknown that changes the decision."""
    here = decide(facets, given, file)
    found = []
    for question in KEYS:
        for value in choices(question):
            if value in {"unknown", given[question]}:
                continue
            changes = here.changes_to(decide(facets, {**given, question: value}, file))
            if changes:
                found.append(Flip(question=question, **{"from": given[question]}, to=value, changes=changes))
    return tuple(found)
