"""Anthropic's managed agents: a person refuses a tool; permissions, requests, interrupts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.traces.formats.managed_agents import FORMATS
from tests.traces.formats.hostile import bears, known, lines, of, rows, shown, source_of, spoilt

SAMPLE = Path(__file__).parents[1] / "samples" / "managed_agents" / "reject.jsonl"
(FORMAT,) = FORMATS
RECORDS = lines(SAMPLE)
SESSION = "sesn_01KW5vhbxfVqMHgLH2dWKbJG"


def test_a_person_refuses_a_tool() -> None:
    found = rows(SAMPLE, FORMAT)
    kinds = ("approval_request", "approval_decision", "tool_result")
    told = [row for row in found if row["kind"] in kinds]
    assert shown(told, "line", "kind", "status", "decision", "decision_source", "request_id") == [
        (8, "approval_request", None, None, None, SESSION),
        (13, "approval_decision", None, "reject", "human", SESSION),
        (16, "tool_result", "rejected", None, None, SESSION),
    ]
    assert len({row["tool_call_id"] for row in told}) == 1
    assert told[0]["approval_id"] == told[1]["approval_id"]
    assert told[1]["reason_text"] == "This tool is not allowed in this demo."


def test_permissions_that_ask_nobody_are_gates() -> None:
    (gate,) = of(rows(SAMPLE, FORMAT), "gate_decision")
    assert shown([gate], "tool_name", "decision", "decision_source") == [("web_fetch", "allow", "config")]


def test_requests_to_the_model() -> None:
    turns = of(rows(SAMPLE, FORMAT), "llm_call")
    assert shown(turns, "line", "status", "input_tokens", "cache_read_tokens", "output_tokens", "duration_us") == [
        (6, "ok", 7782, 0, 116, 2_530_258),
        (17, "ok", 7952, 7780, 116, 2_974_804),
        (22, "ok", 18069, 7950, 82, 3_212_899),
    ]
    assert turns[0]["text"] == "I'll look that up for you using Exa search."


def test_listed_events_interrupts_and_errors() -> None:
    at = {"processed_at": "2026-03-01T10:00:00Z"}
    events = [
        {"type": "user.interrupt", "id": "1", **at},
        {"type": "session.error", "id": "2", "error": {"type": "overloaded_error", "message": "busy"}, **at},
        {"type": "agent.tool_use", "id": "3", "name": "bash", "input": {}, "evaluated_permission": "deny", **at},
        {"type": "agent.tool_result", "id": "4", "tool_use_id": "3", "is_error": False, "content": [], **at},
    ]
    document = source_of([{"data": events}], [], "document")
    assert FORMAT.sniff(document)
    assert shown(list(FORMAT.read(document)), "kind", "status", "error_type", "cancel_scope", "decision") == [
        ("cancel_request", None, None, "turn", None),
        ("log", "error", "overloaded_error", None, None),
        ("tool_call", None, None, None, None),
        ("gate_decision", None, None, None, "deny"),
        ("tool_result", "ok", None, None, None),
    ]


@given(st.sampled_from(RECORDS).flatmap(spoilt))
@settings(max_examples=150, deadline=None)
def test_spoilt_records(record: Any) -> None:
    bears(FORMAT, [record])


def test_sniffing() -> None:
    assert FORMAT.sniff(source_of(RECORDS, []))
    assert not known(FORMAT, {"type": "user.message", "text": "hi"})
    assert not FORMAT.sniff(source_of([["client.beta.sessions.create", {}]], []))
