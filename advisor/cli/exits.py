"""What every command's exit code means, and which of them findings lead to."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from advisor.diagnosis.findings import Diagnosis

EXITS: Mapping[int, str] = {
    0: "the work is done, and there is nothing to report",
    1: "the work is done, and it found something",
    2: "the work could not be done, one line a fault on stderr",
    3: "too little evidence to say (only with --fail-on insufficient)",
    130: "it was interrupted",
}
EPILOG = "Exit codes: " + "; ".join(f"{code} {meaning}" for code, meaning in EXITS.items()) + "."


class FailOn(StrEnum):
    """From which findings on the exit code is 1.

    A verdict means that one and the louder ones; a severity means findings that are present or likely and at least so
    severe; `insufficient` is `likely`, and 3 where some detector could not tell; `never` reports and ends in 0.
    """

    present = "present"
    likely = "likely"
    possible = "possible"
    critical = "critical"
    high = "high"
    medium = "medium"
    low = "low"
    insufficient = "insufficient"
    never = "never"


def fails(diagnosis: Diagnosis, fail_on: FailOn) -> list[str]:
    """The signatures of the findings that end a run in exit code 1; what a baseline accepts is none."""
    from advisor.diagnosis.findings import FOUND, SEVERITIES

    level = fail_on.value
    if fail_on is FailOn.never:
        return []
    verdicts = {"present": ("present",), "possible": (*FOUND, "possible")}.get(level, FOUND)
    severities = SEVERITIES[: SEVERITIES.index(level) + 1] if level in SEVERITIES else SEVERITIES
    return [
        finding.signature
        for finding in diagnosis.findings
        if finding.verdict in verdicts and finding.severity in severities and not finding.accepted
    ]


def code(diagnosis: Diagnosis, fail_on: FailOn) -> int:
    """The exit code of a diagnosis."""
    if fails(diagnosis, fail_on):
        return 1
    untold = any(finding.verdict in ("insufficient", "not_assessable") for finding in diagnosis.findings)
    return 3 if fail_on is FailOn.insufficient and untold else 0
