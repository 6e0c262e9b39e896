from __future__ import annotations

import random
from typing import Any

import pytest

from advisor.diagnosis.findings import Finding
from tests.diagnosis.logs import finding

ID = "P2-duplicate-effect"


def effect(number: int, at: int = 0, **extra: Any) -> dict[str, Any]:
    return {
        "kind": "commit",
        "request_id": f"r{number}",
        "action_id": "charge",
        "tool_name": "pay",
        "resource_id": f"card{number}",
        "args_hash": f"a{number}",
        "side_effect": "external_write",
        "status": "ok",
        "ts_us": number * 1_000_000 + at,
        **extra,
    }


def effects(many: int = 10) -> list[dict[str, Any]]:
    return [effect(number) for number in range(many)]


def without_keys(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{key: value for key, value in row.items() if key != "action_id"} for row in rows]


def found(rows: list[dict[str, Any]], **given: Any) -> Finding:
    return finding(ID, rows, **given)


def test_a_second_effect_of_one_action_is_present_and_critical() -> None:
    one = found([*effects(), effect(3, at=5, attempt=2)])
    assert (one.verdict, one.severity, one.count, one.of, one.grade) == ("present", "critical", 1, 11, "A")
    assert one.cause_seen is not None and "1 of 1 intents were tried again" in one.cause_seen
    assert len(one.evidence) == 2


def test_one_effect_an_intent_is_absent() -> None:
    assert found(effects()).verdict == "absent"


def test_the_same_action_in_two_requests_is_two_intents() -> None:
    rows = [{**row, "args_hash": "same", "resource_id": "same"} for row in effects()]
    assert found(rows).verdict == "absent"


def test_a_try_without_a_known_outcome_is_no_effect_but_is_the_cause_of_the_repeat() -> None:
    first = effect(3, status="timeout")
    rows = [*effects(2), first, effect(3, at=5)]
    assert found(rows).verdict == "absent"
    one = found([*rows, effect(3, at=9)])
    assert one.verdict == "present" and one.cause_seen is not None


def test_one_proposal_may_commit_several_different_calls() -> None:
    rows = [{**row, "proposal_id": "p1", "request_id": "r1"} for row in without_keys(effects())]
    assert found(rows).verdict == "absent"
    one = found([*rows, {**rows[0], "ts_us": 99}])
    assert (one.verdict, one.count) == ("present", 1)


def test_without_keys_equal_arguments_to_one_receiver_are_likely_at_grade_c() -> None:
    one = found(without_keys([*effects(), effect(3, at=5)]))
    assert (one.verdict, one.grade, one.count) == ("likely", "C", 1)
    assert found(without_keys(effects())).verdict == "absent"


def test_writing_tool_calls_stand_in_where_nothing_is_committed() -> None:
    rows = [{**row, "kind": "tool_call"} for row in without_keys([*effects(), effect(3, at=5)])]
    one = found(rows)
    assert (one.verdict, one.grade, one.count) == ("likely", "C", 1)
    assert found([*rows, effect(77)]).count == 0


def calls(*rows: dict[str, Any]) -> list[dict[str, Any]]:
    """Tool calls as an SDK logs them: each with an id that the model gave it, and no other key."""
    made = [{**row, "kind": "tool_call", "tool_call_id": f"call{at}"} for at, row in enumerate(rows)]
    return without_keys(made)


def test_a_model_that_calls_again_gives_a_new_id_for_the_same_intent() -> None:
    one = found(calls(*effects(), effect(3, at=5)))
    assert (one.verdict, one.grade, one.count) == ("likely", "C", 1)
    assert found(calls(*effects(), effect(3, at=5, args_hash="other"))).verdict == "absent"


@pytest.mark.parametrize(
    "first",
    [
        {"status": "timeout"},
        {"status": "cancelled"},
        {"status": "unknown"},
        {"status": "error", "error_type": "ReadTimeout"},
        {"status": "error", "error_message": "the request timed out after 30 s"},
        {"status": "error", "error_type": "ConnectionResetError", "error_message": "Connection reset by peer"},
        {"status": "error", "text": "Error: 504 Gateway Time-out"},
    ],
)
@pytest.mark.parametrize("made", [calls, lambda *rows: without_keys(rows)])
def test_an_effect_after_a_try_of_unknown_outcome_without_a_key_is_possible(made: Any, first: dict[str, Any]) -> None:
    one = found(made(*effects(5), effect(7, **first), effect(7, at=5)))
    assert (one.verdict, one.grade, one.count, one.of) == ("possible", "C", 1, 6)
    assert len(one.evidence) == 2 and "cannot show" in one.said
    other_order = found(made(*effects(5), effect(7, at=5, **first), effect(7)))
    assert other_order.verdict == "absent"


@pytest.mark.parametrize(
    "first",
    [
        {"status": "error", "error_type": "ConnectTimeout"},
        {"status": "error", "error_type": "ValueError", "error_message": "no such card"},
        {"status": "rejected", "error_message": "the approval timed out"},
        {"status": "timeout", "args_hash": "other"},
        {"status": "timeout", "request_id": "another"},
        {"status": "timeout", "side_effect": "read"},
    ],
)
def test_an_effect_after_a_try_that_surely_failed_is_no_doubt(first: dict[str, Any]) -> None:
    assert found(calls(*effects(5), effect(7, **first), effect(7, at=5))).verdict == "absent"


def test_doubts_stand_beside_doubles_and_beyond_refuted_ones() -> None:
    doubt = [effect(7, status="timeout"), effect(7, at=5)]
    one = found(calls(*effects(5), effect(3, at=5), *doubt))
    assert (one.verdict, one.count) == ("likely", 1)
    assert any("1 more intents succeeded once" in each for each in one.checked)
    echoed = [{**row, "result_fp": f"receipt{row['request_id']}"} for row in [*effects(4), effect(3, at=5)]]
    assert found(calls(*echoed)).verdict == "refuted"
    assert found(calls(*echoed, *doubt)).verdict == "possible"


def test_the_id_of_a_call_alone_says_nothing_of_its_intent() -> None:
    rows = [{**row, "args_hash": None} for row in calls(*effects())]
    one = found(rows)
    assert one.verdict == "not_assessable" and "args_hash" in " ".join(one.missing)


def test_reads_and_replays_are_no_effects() -> None:
    for extra in ({"side_effect": "read"}, {"side_effect": "none"}, {"is_replay": True}):
        assert found([*effects(), effect(3, at=5, **extra)]).verdict == "absent"


def test_doing_it_again_after_undoing_it_is_no_duplicate() -> None:
    undo = {"kind": "compensation", "request_id": "r3", "compensates": "charge", "status": "ok", "ts_us": 3_000_003}
    again = [*effects(), undo, effect(3, at=5)]
    assert found(again).verdict == "absent"
    assert found([*again, effect(3, at=9)]).count == 1
    assert found([*effects(), {**undo, "status": "error"}, effect(3, at=5)]).count == 1


def test_a_receiver_that_gave_its_first_answer_again_refutes_it() -> None:
    rows = [{**row, "result_fp": f"receipt{row['request_id']}"} for row in [*effects(), effect(3, at=5)]]
    one = found(rows)
    assert one.verdict == "refuted" and one.refuted is not None
    other = [*rows[:-1], {**rows[-1], "result_fp": "another receipt"}]
    assert found(other).verdict == "present"


def test_an_answer_that_everyone_gets_refutes_nothing() -> None:
    rows = [{**row, "result_fp": "ok"} for row in [*effects(), effect(3, at=5)]]
    assert found(rows).verdict == "present"


def test_effects_of_no_request_are_not_lumped_together() -> None:
    rows = [{**row, "request_id": None} for row in effects()]
    assert found([effect(1), *rows]).verdict == "insufficient"


def test_effects_without_an_outcome_are_not_usable() -> None:
    rows = [{**row, "status": None} for row in effects()]
    assert found([*rows, effect(20)]).verdict == "insufficient"


def test_without_commits_nothing_can_be_said() -> None:
    one = found([{"kind": "llm_call", "ts_us": 1}])
    assert one.verdict == "not_assessable" and "kind:commit" in one.missing
    one = found([{"kind": "tool_call", "request_id": "r", "args_hash": "a", "ts_us": 1}])
    assert one.missing == ("tool_call.side_effect",)


def test_the_order_of_lines_changes_nothing() -> None:
    undo = {"kind": "compensation", "request_id": "r4", "compensates": "charge", "status": "ok", "ts_us": 4_000_003}
    rows = [*effects(), effect(3, at=5, attempt=2), undo, effect(4, at=5)]
    one, other = found(rows), found(random.Random(5).sample(rows, len(rows)))
    assert (one.verdict, one.count, one.said, one.cause_seen) == (
        other.verdict,
        other.count,
        other.said,
        other.cause_seen,
    )
