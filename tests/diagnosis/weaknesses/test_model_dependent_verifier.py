from __future__ import annotations

import random
from typing import Any

import pytest

from advisor.diagnosis.detector import Asked, Facts
from advisor.diagnosis.weaknesses.model_dependent_verifier import read
from tests.diagnosis.logs import finding

ID = "SDB-model-dependent-verifier"


def decisions(version: str, refused: int, of: int, *, start: int = 0, **extra: Any) -> list[dict[str, Any]]:
    """Decisions of one verifier under one model version."""
    return [
        {
            "kind": "gate_decision",
            "policy_id": "injection",
            "decision": "deny" if number < refused else "allow",
            "model_version": version,
            "policy_version": "v1",
            "request_id": f"{version}-{start + number}",
            "ts_us": start * 1000 + number,
            **extra,
        }
        for number in range(of)
    ]


def switch(before: int, after: int, of: int = 100, **extra: Any) -> list[dict[str, Any]]:
    return [*decisions("m1", before, of), *decisions("m2", after, of, start=1, **extra)]


def test_a_reject_rate_that_falls_from_94_to_71_percent_is_found() -> None:
    found = finding(ID, switch(94, 71))
    assert (found.verdict, found.severity, found.grade, found.count) == ("present", "high", "A", 1)
    assert "94% of 100" in found.said and "71% of 100" in found.said
    assert found.p_value is not None and found.p_value < 0.001
    assert {"model_version=m1", "model_version=m2"} <= {word for one in found.evidence for word in one.text.split()}


def test_the_same_rate_on_both_sides_is_in_order() -> None:
    assert finding(ID, switch(50, 52)).verdict == "absent"


def test_thirty_decisions_are_needed_on_each_side() -> None:
    assert finding(ID, [*decisions("m1", 90, 100), *decisions("m2", 0, 29, start=1)]).verdict == "insufficient"


def test_one_version_alone_has_no_boundary() -> None:
    assert finding(ID, decisions("m1", 50, 200)).verdict == "insufficient"


def test_a_canary_between_two_versions_is_passed_over() -> None:
    rows = [*decisions("m1", 90, 100), *decisions("m1b", 1, 5, start=1), *decisions("m2", 50, 100, start=2)]
    assert "under m1 " in finding(ID, rows).said


def test_a_policy_that_changed_with_the_model_is_not_separable() -> None:
    found = finding(ID, switch(94, 71, policy_version="v2"))
    assert found.verdict == "possible"
    assert "not separable" in found.checked[0]


def test_a_mix_of_tools_that_changed_with_the_model_explains_the_step() -> None:
    risky = {"tool_name": "pay"}
    harmless = {"tool_name": "look"}
    before = [*decisions("m1", 72, 80, **risky), *decisions("m1", 2, 20, start=1, **harmless)]
    after = [*decisions("m2", 18, 20, start=2, **risky), *decisions("m2", 8, 80, start=3, **harmless)]
    found = finding(ID, [*before, *after])
    assert found.verdict == "possible"
    assert "explains the step" in found.checked[1]


def test_a_step_inside_every_tool_stands() -> None:
    before = [*decisions("m1", 45, 50, tool_name="pay"), *decisions("m1", 40, 50, start=1, tool_name="look")]
    after = [*decisions("m2", 20, 50, start=2, tool_name="pay"), *decisions("m2", 15, 50, start=3, tool_name="look")]
    assert finding(ID, [*before, *after]).verdict == "present"


def test_a_decision_gets_the_version_of_its_requests_model_calls_at_grade_b() -> None:
    rows = [{**row, "model_version": None} for row in switch(94, 71)]
    calls = [
        {
            "kind": "llm_call",
            "request_id": row["request_id"],
            "model_version": row["request_id"][:2],
            "ts_us": row["ts_us"],
        }
        for row in rows
    ]
    found = finding(ID, [*rows, *calls])
    assert (found.verdict, found.grade) == ("present", "B")


def test_people_and_timeouts_are_no_verifiers() -> None:
    assert finding(ID, switch(94, 71, decision_source="human") + decisions("m1", 1, 1)).verdict != "present"


def test_the_users_order_of_versions_stands_above_first_seen() -> None:
    rows = switch(94, 71)
    found = finding(ID, rows, facts=Facts(model_order=("m2", "m1")))
    assert "71% of 100 proposals under m2" in found.said


def test_decisions_without_a_version_are_not_usable() -> None:
    lost = decisions("m1", 50, 100, start=5, model_version=None, request_id=None)
    found = finding(ID, [*switch(50, 52), *lost])
    assert (found.verdict, found.relevant) == ("insufficient", 101)


def test_without_versions_nothing_can_be_said_and_they_are_named() -> None:
    found = finding(ID, decisions("m1", 5, 10, model_version=None))
    assert (found.verdict, found.missing) == ("not_assessable", ("gate_decision.model_version",))


def test_the_order_of_lines_changes_nothing() -> None:
    rows = switch(94, 71)
    found = [finding(ID, random.Random(seed).sample(rows, len(rows))) for seed in range(3)]
    assert {(one.verdict, one.count, one.p_value, one.said) for one in found} == {
        ("present", 1, found[0].p_value, found[0].said)
    }


def _asked(rates: list[dict[str, Any]]) -> Asked:
    of = sum(row["decisions"] for row in rates)
    answers: dict[str, Any] = {"coverage": [{"decisions": of, "usable": of}], "rates": rates}
    return Asked(lambda name: answers.get(name, []), {"min-each-side": 30, "alpha": 0.05})


def _rates(rng: random.Random, verifiers: int, rates: tuple[float, ...], of: int = 100) -> list[dict[str, Any]]:
    return [
        {
            "verifier": f"v{one}",
            "version": f"m{place}",
            "decisions": of,
            "refused": sum(rng.random() < rate for _ in range(of)),
            "first_seen": place,
            "policy": "p",
            "last_policy": "p",
        }
        for one in range(verifiers)
        for place, rate in enumerate(rates)
    ]


@pytest.mark.parametrize(("verifiers", "rates"), [(1, (0.2, 0.2)), (4, (0.5, 0.5, 0.5))])
def test_without_a_change_at_most_five_in_a_hundred_logs_show_one(verifiers: int, rates: tuple[float, ...]) -> None:
    rng = random.Random(8)
    fired = sum(read(_asked(_rates(rng, verifiers, rates))).verdict is not None for _ in range(400))
    # Holm allows 5 %; the exact test stays below it.
    assert fired <= 20


def test_a_fall_from_94_to_71_percent_is_nearly_always_seen() -> None:
    rng = random.Random(9)
    fired = sum(read(_asked(_rates(rng, 1, (0.94, 0.71)))).verdict == "present" for _ in range(200))
    assert fired >= 190
