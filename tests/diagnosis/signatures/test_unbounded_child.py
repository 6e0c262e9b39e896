from __future__ import annotations

import random
from typing import Any

from advisor.diagnosis.detector import Facts
from advisor.diagnosis.findings import Finding
from tests.diagnosis.logs import finding

ID = "P1-unbounded-child"
SECOND = 1_000_000


def family(number: int, took: dict[str, float | None], **extra: Any) -> list[dict[str, Any]]:
    """One request whose children take so many seconds; None: they never end."""
    start = number * 10_000 * SECOND
    return [
        {
            "kind": "delegation",
            "request_id": f"r{number}",
            "parent_span_id": f"p{number}",
            "agent_name": agent,
            "ts_us": start,
            **({} if seconds is None else {"end_us": start + int(seconds * SECOND), "status": "ok"}),
            **extra,
        }
        for agent, seconds in took.items()
    ]


QUICK: dict[str, float | None] = {"a": 2, "b": 3, "c": 2.5, "d": 2}
END = {"kind": "log", "request_id": "later", "ts_us": 10**12}


def quiet(many: int) -> list[dict[str, Any]]:
    return [row for number in range(many) for row in family(number, QUICK)]


def found(rows: list[dict[str, Any]], **given: Any) -> Finding:
    return finding(ID, rows, **given)


def test_a_child_that_never_ends_while_its_siblings_did_is_present() -> None:
    one = found([*quiet(10), *family(50, {**QUICK, "d": None}), END])
    assert (one.verdict, one.count, one.of, one.severity) == ("present", 1, 41, "high")
    assert one.cause_seen == "1 had no deadline"
    assert "agent_name=d" in one.evidence[0].text


def test_a_child_ten_times_slower_than_its_siblings_is_likely() -> None:
    one = found([*quiet(10), *family(50, {**QUICK, "d": 40})])
    assert (one.verdict, one.count, one.severity) == ("likely", 1, "medium")
    assert one.detail["Children that took too long"][0]["siblings' median ms"] == 2500
    assert found([*quiet(10), *family(50, {**QUICK, "d": 15})]).verdict == "absent"


def test_a_deadline_that_is_not_enforced_is_present() -> None:
    rows = family(50, {**QUICK, "d": 60})
    rows[-1]["deadline_us"] = rows[-1]["ts_us"] + 10 * SECOND
    one = found([*quiet(10), *rows])
    assert (one.verdict, one.cause_seen) == ("present", "1 had a deadline that nobody enforced")


def test_a_deadline_that_ended_the_child_refutes_it() -> None:
    rows = family(50, {**QUICK, "d": 60})
    rows[-1] |= {"deadline_us": rows[-1]["ts_us"] + 60 * SECOND, "status": "timeout"}
    one = found([*quiet(10), *rows])
    assert (one.verdict, one.count) == ("refuted", 0)


def test_a_parent_that_went_on_refutes_it() -> None:
    rows = family(50, {**QUICK, "d": None})
    done = {"kind": "outcome", "request_id": "r50", "status": "ok", "ts_us": rows[0]["ts_us"] + 6 * SECOND}
    assert found([*quiet(10), *rows, done, END]).verdict == "refuted"


def test_a_log_that_is_cut_off_while_the_child_works_says_nothing() -> None:
    rows = family(50, {**QUICK, "d": None})
    near = {"kind": "log", "request_id": "r50", "ts_us": rows[0]["ts_us"] + 5 * SECOND}
    assert found([*quiet(10), *rows, near]).count == 0


def test_detached_children_and_children_that_wait_for_a_person_are_excused() -> None:
    rows = family(50, {**QUICK, "d": 60})
    assert found([*quiet(10), *rows], facts=Facts(detached=frozenset({"d"}))).count == 0
    asked = {"kind": "approval_request", "request_id": "r50", "ts_us": rows[0]["ts_us"] + SECOND}
    one = found([*quiet(10), *rows, asked])
    assert one.count == 0 and any("a person was asked" in trap for trap in one.checked)


def test_an_agent_whose_work_always_takes_long_is_excused() -> None:
    rows = [row for number in range(12) for row in family(number, {**QUICK, "d": 50})]
    one = found(rows)
    assert one.verdict == "absent" and any("usually is" in trap for trap in one.checked)


def test_a_slow_child_of_an_agent_that_is_hardly_known_is_possible_only() -> None:
    one = found([*quiet(10), *family(50, {**QUICK, "new": 40})])
    assert (one.verdict, one.count) == ("possible", 1)


def test_children_that_were_called_one_after_another_are_not_compared() -> None:
    rows = family(50, {**QUICK, "d": 40})
    for at, row in enumerate(rows):
        row |= {"ts_us": row["ts_us"] + at * 10 * SECOND, "end_us": row["end_us"] + at * 10 * SECOND}
    assert found([*quiet(10), *rows]).verdict == "absent"


def test_without_siblings_an_open_delegation_is_likely_at_grade_c() -> None:
    rows = [row for number in range(10) for row in family(number, {"a": 2})]
    one = found([*rows, *family(50, {"a": None}), END])
    assert (one.verdict, one.grade, one.count) == ("likely", "C", 1)


def test_single_children_that_all_end_cannot_be_compared() -> None:
    assert found([row for number in range(10) for row in family(number, {"a": 2})]).verdict == "insufficient"


def test_where_ends_are_never_logged_open_children_mean_nothing() -> None:
    rows = [row for number in range(5) for row in family(number, dict.fromkeys("abcd"))]
    one = found([*rows, END])
    assert (one.verdict, one.missing) == ("not_assessable", ("delegation.end_ts",))


def test_agents_under_a_span_stand_in_for_delegations_at_grade_b() -> None:
    rows = [{**row, "kind": "agent"} for row in [*quiet(10), *family(50, {**QUICK, "d": 40})]]
    one = found(rows)
    assert (one.verdict, one.grade, one.count) == ("likely", "B", 1)


def test_milliseconds_are_never_unbounded() -> None:
    small = {agent: (seconds or 0) / 1000 for agent, seconds in QUICK.items()}
    assert found([*quiet(10), *family(50, {**small, "d": 0.5})]).count == 0


def test_rows_without_a_request_are_no_family() -> None:
    rows = [{**row, "request_id": None} for row in family(1, {**QUICK, "d": 90})]
    assert found([*quiet(2), *rows]).verdict == "insufficient"


def test_the_order_of_lines_changes_nothing() -> None:
    rows = [*quiet(10), *family(50, {**QUICK, "d": 40}), *family(51, {**QUICK, "d": None}), END]
    one, other = found(rows), found(random.Random(5).sample(rows, len(rows)))
    assert (one.verdict, one.count, one.said) == (other.verdict, other.count, other.said)
