from __future__ import annotations

from pathlib import Path

from advisor.catalog.load import shipped
from advisor.diagnosis.detector import Facts
from advisor.diagnosis.diagnose import run
from advisor.traces.load import load

TEMPORAL = Path(__file__).parents[1] / "samples" / "temporal"
GUARDED = TEMPORAL / "input-guardrail-workflow-history.json"


def test_a_guardrail_that_is_a_model_call_beside_the_answer_is_a_gate() -> None:
    rows = load([str(GUARDED)]).table.query(
        "SELECT seq, kind, decision_source, declared_by, proposal_id, run_id FROM events "
        "WHERE kind IN ('gate_decision', 'llm_call') ORDER BY seq"
    )
    assert [(row["seq"], row["kind"]) for row in rows] == [
        (5, "llm_call"), (6, "gate_decision"), (17, "llm_call"), (18, "gate_decision"),
    ]  # fmt: skip
    assert (rows[1]["decision_source"], rows[1]["declared_by"]) == ("model", "guess")
    assert rows[1]["proposal_id"] == f"{rows[1]['run_id']}:5"


def test_two_such_gates_are_evidence_but_too_few_to_call_the_gate_slow() -> None:
    found = run(load([str(GUARDED)]).table, shipped(), facts=Facts(), overrides={}, only=["P4-slow-gate"]).findings[0]
    assert found.verdict == "insufficient"


def test_model_calls_of_other_histories_are_no_gates() -> None:
    table = load([str(TEMPORAL / "customer-service-workflow-history.json")]).table
    assert table.query("SELECT COUNT(*) AS many FROM events WHERE kind = 'gate_decision'")[0]["many"] == 0
    assert table.query("SELECT COUNT(*) AS many FROM events WHERE kind = 'llm_call'")[0]["many"] > 0
