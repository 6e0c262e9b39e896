from __future__ import annotations

import random
from typing import Any

from tests.diagnosis.logs import finding

ID = "SDB-id-coverage"


def rows(many: int, with_id: int, kind: str = "llm_call", **extra: Any) -> list[dict[str, Any]]:
    return [
        {"kind": kind, "ts_us": number, **({"request_id": f"r{number}"} if number < with_id else {}), **extra}
        for number in range(many)
    ]


def test_sixteen_of_thirty_six_rows_with_a_request_id_are_too_few() -> None:
    found = finding(ID, rows(36, 16))
    assert (found.verdict, found.severity, found.count, found.of) == ("present", "low", 20, 36)
    assert found.said.startswith("16 of 36 rows carry a request id.")
    assert found.evidence


def test_ninety_five_in_a_hundred_are_enough() -> None:
    assert finding(ID, rows(100, 95)).verdict == "absent"
    assert finding(ID, rows(100, 94)).verdict == "present"


def test_it_is_assessable_even_where_no_row_has_an_id() -> None:
    found = finding(ID, rows(5, 0))
    assert (found.verdict, found.count, found.of, found.grade) == ("present", 5, 5, "A")


def test_plain_log_lines_such_as_start_up_leave_a_possibility() -> None:
    found = finding(ID, [*rows(80, 80), *rows(20, 0, kind="log")])
    assert found.verdict == "possible"
    assert "start-up" in found.checked[0]
    assert finding(ID, [*rows(80, 40), *rows(20, 0, kind="log")]).verdict == "present"


def test_versions_and_check_ids_are_counted_where_they_belong() -> None:
    found = finding(
        ID,
        [
            *rows(4, 4, model_version="m1"),
            *rows(2, 2, kind="gate_decision", policy_version="v1"),
            *rows(3, 3, kind="commit"),
        ],
    )
    table = {row["identifier"]: (row["filled"], row["rows"]) for row in found.detail["Fill rates"]}
    assert table["Model version on model calls"] == (4, 4)
    assert table["Prompt version on model calls"] == (0, 4)
    assert table["Policy version on decisions"] == (2, 2)
    assert table["Verification id on commits"] == (0, 3)
    assert found.verdict == "absent"


def test_unreadable_records_do_not_count() -> None:
    assert finding(ID, [*rows(10, 10), *rows(50, 0, kind="unknown")]).of == 10


def test_the_share_is_the_users() -> None:
    assert finding(ID, rows(100, 60), overrides={"request_id": 0.5}).verdict == "absent"


def test_the_order_of_lines_changes_nothing() -> None:
    given = [*rows(40, 20), *rows(10, 0, kind="commit")]
    found = [finding(ID, random.Random(seed).sample(given, len(given))) for seed in range(3)]
    assert len({(one.verdict, one.count, one.said) for one in found}) == 1
