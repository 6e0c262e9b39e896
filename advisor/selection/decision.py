"""*The decision*: the fields of a record that an answer can change, resolved over every completion of the unknowns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

from advisor.catalog.answers import AnswersFile
from advisor.catalog.models import PLANES, Frozen, Plane
from advisor.selection.facets import Facets, Given

Status = Literal["v1", "deferred", "not_needed", "undetermined"]
BUILD_STEPS: Mapping[str, str] = {
    "console": "state schema and its observability lens",
    "gate": "gate and audit log",
    "orchestrator": "orchestrator and one sub-agent",
    "sub_agents": "the other sub-agents",
    "kill_switch": "control plane: kill switch",
    "escalation": "control plane: escalation",
    "approval": "control plane: approval",
    "throttling": "control plane: throttling",
}
_PATTERNS_BY_CONCERN = {"coordination": ("P1", "P2"), "control": ("P4", "P6")}


class Decision(Frozen):
    """What the five steps decide: patterns that every completion chooses; a scalar they disagree on is undetermined."""

    runtime_class: Literal["conversational", "autonomous", "long-horizon", "undetermined"]
    dominant_concern: Literal["Coordination", "State", "Control", "undetermined"]
    spine: Literal["P5", "P3", "none", "undetermined"]
    spine_alternatives: tuple[str, ...]
    coordination: tuple[str, ...]
    control: tuple[str, ...]
    p6_level: Literal["full", "light", "none", "undetermined"]
    planes: dict[Plane, Status]
    sequence: tuple[str, ...]

    def changes_to(self, other: Decision) -> dict[str, Any]:
        """The fields in which `other` differs, with its values; of the planes only those that differ."""
        mine, theirs = self.model_dump(mode="json"), other.model_dump(mode="json")
        changed = {name: theirs[name] for name in mine if mine[name] != theirs[name]}
        if "planes" in changed:
            changed["planes"] = {p: s for p, s in theirs["planes"].items() if s != mine["planes"][p]}
        return changed


def decide(facets: Facets, given: Given, file: AnswersFile) -> Decision:
    """The decision for four-valued answers, over every completion of the unknown ones (method.md section 2)."""

    def shown(name: str) -> Any:
        return facets[name].shown(given)

    planes: dict[Plane, Status] = {plane: plane_status(plane, shown(plane), file) for plane in PLANES}
    return Decision(
        runtime_class=shown("runtime_class"),
        dominant_concern=shown("dominant_concern"),
        spine=shown("spine"),
        spine_alternatives=shown("spine_alternatives"),
        coordination=tuple(name for name in _PATTERNS_BY_CONCERN["coordination"] if shown(name)),
        control=tuple(name for name in _PATTERNS_BY_CONCERN["control"] if shown(name)),
        p6_level=shown("p6_level"),
        planes=planes,
        sequence=tuple(BUILD_STEPS[step] for step in _build(shown, planes, file)),
    )


def is_stable(facets: Facets, given: Given) -> bool:
    """Whether no completion of the unknowns changes the decision: every facet has one possible value."""
    return all(len(facet.possible(given)) == 1 for facet in facets)


def plane_status(plane: Plane, called: bool | str, file: AnswersFile) -> Status:
    """A called-for plane's recorded status (*v1* unless the answers file defers it), else why there is none."""
    if called == "undetermined":
        return "undetermined"
    if not called:
        return "not_needed"
    recorded = file.planes.get(plane)
    return recorded.status if recorded else "v1"


def _build(shown: Callable[[str], Any], planes: Mapping[Plane, Status], file: AnswersFile) -> list[str]:
    """Step 5 (section 4.5): console first; a step without a chosen pattern, or a deferred one, drops out."""
    needed: dict[str, bool] = {
        "console": True,
        "gate": shown("P4"),
        "orchestrator": shown("coordinated"),
        "sub_agents": shown("coordinated"),
        **{plane: status == "v1" for plane, status in planes.items()},
    }
    deferred = {step for step, decision in file.sequence.items() if decision.status == "deferred"}
    return [step for step in BUILD_STEPS if needed[step] and step not in deferred]
