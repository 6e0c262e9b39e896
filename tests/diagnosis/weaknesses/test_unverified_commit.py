from __future__ import annotations

import random
from typing import Any

import pytest

from tests.diagnosis.logs import finding

ID = "SDB-unverified-commit"


def check(number: int, decision: str = "allow", at: int = 0, **extra: Any) -> dict[str, Any]:
    return {
        "kind": "gate_decision",
        "decision": decision,
        "proposal_id": f"p{number}",
        "request_id": f"r{number}",
        "ts_us": number * 1_000_000 + at,
        **extra,
    }


def write(number: int, at: int = 10, **extra: Any) -> dict[str, Any]:
    return {
        "kind": "commit",
        "side_effect": "external_write",
        "status": "ok",
        "proposal_id": f"p{number}",
        "request_id": f"r{number}",
        "ts_us": number * 1_000_000 + at,
        **extra,
    }


def pairs(many: int) -> list[dict[str, Any]]:
    return [row for number in range(many) for row in (check(number), write(number))]


def test_writes_with_an_earlier_allow_of_their_proposal_are_in_order() -> None:
    found = finding(ID, pairs(20))
    assert (found.verdict, found.count, found.of, found.grade) == ("absent", 0, 20, "A")


def test_a_write_without_a_check_is_found_among_checked_ones() -> None:
    found = finding(ID, [*pairs(20), write(77)])
    assert (found.verdict, found.severity, found.count, found.of) == ("present", "high", 1, 21)
    assert "proposal_id=p77" in found.evidence[0].text


def test_a_denied_write_is_critical_and_shown_first() -> None:
    found = finding(ID, [*pairs(3), write(50), check(60, "deny"), write(60)])
    assert (found.verdict, found.severity, found.count) == ("present", "critical", 2)
    assert "proposal_id=p60" in found.evidence[0].text
    assert "1 denied" in found.said and "1 without a check" in found.said


def test_a_denial_that_a_person_overrode_is_an_allow() -> None:
    rows = [check(1, "deny"), check(1, "approve", 5, kind="approval_decision"), write(1)]
    assert finding(ID, rows).verdict == "absent"
    withdrawn = [check(1), check(1, "deny", 5), write(1)]
    assert finding(ID, withdrawn).severity == "critical"


def test_a_check_after_the_write_is_too_late() -> None:
    found = finding(ID, [*pairs(2), write(9), check(9, at=500)])
    assert found.verdict == "present"
    assert "checked too late" in found.said


def test_arguments_that_changed_after_the_check_are_found_unless_the_gate_changed_them() -> None:
    changed = [check(1, args_hash="a"), write(1, args_hash="b")]
    assert "changed after the check" in finding(ID, changed).said
    assert finding(ID, [check(1, args_hash="a"), write(1, args_hash="a")]).verdict == "absent"
    assert finding(ID, [check(1, "modify", args_hash="a"), write(1, args_hash="b")]).verdict == "absent"


def test_a_log_without_any_check_row_gives_a_possibility_only() -> None:
    found = finding(ID, [write(number) for number in range(5)])
    assert (found.verdict, found.severity) == ("possible", "medium")
    assert "none is logged" in found.checked[0]


def test_checks_that_name_no_proposal_leave_nothing_to_join() -> None:
    rows = [{**check(1), "proposal_id": None}, write(1)]
    assert finding(ID, rows).verdict == "insufficient"


def test_a_verification_id_joins_as_well_as_a_proposal() -> None:
    verified = {**check(1), "kind": "verification", "decision": None, "status": "ok", "verification_id": "v1"}
    rows = [{**verified, "proposal_id": None}, {**write(1), "proposal_id": None, "verification_id": "v1"}]
    assert finding(ID, rows).verdict == "absent"
    assert finding(ID, [rows[0], {**rows[1], "verification_id": "v2"}]).verdict == "present"


def test_calls_numbered_from_one_in_each_request_are_kept_apart() -> None:
    rows = [{**check(1), "proposal_id": "1"}, {**write(1), "proposal_id": "1"}, {**write(2), "proposal_id": "1"}]
    found = finding(ID, rows)
    assert (found.count, found.of) == (1, 2)
    assert "request_id=r2" in found.evidence[0].text


def test_a_check_that_does_not_name_the_request_still_covers_its_proposal() -> None:
    assert finding(ID, [{**check(1), "request_id": None}, write(1)]).verdict == "absent"


@pytest.mark.parametrize("status", ["rejected", "denied", "error", "skipped"])
def test_a_write_that_did_not_happen_is_none(status: str) -> None:
    assert finding(ID, [*pairs(2), check(3, "deny"), write(3, status=status)]).verdict == "absent"


def test_tool_calls_with_an_outside_effect_stand_in_for_commits_at_grade_b() -> None:
    calls = [{**write(n), "kind": "tool_call", "proposal_id": None, "tool_call_id": f"p{n}"} for n in (3, 4)]
    found = finding(ID, [check(3), *calls])
    assert (found.verdict, found.grade, found.count, found.of) == ("present", "B", 1, 2)


def test_a_call_and_its_commit_are_one_write() -> None:
    call = {**write(4), "kind": "tool_call"}
    assert finding(ID, [check(4), call, write(4)]).of == 1


def test_writes_whose_effect_is_not_stated_are_not_usable() -> None:
    rows = [*pairs(1), *({**write(number), "side_effect": None} for number in range(10, 15))]
    found = finding(ID, rows)
    assert (found.verdict, found.of, found.relevant) == ("insufficient", 1, 6)


def test_without_writes_nothing_can_be_said() -> None:
    found = finding(ID, [check(1)])
    assert found.verdict == "not_assessable"
    assert "kind:commit" in found.missing


def test_the_order_of_lines_changes_nothing() -> None:
    rows = [*pairs(10), write(50), check(60, "deny"), write(60), write(70), check(70, at=900)]
    found = [finding(ID, random.Random(seed).sample(rows, len(rows))) for seed in range(3)]
    assert len({(one.verdict, one.count, one.said, one.severity) for one in found}) == 1
