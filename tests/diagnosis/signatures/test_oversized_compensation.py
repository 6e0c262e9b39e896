from __future__ import annotations

import random
from typing import Any

from advisor.diagnosis.findings import Finding
from advisor.diagnosis.signatures.p2.oversized_compensation import size
from tests.diagnosis.logs import finding

ID = "P2-oversized-compensation"


def saga(number: int, do: int, undo: int, action_type: str = "book", **extra: Any) -> list[dict[str, Any]]:
    """One action with so many steps to do and to undo."""
    shared = {"saga_id": f"s{number}", "action_type": action_type, "status": "ok"}
    return [
        {**shared, "kind": "commit", "action_id": f"{action_type}{number}", "step": f"do{at}", "ts_us": at}
        for at in range(do)
    ] + [
        {
            **shared,
            "kind": "compensation",
            "compensates": f"{action_type}{number}",
            "step": f"undo{at}",
            "ts_us": 100 + at,
            **extra,
        }
        for at in range(undo)
    ]


def sagas(many: int, do: int, undo: int, **given: Any) -> list[dict[str, Any]]:
    return [row for number in range(many) for row in saga(number, do, undo, **given)]


def found(rows: list[dict[str, Any]], **given: Any) -> Finding:
    return finding(ID, rows, **given)


def test_more_steps_to_undo_than_to_do_is_likely_and_never_more() -> None:
    one = found([*sagas(12, 1, 3), *sagas(12, 2, 2, action_type="mail")])
    assert (one.verdict, one.count, one.of, one.severity, one.grade) == ("likely", 1, 2, "low", "A")
    assert "book takes 1.0 steps to do and 3.0 to undo over 12 sagas" in one.said
    assert one.detail["Steps by action type"][0]["ratio at least"] == 3


def test_as_many_steps_or_fewer_are_absent() -> None:
    assert found(sagas(12, 2, 2)).verdict == "absent"
    assert found(sagas(12, 3, 1)).verdict == "absent"


def test_few_sagas_are_insufficient() -> None:
    assert found(sagas(9, 1, 3)).verdict == "insufficient"
    assert found(sagas(9, 1, 3), overrides={"min_sagas": 5}).verdict == "likely"


def test_retries_of_a_step_count_once() -> None:
    rows = sagas(12, 2, 2)
    rows += [{**row, "attempt": attempt} for row in rows if row["kind"] == "compensation" for attempt in (2, 3, 4)]
    one = found(rows)
    assert one.verdict == "absent" and any("72 later tries" in trap for trap in one.checked)


def test_verification_reads_are_left_out() -> None:
    reads = [{**row, "step": f"look{row['step']}", "side_effect": "read"} for row in sagas(12, 0, 3)]
    one = found([*sagas(12, 1, 1), *reads])
    assert one.verdict == "absent" and any("36 rows were left out" in trap for trap in one.checked)


def test_the_compensations_type_stands_in_where_the_action_has_none() -> None:
    rows = [{**row, "action_type": None} if row["kind"] == "commit" else row for row in sagas(12, 1, 3)]
    assert found(rows).verdict == "likely"


def test_missing_columns_are_named() -> None:
    one = found([{key: value for key, value in row.items() if key != "step"} for row in sagas(12, 1, 3)])
    assert (one.verdict, one.missing) == ("not_assessable", ("compensation.step", "commit.step"))


def test_actions_of_no_saga_are_not_lumped_together() -> None:
    assert found([{**row, "saga_id": None} for row in sagas(12, 1, 3)] + saga(20, 1, 3)).verdict == "insufficient"


def test_actions_of_equal_size_are_seldom_called_oversized() -> None:
    random_ = random.Random(8)
    fired = 0
    for _ in range(200):
        cells: dict[tuple[int, int], int] = {}
        for _ in range(30):
            cell = (random_.randint(1, 5), random_.randint(1, 5))
            cells[cell] = cells.get(cell, 0) + 1
        rows = [{"do_steps": a, "undo_steps": b, "sagas": many} for (a, b), many in sorted(cells.items())]
        fired += size("book", rows, 1.0, 0.025).lower > 1
    assert fired / 200 <= 0.05


def test_the_order_of_lines_changes_nothing() -> None:
    rows = [row for number in range(20) for row in saga(number, 1 + number % 3, 2 + number % 2)]
    one, other = found(rows), found(random.Random(5).sample(rows, len(rows)))
    assert (one.verdict, one.count, one.p_value, one.detail) == (
        other.verdict,
        other.count,
        other.p_value,
        other.detail,
    )
