from __future__ import annotations

import random
from typing import Any

from tests.diagnosis.logs import finding

ID = "P6-timeout-as-denial"
SECOND = 1_000_000
LIMIT = 300


def decision(
    name: str, wait: float, *, person: str | None = "ann", source: str = "human", deadline: bool = True
) -> list[dict[str, Any]]:
    """A request with five minutes to answer, and a decision after so many seconds."""
    asked = {
        "kind": "approval_request",
        "approval_id": name,
        "ts_us": 0,
        **({"deadline_us": LIMIT * SECOND} if deadline else {}),
    }
    said = {"kind": "approval_decision", "approval_id": name, "decision_source": source, "decision": "reject"}
    return [asked, {**said, "ts_us": round(wait * SECOND), **({"agent_name": person} if person else {})}]


def people(many: int, seed: int = 1, deadline: bool = True) -> list[dict[str, Any]]:
    """Decisions of people, whose waits vary."""
    rng = random.Random(seed)
    return [row for n in range(many) for row in decision(f"p{n}", rng.uniform(3, 295), deadline=deadline)]


def lapses(many: int, **extra: Any) -> list[dict[str, Any]]:
    return [row for n in range(many) for row in decision(f"l{n}", LIMIT + 0.2, **extra)]


def test_decisions_in_the_moment_after_the_deadline_are_a_clocks() -> None:
    found = finding(ID, [*people(20), *lapses(5, person=None)])
    assert (found.verdict, found.count, found.of, found.grade) == ("present", 5, 25, "A")
    assert found.cause_seen == "5 of 5 name no person, while 20 decisions do"
    assert found.p_value is not None and found.p_value < 0.001
    assert [cited.text.split()[0] for cited in found.evidence[:2]] == ["approval_request", "approval_decision"]


def test_people_whose_waits_vary_are_absent_and_few_decisions_insufficient() -> None:
    assert finding(ID, people(30)).verdict == "absent"
    assert finding(ID, people(5)).verdict == "insufficient"


def test_people_who_answer_at_the_last_moment_answer_before_it() -> None:
    hurried = [row for n in range(8) for row in decision(f"h{n}", LIMIT - 0.5)]
    assert finding(ID, [*people(20), *hurried]).verdict == "absent"


def test_a_single_one_is_possible() -> None:
    assert finding(ID, [*people(10), *lapses(1)]).verdict == "possible"


def test_time_outs_recorded_as_such_are_right() -> None:
    found = finding(ID, [*people(20), *lapses(9, source="timeout")])
    assert found.verdict == "absent"
    assert "9 time-outs are recorded as such." in found.checked


def test_the_tolerance_is_the_users() -> None:
    slow = [row for n in range(5) for row in decision(f"s{n}", LIMIT + 4)]
    assert finding(ID, [*people(20), *slow]).verdict == "absent"
    assert finding(ID, [*people(20), *slow], overrides={"tolerance": 5}).verdict == "present"


def test_without_deadlines_equal_waits_are_likely_at_grade_c() -> None:
    found = finding(ID, [*people(5, deadline=False), *lapses(15, deadline=False)])
    assert (found.verdict, found.grade, found.count) == ("likely", "C", 15)
    assert "same wait of 300 s" in found.said
    assert finding(ID, people(30, deadline=False)).verdict == "insufficient"


def test_quick_answers_of_equal_length_are_people_who_click_at_once() -> None:
    quick = [row for n in range(20) for row in decision(f"q{n}", 2, deadline=False)]
    assert finding(ID, quick).verdict == "insufficient"


def test_without_a_source_of_decisions_nothing_can_be_said() -> None:
    rows = [{name: value for name, value in row.items() if name != "decision_source"} for row in people(20)]
    found = finding(ID, rows)
    assert found.verdict == "not_assessable"
    assert "approval_decision.decision_source" in found.missing


def test_waits_by_chance_fire_in_no_run_of_twenty() -> None:
    fired = 0
    for seed in range(20):
        rng = random.Random(seed)
        rows = [row for n in range(100) for row in decision(f"p{n}", rng.uniform(1, 2 * LIMIT))]
        fired += finding(ID, rows).verdict == "present"
    assert fired == 0


def test_the_order_of_lines_changes_nothing() -> None:
    rows = [*people(20), *lapses(4)]
    found = [finding(ID, random.Random(seed).sample(rows, len(rows))) for seed in (1, 2)]
    assert (found[0].verdict, found[0].count, found[0].p_value) == (found[1].verdict, found[1].count, found[1].p_value)
    assert found[0].count == 4
