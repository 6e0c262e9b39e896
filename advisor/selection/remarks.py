"""Warnings and readings: what a reviewer should know that the six lines do not say."""

from __future__ import annotations

from collections.abc import Iterator

from advisor.catalog.answers import AnswersFile
from advisor.catalog.load import Catalog
from advisor.catalog.models import PLANES
from advisor.selection.decision import BUILD_STEPS, Decision
from advisor.selection.facets import Facets, Given
from advisor.selection.reasons import fired, spine_row


def warnings(given: Given, file: AnswersFile, decision: Decision) -> Iterator[str]:
    """What in the answers contradicts itself or leaves the method, one sentence each."""
    if decision.runtime_class == "long-horizon" and decision.spine == "none":
        yield (
            "Long-horizon work without a spine: the answers say that its state can be rebuilt from the input. "
            "Check that once more; a wrong answer here is the most expensive to mend later."
        )
    if given["world_changes_during_unit"] == "no" and given["world_changes_during_pause"] == "yes":
        yield "The world is said to change during a pause but not during the unit of work that contains it."
    if given["duration"] in {"seconds", "minutes"} and given["pauses_or_external_waits"] == "yes":
        yield (
            f"One unit is said to last {given['duration']} and to wait over an hour; "
            "waits count, so it was read as long-horizon."
        )
    for plane in PLANES:
        if plane in file.planes and decision.planes[plane] == "not_needed":
            yield f"[planes.{plane}] records a decision on a plane that no predicate calls for."
    for step, recorded in file.sequence.items():
        if recorded.status == "deferred":
            yield (
                f"The {BUILD_STEPS[step]} is deferred until {recorded.until} ({recorded.reason}). "
                "Missing audit history dominates the cost of every later migration."
            )
    if not (decision.coordination or decision.control) and decision.spine == "none" and decision.p6_level == "none":
        yield "No pattern is needed: a plain call to a model, with its console, is enough. Add none."


def readings(catalog: Catalog, facets: Facets, given: Given, file: AnswersFile, decision: Decision) -> tuple[str, ...]:
    """Ids of the readings that this record rests on, in the order of the steps."""
    row = spine_row(facets, given)
    values = set(given.values())
    own_p6 = catalog.patterns["P6"].chosen_when
    predicates_of_p6 = [fired(catalog.predicates[p], given) for p in own_p6.any] if own_p6 else []
    used = {
        "unknown-is-neither": "unknown" in values,
        "partly-does-not-fire": "partly" in values,
        "duration-includes-waits": given["duration"] != "unknown",
        "pauses-make-long-horizon": given["pauses_or_external_waits"] == "yes",
        "dominant-concern-autonomous": decision.runtime_class == "autonomous",
        "suggestions-count-as-side-effects": given["external_side_effects"] == "yes",
        "spine-truth-table": decision.spine != "undetermined",
        "event-stream-predicate": row in {"event-stream", "reconstruct"},
        "spine-cost-question": row == "cost-question",
        "spine-long-horizon-none": decision.runtime_class == "long-horizon" and decision.spine == "none",
        "work-must-split": given["work_splits"] in {"no", "partly"},
        "failed-step-is-an-event": given["peers_with_side_effects"] == "no",
        "partial-result-combined": given["partial_result_useful"] == "yes",
        "person-already-decides": given["person_decides_every_action"] == "yes",
        "plane-brings-p6": "P6" in decision.control and True not in predicates_of_p6,
        "p6-level": "P6" in decision.control,
        "deferral-recorded": "deferred" in decision.planes.values(),
        "console-first-deferral": bool(file.sequence),
        "sign-off-unsigned": file.sign_off is None,
    }
    return tuple(reading for reading, applies in used.items() if applies)
