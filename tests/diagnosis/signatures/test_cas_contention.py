from __future__ import annotations

import random
from typing import Any

from tests.diagnosis.logs import finding

ID = "P5-cas-contention"


def operations(many: int, slow: int, retries: int = 5, **extra: Any) -> list[dict[str, Any]]:
    """`many` operations that succeed at once, `slow` of them only after `retries` more tries."""
    rows = []
    for number in range(many):
        tries = retries + 1 if number < slow else 1
        rows += [
            {
                "kind": "cas",
                "op_id": f"op{number}",
                "attempt": attempt,
                "resource_id": "renewal/1" if number < slow else f"renewal/{number}",
                "request_id": f"r{number}",
                "expected_version": str(attempt),
                "ts_us": number * 1000 + attempt,
                "status": "ok" if attempt == tries else "rejected",
                **extra,
            }
            for attempt in range(1, tries + 1)
        ]
    return rows


def test_three_percent_of_operations_over_three_retries_is_contention() -> None:
    found = finding(ID, operations(500, 15))
    assert (found.verdict, found.count, found.of, found.grade) == ("present", 15, 500, "A")
    assert found.detail["Rows that workflows race for"][0]["resource_id"] == "renewal/1"
    assert found.evidence and "status=rejected" in found.evidence[0].text


def test_a_quiet_log_is_absent_and_a_short_one_insufficient() -> None:
    assert finding(ID, operations(400, 0)).verdict == "absent"
    assert finding(ID, operations(50, 0)).verdict == "insufficient"


def test_exactly_one_percent_is_the_boundary_of_the_signature_and_stays_quiet() -> None:
    assert finding(ID, operations(400, 4)).verdict == "absent"


def test_three_retries_are_allowed_and_the_limit_is_the_users() -> None:
    assert finding(ID, operations(400, 40, retries=3)).verdict == "absent"
    assert finding(ID, operations(400, 40, retries=3), overrides={"p99_retries": 2}).verdict == "present"


def test_a_model_call_inside_the_window_is_named_as_cause() -> None:
    assert "model call" in str(finding(ID, operations(500, 20, llm_in_window=True)).cause_seen)


def test_without_cas_rows_nothing_can_be_said_and_the_missing_columns_are_named() -> None:
    found = finding(ID, [{"kind": "llm_call", "ts_us": 1}])
    assert found.verdict == "not_assessable"
    assert "kind:cas" in found.missing


def test_the_order_of_lines_changes_nothing() -> None:
    rows = operations(400, 20)
    shuffled = random.Random(5).sample(rows, len(rows))
    one, other = finding(ID, rows), finding(ID, shuffled)
    assert (one.verdict, one.count, one.p_value) == (other.verdict, other.count, other.p_value)
