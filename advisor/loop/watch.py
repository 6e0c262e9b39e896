"""Watches a record: each of its statements as a monitor with a verdict, numbers and a trend, and what has lapsed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from advisor.catalog.answers import AnswersFile
from advisor.catalog.load import Catalog, shipped
from advisor.diagnosis.findings import FOUND, Citation
from advisor.loop.evidence.check import ROW, Check, RecordCheck, check_record
from advisor.loop.evidence.foreseen import How
from advisor.loop.evidence.stamp import same_model, versions_called
from advisor.loop.measures import MEASURES, VERSION, Measured, measured
from advisor.selection.record import recommend
from advisor.selection.to_watch import to_watch
from advisor.traces.table import EventTable
from advisor.traces.values import moment

if TYPE_CHECKING:
    from advisor.diagnosis.findings import Diagnosis

Status = Literal["proposed", "accepted", "superseded"]


@dataclass(frozen=True)
class Monitor:
    """One statement of the record: what the logs say of it, and the numbers it is measured by."""

    check: Check
    measures: tuple[Measured, ...]


@dataclass(frozen=True)
class Lapsed:
    """A deferral whose date has passed: a control plane (`planes.<plane>`) or a first step (`sequence.<step>`)."""

    subject: str
    until: str
    days: int
    reason: str


@dataclass(frozen=True)
class Seen:
    """A finding that is present or likely, and how the record stands to it (`advisor.loop.evidence.foreseen`)."""

    signature: str
    verdict: str
    severity: str
    how: How
    said: str
    evidence: tuple[Citation, ...]


@dataclass(frozen=True)
class Watch:
    """A record under watch, in the JSON shape `advisor/watch/1`.

    Attributes:
        status: `proposed` until somebody signs, then `accepted`; `superseded` once another record took its place.
        by: The id of that record.
        window: The first and the last instant of the logs, in microseconds since 1970 (UTC).
        versions: Model versions that the logs' calls name, the most used first.
        found: What the detectors of the record's signatures found.
        check: The record held against the logs.
    """

    status: Status
    by: str | None
    today: str
    rows: int
    window: tuple[int, int] | None
    versions: tuple[str, ...]
    monitors: tuple[Monitor, ...]
    lapsed: tuple[Lapsed, ...]
    found: tuple[Seen, ...]
    check: RecordCheck

    @property
    def alarming(self) -> bool:
        """Whether an accepted record is contradicted, a deferral has lapsed, or something was found."""
        return bool((self.status == "accepted" and self.check.contradicted) or self.lapsed or self.found)

    def to_json(self) -> dict[str, Any]:
        """The watch as plain JSON values."""
        check = self.check.to_json()
        statements = {each["subject"]: each for each in check.pop("checks")}
        return {
            "schema": "advisor/watch/1",
            "id": check.pop("id"),
            "title": check.pop("title"),
            "status": self.status,
            "superseded_by": self.by,
            "today": self.today,
            "rows": self.rows,
            "window": list(self.window) if self.window else None,
            "versions": list(self.versions),
            "monitors": [
                {**statements[each.check.subject], "measures": [asdict(one) for one in each.measures]}
                for each in self.monitors
            ],
            "lapsed": [asdict(each) for each in self.lapsed],
            "found": [
                {**asdict(each), "evidence": [{k: getattr(row, k) for k in ROW} for row in each.evidence]}
                for each in self.found
            ],
            **{name: check[name] for name in ("lines", "unanswered", "revised", "totals", "conventions")},
            "alarming": self.alarming,
            "knowledge_version": check["knowledge_version"],
        }


def signatures(file: AnswersFile, catalog: Catalog | None = None) -> tuple[str, ...]:
    """What the record says to expect if it is wrong: the signatures of its lines and of the patterns that it chose."""
    catalog = catalog or shipped()
    return tuple(each.entry.id for each in to_watch(recommend(file, catalog), catalog))


def day(us: int) -> str:
    """The day of an instant, in UTC."""
    return moment(us).date().isoformat()


def watch(
    file: AnswersFile, diagnosis: Diagnosis, table: EventTable, today: dt.date, catalog: Catalog | None = None
) -> Watch:
    """Holds a record against logs, with every number that its statements rest on.

    Args:
        file: The answers that the record is made of.
        diagnosis: What the detectors of `signatures` found in the same table.
        table: The events.
        today: The day on which deferrals have lapsed or not.
        catalog: The knowledge base; the shipped one unless given.
    """
    check = check_record(file, diagnosis, table, catalog)
    called = [str(row["version"]) for row in versions_called(table)]
    stamp = file.record.model_version
    same = [version for version in called if stamp and same_model(stamp, version)]
    ground = table.query(
        "SELECT COUNT(*) AS rows, MIN(ts_us) AS first, MAX(CASE WHEN end_us > ts_us THEN end_us ELSE ts_us END) AS last"
        " FROM events WHERE kind <> 'unknown'"
    )[0]
    return Watch(
        status="superseded" if file.record.superseded_by else "accepted" if file.sign_off else "proposed",
        by=file.record.superseded_by,
        today=today.isoformat(),
        rows=int(ground["rows"]),
        window=(int(ground["first"]), int(ground["last"])) if ground["first"] is not None else None,
        versions=tuple(called),
        monitors=tuple(Monitor(each, measures) for each, measures in _measured(table, check.checks, same)),
        lapsed=tuple(_lapsed(file, today)),
        found=tuple(_found(diagnosis, check)),
        check=check,
    )


def _measured(
    table: EventTable, checks: Iterable[Check], same: list[str]
) -> Iterable[tuple[Check, tuple[Measured, ...]]]:
    """Each check with its measures; a measure that several share is taken once."""
    taken: dict[str, Measured | None] = {}
    for check in checks:
        mine = MEASURES.get(check.subject, ())
        for measure in mine:
            if measure.what not in taken:
                taken[measure.what] = measured(table, measure, same if measure is VERSION else ())
        yield check, tuple(found for measure in mine if (found := taken[measure.what]) is not None)


def _found(diagnosis: Diagnosis, check: RecordCheck) -> Iterable[Seen]:
    how = {each.signature: each.how for each in check.findings}
    for each in diagnosis.findings:
        if each.verdict in FOUND:
            yield Seen(each.signature, each.verdict, each.severity, how[each.signature], each.said, each.evidence[:2])


def _lapsed(file: AnswersFile, today: dt.date) -> Iterable[Lapsed]:
    decisions: tuple[tuple[str, Mapping[Any, Any]], ...] = (("planes", file.planes), ("sequence", file.sequence))
    for name, table in decisions:
        for key, decision in table.items():
            if decision.status == "deferred" and (late := (today - dt.date.fromisoformat(decision.until)).days) > 0:
                yield Lapsed(f"{name}.{key}", decision.until, late, decision.reason)
