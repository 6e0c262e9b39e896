from __future__ import annotations

import random
from typing import Any

from tests.diagnosis.logs import finding

ID = "SDB-untyped-reject"


def refusals(many: int, typed: int = 0, **extra: Any) -> list[dict[str, Any]]:
    """Refusals in words, `typed` of them with a code."""
    return [
        {
            "kind": "gate_decision",
            "decision": "deny",
            "request_id": f"r{number}",
            "proposal_id": f"p{number}",
            "reason_text": "this is not possible",
            "ts_us": number * 10,
            **({"reason_code": "LIMIT"} if number < typed else {}),
            **extra,
        }
        for number in range(many)
    ]


def test_refusals_in_words_only_are_untyped() -> None:
    found = finding(ID, refusals(20))
    assert (found.verdict, found.severity, found.count, found.of, found.grade) == ("present", "low", 20, 20, "A")


def test_refusals_with_codes_or_error_types_are_in_order() -> None:
    assert finding(ID, refusals(20, typed=18)).verdict == "absent"
    assert finding(ID, refusals(20, error_type="LimitExceeded")).verdict == "absent"


def test_a_share_that_may_lie_on_either_side_is_a_possibility() -> None:
    assert finding(ID, refusals(20, typed=15)).verdict == "possible"
    assert finding(ID, refusals(2)).verdict == "possible"
    assert finding(ID, refusals(200, typed=130)).verdict == "present"


def test_reject_rows_count_and_a_refusal_with_both_rows_counts_once() -> None:
    both = [
        {**row, "kind": "reject", "decision": None, "reason_code": "LIMIT", "ts_us": row["ts_us"] + 1}
        for row in refusals(10)
    ]
    assert finding(ID, both).verdict == "absent"
    found = finding(ID, [*refusals(10), *both])
    assert (found.verdict, found.of) == ("absent", 10)


def test_refusals_without_any_words_say_nothing() -> None:
    assert finding(ID, refusals(20, reason_text=None)).verdict == "insufficient"


def test_codes_inside_the_text_are_counted_and_stay_untyped() -> None:
    found = finding(ID, refusals(10, reason_text="LIMIT_EXCEEDED: too much"))
    assert found.verdict == "present"
    assert "10 of 10" in found.checked[0]
    assert "0 of 10" in finding(ID, refusals(10)).checked[0]


def follow(rows: list[dict[str, Any]], decision: str, args: str) -> list[dict[str, Any]]:
    return [
        {**row, "decision": decision, "args_hash": args, "ts_us": row["ts_us"] + 5, "proposal_id": None} for row in rows
    ]


def test_what_followed_typed_and_untyped_refusals_is_compared() -> None:
    rows = refusals(40, typed=20, args_hash="a")
    rows += follow(rows[:20], "allow", "b") + follow(rows[20:], "allow", "a")
    said = str(finding(ID, rows).cause_seen)
    assert "After 0 of 20 untyped" in said and "typed ones 20 of 20" in said


def test_allowances_are_no_refusals() -> None:
    assert finding(ID, refusals(20, decision="allow")).verdict == "insufficient"


def test_without_decisions_nothing_can_be_said() -> None:
    assert finding(ID, [{"kind": "llm_call", "ts_us": 1}]).verdict == "not_assessable"


def test_the_order_of_lines_changes_nothing() -> None:
    rows = refusals(30, typed=10)
    rows += follow(rows, "allow", "b")
    found = [finding(ID, random.Random(seed).sample(rows, len(rows))) for seed in range(3)]
    assert len({(one.verdict, one.count, one.said, one.cause_seen) for one in found}) == 1
