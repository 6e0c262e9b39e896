from __future__ import annotations

import random
from typing import Any

from tests.diagnosis.logs import finding

ID = "P4-stalled-child"
SECOND = 1_000_000


def child(name: str, until: int, end: str | None = None, every: int = 10, **extra: Any) -> list[dict[str, Any]]:
    """A child that ticks every so many seconds until then, and may log how it ended."""
    rows: list[dict[str, Any]] = [
        {"kind": "ok_tick", "child_id": name, "ts_us": at * SECOND, **extra} for at in range(0, until, every)
    ]
    if end:
        rows.append({"kind": "state_transition", "child_id": name, "to_state": end, "ts_us": until * SECOND})
    return rows


def log_end(second: int) -> dict[str, Any]:
    return {"kind": "log", "ts_us": second * SECOND}


def running(name: str, second: int = 0) -> dict[str, Any]:
    return {"kind": "state_transition", "child_id": name, "to_state": "running", "ts_us": second * SECOND}


def test_a_silent_child_whose_record_says_running_is_stalled() -> None:
    rows = [running("a"), *child("a", 100), *child("b", 100, "completed"), log_end(1000)]
    found = finding(ID, rows)
    assert (found.verdict, found.count, found.of) == ("present", 1, 2)
    assert found.cause_seen == "The record of 1 says running"
    assert found.detail["Silent children"][0] == {"child_id": "a", "silent_s": 910, "usual_s": 10}


def test_without_a_state_it_is_likely_where_others_log_their_end_and_possible_where_nobody_does() -> None:
    assert finding(ID, [*child("a", 100), *child("b", 100, "completed"), log_end(1000)]).verdict == "likely"
    assert finding(ID, [*child("a", 100), log_end(1000)]).verdict == "possible"


def test_children_that_ended_or_still_tick_are_quiet() -> None:
    rows = [*child("a", 100, "failed"), *child("b", 1000), running("c"), *child("c", 990), log_end(1000)]
    assert finding(ID, rows).verdict == "absent"


def test_a_log_that_is_cut_off_within_the_usual_intervals_shows_nothing() -> None:
    assert finding(ID, [running("a"), *child("a", 100), log_end(130)]).verdict == "absent"


def test_a_gap_after_which_the_child_goes_on_is_no_stall() -> None:
    later = [{**row, "ts_us": row["ts_us"] + 900 * SECOND} for row in child("a", 100)]
    assert finding(ID, [running("a"), *child("a", 100), *later, log_end(1000)]).verdict == "absent"


def test_a_silence_inside_a_long_call_is_possible_at_most() -> None:
    call = {"kind": "tool_call", "child_id": "a", "ts_us": 95 * SECOND}
    found = finding(ID, [running("a"), *child("a", 100), call, *child("b", 90, "done"), log_end(1000)])
    assert (found.verdict, found.count) == ("possible", 1)


def test_a_pause_for_a_person_is_left_out() -> None:
    asked = {"kind": "approval_request", "child_id": "a", "ts_us": 95 * SECOND}
    found = finding(ID, [running("a"), *child("a", 100), asked, log_end(1000)])
    assert found.verdict == "absent"
    assert "1 wait for a person and are left out." in found.checked


def test_the_allowed_silence_is_the_users() -> None:
    rows = [running("a"), *child("a", 100), log_end(160)]
    assert finding(ID, rows).verdict == "present"
    assert finding(ID, rows, overrides={"ticks": 20}).verdict == "absent"


def test_too_few_ticks_are_insufficient_and_none_are_not_assessable() -> None:
    assert finding(ID, [*child("a", 20), log_end(1000)]).verdict == "insufficient"
    found = finding(ID, [{"kind": "llm_call", "child_id": "a", "ts_us": 1}])
    assert found.verdict == "not_assessable"
    assert "kind:ok_tick" in found.missing


def test_without_ticks_a_child_that_lost_its_host_is_likely_at_grade_c() -> None:
    begun = [
        {
            "kind": "delegation",
            "child_id": name,
            "worker_id": "host",
            "ts_us": SECOND,
            **({"end_us": 2 * SECOND} if name == "b" else {}),
        }
        for name in "ab"
    ]
    restart = [
        {"kind": "restart", "worker_id": "host", "ts_us": 60 * SECOND},
        {"kind": "restart", "child_id": "z", "ts_us": 1},
    ]
    found = finding(ID, [*begun, *restart])
    assert (found.verdict, found.grade, found.count) == ("likely", "C", 1)
    taken_up = {"kind": "restart", "child_id": "a", "ts_us": 61 * SECOND}
    assert finding(ID, [*begun, *restart, taken_up]).verdict == "insufficient"


def test_ticks_without_a_child_are_no_group() -> None:
    rows = [{"kind": "ok_tick", "ts_us": n * SECOND} for n in range(9)]
    assert finding(ID, [*rows, *child("a", 10), log_end(1000)]).verdict == "insufficient"


def test_the_order_of_lines_changes_nothing() -> None:
    rows = [row for n in range(6) for row in [running(f"c{n}"), *child(f"c{n}", 100 + n * 150, every=7)]] + [
        log_end(1000)
    ]
    found = [finding(ID, random.Random(seed).sample(rows, len(rows))) for seed in (1, 2)]
    assert found[0].verdict == "present"
    assert (found[0].count, found[0].of) == (found[1].count, found[1].of)
