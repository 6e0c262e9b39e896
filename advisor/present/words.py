"""The words that every format shares: labels, changes in a sentence, flips in groups."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from advisor.selection.decision import Decision
from advisor.selection.record import DecisionRecord
from advisor.selection.sensitivity import Dependency, Flip

LINE_TITLES: Mapping[str, str] = {
    "runtime_class": "Runtime class",
    "spine": "Spine",
    "coordination": "Coordination",
    "control": "Control",
    "sequence": "Sequence",
    "date": "Date / model version",
}
PLANE_TITLES: Mapping[str, str] = {
    "kill_switch": "kill switch",
    "escalation": "escalation",
    "approval": "approval",
    "throttling": "throttling",
}
STATUS_WORDS: Mapping[str, str] = {
    "v1": "version 1",
    "deferred": "deferred",
    "not_needed": "not needed",
    "undetermined": "undetermined",
}
FIRED_WORDS: Mapping[bool | None, str] = {True: "fires", False: "no", None: "open"}


def joined(patterns: Sequence[str]) -> str:
    """Pattern ids as the paper writes them: `P1 + P2`, or `none`."""
    return " + ".join(patterns) or "none"


def composition(decision: Decision) -> str:
    """The chosen patterns in one phrase: `P5 spine, P1 + P2, P4 + P6 full`."""
    spine = {"none": "no durable spine", "undetermined": "spine undetermined"}.get(
        decision.spine, f"{decision.spine} spine"
    )
    level = f" {decision.p6_level}" if "P6" in decision.control else ""
    parts = [
        spine,
        f"coordination {joined(decision.coordination)}",
        f"control {joined(decision.control)}{level}",
    ]
    return ", ".join(parts)


def state_of(record: DecisionRecord) -> str:
    """Signed or not, and whether any unknown could still change the decision, in one sentence."""
    signature = "Signed." if record.signed else "Unsigned: a senior engineer has not signed the spine off."
    if record.stable:
        unknown = [key for key, answer in record.answers.items() if answer == "unknown"]
        hold = "Holds either way: no unknown answer can change it." if unknown else "Every answer is known."
    else:
        open_ = [each.question for each in record.depends_on if each.answer == "unknown"]
        hold = f"Not settled: it depends on {len(open_)} unknown answer{'s' * (len(open_) != 1)}."
    replaced = f"Superseded by {record.superseded_by}. " if record.superseded_by else ""
    return f"{replaced}{signature} {hold}"


def lineage_of(record: DecisionRecord) -> str:
    """Which record this one takes the place of, and on what evidence; empty where it takes none's."""
    if not record.supersedes:
        return ""
    return f"Supersedes {record.supersedes}.{f' {record.evidence}' if record.evidence else ''}"


def in_words(changes: Mapping[str, Any]) -> str:
    """Changed fields of a decision in a phrase; the sequence is left out where it only follows from the rest."""
    said = [_field(name, value, changes) for name, value in changes.items() if name != "sequence"]
    said = [each for each in said if each]
    if not said and "sequence" in changes:
        said = [f"the build is {', '.join(changes['sequence']) or 'empty'}"]
    return "; ".join(said) or "no change"


def _field(name: str, value: Any, changes: Mapping[str, Any]) -> str:
    if value == "undetermined":
        return f"{name.replace('_', ' ')} still open"
    match name:
        case "runtime_class":
            return f"runtime class {value}"
        case "dominant_concern":
            return f"{value} dominates"
        case "spine":
            return f"spine {value}"
        case "spine_alternatives":
            return (
                f"a cost question with {joined(value)}" if value else "" if "spine" in changes else "no cost question"
            )
        case "coordination" | "control":
            return f"{name} {joined(value)}"
        case "p6_level":
            return "no P6" if value == "none" else f"P6 {value}"
        case _:
            return ", ".join(f"{PLANE_TITLES[p]} {STATUS_WORDS[status]}" for p, status in value.items())


def dependency_lines(dependency: Dependency) -> list[str]:
    """What an unknown answer would decide: one line an outcome."""
    given = ", ".join(f"{q} = {v}" for q, v in dependency.together_with.items())
    where = f" (with {given})" if given else ""
    return [f"{value}{where}: {in_words(changes)}" for value, changes in dependency.outcomes.items()]


def grouped_flips(flips: Sequence[Flip]) -> list[tuple[str, str, str, str]]:
    """Flips with the same effect in one row: (question, from, to, effect)."""
    groups: dict[tuple[str, str, str], list[str]] = {}
    for flip in flips:
        key = (flip.question, flip.from_, json.dumps(flip.changes))
        groups.setdefault(key, []).append(flip.to)
    return [(q, old, " or ".join(to), in_words(json.loads(changes))) for (q, old, changes), to in groups.items()]
