"""CrewAI events: pairs in any order, attempts, guardrails, feedback, runs without an id."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.traces.formats.crewai import FORMATS
from tests.traces.formats.hostile import bears, known, lines, of, rows, shown, source_of, spoilt, unsound

SAMPLES = Path(__file__).parents[1] / "samples" / "crewai"
(FORMAT,) = FORMATS
CREW, FEEDBACK = lines(SAMPLES / "crew.jsonl"), lines(SAMPLES / "feedback.jsonl")


def event(kind: str, own: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "event_id": own, "timestamp": "2026-03-01T10:00:00Z", "emission_sequence": 1, **more}


def read(*records: Any) -> list[dict[str, Any]]:
    bad: list[tuple[int, str]] = []
    events = list(FORMAT.read(source_of(list(records), bad)))
    assert bad == []
    assert [wrong for one in events for wrong in unsound(one)] == []
    return events


def test_each_attempt_of_a_tool() -> None:
    calls = of(rows(SAMPLES / "crew.jsonl", FORMAT), "tool_call")
    assert shown(calls, "line", "tool_name", "agent_name", "attempt", "status", "error_type", "error_message") == [
        (line, "publish_offer", "offer", attempt, "error", "ValueError", "ValueError('discount > max 30%')")
        for line, attempt in ((7, 1), (9, 2), (11, 3))
    ]
    # The arguments are text where a tool starts, and an object where it fails.
    assert len({call["args_hash"] for call in calls}) == 1
    assert all(call["duration_us"] > 0 for call in calls)


def test_guardrails_are_gates() -> None:
    gates = of(rows(SAMPLES / "crew.jsonl", FORMAT), "gate_decision")
    assert shown(gates, "name", "decision", "decision_source", "attempt", "reason_text") == [
        ("guard", "deny", "rule", 1, "discount over policy"),
        ("guard", "deny", "rule", 2, "discount over policy"),
        ("guard", "allow", "rule", 3, None),
    ]
    # The second one's end stands before its start.
    assert all(gate["duration_us"] > 0 for gate in gates)
    assert gates[1]["line"] > gates[0]["line"]


def test_a_gate_that_asks_a_model() -> None:
    found = read(
        event("llm_guardrail_started", "a", guardrail_type="llm", guardrail_name="tone", retry_count=0),
        event("llm_guardrail_completed", "b", started_event_id="a", guardrail_type="llm", success=True, retry_count=0),
    )
    assert shown(found, "kind", "decision", "decision_source", "attempt") == [("gate_decision", "allow", "model", 1)]


def test_the_run_is_the_first_event_up_the_chain() -> None:
    found = rows(SAMPLES / "crew.jsonl", FORMAT)
    (crew,) = [row for row in found if row["op_name"] == "crew_kickoff"]
    assert {row["request_id"] for row in found if row["line"] > 1} == {crew["event_id"]}
    assert {row["seq_scope"] for row in found} == {"context"}


def test_runs_one_after_the_other_stay_apart() -> None:
    found = read(
        event("crew_kickoff_started", "a"),
        event("crew_kickoff_completed", "b", started_event_id="a", parent_event_id=None, previous_event_id="a"),
        event("crew_kickoff_started", "c", previous_event_id="b"),
        event("crew_kickoff_failed", "d", started_event_id="c", previous_event_id="c", error="out of budget"),
    )
    assert shown(found, "request_id", "status", "error_message") == [("a", "ok", None), ("c", "error", "out of budget")]


def test_feedback_of_a_person() -> None:
    found = rows(SAMPLES / "feedback.jsonl", FORMAT)
    (asked,), (answered,) = of(found, "approval_request"), of(found, "approval_decision")
    assert asked["approval_id"] == answered["approval_id"]
    assert shown([asked, answered], "text", "decision", "decision_source", "reason_text") == [
        ("Publish at 90%?", None, None, None),
        (None, "reject", "human", "reject"),
    ]


def test_an_answer_that_never_came() -> None:
    (row,) = read(event("flow_input_received", "b", parent_event_id="a", method_name="ask", response=None))
    assert shown([row], "kind", "status", "decision", "decision_source") == [
        ("approval_decision", "timeout", None, "timeout")
    ]


def test_turns_of_models() -> None:
    found = read(
        event("llm_call_started", "a", model="gpt-5", call_id="1", messages=[{"role": "user", "content": "x"}]),
        event("llm_stream_chunk", "b", parent_event_id="a", chunk="h"),
        event(
            "llm_call_completed", "c", started_event_id="a", model="gpt-5", response="hi", usage={"prompt_tokens": 4}
        ),
        event("llm_call_failed", "d", started_event_id="lost", model="gpt-5", error="TimeoutError: late"),
    )
    assert shown(found, "line", "kind", "model_version", "text", "input_tokens", "status", "error_type") == [
        (2, "log", None, "h", None, None, None),
        (1, "llm_call", "gpt-5", "hi", 4, "ok", None),
        (4, "llm_call", "gpt-5", None, None, "error", "TimeoutError"),
    ]


def test_what_never_ended() -> None:
    assert shown(read(event("task_started", "a", task_name="t")), "kind", "name", "status") == [("workflow", "t", None)]


def test_signals_and_emitted_columns() -> None:
    found = read(event("SIGTERM", "a", signal_number=15), event("x", "b", metadata={"sdb.kind": "throttle"}))
    assert shown(found, "kind", "declared_by") == [("cancel_request", "format"), ("throttle", "emitter")]


@given(st.randoms(use_true_random=False))
@settings(max_examples=30, deadline=None)
def test_any_order_in_the_file_pairs_the_same(shuffled: random.Random) -> None:
    records = list(CREW)
    shuffled.shuffle(records)
    pairs = shown(read(*CREW), "event_id", "status", "duration_us")
    assert sorted(map(str, shown(read(*records), "event_id", "status", "duration_us"))) == sorted(map(str, pairs))


@given(st.sampled_from(CREW + FEEDBACK).flatmap(spoilt))
@settings(max_examples=200, deadline=None)
def test_spoilt_records(record: Any) -> None:
    bears(FORMAT, [record])


def test_sniffing() -> None:
    assert known(FORMAT, *CREW)
    assert not known(FORMAT, {"event_id": "a", "type": "tool_usage_started"})
