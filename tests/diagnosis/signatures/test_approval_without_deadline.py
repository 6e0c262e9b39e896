from __future__ import annotations

import random
from typing import Any

from tests.diagnosis.logs import finding

ID = "P6-approval-without-deadline"
MINUTE = 60_000_000


def answered(many: int, wait: int = 10) -> list[dict[str, Any]]:
    """Requests that a person answers after so many minutes."""
    rows: list[dict[str, Any]] = []
    for n in range(many):
        rows.append({"kind": "approval_request", "approval_id": f"a{n}", "request_id": f"ra{n}", "ts_us": n * MINUTE})
        rows.append(
            {
                "kind": "approval_decision",
                "approval_id": f"a{n}",
                "decision_source": "human",
                "ts_us": (n + wait) * MINUTE,
            }
        )
    return rows


def unanswered(name: str, at: int = 0, **extra: Any) -> dict[str, Any]:
    return {"kind": "approval_request", "approval_id": name, "request_id": f"r-{name}", "ts_us": at * MINUTE, **extra}


def log_end(minute: int) -> dict[str, Any]:
    return {"kind": "log", "ts_us": minute * MINUTE}


def test_a_request_far_older_than_any_answer_took_hangs() -> None:
    found = finding(ID, [*answered(20), unanswered("x"), log_end(600)])
    assert (found.verdict, found.count, found.of, found.grade) == ("present", 1, 21, "A")
    assert found.cause_seen == "1 of 1 carry no deadline"
    assert found.detail["Open requests"][0]["age_s"] == 36_000


def test_answered_requests_are_absent_and_too_few_answers_insufficient() -> None:
    assert finding(ID, [*answered(20), log_end(600)]).verdict == "absent"
    found = finding(ID, [*answered(2), unanswered("x"), log_end(600)])
    assert found.verdict == "insufficient"
    assert "too few to know" in found.said


def test_a_log_that_ends_while_a_reviewer_is_within_the_usual_time_shows_nothing() -> None:
    assert finding(ID, [*answered(20), unanswered("x", at=20), log_end(40)]).verdict == "absent"
    assert finding(ID, [*answered(20), unanswered("x", at=20), log_end(40)], overrides={"age": 1}).verdict == "present"


def test_withdrawn_requests_are_left_out() -> None:
    gone = {"kind": "cancelled", "approval_id": "x", "ts_us": 5 * MINUTE}
    assert finding(ID, [*answered(20), unanswered("x"), gone, log_end(600)]).verdict == "absent"
    with_work = {"kind": "cancelled", "request_id": "r-x", "ts_us": 5 * MINUTE}
    found = finding(ID, [*answered(20), unanswered("x"), with_work, log_end(600)])
    assert found.verdict == "absent"
    assert "1 open requests were withdrawn with their work and are left out." in found.checked


def test_a_request_whose_work_went_on_is_possible_at_most() -> None:
    work = {"kind": "tool_call", "request_id": "r-x", "ts_us": 5 * MINUTE}
    assert finding(ID, [*answered(20), unanswered("x"), work, log_end(600)]).verdict == "possible"


def test_a_deadline_that_has_only_just_passed_is_not_yet_for_ever() -> None:
    recent = unanswered("x", deadline_us=590 * MINUTE)
    assert finding(ID, [*answered(20), recent, log_end(600)]).verdict == "absent"
    passed = unanswered("x", deadline_us=100 * MINUTE)
    found = finding(ID, [*answered(20), passed, log_end(600)])
    assert (found.verdict, found.cause_seen) == ("present", None)


def test_a_lapse_is_an_answer_but_not_one_of_the_usual_waits() -> None:
    lapse = {"kind": "approval_decision", "approval_id": "x", "decision_source": "timeout", "ts_us": 5 * MINUTE}
    assert finding(ID, [*answered(20), unanswered("x"), lapse, log_end(600)]).verdict == "absent"


def test_without_requests_or_any_decision_nothing_can_be_said() -> None:
    assert finding(ID, [unanswered("x"), log_end(600)]).verdict == "not_assessable"
    assert "kind:approval_request" in finding(ID, [{"kind": "llm_call", "ts_us": 1}]).missing


def test_requests_without_an_id_are_no_group() -> None:
    nameless = [{"kind": "approval_request", "ts_us": n} for n in range(20)]
    assert finding(ID, [*answered(20), *nameless, log_end(600)]).verdict == "insufficient"


def test_the_order_of_lines_changes_nothing() -> None:
    rows = [*answered(20), unanswered("x"), unanswered("y", at=50), unanswered("z", at=590), log_end(600)]
    found = [finding(ID, random.Random(seed).sample(rows, len(rows))) for seed in (1, 2)]
    assert [(one.verdict, one.count, one.of) for one in found] == [("present", 2, 23)] * 2
