"""OpenAI Agents SDK: refused calls, handoffs, guardrails, the unit of work that comes after its spans."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.traces.formats.openai_agents import FORMATS
from tests.traces.formats.hostile import bears, known, lines, of, rows, shown, spoilt

SAMPLES = Path(__file__).parents[1] / "samples" / "openai_agents"
(FORMAT,) = FORMATS
APPROVAL, HANDOFF = lines(SAMPLES / "approval.jsonl"), lines(SAMPLES / "handoff.jsonl")


def test_a_refused_call_has_no_status() -> None:
    calls = of(rows(SAMPLES / "approval.jsonl", FORMAT), "tool_call")
    assert shown(calls, "line", "tool_name", "status", "error_message", "text") == [
        (4, "publish_offer", "error", "Tool execution failed. Error details are redacted.", calls[0]["text"]),
        (7, "publish_offer", "ok", None, "ok"),
        (10, "send_email", None, None, None),
    ]
    assert calls[0]["args_hash"] != calls[1]["args_hash"]
    assert {call["request_id"] for call in calls} == {"r-8f3a"}
    assert {call["request_id_source"] for call in calls} == {"group_id"}
    assert all(call["duration_us"] == call["end_us"] - call["ts_us"] for call in calls)


def test_turns_of_the_model() -> None:
    turns = of(rows(SAMPLES / "approval.jsonl", FORMAT), "llm_call")
    assert shown(turns[:1], "model_version", "input_tokens", "output_tokens", "text") == [
        ("gpt-4.1-2025-04-14", 55, 15, 'publish_offer({"discount_pct":90})')
    ]
    # The SDK's own spans for runs and turns repeat the tokens of the generations inside them.
    assert sum(row.get("input_tokens") or 0 for row in rows(SAMPLES / "approval.jsonl", FORMAT)) == 55 * len(turns)


def test_handoffs_and_guardrails() -> None:
    found = rows(SAMPLES / "handoff.jsonl", FORMAT)
    assert shown(of(found, "delegation"), "agent_name", "name", "request_id") == [("triage", "billing", "order-A1")]
    assert shown(of(found, "gate_decision"), "name", "decision", "request_id") == [
        ("no_pii", "allow", "order-A1"),
        ("no_pii", "deny", "order-A2"),
    ]
    failed = [row for row in of(found, "agent") if row["status"] == "error"]
    assert shown(failed, "agent_name", "error_message", "request_id_source") == [
        ("looper", "Max turns exceeded", "trace_id"),
    ]


def test_metadata_of_a_trace_says_something_of_all_its_spans() -> None:
    found = [row for row in rows(SAMPLES / "handoff.jsonl", FORMAT) if row.get("request_id") == "order-A1"]
    assert {row.get("prompt_version") for row in found} == {"7"}
    assert len(found) == 13


def test_custom_spans_carry_emitted_columns() -> None:
    (commit,) = of(rows(SAMPLES / "handoff.jsonl", FORMAT), "commit")
    assert shown([commit], "declared_by", "action_id", "side_effect", "attempt", "request_id") == [
        ("emitter", "a-1", "external_write", 2, "order-A3")
    ]


@given(st.sampled_from(APPROVAL + HANDOFF).flatmap(spoilt), st.sampled_from(APPROVAL + HANDOFF))
@settings(max_examples=150, deadline=None)
def test_spoilt_records(record: Any, whole: Any) -> None:
    bears(FORMAT, [record, whole])


def test_sniffing() -> None:
    assert known(FORMAT, *APPROVAL)
    assert not known(FORMAT, {"object": "chat.completion", "id": "1"}, {"object": "trace.span", "id": "s"})
    assert not known(FORMAT, *(APPROVAL[:1] + [{"a": 1}] * 4))
