from __future__ import annotations

import random
from typing import Any

from tests.diagnosis.logs import finding

ID = "P5-repeat-on-resume"


def resumed(request: str, again: bool, resume: str = "restart", **second: Any) -> list[dict[str, Any]]:
    """A request that charges a card, is interrupted, and goes on; or charges the card again."""
    charge = {"kind": "commit", "tool_name": "charge", "args_hash": "a1", "status": "ok", "request_id": request}
    rows = [
        {**charge, "ts_us": 10},
        {"kind": resume, "request_id": request, "ts_us": 20, "decision": "approve"},
        {**charge, "ts_us": 40, "tool_name": "ship", "args_hash": "s1"},
    ]
    return [*rows, *([{**charge, "ts_us": 30, **second}] if again else [])]


def healthy(many: int, resume: str = "restart") -> list[dict[str, Any]]:
    return [row for number in range(many) for row in resumed(f"h{number}", again=False, resume=resume)]


def test_a_write_done_again_after_a_restart_is_shown_with_both_and_the_restart() -> None:
    found = finding(ID, [*healthy(9), *resumed("r", again=True)])
    assert (found.verdict, found.count, found.of, found.severity) == ("present", 1, 10, "critical")
    assert [cited.text.split()[0] for cited in found.evidence] == ["commit", "restart", "commit"]


def test_requests_that_go_on_are_absent_and_few_insufficient() -> None:
    assert finding(ID, healthy(9)).verdict == "absent"
    assert finding(ID, healthy(2)).verdict == "insufficient"


def test_a_repeat_without_a_resume_between_is_another_matter() -> None:
    assert finding(ID, [*healthy(9), *resumed("r", again=True, ts_us=15)]).verdict == "absent"


def test_an_approval_alone_is_a_proxy() -> None:
    found = finding(ID, [*healthy(9, "approval_decision"), *resumed("r", again=True, resume="approval_decision")])
    assert (found.verdict, found.grade) == ("likely", "C")


def test_other_arguments_or_another_row_are_other_writes() -> None:
    assert finding(ID, [*healthy(9), *resumed("r", again=True, args_hash="a2")]).verdict == "absent"
    assert finding(ID, [*healthy(9), *resumed("r", again=True, resource_id="other")]).verdict == "absent"


def test_reads_are_left_out_and_writing_calls_are_not() -> None:
    rows = resumed("r", again=True)
    reads = [{**row, "kind": "tool_call", "side_effect": "read"} if row["kind"] == "commit" else row for row in rows]
    writes = [{**row, "kind": "tool_call", "side_effect": "write"} if row["kind"] == "commit" else row for row in rows]
    assert finding(ID, [*healthy(9), *reads]).verdict == "absent"
    assert finding(ID, [*healthy(9), *writes]).verdict == "present"


def test_a_compensation_between_makes_the_second_one_right() -> None:
    undone = {"kind": "compensation", "request_id": "r", "ts_us": 25, "status": "ok"}
    found = finding(ID, [*healthy(9), *resumed("r", again=True), undone])
    assert found.verdict == "absent"
    assert "1 were compensated in between, and are left out." in found.checked


def test_forks_and_replays_are_left_out() -> None:
    assert finding(ID, [*healthy(9), *resumed("r", again=True, replay_of="run1")]).verdict == "absent"
    assert finding(ID, [*healthy(9), *resumed("r", again=True, is_replay=True)]).verdict == "absent"


def test_a_receiver_that_answers_with_the_first_result_makes_it_likely_only() -> None:
    rows = [{**row, "result_fp": "x"} for row in resumed("r", again=True)]
    assert finding(ID, [*healthy(9), *rows]).verdict == "likely"


def test_without_arguments_or_resumes_nothing_can_be_said() -> None:
    bare = [{"kind": "commit", "request_id": "r", "ts_us": 1}, {"kind": "restart", "request_id": "r", "ts_us": 2}]
    assert "commit.args_hash" in finding(ID, bare).missing
    assert finding(ID, [row for row in resumed("r", again=True) if row["kind"] == "commit"]).verdict == "not_assessable"


def test_the_order_of_lines_changes_nothing() -> None:
    rows = [*healthy(9), *resumed("r", again=True), *resumed("q", again=True)]
    found = [finding(ID, random.Random(seed).sample(rows, len(rows))) for seed in (1, 2)]
    assert [(one.verdict, one.count, one.of) for one in found] == [("present", 2, 11)] * 2
