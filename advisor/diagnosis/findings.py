"""What a diagnosis says, as frozen values: one finding for each detector, whatever its verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from advisor.diagnosis.detector import Grade, Row, Verdict
from advisor.diagnosis.fingerprint import fingerprint

if TYPE_CHECKING:
    from pandas import DataFrame

    from advisor.diagnosis.reliability.momentum import Momentum
    from advisor.diagnosis.reliability.trend import Reliability

Severity = Literal["critical", "high", "medium", "low"]
SEVERITIES: tuple[Severity, ...] = ("critical", "high", "medium", "low")
VERDICTS: tuple[Verdict, ...] = (
    "present",
    "likely",
    "possible",
    "refuted",
    "absent",
    "insufficient",
    "not_assessable",
)
"""From the loudest to the quietest; the first two make the exit code 1."""
FOUND = ("present", "likely")


@dataclass(frozen=True)
class Citation:
    """A row that a finding rests on: where it stands, and what it says in one line."""

    file: str
    line: int
    event_id: str | None
    text: str
    ts_us: int | None = None
    row_id: int = -1


@dataclass(frozen=True)
class Assessability:
    """What the log allows for one detector: the evidence grade (`none`: not assessable), and the missing columns.

    `cap` is the best grade that proxies among the needs allow, whatever the rows are.
    """

    grade: Grade | Literal["none"]
    missing: tuple[str, ...]
    cap: Grade = "A"


@dataclass(frozen=True)
class Standing:
    """How a finding stands to a baseline: accepted (by whom, until when, why), or why it came back."""

    accepted: bool
    said: str


@dataclass(frozen=True)
class Finding:
    """One detector's answer.

    Attributes:
        confidence: Cap of the evidence grade x statistical strength x share of usable cases; 0 where nothing was seen.
        count: Cases that show the symptom, of `of` usable ones; `unit` says what a case is.
        rate: count / of; None where nothing is usable.
        said: One sentence with the numbers.
        cause_seen: What in the log speaks for the catalog's cause; apart from the symptom.
        thresholds: Those in force, by slug; `overridden` names the ones that the user set.
        scope: What it is about, such as `tool=charge_card` (`advisor.diagnosis.fingerprint`).
        standing: How it stands to a baseline; None where none speaks of it.
    """

    signature: str
    title: str
    pattern: str
    sdb_part: str
    status: str
    verdict: Verdict
    severity: Severity
    confidence: float
    grade: Grade | Literal["none"]
    missing: tuple[str, ...]
    count: int
    of: int
    relevant: int
    unit: str
    rate: float | None
    interval: tuple[float, float] | None
    p_value: float | None
    said: str
    evidence: tuple[Citation, ...]
    cause: str
    cause_seen: str | None
    cause_evidence: tuple[Citation, ...]
    correction: str
    refuted_by: str
    refuted: str | None
    traps: tuple[str, ...]
    checked: tuple[str, ...]
    thresholds: Mapping[str, float]
    overridden: tuple[str, ...]
    detail: Mapping[str, tuple[Row, ...]] = field(default_factory=dict)
    scope: tuple[str, ...] = ()
    standing: Standing | None = None

    @property
    def accepted(self) -> bool:
        """Whether a baseline accepts it."""
        return self.standing is not None and self.standing.accepted

    @property
    def fingerprint(self) -> str:
        """What stays the same of it from run to run."""
        return fingerprint(self.signature, self.scope)

    @property
    def found(self) -> bool:
        """Whether it is present or likely, and not accepted: unless told otherwise, the run ends in exit code 1."""
        return self.verdict in FOUND and not self.accepted


@dataclass(frozen=True)
class Diagnosis:
    """A whole run.

    Attributes:
        inventory: What was read, skipped and bad (`advisor.traces.inventory`); empty where rows came from elsewhere.
        assessability: By detector id, in the order of the findings.
        findings: Every detector's, the loudest and most severe first.
        log_next: Columns that would unlock the most detectors, with the ids that each would unlock, best first.
        reliability: How the log's own outcomes move over time, where there are enough of them; `momentum` beside it.
        versions: Each version of model, prompt, policy and code: kind, version, first and last seen, rows.
        unused: Entries of a baseline that accept nothing, and why; None where no baseline was given.
    """

    inventory: Mapping[str, Any]
    assessability: Mapping[str, Assessability]
    findings: tuple[Finding, ...]
    log_next: tuple[tuple[str, tuple[str, ...]], ...]
    versions: tuple[Row, ...]
    lenses: Mapping[str, Any]
    skew_us: int
    knowledge_version: str
    reliability: Reliability | None = None
    momentum: Momentum | None = None
    unused: tuple[str, ...] | None = None

    @property
    def found(self) -> tuple[Finding, ...]:
        """Findings that are present or likely, and not accepted."""
        return tuple(finding for finding in self.findings if finding.found)

    def to_pandas(self) -> DataFrame:
        """A row for each finding, by signature, in the report's order: verdict, counts, rate, interval, grade, fix.

        `first_row` is where the first row that shows it stands; categories are ordered from the loudest on.
        """
        import pandas as pd

        frame = pd.DataFrame.from_records([_row(finding) for finding in self.findings], columns=COLUMNS)
        for name, order in (("verdict", VERDICTS), ("severity", SEVERITIES)):
            frame[name] = pd.Categorical(frame[name], categories=order, ordered=True)
        return frame.astype({"count": "int64", "of": "int64", "rate": "float64", "p_value": "float64"}).set_index(
            "signature"
        )

    def evidence_to_pandas(self) -> DataFrame:
        """The rows that findings cite: signature, whether they show symptom or cause, file, line, time, text."""
        import pandas as pd

        rows = [
            (finding.signature, shows, row.file, row.line, row.ts_us, row.event_id, row.text)
            for finding in self.findings
            for shows, cited in (("symptom", finding.evidence), ("cause", finding.cause_evidence))
            for row in cited
        ]
        frame = pd.DataFrame.from_records(
            rows, columns=["signature", "shows", "file", "line", "time", "event_id", "text"]
        )
        frame["time"] = pd.to_datetime(frame["time"].astype("Int64"), unit="us", utc=True)
        return frame


COLUMNS = (
    "signature",
    "pattern",
    "verdict",
    "severity",
    "confidence",
    "grade",
    "count",
    "of",
    "unit",
    "rate",
    "low",
    "high",
    "p_value",
    "first_row",
    "said",
    "correction",
    "missing",
    "accepted",
    "fingerprint",
)
"""What a finding says in a table."""


def _row(finding: Finding) -> tuple[Any, ...]:
    low, high = finding.interval or (None, None)
    first = finding.evidence[0] if finding.evidence else None
    said = {
        "low": low,
        "high": high,
        "first_row": f"{first.file}:{first.line}" if first else None,
        "missing": ", ".join(finding.missing),
    }
    return tuple(said[name] if name in said else getattr(finding, name) for name in COLUMNS)
