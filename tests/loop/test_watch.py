"""A record under watch: its standing, what alarms and what does not, and what has lapsed."""

from __future__ import annotations

import datetime as dt
from itertools import product
from typing import Any

import pytest

from advisor.catalog.answers import KEYS
from advisor.catalog.load import shipped
from advisor.diagnosis.detector import Facts
from advisor.diagnosis.diagnose import run
from advisor.loop.watch import Watch, signatures, watch
from advisor.traces.table import table_of
from tests.loop.evidence.records import DAY, Rows, requests, writes
from tests.workloads import answers_file

TODAY = dt.date(2026, 11, 22)
SIGNED = {"sign_off": {"name": "A", "role": "B", "date": "2026-11-01"}}
LATER = {"planes": {"throttling": {"status": "deferred", "until": "2026-11-21", "reason": "one tenant"}}}


def watched(rows: Rows, answers: dict[str, str] | None = None, **tables: Any) -> Watch:
    file, table = answers_file({"duration": "minutes", **(answers or {})}, **tables), table_of(rows)
    found = run(table, shipped(), facts=Facts(), overrides={}, only=signatures(file))
    return watch(file, found, table, TODAY)


@pytest.mark.parametrize(("signed", "wrong", "lapsed"), [*product((False, True), repeat=3)])
def test_what_alarms(signed: bool, wrong: bool, lapsed: bool) -> None:
    found = watched(
        requests(30, 3 * DAY if wrong else 120_000_000, apart_us=DAY),
        {"volume_can_overwhelm": "yes"},
        **(SIGNED if signed else {}),
        **(LATER if lapsed else {}),
    )
    assert found.status == ("accepted" if signed else "proposed")
    assert bool(found.check.contradicted) == wrong
    assert [each.days for each in found.lapsed] == [1] * lapsed
    assert found.alarming == ((signed and wrong) or lapsed)
    assert found.to_json()["alarming"] == found.alarming


def test_a_superseded_record_does_not_alarm_by_being_contradicted() -> None:
    found = watched(requests(30, 3 * DAY, apart_us=DAY), **SIGNED, record={"superseded_by": "test-2"})
    assert (found.status, found.by, found.alarming) == ("superseded", "test-2", False)
    assert found.check.contradicted


@pytest.mark.parametrize(("until", "days"), [("2026-11-21", [1]), ("2026-11-22", []), ("2025-11-22", [365])])
def test_a_deferral_lapses_when_its_day_is_over(until: str, days: list[int]) -> None:
    step = {"console": {"status": "deferred", "until": until, "reason": "later"}}
    found = watched(requests(3, DAY), sequence=step)
    assert [(each.subject, each.days) for each in found.lapsed] == [("sequence.console", each) for each in days]


def test_what_is_looked_for_are_the_signatures_of_the_lines_and_of_the_chosen_patterns() -> None:
    long = {"duration": "days", "pauses_or_external_waits": "yes", "state_not_reconstructible": "yes"}
    named = signatures(answers_file({**long, "world_changes_during_pause": "yes"}))
    assert {"P5-cas-contention", "P5-stale-timer"} <= set(named)
    assert not any(each.startswith(("P2", "P3")) for each in named if each != "P3-replay-divergence")
    assert len(named) == len(set(named))


def test_statements_carry_their_numbers_and_share_one_measurement() -> None:
    rows = [*writes(30), {"kind": "escalation", "request_id": "r0", "ts_us": 5}]
    found = watched(rows, dict.fromkeys(KEYS[1:], "yes"))
    by = {each.check.subject: each for each in found.monitors}
    assert [each.value for each in by["external_side_effects"].measures] == [1.0]
    assert [each.value for each in by["outside_envelope"].measures] == [1 / 30]
    shared = [by[each].measures[0] for each in ("person_decides_every_action", "approval_above_threshold_only")]
    assert shared[0] is shared[1]
    assert found.rows == 31
    assert len(found.to_json()["monitors"]) == len(found.check.checks)


def test_a_log_without_times_has_no_window() -> None:
    assert watched([{"kind": "llm_call", "model_version": "m"}]).to_json()["window"] is None
