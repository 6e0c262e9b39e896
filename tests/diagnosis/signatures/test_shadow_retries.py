from __future__ import annotations

import random
from typing import Any

from advisor.diagnosis.detector import Facts
from advisor.diagnosis.findings import Finding
from tests.diagnosis.logs import finding

ID = "P1-shadow-retries"
SECOND = 1_000_000


def request(
    number: int, starts: list[float], *, deadline: float | None = 10, ended: float | None = None, **extra: Any
) -> list[dict[str, Any]]:
    """An orchestrator with a deadline, and a sub-agent's attempts at these seconds."""
    base = number * 1000 * SECOND
    parent: dict[str, Any] = {
        "kind": "workflow",
        "request_id": f"r{number}",
        "agent_role": "orchestrator",
        "span_id": f"p{number}",
        "ts_us": base,
    }
    if deadline is not None:
        parent["deadline_us"] = base + int(deadline * SECOND)
    if ended is not None:
        parent["end_us"] = base + int(ended * SECOND)
    return [
        parent,
        *(
            {
                "kind": "tool_call",
                "request_id": f"r{number}",
                "agent_name": "search",
                "tool_name": "find",
                "agent_role": "sub_agent",
                "attempt": attempt,
                "args_hash": f"a{number}",
                "ts_us": base + int(start * SECOND),
                **extra,
            }
            for attempt, start in enumerate(starts, 1)
        ),
    ]


def requests(many: int, starts: list[float], **given: Any) -> list[dict[str, Any]]:
    return [row for number in range(many) for row in request(number, starts, **given)]


def found(rows: list[dict[str, Any]], **given: Any) -> Finding:
    return finding(ID, rows, **given)


def test_attempts_after_the_deadline_are_counted() -> None:
    one = found(requests(5, [1, 8, 15, 25]))
    assert (one.verdict, one.count, one.of, one.severity, one.grade) == ("present", 10, 20, "medium", "A")
    assert one.evidence and "attempt=4" in one.evidence[0].text
    assert one.cause_seen is not None and "sub_agent 10" in one.cause_seen
    assert one.detail["Attempts in the requests with late work"][0]["attempts per call"] == 4


def test_external_writes_among_them_are_worse() -> None:
    assert found(requests(3, [1, 15], side_effect="external_write")).severity == "high"


def test_retries_inside_the_deadline_are_absent() -> None:
    assert found(requests(5, [1, 3, 9])).verdict == "absent"


def test_a_second_after_the_deadline_is_allowed_for_clocks_and_can_be_set() -> None:
    assert found(requests(5, [1, 10.9])).verdict == "absent"
    assert found(requests(5, [1, 10.9]), overrides={"skew": 0.5}).verdict == "present"


def test_larger_measured_skew_is_allowed_for() -> None:
    rows = requests(5, [1, 12])
    skewed = [
        {"kind": "agent", "span_id": f"s{n}", "worker_id": "a", "ts_us": 9 * SECOND, "request_id": f"x{n}"}
        for n in range(9)
    ]
    skewed += [
        {"kind": "log", "parent_span_id": f"s{n}", "worker_id": "b", "ts_us": 4 * SECOND, "request_id": f"x{n}"}
        for n in range(9)
    ]
    assert found(rows).verdict == "present"
    assert found(rows + skewed).count == 0


def test_a_late_first_attempt_is_no_retry() -> None:
    one = found(requests(5, [15]))
    assert (one.verdict, one.count) == ("absent", 0)
    assert "so did 5 first attempts" in one.said


def test_compensation_and_cleanup_after_the_deadline_are_left_out() -> None:
    rows = requests(5, [1, 3])
    rows += [{**row, "kind": "compensation", "attempt": 2, "ts_us": row["ts_us"] + 60 * SECOND} for row in rows[1:2]]
    rows += [{**row, "cleanup": True, "attempt": 2, "ts_us": row["ts_us"] + 60 * SECOND} for row in rows[1:2]]
    assert found(rows).verdict == "absent"


def test_calls_that_began_before_the_deadline_may_end_after_it() -> None:
    assert found(requests(5, [1, 9], end_us=10**15)).verdict == "absent"


def test_work_that_is_declared_as_detached_refutes_it() -> None:
    rows = requests(5, [1, 15])
    for name in ("search", "find"):
        one = found(rows, facts=Facts(detached=frozenset({name})))
        assert (one.verdict, one.count) == ("refuted", 0)
    mixed = rows + [{**row, "agent_name": "writer"} for row in requests(5, [1, 15])[1:] if row["kind"] == "tool_call"]
    assert found(mixed, facts=Facts(detached=frozenset({"search"}))).count == 5


def test_late_rows_of_another_request_do_not_count() -> None:
    rows = request(0, [1, 3]) + [
        row | {"ts_us": row["ts_us"] + 500 * SECOND} for row in request(1, [1, 2], deadline=999)
    ]
    assert found(rows).verdict == "absent"


def test_a_timeout_of_the_parent_is_a_deadline() -> None:
    rows = [
        {**row, "timeout_us": 10 * SECOND} if row["kind"] == "workflow" else row
        for row in requests(5, [1, 15], deadline=None)
    ]
    one = found(rows)
    assert (one.verdict, one.grade) == ("present", "A")


def test_a_try_that_the_parent_granted_anew_is_not_late() -> None:
    rows = [
        {
            "kind": "delegation",
            "request_id": "r",
            "agent_name": "search",
            "attempt": attempt,
            "ts_us": (attempt - 1) * 5 * SECOND,
            "deadline_us": attempt * 5 * SECOND,
        }
        for attempt in (1, 2, 3)
    ]
    assert found(rows).verdict == "absent"
    late = {"kind": "tool_call", "request_id": "r", "agent_name": "search", "attempt": 2, "ts_us": 30 * SECOND}
    assert found([*rows, late]).count == 1


def test_without_a_deadline_work_after_the_parents_end_is_likely_at_grade_c() -> None:
    one = found(requests(5, [1, 15], deadline=None, ended=8))
    assert (one.verdict, one.grade, one.count) == ("likely", "C", 5)
    assert found(requests(5, [1, 6], deadline=None, ended=8)).verdict == "absent"


def test_without_attempts_repeated_arguments_are_likely_at_grade_c() -> None:
    rows = [{key: value for key, value in row.items() if key != "attempt"} for row in requests(5, [1, 15])]
    one = found(rows)
    assert (one.verdict, one.grade, one.count) == ("likely", "C", 5)
    assert found(rows, facts=Facts(polling=frozenset({"find"}))).count == 0


def test_requests_without_a_deadline_leave_the_log_insufficient() -> None:
    rows = request(0, [1, 3]) + [row for n in range(1, 9) for row in request(n, [1, 3], deadline=None)]
    assert found(rows).verdict == "insufficient"


def test_attempts_that_cannot_be_told_apart_leave_the_log_insufficient() -> None:
    bare = [{**row, "attempt": None, "args_hash": None} for row in requests(9, [1, 3])]
    assert found([*bare, *request(20, [1, 3])]).verdict == "insufficient"


def test_missing_columns_are_named() -> None:
    one = found(requests(2, [1, 3], deadline=None))
    assert (one.verdict, one.missing) == ("not_assessable", ("deadline_ts",))


def test_the_order_of_lines_changes_nothing() -> None:
    rows = requests(6, [1, 8, 15, 25])
    one, other = found(rows), found(random.Random(5).sample(rows, len(rows)))
    assert (one.verdict, one.count, one.said, one.cause_seen) == (
        other.verdict,
        other.count,
        other.said,
        other.cause_seen,
    )
