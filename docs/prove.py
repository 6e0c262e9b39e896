"""Proves the rule base over every answer vector that matters, and prints the decision tables of the five steps.

No part of the decision reads more than seven questions, and no two parts can contradict each other except where they
read the same ones; so the vectors that matter are, for each part, all answers to the questions that it reads.

Proved: every vector gives exactly one outcome (total, deterministic); chosen patterns and planes never contradict each
other; every row of the spine's table and every predicate decides something for some answers (no dead rule).
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from itertools import product

from advisor.catalog.answers import KEYS, choices
from advisor.catalog.load import shipped
from advisor.catalog.models import PLANES
from advisor.selection import steps
from advisor.selection.facets import Facet, facets_of

CATALOG = shipped()
FACETS = facets_of(CATALOG)


def vectors(facet: Facet) -> Iterator[dict[str, str]]:
    """Every known answer vector of a facet's questions, *partly* included."""
    options = [[c for c in choices(q) if c != "unknown"] for q in facet.questions]
    return (dict(zip(facet.questions, values, strict=True)) for values in product(*options))


def prove() -> list[str]:
    """Checks every claim; a claim that fails raises AssertionError with the vector."""
    said = []
    for facet in FACETS:
        outcomes: Counter[object] = Counter()
        deciding = set()
        for vector in vectors(facet):
            value = facet.value(vector)
            assert value == facet.value(dict(reversed(vector.items()))), (
                "depends on order",
                facet.name,
                vector,
            )
            assert facet.possible(vector) == {value}, ("partly decides otherwise than no", facet.name, vector)
            outcomes[value] += 1
            for question in facet.questions:
                others = (c for c in choices(question) if c not in ("unknown", vector[question]))
                if any(facet.value({**vector, question: other}) != value for other in others):
                    deciding.add(question)
        assert len(outcomes) > 1, ("never varies", facet.name)
        assert deciding == set(facet.questions), (
            "dead question",
            facet.name,
            set(facet.questions) - deciding,
        )
        shown = ", ".join(f"{_word(value)} {n}" for value, n in sorted(outcomes.items(), key=lambda i: str(i[0])))
        said.append(f"| {facet.name} | {len(facet.questions)} | {sum(outcomes.values())} | {shown} |")
    _control_never_contradicts()
    _every_spine_row_is_reached()
    _every_predicate_decides()
    return said


def _control_never_contradicts() -> None:
    for v in vectors(FACETS["P6"]):
        called = [plane for plane in PLANES if steps.plane_called(plane, CATALOG, v)]
        chosen, level = steps.human_in_the_loop(CATALOG, v), steps.p6_level(CATALOG, v)
        assert bool(called) == chosen == (level != "none"), ("P6 without a plane, or a plane without P6", v)
        assert level != "full" or len(called) == 4, ("full without all four planes", v)
        if v["person_decides_every_action"] == "yes":
            assert not {"approval", "escalation"} & set(called), ("a circular queue", v)


def _every_spine_row_is_reached() -> None:
    rows = {steps.spine(v).row for v in vectors(FACETS["spine"])}
    assert rows == {"all-three", "cost-question", "no-pauses", "event-stream", "reconstruct"}, rows


def _every_predicate_decides() -> None:
    read = {q for facet in FACETS for q in facet.questions}
    for name, predicate in CATALOG.predicates.items():
        if name != "runtime-world-changes":  # step 1's artifact; it decides nothing and is checked against S3
            assert set(predicate.ids) <= read, ("a predicate that decides nothing", name)
    assert read == set(KEYS) - {"world_changes_during_unit"}, read


def tables() -> Iterator[str]:
    """The decision tables in Markdown; *partly* decides as *no* and is left out."""
    yield "## Step 1: runtime class and dominant concern\n"
    yield from _table(("runtime_class", "dominant_concern"), FACETS["dominant_concern"].questions)
    yield "\n## Step 2: spine\n"
    yield from _table(("spine", "spine_alternatives"), FACETS["spine"].questions)
    yield "\n## Step 3: coordination\n"
    for name in ("P1", "P2"):
        yield from _table((name,), FACETS[name].questions)
        yield ""
    yield "## Step 4: control\n"
    yield from _table(("P4",), FACETS["P4"].questions)
    yield ""
    yield from _table(("P6", "p6_level", *PLANES), FACETS["P6"].questions)


def _table(names: tuple[str, ...], questions: tuple[str, ...]) -> Iterator[str]:
    """Rows that decide alike are merged: `-` stands where an answer does not matter."""
    options = [[c for c in choices(q) if c not in ("unknown", "partly")] for q in questions]
    rows = {
        values: tuple(_word(FACETS[n].value(dict(zip(questions, values, strict=True)))) for n in names)
        for values in product(*options)
    }
    yield "| " + " | ".join((*questions, *names)) + " |"
    yield "|" + " --- |" * (len(questions) + len(names))
    for cells, outcome in _merge(rows, options):
        yield "| " + " | ".join((*cells, *outcome)) + " |"


def _merge(
    rows: dict[tuple[str, ...], tuple[str, ...]], options: list[list[str]]
) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """A decision tree over the questions in order: a question that changes nothing below it is skipped."""

    def grow(prefix: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
        below = {outcome for values, outcome in rows.items() if _matches(values, prefix)}
        if len(below) == 1:
            yield (*prefix, *("-",) * (len(options) - len(prefix))), below.pop()
            return
        at = len(prefix)
        branches = [
            {v[at + 1 :]: o for v, o in rows.items() if _matches(v, prefix) and v[at] == choice}
            for choice in options[at]
        ]
        if all(branch == branches[0] for branch in branches):
            yield from grow((*prefix, "-"))
        else:
            for choice in options[at]:
                yield from grow((*prefix, choice))

    return grow(())


def _matches(values: tuple[str, ...], prefix: tuple[str, ...]) -> bool:
    return all(p in ("-", v) for p, v in zip(prefix, values, strict=False))


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "none"
    return str(value)


def document() -> str:
    """The whole page `docs/decision-tables.md`."""
    proof = prove()
    head = [
        "# Decision tables",
        "",
        "Printed by `make prove`, which fails if a claim below does not hold. *partly* decides as *no* does; `-` means",
        "that the answer does not matter in that row.",
        "",
        "Proved over every answer vector of the questions that each part reads: one outcome for each vector (total,",
        "deterministic), no contradiction between patterns, planes and level, no dead question, row or predicate.",
        "",
        "| part of the decision | questions it reads | vectors | outcomes |",
        "| --- | --- | --- | --- |",
        *proof,
        "",
    ]
    return "\n".join([*head, *tables()]) + "\n"


if __name__ == "__main__":
    try:
        sys.stdout.write(document())
    except AssertionError as failed:
        sys.exit(f"not proved: {failed}")
