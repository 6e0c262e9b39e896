"""Answers that a log gives by itself, each with the evidence as a note; everything else stays unknown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from advisor.catalog.answers import KEYS
from advisor.diagnosis.citations import cite
from advisor.errors import printable
from advisor.loop.evidence.observation import Observation, observe
from advisor.loop.evidence.questions import PROBES
from advisor.traces.table import EventTable


@dataclass(frozen=True)
class Inferred:
    """What a log answers.

    Attributes:
        answers: By question, only those that the log shows strongly enough to contradict their opposite.
        notes: By question: what was seen and where; also hints for questions that stay unknown.
    """

    answers: Mapping[str, str]
    notes: Mapping[str, str]


def infer(table: EventTable) -> Inferred:
    """The answers that a log gives, in the method's order.

    An answer is given only where what was seen could contradict the opposite answer (`advisor diagnose --record`); what
    is weaker is a hint in the notes, and the question stays unknown.
    """
    seen = observe(table, PROBES)
    shown = {key: seen[key] for key in KEYS if key in seen and seen[key].shows is not None}
    return Inferred(
        answers={key: str(on.shows) for key, on in shown.items() if on.strong},
        notes={key: _note(table, on) for key, on in shown.items()},
    )


def _note(table: EventTable, on: Observation) -> str:
    places = [f"{each.file}:{each.line}" for each in cite(table, on.rows[:2])]
    where = f" See {', '.join(places)}." if places else ""
    if on.strong:
        return printable(f"From the logs: {on.said}{where}")
    why = f" Not enough to answer: {on.why}." if on.why else ""
    return printable(f"A hint from the logs that this is {on.shows}: {on.said}{why}{where}")
