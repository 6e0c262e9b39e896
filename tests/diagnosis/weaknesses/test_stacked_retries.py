from __future__ import annotations

import random
from typing import Any

from tests.diagnosis.logs import finding

ID = "SDB-stacked-retries"


def stacked(outer: int, inner: int, request: str = "r1", **extra: Any) -> list[dict[str, Any]]:
    """A call that fails each time: a framework tries it `outer` times, an SDK `inner` times in each."""
    base = {"kind": "tool_call", "request_id": request, "tool_name": "pay", "args_hash": "a", "status": "error"}
    rows: list[dict[str, Any]] = []
    for turn in range(1, outer + 1):
        rows.append({**base, "retry_layer": "framework", "attempt": turn, **extra})
        rows += [{**base, "retry_layer": "sdk", "attempt": number, **extra} for number in range(1, inner + 1)]
    return [{**row, "ts_us": at} for at, row in enumerate(rows)]


def test_two_layers_that_multiply_are_found_with_their_product() -> None:
    found = finding(ID, stacked(3, 3))
    assert (found.verdict, found.severity, found.grade) == ("present", "medium", "A")
    assert "multiply to 9 attempts" in found.said
    assert {row["retry_layer"]: row["most_attempts"] for row in found.detail["Layers that retry"]} == {
        "framework": 3,
        "sdk": 3,
    }


def test_one_layer_that_retries_is_in_order() -> None:
    assert finding(ID, stacked(1, 5)).verdict == "absent"
    assert finding(ID, stacked(4, 1)).verdict == "absent"


def test_a_product_at_or_below_the_users_limit_is_likely_only() -> None:
    assert finding(ID, stacked(2, 2), overrides={"amplification": 4}).verdict == "likely"


def test_attempts_of_one_layer_that_two_layers_log_are_a_possibility() -> None:
    rows = [
        {**row, "retry_layer": layer}
        for layer in ("sdk", "framework")
        for row in stacked(1, 4)
        if row["retry_layer"] == "sdk"
    ]
    found = finding(ID, rows)
    assert found.verdict == "possible"
    assert "logged twice" in found.checked[0]


def test_different_calls_are_kept_apart() -> None:
    rows = [{**row, "args_hash": row["retry_layer"]} for row in stacked(3, 3)]
    assert finding(ID, rows).verdict == "absent"
    apart = [{**row, "request_id": row["retry_layer"]} for row in stacked(3, 3)]
    assert finding(ID, apart).verdict == "absent"


def test_without_layers_attempts_that_start_over_are_likely_at_grade_c() -> None:
    rows = [{**row, "retry_layer": None} for row in stacked(3, 3) if row["retry_layer"] == "sdk"]
    found = finding(ID, rows)
    assert (found.verdict, found.grade, found.count) == ("likely", "C", 9)
    once = [{**row, "retry_layer": None} for row in stacked(1, 5) if row["retry_layer"] == "sdk"]
    assert finding(ID, once).verdict == "absent"


def test_calls_that_succeed_and_are_made_again_are_no_retries() -> None:
    rows = [{**row, "retry_layer": None, "status": "ok"} for row in stacked(3, 3) if row["retry_layer"] == "sdk"]
    assert finding(ID, rows).verdict == "absent"


def test_attempts_without_a_request_are_not_usable() -> None:
    rows = [{**row, "request_id": None} for row in stacked(3, 3)]
    found = finding(ID, [*rows, *stacked(1, 1)])
    assert found.verdict == "insufficient"


def test_without_attempts_nothing_can_be_said_and_they_are_named() -> None:
    found = finding(ID, [{**row, "attempt": None} for row in stacked(2, 2)])
    assert (found.verdict, found.missing) == ("not_assessable", ("attempt",))


def test_the_order_of_lines_changes_nothing() -> None:
    rows = [*stacked(3, 3), *stacked(1, 4, "r2")]
    found = [finding(ID, random.Random(seed).sample(rows, len(rows))) for seed in range(3)]
    assert len({(one.verdict, one.count, one.said) for one in found}) == 1
