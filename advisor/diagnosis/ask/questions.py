"""What can be asked: the patterns at work, the way and the part that fail, each symptom, and what refutes it."""

from __future__ import annotations

from typing import Literal, NamedTuple

from advisor.catalog.load import Catalog
from advisor.catalog.models import Signature

Said = Literal["yes", "no", "unknown"]
SAID: tuple[Said, ...] = ("yes", "no", "unknown")
Kind = Literal["pattern", "way", "part", "symptom", "refuted_by"]
KINDS: tuple[Kind, ...] = ("pattern", "way", "part", "symptom", "refuted_by")
_PATTERNS = {
    "P1": "Does an orchestrator hand sub-tasks to other agents, and put their results together, where it goes wrong?",
    "P2": "Do several workers act on outside systems there, with steps that undo their actions when one fails?",
    "P3": "Does the failing part take its work from an event log or a queue?",
    "P4": "Is there a gate, a guardrail or a supervisor that restarts workers in the failing part?",
    "P5": "Does the failing part keep its state in stored rows, versions or timers, and go on from them after pauses?",
    "P6": "Do people approve, take over or stop work in the failing part?",
}
_WAYS = {
    "performance": "Is the trouble that it is slow, dear or busy, more than that it is wrong?",
    "drift": "Did it begin with, or change at, a new version of a model, prompt, policy or index?",
}
_PARTS = {
    "proposer": "Does the model lead the trouble: does it repeat itself, change its answers, or claim what is not so?",
    "verifier": "Was there a check that should have stopped it, and that was missing, too late, too slow or wrong?",
    "commit": "Did an action take effect twice, by halves, out of order or on data that had changed?",
    "reject": "Was a refusal, a failure or a wait answered badly: lost, misread, or without end?",
}


class Question(NamedTuple):
    """Something to ask: its id (`symptom:P5-stale-timer`), what it is about, the wording, and what would show it."""

    id: str
    kind: Kind
    about: str
    wording: str
    help: str = ""


def entries(catalog: Catalog) -> dict[str, Signature]:
    """Every entry that can be asked for: signatures first, then weaknesses of the boundary."""
    return {**catalog.signatures, **catalog.weaknesses}


def questions(catalog: Catalog) -> dict[str, Question]:
    """Every question by id."""
    asked = [Question(f"pattern:{id}", "pattern", id, wording) for id, wording in _PATTERNS.items()]
    asked += [Question(f"way:{id}", "way", id, wording) for id, wording in _WAYS.items()]
    asked += [Question(f"part:{id}", "part", id, wording) for id, wording in _PARTS.items()]
    for id, entry in entries(catalog).items():
        shown = f"What would show it: {entry.evidence}"
        asked.append(Question(f"symptom:{id}", "symptom", id, f"Do you see this? {entry.symptom}", shown))
        told = f"A yes speaks against {entry.title.lower()}, which you have seen."
        asked.append(Question(f"refuted_by:{id}", "refuted_by", id, f"Is this so? {entry.refuted_by}", told))
    return {question.id: question for question in asked}
