"""The numbers that a verdict on a record turns on; all but one are ours, and all stand here."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple

SECOND = 1_000_000
MINUTE, HOUR, DAY = 60 * SECOND, 3600 * SECOND, 86400 * SECOND
"""In microseconds, the unit of every time in the table."""


class Convention(NamedTuple):
    """One number: its unit, whose it is, and what turns on it."""

    value: float
    unit: str
    source: Literal["paper", "convention"]
    text: str


CONVENTIONS: Mapping[str, Convention] = MappingProxyType(
    {
        "pause_us": Convention(HOUR, "microseconds", "paper", "a gap inside a request from which it counts as a pause"),
        "minute_us": Convention(MINUTE, "microseconds", "convention", "below it a unit of work lasts seconds"),
        "hour_us": Convention(HOUR, "microseconds", "convention", "below it a unit of work lasts minutes"),
        "day_us": Convention(DAY, "microseconds", "convention", "below it a unit of work lasts hours"),
        "least_requests": Convention(20, "requests", "convention", "fewer can strain an answer, never contradict it"),
        "least_actions": Convention(20, "actions", "convention", "fewer can strain an answer, never contradict it"),
        "least_calls": Convention(20, "model calls", "convention", "fewer can strain a version, never contradict it"),
        "few": Convention(5, "requests", "convention", "what is seen in fewer is odd, not a habit"),
        "often": Convention(0.05, "share", "convention", "a share from which something is a habit"),
        "half": Convention(0.5, "share", "convention", "a share from which something is the rule"),
        "most": Convention(0.95, "share", "convention", "a share from which something holds for nearly every case"),
        "covered": Convention(0.8, "share", "convention", "rows that must carry a column before its silence says much"),
        "canary": Convention(0.05, "share", "convention", "a version below this share of the calls is a trial run"),
    }
)
LIMITS: Mapping[str, float] = MappingProxyType({name: each.value for name, each in CONVENTIONS.items()})
