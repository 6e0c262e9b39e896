"""The five steps for fully known answers, one function a decision, named as the paper names them (section 4).

Every function takes `known`, a mapping from question id to an answer other than *unknown*, and returns a plain value.
*partly* never fires a predicate, so it decides as *no* does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from advisor.catalog.load import Catalog
from advisor.catalog.models import PLANES, Pattern, Plane, Predicate, Rule

Known = Mapping[str, str]
RuntimeClass = Literal["conversational", "autonomous", "long-horizon"]
Concern = Literal["Coordination", "State", "Control"]
SpineName = Literal["P5", "P3", "none"]
Level = Literal["full", "light", "none"]

_CLASS_BY_DURATION: Mapping[str, RuntimeClass] = {
    "seconds": "conversational",
    "minutes": "autonomous",
    "hours": "long-horizon",
    "days": "long-horizon",
}


def fires(predicate: Rule, known: Known) -> bool:
    """Whether a predicate fires: its flat rule over question ids holds, where only *yes* counts as true."""
    return _holds(predicate, {question: known[question] == "yes" for question in predicate.ids})


def chosen(rule: Rule, predicates: Mapping[str, Predicate], known: Known) -> bool:
    """Whether a rule over predicate ids holds (a pattern's `chosen_when`, a plane's `called_for`)."""
    return _holds(rule, {name: fires(predicates[name], known) for name in rule.ids})


def _holds(rule: Rule, truth: Mapping[str, bool]) -> bool:
    return (
        all(truth[name] for name in rule.all)
        and (not rule.any or any(truth[name] for name in rule.any))
        and not any(truth[name] for name in rule.none)
    )


def runtime_class(known: Known) -> RuntimeClass:
    """Step 1: the class of one unit of work, waits included (section 4.1)."""
    if known["pauses_or_external_waits"] == "yes":
        return "long-horizon"
    return _CLASS_BY_DURATION[known["duration"]]


def dominant_concern(known: Known) -> Concern:
    """Step 1: the concern that dominates the design (section 4.1)."""
    kind = runtime_class(known)
    if kind == "long-horizon":
        return "State"
    if kind == "conversational":
        return "Coordination"
    return "Control" if known["external_side_effects"] == "yes" else "Coordination"


class Spine(NamedTuple):
    """The spine, what else the cost question would allow, and the row of the truth table that matched."""

    name: SpineName
    alternatives: tuple[str, ...]
    row: str


def spine(known: Known) -> Spine:
    """Step 2: the first matching row of the S1-S4 table (section 4.2; rows 3 to 5 are readings)."""
    pauses = known["pauses_or_external_waits"] == "yes"
    lost = known["state_not_reconstructible"] == "yes"
    changes = known["world_changes_during_pause"] == "yes"
    if pauses and lost and changes:
        return Spine("P5", (), "all-three")
    if pauses and lost:
        replayable = known["history_must_replay"] == "yes" and known["consumers_pinned"] == "yes"
        return Spine("P3", ("P5",), "cost-question") if replayable else Spine("P5", ("P3",), "cost-question")
    if lost:
        return Spine("P3", (), "no-pauses")
    if known["event_stream_exists"] == "yes":
        return Spine("P3", (), "event-stream")
    return Spine("none", (), "reconstruct")


def coordination(pattern: Pattern, catalog: Catalog, known: Known) -> bool:
    """Step 3: whether P1 or P2 is chosen (section 4.3). Neither is where work does not split."""
    assert pattern.chosen_when is not None
    return chosen(pattern.chosen_when, catalog.predicates, known)


def plane_called(plane: Plane, catalog: Catalog, known: Known) -> bool:
    """Step 4: whether a control plane of P6 is called for."""
    return chosen(catalog.patterns["P6"].planes[plane].called_for, catalog.predicates, known)


def human_in_the_loop(catalog: Catalog, known: Known) -> bool:
    """Step 4: whether P6 is chosen: by its own predicates, or because a plane that is called for brings it."""
    rule = catalog.patterns["P6"].chosen_when
    assert rule is not None
    return chosen(rule, catalog.predicates, known) or any(plane_called(plane, catalog, known) for plane in PLANES)


def p6_level(catalog: Catalog, known: Known) -> Level:
    """Step 4: full where all four planes are called for, and approval not only above a threshold."""
    if not human_in_the_loop(catalog, known):
        return "none"
    every = all(plane_called(plane, catalog, known) for plane in PLANES)
    return "full" if every and known["approval_above_threshold_only"] != "yes" else "light"
