from __future__ import annotations

import random
from typing import Any

from tests.diagnosis.logs import finding

ID = "P5-false-conflict"
SECOND = 1_000_000


def write(at: float, version: int, op: str, ok: bool = True, row: str = "row", **extra: Any) -> dict[str, Any]:
    """A conditional write that expects a version, and makes the next one where it succeeds."""
    made = {"kind": "cas", "resource_id": row, "op_id": op, "expected_version": str(version), "ts_us": int(at * SECOND)}
    return {**made, "status": "ok" if ok else "rejected", **({"new_version": str(version + 1)} if ok else {}), **extra}


def races(many: int) -> list[dict[str, Any]]:
    """Refusals with another writer before each: as it should be."""
    rows = []
    for number in range(many):
        row = f"r{number}"
        rows += [
            write(number * 10, 1, f"a{number}", row=row),
            write(number * 10 + 1, 1, f"b{number}", ok=False, row=row, actual_version="2"),
            write(number * 10 + 2, 2, f"b{number}", row=row),
        ]
    return rows


def test_refusals_that_another_writer_explains_are_absent_and_few_are_insufficient() -> None:
    assert finding(ID, races(20)).verdict == "absent"
    assert finding(ID, races(4)).verdict == "insufficient"


def test_a_refusal_at_the_very_version_of_the_row_is_false() -> None:
    found = finding(ID, [*races(20), write(900, 7, "c", ok=False, row="x", actual_version="7")])
    assert (found.verdict, found.count, found.of, found.grade) == ("present", 1, 21, "A")


def test_versions_compared_as_text_are_named_as_cause() -> None:
    rows = [*races(20), write(900, 7, "c", ok=False, row="x", actual_version="7.0")]
    assert finding(ID, rows).cause_seen == "1 compare equal numbers as text"


def test_a_retry_that_succeeds_with_the_same_version_shows_that_nobody_had_written() -> None:
    rows = [write(1, 7, "c", ok=False, row="x"), write(2, 7, "c", row="x")]
    found = finding(ID, [*races(20), *rows])
    assert found.verdict == "present"
    assert "succeeded with the same version" in str(found.cause_seen)


def test_a_refusal_of_the_version_that_was_written_last_is_likely() -> None:
    rows = [write(1, 6, "a", row="x"), write(5, 7, "c", ok=False, row="x", actual_version="9")]
    assert finding(ID, [*races(20), *rows]).verdict == "likely"


def test_a_writer_logged_just_after_the_refusal_explains_it() -> None:
    rows = [write(1, 6, "a", row="x"), write(5, 7, "c", ok=False, row="x"), write(5.2, 7, "d", row="x")]
    assert finding(ID, [*races(20), *rows]).verdict == "absent"


def test_a_write_that_lost_its_answer_may_have_succeeded() -> None:
    rows = [
        write(1, 7, "c", row="x", ok=False, status="timeout"),
        write(2, 7, "c", ok=False, row="x", actual_version="7"),
    ]
    found = finding(ID, [*races(20), *rows])
    assert found.verdict == "absent"
    assert any(said.startswith("1 follow a try") for said in found.checked)


def test_refusals_on_a_row_of_one_worker_are_possible_at_grade_c() -> None:
    rows = [write(1, 6, "a", row="x", worker_id="w"), write(5, 5, "b", ok=False, row="x", worker_id="w")]
    found = finding(ID, [*races(20), *rows])
    assert (found.verdict, found.grade) == ("possible", "C")


def test_writes_of_another_kind_count_as_the_other_writer() -> None:
    rows = [
        write(1, 6, "a", row="x"),
        {"kind": "override", "resource_id": "x", "new_version": "8", "ts_us": 3 * SECOND},
        write(5, 7, "c", ok=False, row="x", actual_version="8"),
    ]
    assert finding(ID, [*races(20), *rows]).verdict == "absent"


def test_without_versions_nothing_can_be_said() -> None:
    found = finding(ID, [{"kind": "cas", "status": "rejected", "resource_id": "x", "ts_us": 1}])
    assert found.verdict == "not_assessable"
    assert "cas.expected_version" in found.missing


def test_the_order_of_lines_changes_nothing() -> None:
    rows = [*races(20), write(1, 7, "c", ok=False, row="x"), write(2, 7, "c", row="x")]
    found = [finding(ID, random.Random(seed).sample(rows, len(rows))) for seed in (1, 2)]
    assert [(one.verdict, one.count, one.of) for one in found] == [("present", 1, 21)] * 2
