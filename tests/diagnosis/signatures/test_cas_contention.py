from __future__ import annotations

import random
from typing import Any

import pytest

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


def without(rows: list[dict[str, Any]], *columns: str) -> list[dict[str, Any]]:
    return [{name: value for name, value in row.items() if name not in columns} for row in rows]


def test_three_percent_of_operations_over_three_retries_is_contention() -> None:
    found = finding(ID, operations(500, 15))
    assert (found.verdict, found.count, found.of, found.grade) == ("present", 15, 500, "A")
    assert found.detail["Rows that workflows race for"][0]["resource_id"] == "renewal/1"
    assert found.evidence and "status=rejected" in found.evidence[0].text


def test_a_quiet_log_is_absent_and_a_short_one_insufficient() -> None:
    assert finding(ID, operations(400, 0)).verdict == "absent"
    assert finding(ID, operations(50, 0)).verdict == "insufficient"


def test_an_excess_among_too_few_operations_counts_only_where_it_is_significant_by_itself() -> None:
    assert finding(ID, operations(120, 2)).verdict == "insufficient"
    assert finding(ID, operations(120, 8)).verdict == "present"


def test_exactly_one_percent_is_the_boundary_of_the_signature_and_stays_quiet() -> None:
    assert finding(ID, operations(400, 4)).verdict == "absent"


def test_three_retries_are_allowed_and_the_limit_is_the_users() -> None:
    assert finding(ID, operations(400, 40, retries=3)).verdict == "absent"
    assert finding(ID, operations(400, 40, retries=3), overrides={"p99_retries": 2}).verdict == "present"


def test_without_op_ids_the_tries_up_to_each_success_are_one_operation() -> None:
    rows = without(operations(500, 15), "op_id", "attempt")
    found = finding(ID, rows)
    assert (found.verdict, found.count, found.of) == ("present", 15, 500)
    one_request = [{**row, "request_id": "r", "resource_id": f"x{row['resource_id']}"} for row in rows]
    assert finding(ID, one_request).of == 500


def test_many_operations_of_one_request_are_counted_one_by_one() -> None:
    rows = without(operations(400, 0), "op_id", "attempt")
    together = [{**row, "request_id": "r", "resource_id": "x", "worker_id": "w"} for row in rows]
    found = finding(ID, together)
    assert (found.verdict, found.count, found.of) == ("absent", 0, 400)


def test_op_ids_that_start_again_in_each_request_are_different_operations() -> None:
    rows = [{**row, "op_id": "op1"} for row in operations(400, 0)]
    assert (finding(ID, rows).verdict, finding(ID, rows).of) == ("absent", 400)


def test_rows_logged_twice_are_no_retries() -> None:
    rows = [row for row in operations(400, 40, retries=3) for _ in range(2)]
    assert finding(ID, rows).verdict == "absent"


def test_a_last_try_that_alone_was_logged_still_tells_its_number() -> None:
    rows = [row for row in operations(500, 15) if row["status"] == "ok"]
    assert finding(ID, rows).count == 15


def test_conflicts_within_one_request_are_a_message_delivered_twice() -> None:
    rows = [{**row, "request_id": "r1"} if row["resource_id"] == "renewal/1" else row for row in operations(500, 15)]
    found = finding(ID, rows)
    assert found.verdict == "refuted"
    assert "delivered twice" in str(found.refuted)
    assert any("15 of 15" in said for said in found.checked)


def test_rows_that_name_neither_operation_nor_request_and_row_are_no_operation() -> None:
    nameless = [{"kind": "cas", "status": "rejected", "ts_us": n} for n in range(200)]
    found = finding(ID, [*operations(400, 0), *nameless])
    assert (found.verdict, found.count, found.of) == ("insufficient", 0, 400)


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        ({}, "15 of 15 are on renewal/1, where 15 requests compete"),
        ({"llm_in_window": True}, "model call between read and write"),
        ({"duration_us": 2_000_000}, "held the row open"),
        ({"expected_version": "7"}, "the version that had just failed"),
    ],
)
def test_the_cause_is_told_apart(extra: dict[str, Any], said: str) -> None:
    assert said in str(finding(ID, operations(500, 15, **extra)).cause_seen)


def test_without_cas_rows_nothing_can_be_said_and_the_missing_columns_are_named() -> None:
    found = finding(ID, [{"kind": "llm_call", "ts_us": 1}])
    assert found.verdict == "not_assessable"
    assert "kind:cas" in found.missing


def test_at_the_boundary_it_fires_in_about_one_run_of_twenty_at_most() -> None:
    rng = random.Random(17)
    fired = 0
    for _ in range(25):
        fired += finding(ID, operations(300, sum(rng.random() < 0.01 for _ in range(300)))).verdict == "present"
    assert fired <= 4


def test_the_order_of_lines_changes_nothing() -> None:
    rows = operations(400, 20)
    shuffled = random.Random(5).sample(rows, len(rows))
    one, other = finding(ID, rows), finding(ID, shuffled)
    assert (one.verdict, one.count, one.p_value) == (other.verdict, other.count, other.p_value)
    assert one.cause_seen == other.cause_seen
