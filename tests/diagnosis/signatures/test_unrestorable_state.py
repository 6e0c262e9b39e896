from __future__ import annotations

import random
from typing import Any

from tests.diagnosis.logs import finding

ID = "P5-unrestorable-state"


def steps(request: str, names: str, start: int = 0, **extra: Any) -> list[dict[str, Any]]:
    """A tool call for each letter."""
    return [
        {
            "kind": "tool_call",
            "tool_name": name,
            "args_hash": name,
            "request_id": request,
            "ts_us": start + at,
            "status": "ok",
            **extra,
        }
        for at, name in enumerate(names)
    ]


def broken(request: str, before: str, after: str, kind: str = "restart", **extra: Any) -> list[dict[str, Any]]:
    """Steps before and after an interrupt."""
    return [
        *steps(request, before),
        {"kind": kind, "request_id": request, "ts_us": 50},
        *steps(request, after, 60, **extra),
    ]


def healthy(many: int, kind: str = "restart") -> list[dict[str, Any]]:
    return [row for number in range(many) for row in broken(f"h{number}", "abc", "def", kind)]


def test_a_request_that_starts_over_repeats_finished_steps() -> None:
    found = finding(ID, [*healthy(6), *broken("r", "abc", "abcd")])
    assert (found.verdict, found.count, found.of) == ("present", 1, 7)
    assert "2 finished steps were done again" in found.said
    assert [cited.text.split()[0] for cited in found.evidence[:3]] == ["tool_call", "restart", "tool_call"]


def test_a_resume_that_goes_on_is_absent_and_few_are_insufficient() -> None:
    assert finding(ID, healthy(6)).verdict == "absent"
    assert finding(ID, healthy(2)).verdict == "insufficient"


def test_the_step_that_the_interrupt_cut_off_may_be_done_again() -> None:
    assert finding(ID, [*healthy(6), *broken("r", "abc", "cde")]).verdict == "absent"


def test_one_repeated_step_is_likely_and_present_where_it_writes() -> None:
    assert finding(ID, [*healthy(6), *broken("r", "abc", "bd")]).verdict == "likely"
    assert finding(ID, [*healthy(6), *broken("r", "abc", "bd", side_effect="write")]).verdict == "present"


def test_a_step_that_had_failed_may_be_done_again() -> None:
    rows = [{**row, "status": "error"} if row["ts_us"] < 50 else row for row in broken("r", "abc", "abc")]
    assert finding(ID, [*healthy(6), *rows]).verdict == "absent"


def test_a_repeat_before_any_interrupt_is_another_matter() -> None:
    assert finding(ID, [*healthy(6), *broken("r", "abab", "cd")]).verdict == "absent"


def test_replays_and_runs_repeated_on_purpose_are_left_out() -> None:
    assert finding(ID, [*healthy(6), *broken("r", "abc", "abc", is_replay=True)]).verdict == "absent"
    assert finding(ID, [*healthy(6), *broken("r", "abc", "abc", replay_of="run1")]).verdict == "absent"


def test_an_error_that_says_the_state_is_gone_is_shown() -> None:
    gone = {"kind": "tool_call", "tool_name": "load", "request_id": "r", "ts_us": 70, "status": "error"}
    lost = {**gone, "error_message": "ValueError: could not restore checkpoint 7"}
    found = finding(ID, [*healthy(6), *broken("r", "abc", "d"), lost])
    assert found.verdict == "present"
    assert "could not be taken up" in str(found.cause_seen)
    other = {**gone, "error_message": "the session fee is too high"}
    assert finding(ID, [*healthy(6), *broken("r", "abc", "d"), other]).verdict == "absent"


def test_a_crash_without_a_restart_row_counts_at_grade_b() -> None:
    found = finding(ID, [*healthy(6, "crash"), *broken("r", "abc", "abcd", "crash")])
    assert (found.verdict, found.grade) == ("present", "B")


def test_a_crash_and_its_restart_are_one_interrupt() -> None:
    crash = {"kind": "crash", "request_id": "r", "ts_us": 45}
    assert finding(ID, [*healthy(6), *broken("r", "abc", "cde"), crash]).verdict == "absent"


def test_without_interrupts_or_steps_nothing_can_be_said() -> None:
    assert finding(ID, steps("r", "abc")).verdict == "not_assessable"
    found = finding(ID, [{"kind": "restart", "request_id": "r", "ts_us": 1}])
    assert "tool_call.args_hash" in found.missing


def test_the_order_of_lines_changes_nothing() -> None:
    rows = [*healthy(6), *broken("r", "abc", "abc"), *broken("q", "abcd", "abc")]
    found = [finding(ID, random.Random(seed).sample(rows, len(rows))) for seed in (1, 2)]
    assert [(one.verdict, one.count, one.of) for one in found] == [("present", 2, 8)] * 2
