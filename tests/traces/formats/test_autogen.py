"""AutoGen: AgentChat's messages and the core's event log."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.traces.formats.autogen import FORMATS
from tests.traces.formats.hostile import bears, known, lines, of, read, rows, shown, source_of, spoilt

SAMPLES = Path(__file__).parents[1] / "samples" / "autogen"
CHAT, CORE = FORMATS
MESSAGES = lines(SAMPLES / "messages.jsonl")
CALL = {
    "type": "LLMCall",
    "messages": [{"role": "user", "content": "x"}],
    "response": {"model": "gpt-5-2026-01-01", "choices": [{"message": {"role": "assistant", "content": "hi"}}]},
    "prompt_tokens": 12,
    "completion_tokens": 3,
    "agent_id": "offer_77/77",
}
TOOL = {"type": "ToolCall", "tool_name": "publish", "arguments": {"a": 1}, "result": "done", "agent_id": "offer_77/77"}
FAULT = {
    "type": "MessageHandlerException",
    "payload": "{}",
    "handling_agent": "offer_77/77",
    "exception": "KeyError: 'x'",
}
SENT = {"type": "Message", "payload": "{}", "sender": None, "receiver": "offer_77/77", "delivery_stage": "SEND"}
LOGGED = [CALL, TOOL, FAULT, SENT, {**SENT, "type": "MessageDropped"}]


def test_a_teams_messages() -> None:
    found = rows(SAMPLES / "messages.jsonl", CHAT)
    assert shown(found, "line", "kind", "agent_name", "tool_call_id", "status", "input_tokens", "text") == [
        (1, "message", "user", None, None, None, "go"),
        (2, "llm_call", "offer", None, None, 55, 'publish_offer({"discount_pct":90})'),
        (2, "tool_call", "offer", "c1", None, None, None),
        (3, "tool_result", None, "c1", "error", None, "discount > max 30%"),
        (4, "message", "offer", None, None, None, "discount > max 30%"),
        (5, "llm_call", "offer", None, None, 21, "published"),
        (6, "log", None, None, None, None, found[6]["text"]),
    ]
    assert found[6]["text"].startswith("Maximum number of messages 3 reached")
    assert [row["seq"] for row in found] == list(range(1, 8))


def test_a_result_alone_is_read_whole() -> None:
    found = list(CHAT.read(source_of(MESSAGES[-1:], [])))
    assert [row["kind"] for row in found] == [row["kind"] for row in rows(SAMPLES / "messages.jsonl", CHAT)]


def test_a_conversation_is_named_beside_its_messages() -> None:
    one = {
        "models_usage": None,
        "created_at": "2026-03-01T10:00:00Z",
        "content": "x",
        "source": "a",
        "type": "TextMessage",
    }
    whole = {"messages": [one], "stop_reason": None, "session_id": "s-2"}
    found = list(CHAT.read(source_of([{**one, "conversation_id": "c-1"}, whole, one], [])))
    assert [row.get("request_id") for row in of(found, "message")] == ["c-1", "s-2", None]


def test_handoffs_questions_and_emitted_columns() -> None:
    base = {"models_usage": None, "created_at": "2026-03-01T10:00:00Z", "content": "x", "source": "a"}
    records = [
        {**base, "type": "HandoffMessage", "target": "billing", "metadata": {"sdb.request.id": "r-1"}},
        {**base, "type": "UserInputRequestedEvent", "request_id": "q-1"},
        {**base, "type": "ThoughtEvent"},
    ]
    found = list(CHAT.read(source_of(records, [])))
    assert shown(found, "kind", "name", "request_id", "approval_id") == [
        ("delegation", "billing", "r-1", None),
        ("approval_request", "UserInputRequestedEvent", None, "q-1"),
        ("log", "ThoughtEvent", None, None),
    ]


def test_the_cores_log() -> None:
    found = list(CORE.read(source_of(LOGGED, [])))
    assert shown(found, "kind", "agent_name", "request_id", "status", "error_type", "input_tokens", "text") == [
        ("llm_call", "offer", "77", None, None, 12, "hi"),
        ("tool_call", "offer", "77", None, None, None, "done"),
        ("log", "offer", "77", "error", "KeyError", None, None),
        ("log", "offer", "77", None, None, None, "SEND"),
        ("log", "offer", "77", "rejected", None, None, None),
    ]
    assert found[0]["model_version"] == "gpt-5-2026-01-01"


def test_lines_of_other_loggers_are_noted() -> None:
    found, bad = read(SAMPLES / "core.log", CORE)
    assert [line for line, _ in bad] == [20, 21]
    assert len(found) == 24
    assert len({row["request_id"] for row in found if "request_id" in row}) == 1
    assert all("ts_us" not in row for row in found)


@given(st.sampled_from(MESSAGES).flatmap(spoilt))
@settings(max_examples=150, deadline=None)
def test_spoilt_messages(record: Any) -> None:
    bears(CHAT, [record])


@given(st.sampled_from(LOGGED).flatmap(spoilt))
@settings(max_examples=150, deadline=None)
def test_spoilt_events(record: Any) -> None:
    bears(CORE, [record])


def test_sniffing() -> None:
    assert known(CHAT, *MESSAGES) and known(CORE, *LOGGED)
    assert not known(CHAT, {"source": "web", "type": "click"})
    assert not known(CORE, {"type": "Message", "text": "hi"})
    assert of(list(CORE.read(source_of([CALL], []))), "llm_call")
