"""Answers and diagnoses for tests of the one-page summary: one with all that it can hold, one with next to nothing."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from functools import cache
from typing import Any

from advisor.catalog.answers import AnswersFile, parse_answers
from advisor.catalog.load import shipped
from advisor.diagnosis.detector import Facts
from advisor.diagnosis.diagnose import entry_of, run
from advisor.diagnosis.findings import Diagnosis, Finding
from advisor.loop.evidence import RecordCheck, check_record
from advisor.present.plain import FINDINGS
from advisor.traces.table import table_of
from tests.diagnosis.signatures.test_cas_contention import operations
from tests.loop.evidence.records import DAY, requests

TODAY = dt.date(2026, 11, 22)
LONG = "because the renewals team of the northern region starts with one tenant and nothing can come in bulk " * 3


def answers(**more: Any) -> AnswersFile:
    """The contract renewal, with what is given put over it."""
    workload = shipped().workloads["contract-renewal"].model_dump(mode="json", by_alias=True, exclude_none=True)
    return parse_answers({**workload, **more}, "answers")


def crowded_answers() -> AnswersFile:
    """Unknown and wrong answers, deferrals that have passed and that are to come, nobody's signature."""
    known = shipped().workloads["contract-renewal"].answers.model_dump()
    known |= {"duration": "seconds", "pauses_or_external_waits": "no"}
    known |= dict.fromkeys(
        ("auditors_ask", "consequential", "work_splits", "wrong_write_costly", "single_owner"), "unknown"
    )
    put_off = {"status": "deferred", "reason": LONG}
    return answers(
        title="Renewals of business contracts in all regions, the offers for them, and what follows from both " * 2,
        answers=known,
        planes={
            "throttling": {**put_off, "until": "2026-06-30"},
            "approval": {**put_off, "until": "2026-11-22"},
            "kill_switch": {**put_off, "until": "2027-03-31"},
        },
        sequence={"gate": {**put_off, "until": "2026-01-31"}},
    )


@cache
def observed() -> tuple[Diagnosis, Any]:
    """A diagnosis of rows, and their table: requests that last three days, and writes that collide."""
    table = table_of(requests(30, 3 * DAY) + operations(500, 15))
    return run(table, shipped(), facts=Facts(), overrides={}), table


def checked(file: AnswersFile) -> RecordCheck:
    """The record of these answers against the rows."""
    diagnosis, table = observed()
    return check_record(file, diagnosis, table)


def with_findings(**verdicts: str) -> Diagnosis:
    """The diagnosis with verdicts as given, by signature with `_` for `-`; all others as they are."""
    wanted = {name.replace("_", "-"): verdict for name, verdict in verdicts.items()}

    def one(each: Finding) -> Finding:
        verdict: Any = wanted.get(each.signature)
        if verdict is None:
            return each
        severity = entry_of(shipped(), each.signature).severity
        seen = {"count": 1234, "of": 45678, "rate": 1234 / 45678, "interval": (0.0256, 0.0285)}
        return replace(
            each, verdict=verdict, severity=severity, unit="calls with more attempts than are allowed", **seen
        )

    diagnosis, _ = observed()
    return replace(diagnosis, findings=tuple(map(one, diagnosis.findings)))


@cache
def crowded() -> Diagnosis:
    """Nine symptoms with the longest words that the page has; the rest cannot be told."""
    longest = sorted(FINDINGS, key=lambda id: -sum(map(len, FINDINGS[id])))[:9]
    names = [id.replace("-", "_") for id in longest]
    return with_findings(**{name: ("present", "likely", "possible")[at % 3] for at, name in enumerate(names)})
