from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from advisor.catalog.load import shipped
from advisor.diagnosis.detector import Facts
from advisor.diagnosis.diagnose import run
from advisor.traces.load import load
from tests.diagnosis.logs import finding

ID = "P4-slow-gate"
HISTORY = Path(__file__).parents[2] / "traces/samples/temporal/customer-service-workflow-history.json"


def pairs(many: int, gate_ms: float = 900, action_ms: float = 200, **gate: Any) -> list[dict[str, Any]]:
    """A gate and then its action, a second apart; calls are numbered within their request."""
    rows = []
    for number in range(many):
        of = {"request_id": f"r{number // 2}", "tool_call_id": f"call{number % 2}"}
        at = number * 10_000_000
        rows += [
            {
                **of,
                "kind": "gate_decision",
                "ts_us": at,
                "duration_us": int(gate_ms * 1000),
                "decision": "allow",
                **gate,
            },
            {**of, "kind": "tool_call", "ts_us": at + 5_000_000, "duration_us": int(action_ms * 1000), "status": "ok"},
        ]
    return rows


def test_a_model_gate_slower_than_its_actions_is_the_signature() -> None:
    found = finding(ID, pairs(40, decision_source="model", policy_id="moderation"))
    assert (found.verdict, found.count, found.of, found.grade) == ("present", 40, 40, "A")
    assert found.cause_seen == "40 of 40 slower gates are model calls"
    assert found.detail["Durations"] == (
        {"what": "gate", "median_ms": 900, "p95_ms": 900},
        {"what": "action", "median_ms": 200, "p95_ms": 200},
    )
    assert found.detail["By gate"][0]["gate"] == "moderation"


def test_a_model_call_under_the_gate_tells_as_much_as_a_declared_source() -> None:
    gates = pairs(30)
    for number, row in enumerate(gates[::2]):
        row["span_id"] = f"g{number}"
    calls = [{"kind": "llm_call", "parent_span_id": f"g{n}", "ts_us": n, "request_id": "x"} for n in range(30)]
    found = finding(ID, [*gates, *calls])
    assert found.verdict == "present"
    assert found.cause_evidence[0].text.startswith("llm_call")


def test_a_slow_gate_without_a_model_is_likely_and_says_so() -> None:
    found = finding(ID, pairs(40, decision_source="rule"))
    assert found.verdict == "likely"
    assert any("policy server" in said for said in found.checked)


def test_a_fast_gate_is_absent_and_too_few_pairs_are_insufficient() -> None:
    assert finding(ID, pairs(40, gate_ms=5, decision_source="model")).verdict == "absent"
    few = finding(ID, pairs(12, decision_source="model"))
    assert (few.verdict, few.count) == ("insufficient", 12)


def test_people_are_no_gate_and_denied_proposals_have_no_action() -> None:
    assert finding(ID, pairs(40, decision_source="human")).verdict == "insufficient"
    denied = [
        {"kind": "gate_decision", "duration_us": 9_000_000, "decision": "deny", "tool_call_id": f"d{n}", "ts_us": n}
        for n in range(99)
    ]
    found = finding(ID, [*pairs(40, gate_ms=5), *denied])
    assert (found.verdict, found.of) == ("absent", 40)


def test_gates_beside_or_around_their_action_are_left_out() -> None:
    rows = pairs(40, decision_source="model")
    for row in rows[1::2]:
        row["ts_us"] -= 4_900_000
    found = finding(ID, rows)
    assert (found.verdict, found.of) == ("insufficient", 0)
    assert found.checked == ("40 gates ran beside or inside their action and are left out.",)


def test_actions_that_only_hand_over_are_pointed_out() -> None:
    found = finding(ID, pairs(40, action_ms=1, decision_source="model"))
    assert any("handed over to a queue" in said for said in found.checked)


def test_equal_call_ids_of_different_requests_are_different_pairs() -> None:
    assert finding(ID, pairs(40)).of == 40


def test_without_durations_a_gate_with_a_model_call_is_possible() -> None:
    rows = [
        {"kind": "gate_decision", "decision_source": "model", "decision": "allow", "tool_call_id": f"c{n}", "ts_us": n}
        for n in range(5)
    ]
    found = finding(ID, rows)
    assert (found.verdict, found.grade, found.count) == ("possible", "C", 5)
    rules = [{**row, "decision_source": "rule"} for row in rows]
    assert finding(ID, rules).verdict == "insufficient"


def test_without_gates_nothing_can_be_said() -> None:
    assert finding(ID, [{"kind": "tool_call", "duration_us": 5, "ts_us": 1}]).verdict == "not_assessable"


def test_a_history_whose_gate_is_not_named_says_nothing_of_gates() -> None:
    found = run(load([str(HISTORY)]).table, shipped(), facts=Facts(), overrides={}, only=[ID]).findings[0]
    assert found.verdict in ("not_assessable", "insufficient")


def test_gates_and_actions_of_equal_length_fire_in_at_most_one_run_of_a_hundred() -> None:
    rng = random.Random(11)
    fired = 0
    for _ in range(25):
        rows = pairs(40, decision_source="model")
        for row in rows:
            row["duration_us"] = int(rng.lognormvariate(12, 0.5))
        fired += finding(ID, rows).verdict != "absent"
    assert fired <= 2


def test_the_order_of_lines_changes_nothing() -> None:
    rng = random.Random(3)
    rows = pairs(50, decision_source="model")
    for row in rows:
        row["duration_us"] = int(rng.lognormvariate(12 + (row["kind"] == "gate_decision"), 0.5))
    one, other = finding(ID, rows), finding(ID, rng.sample(rows, len(rows)))
    assert (one.verdict, one.count, one.p_value) == (other.verdict, other.count, other.p_value)


def test_instants_cut_to_milliseconds_make_no_gate_run_beside_its_action() -> None:
    """The gate ends at 50.6 ms, and its action, which begins after that, is logged as of 50 ms."""
    rows = pairs(40, gate_ms=50.6, action_ms=12, decision_source="model")
    for row in rows[1::2]:
        row["ts_us"] += 50_000 - 5_000_000
    assert (found := finding(ID, rows)).verdict == "present" and found.of == 40
    quick = pairs(40, gate_ms=0.02, action_ms=12)
    for row in quick[1::2]:
        row["ts_us"] -= 5_000_000
    assert (found := finding(ID, quick)).verdict == "absent" and found.of == 40
