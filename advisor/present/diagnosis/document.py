"""The JSON shape `advisor/diagnosis/1`: every detector's answer with its evidence, and what was read."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from advisor.diagnosis.detector import Grade, Verdict
from advisor.diagnosis.findings import Assessability, Citation, Diagnosis, Finding, Severity

if TYPE_CHECKING:
    from advisor.loop.evidence.check import RecordCheck

Graded = Grade | Literal["none"]


class Shape(BaseModel):
    """A part of the document."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class BadRecord(Shape):
    """A record that could not be read."""

    line: int
    why: str


class FileRead(Shape):
    """What became of one file; `bad` lists the first bad records."""

    path: str
    format: str | None = None
    rows: int = 0
    bad_rows: int = 0
    skipped_reason: str | None = None
    bad: tuple[BadRecord, ...] = ()


class GuessedKind(Shape):
    """Rows whose kind was guessed from a name, and the first of them."""

    name: str
    kind: str
    rows: int
    file: str | None = None
    line: int | None = None


class UnusedField(Shape):
    """A field of the log that filled no column, and the rows that have it."""

    name: str
    rows: int


class UnreadValues(Shape):
    """A field with values that its column cannot hold: the rows, and the first of them."""

    name: str
    column: str
    rows: int
    file: str | None = None
    line: int | None = None


class LeftOut(Shape):
    """Rows and requests that were left out, because they ended before `since`."""

    since: str
    rows: int
    requests: int


class Inventory(Shape):
    """What was read.

    `settings` is the file that defaults came from; `coverage` is the share of rows that fill a column; `copies` counts
    rows that stood twice; the `_more` numbers say how many names were seen beyond those that are listed.
    """

    files: tuple[FileRead, ...] = ()
    rows: int = 0
    bad_rows: int = 0
    requests: int = 0
    coverage: dict[str, float] = Field(default_factory=dict)
    guessed_kinds: tuple[GuessedKind, ...] = ()
    left_out: LeftOut | None = None
    settings: str | None = None
    copies: int = 0
    skew_us: int = 0
    unused_fields: tuple[UnusedField, ...] = ()
    unused_fields_more: int = 0
    unread_values: tuple[UnreadValues, ...] = ()
    unread_values_more: int = 0


class Assessed(Shape):
    """What the log allows for one detector."""

    grade: Graded
    missing: tuple[str, ...]


class Evidence(Shape):
    """A row that a finding rests on; `ts_us` is its time in microseconds since 1970, UTC."""

    file: str
    line: int
    event_id: str | None
    text: str
    ts_us: int | None


class Stands(Shape):
    """How a finding stands to the baseline that was given."""

    accepted: bool
    said: str


class FoundOne(Shape):
    """One detector's answer; `count` of `of` cases (`unit`) show the symptom, of `relevant` that its rule speaks of."""

    signature: str
    title: str
    pattern: str
    sdb_part: str
    status: str
    verdict: Verdict
    severity: Severity
    confidence: float
    grade: Graded
    missing: tuple[str, ...]
    count: int
    of: int
    relevant: int
    unit: str
    rate: float | None
    interval: tuple[float, float] | None
    p_value: float | None
    said: str
    evidence: tuple[Evidence, ...]
    cause: str
    cause_seen: str | None
    cause_evidence: tuple[Evidence, ...]
    correction: str
    refuted_by: str
    refuted: str | None
    traps: tuple[str, ...]
    checked: tuple[str, ...]
    thresholds: dict[str, float]
    overridden: tuple[str, ...]
    detail: dict[str, tuple[dict[str, Any], ...]]
    scope: tuple[str, ...]
    fingerprint: str
    standing: Stands | None


class VersionSeen(Shape):
    """A version of model, prompt, policy, code or index: first and last seen, in microseconds since 1970, UTC."""

    of: str
    version: str
    first_us: int | None
    last_us: int | None
    rows: int


class DiagnosisDocument(Shape):
    """The JSON shape `advisor/diagnosis/1`; findings stand the loudest and most severe first.

    `reliability` is `advisor/reliability/1`, and null beside `momentum` where the log holds too few outcomes; `record`
    is `advisor/record-check/1`, and null where no record was given. `baseline_unused` says which entries of a baseline
    accept nothing, and why; null where no baseline was given.
    """

    schema_: Literal["advisor/diagnosis/1"] = Field(default="advisor/diagnosis/1", alias="schema")
    inventory: Inventory
    assessability: dict[str, Assessed]
    findings: tuple[FoundOne, ...]
    versions: tuple[VersionSeen, ...]
    lenses: dict[str, Any]
    reliability: dict[str, Any] | None
    momentum: dict[str, Any] | None
    record: dict[str, Any] | None
    log_next: tuple[str, ...]
    log_next_unlocks: dict[str, tuple[str, ...]]
    baseline_unused: tuple[str, ...] | None
    knowledge_version: str

    def to_json(self) -> dict[str, Any]:
        """The document as plain JSON values."""
        plain: dict[str, Any] = _plain(self.model_dump(mode="json", by_alias=True))
        return plain


def document(diagnosis: Diagnosis, check: RecordCheck | None = None) -> DiagnosisDocument:
    """The document of a diagnosis, with the record that was held against the same logs."""
    return DiagnosisDocument(
        inventory=_inventory(diagnosis),
        assessability={id: _assessed(each) for id, each in diagnosis.assessability.items()},
        findings=tuple(_found(finding) for finding in diagnosis.findings),
        versions=tuple(
            VersionSeen(
                of=row["of"],
                version=row["version"],
                first_us=row["first_us"],
                last_us=row["last_us"],
                rows=row["rows_"],
            )
            for row in diagnosis.versions
        ),
        lenses=_plain(diagnosis.lenses),
        reliability=diagnosis.reliability.to_json() if diagnosis.reliability else None,
        momentum=diagnosis.momentum.model_dump(mode="json") if diagnosis.momentum else None,
        record=_plain(check.to_json()) if check else None,
        log_next=tuple(column for column, _ in diagnosis.log_next),
        log_next_unlocks=dict(diagnosis.log_next),
        baseline_unused=diagnosis.unused,
        knowledge_version=diagnosis.knowledge_version,
    )


def _inventory(diagnosis: Diagnosis) -> Inventory:
    known = {name: diagnosis.inventory[name] for name in Inventory.model_fields if name in diagnosis.inventory}
    return Inventory.model_validate({**_plain(known), "skew_us": diagnosis.skew_us})


def _assessed(each: Assessability) -> Assessed:
    return Assessed(grade=each.grade, missing=each.missing)


def _found(finding: Finding) -> FoundOne:
    given = {name: getattr(finding, name) for name in FoundOne.model_fields}
    given |= {
        "evidence": tuple(_evidence(each) for each in finding.evidence),
        "cause_evidence": tuple(_evidence(each) for each in finding.cause_evidence),
        "p_value": _plain(finding.p_value),
        "thresholds": dict(finding.thresholds),
        "detail": {title: _plain(rows) for title, rows in finding.detail.items()},
        "standing": finding.standing and Stands(**_plain(vars(finding.standing))),
        "scope": tuple(_plain(each) for each in finding.scope),
    }
    return FoundOne(**given)


def _evidence(each: Citation) -> Evidence:
    return Evidence.model_validate(_plain({name: getattr(each, name) for name in Evidence.model_fields}))


def _plain(value: Any) -> Any:
    """The value as JSON has it: what JSON cannot hold is null, or its text."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, str):
        # Names of files may hold bytes that are no text; JSON must not.
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return str(value)
