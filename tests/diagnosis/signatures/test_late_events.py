from __future__ import annotations

import random
from typing import Any

import pytest

from advisor.diagnosis.detector import Facts
from advisor.diagnosis.findings import Finding
from tests.diagnosis.logs import finding

ID = "P3-late-events"
SECOND = 1_000_000


def partition(
    number: int, times: list[float], *, failed: bool | None = None, statuses: dict[int, str] | None = None, **extra: Any
) -> list[dict[str, Any]]:
    """Events of one partition and request in the order of consumption, by event time in seconds."""
    base = number * 1000 * SECOND
    rows: list[dict[str, Any]] = [
        {
            "kind": "event_consume",
            "consumer": "ledger",
            "partition_key": f"k{number}",
            "request_id": f"r{number}",
            "event_in": f"e{number}-{at}",
            "event_time_us": base + int(time * SECOND),
            "ts_us": base + (100 + at) * SECOND,
            "status": (statuses or {}).get(at, "ok"),
            **extra,
        }
        for at, time in enumerate(times)
    ]
    if failed is not None:
        state = "error" if failed else "ok"
        rows.append({"kind": "outcome", "request_id": f"r{number}", "status": state, "ts_us": base + 900 * SECOND})
    return rows


def log(late: int, of: int, *, late_fail: int = 0, other_fail: int = 0, **given: Any) -> list[dict[str, Any]]:
    rows = []
    for number in range(of):
        is_late = number < late
        failed = number < late_fail if is_late else number - late < other_fail
        rows += partition(number, [1, 5, 3] if is_late else [1, 3, 5], failed=failed, **given)
    return rows


def found(rows: list[dict[str, Any]], **given: Any) -> Finding:
    return finding(ID, rows, **given)


def test_late_events_whose_requests_fail_more_often_are_present() -> None:
    one = found(log(10, 40, late_fail=8, other_fail=2))
    assert (one.verdict, one.count, one.of, one.severity, one.grade) == ("present", 10, 120, "high", "A")
    assert "8 of 10 requests with one failed, 2 of 30 without" in one.said
    assert one.p_value is not None and one.p_value < 0.05
    assert one.cause_seen == "No late event that was applied carries a watermark"
    assert one.evidence


def test_late_events_without_an_effect_are_possible() -> None:
    assert found(log(10, 40, late_fail=1, other_fail=3)).verdict == "possible"
    assert found([row for row in log(10, 40) if row["kind"] != "outcome"]).verdict == "possible"


def test_events_in_order_are_absent() -> None:
    assert found(log(0, 40)).verdict == "absent"


def test_a_state_that_is_set_back_is_present() -> None:
    rows = partition(0, [1, 5, 3])
    for row, (before, after) in zip(rows, [("new", "paid"), ("paid", "sent"), ("sent", "paid")], strict=True):
        row |= {"from_state": before, "to_state": after}
    one = found(rows)
    assert one.verdict == "present" and "1 set a state back" in one.said
    rows[2]["to_state"] = "closed"
    assert found(rows).verdict == "possible"


def test_a_transition_that_the_late_event_caused_can_set_the_state_back() -> None:
    rows = partition(0, [1, 5, 3])
    moves = [("new", "paid"), ("paid", "sent"), ("sent", "paid")]
    rows += [
        {
            "kind": "state_transition",
            "request_id": "r0",
            "caused_by": row["event_in"],
            "from_state": before,
            "to_state": after,
            "ts_us": row["ts_us"] + 1,
        }
        for row, (before, after) in zip(rows, moves, strict=True)
    ]
    assert found(rows).verdict == "present"


def test_a_watermark_that_refuses_late_events_is_absent() -> None:
    one = found(log(10, 40, statuses={2: "rejected"}))
    assert one.verdict == "absent"
    assert any("10 late events were refused" in trap for trap in one.checked)


def test_a_watermark_that_is_ignored_is_the_cause() -> None:
    rows = [{**row, "watermark_us": 10**15} for row in log(10, 40, late_fail=8)]
    assert found(rows).cause_seen == "10 were applied although their watermark lies past their event time"


def test_lateness_is_allowed_by_the_threshold_or_by_the_users_fact() -> None:
    rows = log(10, 40, late_fail=8)
    assert found(rows, overrides={"lateness": 2}).verdict == "absent"
    assert found(rows, facts=Facts(lateness_us=2 * SECOND)).verdict == "absent"
    assert found(rows, facts=Facts(lateness_us=2 * SECOND - 1)).verdict == "present"
    assert found(rows, overrides={"lateness": 9}, facts=Facts(lateness_us=0)).verdict == "present"


def test_the_order_of_the_file_and_of_other_partitions_and_consumers_is_not_that_of_events() -> None:
    rows = [*partition(0, [1, 2, 3]), *partition(1, [1, 2, 3])]
    assert found(rows[::-1]).verdict == "absent"
    shared = [
        {**row, "consumer": f"c{at % 3}", "partition_key": "k"} for at, row in enumerate(partition(0, [9, 5, 1] * 2))
    ]
    for at, row in enumerate(shared):
        row["event_time_us"] = at // 3 + 10 - at % 3
    assert found(shared).verdict == "absent"


def test_a_sequence_of_the_source_beats_its_clock() -> None:
    rows = [{**row, "seq": at} for at, row in enumerate(partition(0, [1, 2, 3]))]
    rows[1]["ts_us"], rows[2]["ts_us"] = rows[2]["ts_us"], rows[1]["ts_us"]
    assert found(rows).verdict == "absent"


def test_equal_event_times_of_a_batch_are_not_late() -> None:
    assert found(partition(0, [4, 4, 4, 4])).verdict == "absent"


def test_clock_skew_between_workers_is_allowed_for() -> None:
    skewed: list[dict[str, Any]] = [
        {"kind": "agent", "span_id": f"s{n}", "worker_id": "a", "ts_us": 9 * SECOND} for n in range(9)
    ]
    skewed += [{"kind": "log", "parent_span_id": f"s{n}", "worker_id": "b", "ts_us": 4 * SECOND} for n in range(9)]
    assert found([*log(10, 40, late_fail=8), *skewed]).verdict == "absent"


def test_replays_leave_the_running_maximum_alone() -> None:
    rows = partition(0, [1, 2, 3])
    rows.insert(0, {**rows[0], "is_replay": True, "event_time_us": 10**15, "ts_us": 1})
    assert found(rows).verdict == "absent"


def test_events_that_do_not_say_whether_they_were_applied_are_possible_at_most() -> None:
    rows = [{**row, "status": None} if row["kind"] == "event_consume" else row for row in log(10, 40, late_fail=8)]
    assert found(rows).verdict == "possible"


def test_event_times_on_appends_are_grade_d() -> None:
    rows = [
        {**row, "kind": "event_append"} if row["kind"] == "event_consume" else row for row in log(10, 40, late_fail=9)
    ]
    one = found(rows)
    assert (one.verdict, one.grade) == ("possible", "D")


def test_single_events_and_events_without_a_key_cannot_be_ordered() -> None:
    assert found([row for number in range(5) for row in partition(number, [1])]).verdict == "insufficient"
    rows = [{**row, "partition_key": None} for row in partition(3, [1, 5, 3])]
    one = found([*partition(0, [1, 2]), *rows])
    assert (one.verdict, one.of, one.relevant) == ("insufficient", 2, 5)


def test_missing_columns_are_named() -> None:
    one = found([{"kind": "event_consume", "ts_us": 1}])
    assert one.missing == ("event_consume.event_time", "event_consume.partition_key", "event_consume.consumer")


@pytest.mark.slow
def test_lateness_that_has_no_effect_is_seldom_called_present() -> None:
    random_ = random.Random(12)
    fired = 0
    for _ in range(60):
        rows = []
        for number in range(60):
            failed = random_.random() < 0.2
            rows += partition(number, [1, 5, 3] if number < 20 else [1, 3], failed=failed)
        fired += found(rows).verdict == "present"
    assert fired / 60 <= 0.1


def test_the_order_of_lines_changes_nothing() -> None:
    rows = log(10, 40, late_fail=8, other_fail=2)
    one, other = found(rows), found(random.Random(5).sample(rows, len(rows)))
    assert (one.verdict, one.count, one.p_value, one.said) == (other.verdict, other.count, other.p_value, other.said)
