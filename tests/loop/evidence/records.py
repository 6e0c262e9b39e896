"""Records and small logs for checking the one against the other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from advisor.catalog.answers import KEYS
from advisor.catalog.load import shipped
from advisor.diagnosis.detector import Facts
from advisor.diagnosis.diagnose import run
from advisor.loop.evidence import RecordCheck, check_record, verdicts
from advisor.loop.evidence.check import Check
from advisor.loop.evidence.observation import observe
from advisor.loop.evidence.questions import PROBES
from advisor.traces.table import table_of
from tests.workloads import answers_file

SECOND, MINUTE, HOUR, DAY = 1_000_000, 60_000_000, 3_600_000_000, 86_400_000_000
Rows = list[dict[str, Any]]


def requests(
    many: int, lasting_us: int, steps: int = 4, apart_us: int = HOUR, ended: bool = True, **extra: Any
) -> Rows:
    """Requests of equal length, one after the other, with model calls spread evenly and an outcome at the end."""
    rows: Rows = []
    for number in range(many):
        start = number * apart_us
        for step in range(steps):
            kind = "outcome" if ended and step == steps - 1 else "llm_call"
            at = start + lasting_us * step // (steps - 1)
            rows.append({"kind": kind, "request_id": f"r{number}", "ts_us": at, "status": "ok", **extra})
    return rows


def checked(answers: Mapping[str, str], events: Iterable[Mapping[str, Any]], **tables: object) -> RecordCheck:
    """A record checked against rows; no detector runs."""
    table = table_of(events)
    diagnosis = run(table, shipped(), facts=Facts(), overrides={}, only=[])
    return check_record(answers_file(dict(answers), **tables), diagnosis, table)


def check_of(found: RecordCheck, subject: str) -> Check:
    """One statement's check."""
    return next(check for check in found.checks if check.subject == subject)


def verdict(answers: Mapping[str, str], events: Iterable[Mapping[str, Any]], subject: str, **tables: object) -> str:
    """The verdict on one statement; for an answer only its own probe is asked."""
    if subject not in KEYS:
        return check_of(checked(answers, events, **tables), subject).verdict
    probe = next(each for each in PROBES if each.subject == subject)
    seen = observe(table_of(events), [probe])[subject]
    judge = verdicts.of_duration if subject == "duration" else verdicts.of_answer
    return judge(answers[subject], seen)[0]


def steady(many: int, lasting_us: int, **extra: Any) -> Rows:
    """Requests without a pause over an hour: a step at least every half hour."""
    return requests(many, lasting_us, steps=max(4, lasting_us // (HOUR // 2) + 1), **extra)


def writes(many: int, kind: str = "tool_call", effect: str = "external_write", **extra: Any) -> Rows:
    return [
        {"kind": kind, "side_effect": effect, "request_id": f"r{n}", "ts_us": n * MINUTE, "status": "ok", **extra}
        for n in range(many)
    ]


def approvals(of: int, source: str = "human", before: bool = True) -> Rows:
    return [
        {
            "kind": "approval_decision",
            "decision": "approve",
            "decision_source": source,
            "request_id": f"r{n}",
            "ts_us": n * MINUTE + (-1 if before else 1),
        }
        for n in range(of)
    ]


def consumed(versions: list[str], each: int = 20, interleaved: bool = False) -> Rows:
    rows = [
        {"kind": "event_consume", "consumer": "scorer", "model_version": version, "event_in": f"e{at}{n}", "ts_us": 0}
        for at, version in enumerate(versions)
        for n in range(each)
    ]
    for at, row in enumerate(rows):
        row["ts_us"] = (at % each if interleaved else at) * MINUTE
        row["request_id"] = f"r{at}"
    return rows
