from __future__ import annotations

import random
from typing import Any

from tests.diagnosis.logs import finding

ID = "SDB-blind-verifier"


def decisions(many: int, refused: int = 0, verifier: str = "schema", **extra: Any) -> list[dict[str, Any]]:
    return [
        {
            "kind": "gate_decision",
            "policy_id": verifier,
            "decision": "deny" if number < refused else "allow",
            "request_id": f"r{number}",
            "ts_us": number,
            **extra,
        }
        for number in range(many)
    ]


def outcomes(many: int, failed: range | tuple[int, ...]) -> list[dict[str, Any]]:
    return [
        {"kind": "outcome", "request_id": f"r{n}", "status": "error" if n in failed else "ok", "ts_us": 9999}
        for n in range(many)
    ]


def test_three_hundred_decisions_without_a_refusal_are_likely() -> None:
    found = finding(ID, decisions(300))
    assert (found.verdict, found.count, found.of, found.grade) == ("likely", 300, 300, "A")
    assert finding(ID, decisions(299)).verdict == "insufficient"


def test_one_refusal_shows_that_it_can_refuse() -> None:
    assert finding(ID, decisions(300, refused=1)).verdict == "absent"


def test_requests_that_fail_after_acceptance_make_it_certain() -> None:
    found = finding(ID, [*decisions(300), *outcomes(300, range(40))])
    assert found.verdict == "present"
    assert "40 of 300 requests that it accepted failed" in found.said


def test_healthy_work_upstream_leaves_a_possibility() -> None:
    found = finding(ID, [*decisions(300), *outcomes(300, ())])
    assert found.verdict == "possible"
    assert "Healthy work upstream" in found.checked[0]


def test_acceptance_that_says_nothing_of_what_follows_is_a_possibility() -> None:
    refused = decisions(400, refused=100)
    useless = [*refused, *outcomes(400, range(80, 200))]
    assert finding(ID, useless).verdict == "possible"
    useful = [*refused, *outcomes(400, range(0, 110))]
    assert finding(ID, useful).verdict == "absent"


def test_verifiers_are_judged_one_by_one() -> None:
    found = finding(ID, [*decisions(300, verifier="blind"), *decisions(300, refused=30, verifier="sharp")])
    assert (found.verdict, found.count, found.of) == ("likely", 300, 600)
    assert found.said.startswith("blind refused 0 of 300")


def test_people_who_approve_everything_are_no_blind_verifier() -> None:
    assert finding(ID, decisions(400, decision_source="human")).verdict == "insufficient"


def test_decisions_of_an_unnamed_verifier_are_not_lumped_together() -> None:
    found = finding(ID, [*decisions(400, policy_id=None), *decisions(10, refused=2)])
    assert (found.verdict, found.of, found.relevant) == ("insufficient", 10, 410)


def test_without_decisions_nothing_can_be_said() -> None:
    found = finding(ID, [{"kind": "gate_decision", "ts_us": 1}])
    assert (found.verdict, found.missing) == ("not_assessable", ("gate_decision.decision",))


def test_the_number_is_the_users() -> None:
    assert finding(ID, decisions(300), overrides={"min_decisions": 500}).verdict == "insufficient"


def test_the_order_of_lines_changes_nothing() -> None:
    rows = [*decisions(320), *outcomes(320, range(7))]
    found = [finding(ID, random.Random(seed).sample(rows, len(rows))) for seed in range(3)]
    assert len({(one.verdict, one.count, one.said) for one in found}) == 1
