from __future__ import annotations

import random
from typing import Any

from tests.diagnosis.logs import finding

ID = "P5-lost-update"


def moves(many: int, row: str = "row", first: int = 1) -> list[dict[str, Any]]:
    """One write after the other, each on the version that the last one made."""
    return [
        {
            "kind": "state_transition",
            "resource_id": row,
            "request_id": f"{row}-{version}",
            "expected_version": str(version),
            "new_version": str(version + 1),
            "ts_us": version * 1000,
        }
        for version in range(first, first + many)
    ]


def clash(**extra: Any) -> dict[str, Any]:
    """A second writer that had read version 5 of the row."""
    return {**moves(1, first=5)[0], "request_id": "other", "ts_us": 5500, **extra}


def test_a_version_that_two_writers_replaced_is_a_lost_update() -> None:
    found = finding(ID, [*moves(30), clash()])
    assert (found.verdict, found.count, found.of, found.grade) == ("present", 1, 31, "A")
    assert [cited.text.count("expected_version=5") for cited in found.evidence] == [1, 1]


def test_one_writer_after_the_other_is_absent_and_few_writes_are_insufficient() -> None:
    assert finding(ID, moves(30)).verdict == "absent"
    assert finding(ID, moves(5)).verdict == "insufficient"


def test_a_refused_second_write_is_no_loss() -> None:
    assert finding(ID, [*moves(30), clash(status="rejected")]).verdict == "absent"


def test_one_write_logged_as_swap_and_as_transition_is_one_write() -> None:
    swaps = [{**row, "kind": "cas", "op_id": f"op{n}", "status": "ok"} for n, row in enumerate(moves(30))]
    assert finding(ID, [*moves(30), *swaps]).verdict == "absent"


def test_a_writer_that_logs_twice_is_one_writer() -> None:
    assert finding(ID, [*moves(30), {**clash(), "request_id": "row-5"}]).verdict == "absent"


def test_replays_and_writes_of_equal_content_are_left_out() -> None:
    assert finding(ID, [*moves(30), clash(is_replay=True)]).verdict == "absent"
    rows = [*moves(30), clash()]
    equal = [{**row, "args_hash": "same"} if row["expected_version"] == "5" else row for row in rows]
    found = finding(ID, equal)
    assert found.verdict == "absent"
    assert any("equal content" in said and said.startswith("1 ") for said in found.checked)


def test_a_version_that_came_back_in_between_is_no_loss() -> None:
    back = clash(expected_version="9", new_version="5", request_id="restore", ts_us=5200)
    found = finding(ID, [*moves(30), back, clash()])
    assert found.verdict == "absent"
    assert any(said.startswith("2 versions had come back") for said in found.checked)


def test_writes_of_different_fields_do_not_clash() -> None:
    rows = [{**row, "merge_field": "price"} for row in moves(30)]
    assert finding(ID, [*rows, clash(merge_field="term")]).verdict == "absent"
    assert finding(ID, [*rows, clash(merge_field="price")]).verdict == "present"


def test_versions_of_different_rows_do_not_clash() -> None:
    assert finding(ID, [*moves(30), *moves(30, "z")]).verdict == "absent"


def test_writers_without_a_name_are_no_group() -> None:
    nameless = [{"kind": "state_transition", "resource_id": "q", "expected_version": "1", "ts_us": n} for n in range(3)]
    found = finding(ID, [*moves(30), *nameless])
    assert (found.verdict, found.of, found.relevant) == ("absent", 30, 33)


def test_without_versions_nothing_can_be_said() -> None:
    found = finding(ID, [{"kind": "state_transition", "resource_id": "q", "request_id": "r", "ts_us": 1}])
    assert found.verdict == "not_assessable"


def test_the_order_of_lines_changes_nothing() -> None:
    rows = [*moves(30), clash(), clash(expected_version="8", ts_us=8500)]
    found = [finding(ID, random.Random(seed).sample(rows, len(rows))) for seed in (1, 2)]
    assert [(one.verdict, one.count, one.of) for one in found] == [("present", 2, 32)] * 2
