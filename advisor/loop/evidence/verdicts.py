"""An answer against what the logs show of it: holds, strained, contradicted, or not observable."""

from __future__ import annotations

from typing import Literal

from advisor.catalog.answers import DURATIONS
from advisor.loop.evidence.conventions import LIMITS
from advisor.loop.evidence.observation import Observation
from advisor.loop.evidence.units import length
from advisor.selection.steps import runtime_class

Holding = Literal["holds", "strained", "contradicted", "not_observable"]
LOUDEST_FIRST: tuple[Holding, ...] = ("contradicted", "strained", "holds", "not_observable")
Judged = tuple[Holding, str]
_FROM = {"seconds": 0.0, "minutes": LIMITS["minute_us"], "hours": LIMITS["hour_us"], "days": LIMITS["day_us"]}
NO_ROW = "no row of it is in the log: not built, not logged, or not needed so far"


def of_answer(answer: str, seen: Observation) -> Judged:
    """The verdict on a yes, no or partly, with its reason.

    *partly* admits both: it is strained only by what is strong, and never contradicted.
    """
    if seen.shows is None:
        return "not_observable", seen.why
    if answer == seen.shows:
        return "holds", seen.why
    if answer == "partly":
        return ("strained", f"the log speaks for {seen.shows}") if seen.strong else ("holds", seen.why)
    return ("contradicted", f"the log speaks for {seen.shows}") if seen.strong else ("strained", seen.why)


def of_duration(answer: str, seen: Observation) -> Judged:
    """The verdict on how long a unit of work lasts; what counts is the runtime class (section 4.1)."""
    if seen.shows is None or seen.tail is None:
        return "not_observable", seen.why
    longer = DURATIONS.index(seen.shows) > DURATIONS.index(answer)
    window = float(seen.numbers.get("window_us") or 0)
    if not longer and answer != seen.shows and window < _FROM[answer]:
        return "not_observable", f"the log covers {length(window)}, less than one unit of work that lasts {answer}"
    if answer == seen.shows:
        if _class(seen.tail) == _class(answer) or not seen.strong:
            return "holds", seen.why
        return "strained", f"the slowest twentieth last {seen.tail}, which is {_class(seen.tail)}"
    if _class(seen.shows) == _class(answer):
        return "strained", f"half of them last {seen.shows}, which is {_class(answer)} too"
    said = f"half of them last {seen.shows}, which is {_class(seen.shows)}, not {_class(answer)}"
    if not seen.strong:
        return "strained", f"{said}; {seen.why}"
    many, ended = float(seen.numbers.get("requests") or 0), float(seen.numbers.get("ended") or 0)
    if not longer and ended < LIMITS["covered"] * many:
        return "strained", f"{said}; the log does not show that they came to their ends"
    return "contradicted", said


def of_plane(status: str, seen: Observation, person_decides: bool = False) -> Judged:
    """The verdict on a control plane's status."""
    if seen.shows != "yes":
        if status == "not_needed" and seen.shows == "no":
            return "holds", seen.why
        return "not_observable", NO_ROW
    if status == "v1":
        return "holds", seen.why
    if person_decides:
        return "holds", "a person decides on every action, and these rows may be those decisions"
    if status == "deferred":
        return "strained", "it is deferred, and already asked for"
    return ("contradicted", "it is in use") if seen.strong else ("strained", seen.why)


def of_approval(seen: Observation) -> Judged:
    """The verdict on an approval plane that ships at version 1: are the requests answered by people?"""
    if seen.shows is None:
        return "not_observable", NO_ROW
    due = float(seen.numbers.get("due") or 0)
    missed = float(seen.numbers.get("unanswered") or 0) + float(seen.numbers.get("lapsed") or 0)
    if not due:
        return "holds", "no request is due yet"
    said = f"{missed:.0f} of {due:.0f} requests that were due found nobody who answered"
    if missed >= LIMITS["half"] * due and missed >= LIMITS["least_actions"] and seen.strong:
        return "contradicted", said
    if missed >= LIMITS["few"] and missed >= LIMITS["often"] * due:
        return "strained", said
    return "holds", said if missed else ""


def _class(duration: str) -> str:
    return runtime_class({"pauses_or_external_waits": "no", "duration": duration})
