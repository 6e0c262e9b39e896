from __future__ import annotations

import random
from typing import Any

from advisor.diagnosis.findings import Finding
from tests.diagnosis.logs import finding

ID = "P3-duplicate-delivery"
SECOND = 1_000_000


def delivery(number: int, at: int = 0, **extra: Any) -> dict[str, Any]:
    return {
        "kind": "event_consume",
        "consumer": "billing",
        "event_in": f"e{number}",
        "status": "ok",
        "ts_us": number * 1000 * SECOND + at * SECOND,
        **extra,
    }


def effect(number: int, at: int = 0, **extra: Any) -> dict[str, Any]:
    return {
        "kind": "commit",
        "caused_by": f"e{number}",
        "tool_name": "charge",
        "args_hash": f"a{number}",
        "status": "ok",
        "ts_us": number * 1000 * SECOND + at * SECOND + 1,
        **extra,
    }


def log(many: int = 10) -> list[dict[str, Any]]:
    return [row for number in range(many) for row in (delivery(number), effect(number))]


def found(rows: list[dict[str, Any]], **given: Any) -> Finding:
    return finding(ID, rows, **given)


def test_a_second_delivery_with_a_second_effect_is_present() -> None:
    one = found([*log(), delivery(3, at=5, attempt=2), effect(3, at=5)])
    assert (one.verdict, one.severity, one.count, one.of, one.grade) == ("present", "high", 1, 11, "A")
    assert [row.text.split()[0] for row in one.evidence] == ["event_consume"] * 2 + ["commit"] * 2


def test_one_delivery_an_event_is_absent() -> None:
    assert found(log()).verdict == "absent"


def test_a_second_delivery_without_a_second_effect_refutes_it() -> None:
    one = found([*log(), delivery(3, at=5)])
    assert (one.verdict, one.refuted) == ("refuted", "Each repeated delivery was finished without a second effect.")


def test_where_effects_are_not_logged_it_is_likely_at_grade_b() -> None:
    one = found([*(delivery(number) for number in range(10)), delivery(3, at=5)])
    assert (one.verdict, one.grade, one.count) == ("likely", "B", 1)


def test_an_event_may_have_several_different_effects() -> None:
    rows = [*log(), *(effect(number, args_hash="other") for number in range(10)), delivery(3, at=5)]
    assert found(rows).verdict == "refuted"


def test_several_consumers_of_one_event_are_no_duplicates() -> None:
    rows = [{**row, "consumer": name} for name in ("billing", "mail") for row in log()]
    assert found(rows).verdict == "absent"
    again = [{**delivery(3, at=5), "consumer": "mail"}, {**effect(3, at=5), "consumer": "mail"}]
    assert found([*rows, *again]).count == 1


def test_an_effect_of_one_consumer_is_not_another_consumers_second() -> None:
    rows = [{**row, "consumer": name} for name in ("billing", "mail") for row in log()]
    assert found([*rows, {**delivery(3, at=5), "consumer": "mail"}]).verdict == "refuted"


def test_offsets_are_unique_in_their_partition_only() -> None:
    rows = [{**row, "partition_key": key} for key in ("p1", "p2") for row in log() if row["kind"] == "event_consume"]
    assert found(rows).verdict == "absent"


def test_failed_skipped_and_replayed_deliveries_do_not_count() -> None:
    for extra in ({"status": "error"}, {"status": "skipped"}, {"is_replay": True}, {"replay_of": "run1"}):
        rows = [*(delivery(number) for number in range(10)), delivery(3, at=5, **extra)]
        assert found(rows).verdict == "absent", extra


def test_equal_inputs_without_ids_are_possible_within_the_window_only() -> None:
    rows = [{**delivery(number), "event_in": None, "input_hash": f"i{number}"} for number in range(10)]
    again = {**rows[3], "ts_us": rows[3]["ts_us"] + 200 * SECOND}
    one = found([*rows, again])
    assert (one.verdict, one.grade, one.count) == ("possible", "C", 1)
    assert found([*rows, {**again, "ts_us": again["ts_us"] + 200 * SECOND}]).verdict == "absent"
    assert found([*rows, again], overrides={"window": 100}).verdict == "absent"


def test_deliveries_without_a_consumer_or_an_outcome_are_not_lumped_together() -> None:
    rows = [
        delivery(1),
        *({**delivery(2), "consumer": None} for _ in range(5)),
        *({**delivery(3), "status": None},) * 5,
    ]
    one = found(rows)
    assert (one.verdict, one.of, one.relevant) == ("insufficient", 1, 11)


def test_missing_columns_are_named() -> None:
    one = found([{"kind": "event_consume", "ts_us": 1, "status": "ok"}])
    assert (one.verdict, one.missing) == ("not_assessable", ("event_consume.event_in", "event_consume.consumer"))


def test_the_order_of_lines_changes_nothing() -> None:
    rows = [*log(), delivery(3, at=5), effect(3, at=5), delivery(4, at=5)]
    one, other = found(rows), found(random.Random(5).sample(rows, len(rows)))
    assert (one.verdict, one.count, one.said) == (other.verdict, other.count, other.said)
