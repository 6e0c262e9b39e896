"""Messages of chats in the shapes of several vendors, and the lines of elements inside lists of lists."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.traces.formats.messages import is_message, opened, rows_of
from advisor.traces.formats.positions import EACH, lines_along
from advisor.traces.formats.rows import emitted, money, tokens
from tests.traces.formats.hostile import shown, spoilt, unsound

CALLS: dict[str, dict[str, Any]] = {
    "OpenAI": {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": "c", "type": "function", "function": {"name": "pay", "arguments": '{"sum": 3}'}}],
    },
    "OpenAI responses": {"type": "function_call", "call_id": "c", "name": "pay", "arguments": '{"sum": 3}'},
    "Anthropic": {
        "role": "assistant",
        "content": [{"type": "tool_use", "id": "c", "name": "pay", "input": {"sum": 3}}],
    },
    "Google": {"role": "model", "parts": [{"functionCall": {"id": "c", "name": "pay", "args": {"sum": 3}}}]},
    "LangChain": {"type": "ai", "content": "", "tool_calls": [{"id": "c", "name": "pay", "args": {"sum": 3}}]},
    "LangChain, stored": {
        "type": "ai",
        "data": {"content": "", "tool_calls": [{"id": "c", "name": "pay", "args": {"sum": 3}}]},
    },
    "LangChain, dumped": {
        "lc": 1,
        "type": "constructor",
        "id": ["langchain", "schema", "messages", "AIMessage"],
        "kwargs": {"content": "", "tool_calls": [{"id": "c", "name": "pay", "args": {"sum": 3}}]},
    },
    "tau²": {"role": "assistant", "content": "", "tool_calls": [{"id": "c", "name": "pay", "arguments": {"sum": 3}}]},
    "Inspect": {
        "role": "assistant",
        "content": "",
        "tool_calls": [{"id": "c", "function": "pay", "arguments": {"sum": 3}}],
    },
    "Vercel": {
        "role": "assistant",
        "content": [{"type": "tool-call", "toolCallId": "c", "toolName": "pay", "input": {"sum": 3}}],
    },
}
RESULTS: dict[str, tuple[dict[str, Any], str | None]] = {
    "OpenAI": ({"role": "tool", "tool_call_id": "c", "content": "paid"}, None),
    "OpenAI responses": ({"type": "function_call_output", "call_id": "c", "output": "paid"}, None),
    "Anthropic": ({"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c", "content": "paid"}]}, None),
    "Anthropic, failed": (
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c", "content": "paid", "is_error": True}]},
        "error",
    ),
    "LangChain": ({"type": "tool", "tool_call_id": "c", "content": "paid", "status": "success"}, "ok"),
    "tau²": ({"role": "tool", "id": "c", "content": "paid", "requestor": "assistant", "error": False}, "ok"),
    "tau², several": (
        {"role": "tool", "content": "", "tool_messages": [{"id": "c", "content": "paid", "requestor": "user"}]},
        None,
    ),
    "Inspect": (
        {"role": "tool", "tool_call_id": "c", "content": "paid", "error": {"type": "timeout", "message": "late"}},
        "timeout",
    ),
    "SWE-agent": ({"role": "tool", "content": "paid", "tool_call_ids": ["c"]}, None),
}


def read(message: Any, **common: Any) -> list[dict[str, Any]]:
    found = opened(message)
    assert found is not None
    events = rows_of(found, 7, common)
    assert [wrong for event in events for wrong in unsound(event)] == []
    return events


@pytest.mark.parametrize("shape", CALLS)
def test_a_call_is_the_same_in_every_shape(shape: str) -> None:
    turn, call = read(CALLS[shape])
    assert shown([turn], "kind", "text") == [("llm_call", 'pay({"sum":3})')]
    assert shown([call], "kind", "tool_name", "tool_call_id", "line") == [("tool_call", "pay", "c", 7)]
    plain, known = read(CALLS["OpenAI"])
    assert (turn["output_hash"], call["args_hash"]) == (plain["output_hash"], known["args_hash"])


@pytest.mark.parametrize("shape", RESULTS)
def test_a_result_is_the_same_in_every_shape(shape: str) -> None:
    message, status = RESULTS[shape]
    (row,) = read(message)
    assert shown([row], "kind", "tool_call_id", "text", "status") == [("tool_result", "c", "paid", status)]
    assert row["result_fp"] == read(RESULTS["OpenAI"][0])[0]["result_fp"]


def test_what_failed_says_why() -> None:
    failed = {"role": "tool", "tool_call_id": "c", "content": "", "error": {"type": "permission", "message": "no"}}
    assert shown(read(failed), "status", "error_type", "error_message") == [("denied", "permission", "no")]


def test_text_beside_results_is_a_message_of_its_own() -> None:
    content = [{"type": "tool_result", "tool_use_id": "c", "content": "x"}, {"type": "text", "text": "stop"}]
    assert shown(read({"role": "user", "content": content}), "kind", "agent_name", "text") == [
        ("message", "user", "stop"),
        ("tool_result", None, "x"),
    ]


def test_who_speaks() -> None:
    assert read({"role": "assistant", "content": "x", "name": "planner"})[0]["agent_name"] == "planner"
    assert read({"role": "assistant", "content": "x"}, agent_name="solver")[0]["agent_name"] == "solver"
    (row,) = read({"role": "Orchestrator (thought)", "content": "x"})
    assert shown([row], "kind", "agent_name") == [("message", "Orchestrator (thought)")]


def test_emitted_columns_are_on_every_row_of_a_message_but_its_kind() -> None:
    message = {**CALLS["OpenAI"], "metadata": {"sdb.kind": "proposal", "sdb.prompt.version": "3", "step": "not ours"}}
    assert shown(read(message), "kind", "declared_by", "prompt_version", "step") == [
        ("proposal", "emitter", "3", None),
        ("tool_call", "format", "3", None),
    ]


@pytest.mark.parametrize(
    ("usage", "counted"),
    [
        ({"prompt_tokens": 10, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 8}}, (10, 2, 8)),
        ({"input_tokens": 10, "output_tokens": 2, "cache_read_input_tokens": 90}, (100, 2, 90)),
        ({"input_tokens": 100, "output_tokens": 2, "input_token_details": {"cache_read": 90}}, (100, 2, 90)),
        ({"promptTokenCount": 10, "candidatesTokenCount": 2}, (10, 2, None)),
        ({"input_tokens": -1, "output_tokens": "many"}, (None, None, None)),
        ({"input_tokens": 2**62 - 1, "cache_read_input_tokens": 2**62 - 1}, (2**62 - 1, None, 2**62 - 1)),
        (None, (None, None, None)),
    ],
)
def test_tokens(usage: Any, counted: tuple[int | None, ...]) -> None:
    found = tokens(usage)
    assert tuple(found.get(name) for name in ("input_tokens", "output_tokens", "cache_read_tokens")) == counted


def test_attributes_in_free_places() -> None:
    assert emitted({"sdb.attempt": 1, "name": "x"}, ["sdb.attempt=2", "sdb.tenant=t", 5], '{"gen_ai.a": 1}', None) == {
        "sdb.attempt": 1,
        "sdb.tenant": "t",
        "gen_ai.a": 1,
    }
    assert (money("0.5"), money(True), money(0), money("much")) == (0.5, None, None, None)


@given(st.sampled_from([*CALLS.values(), *(one for one, _ in RESULTS.values())]).flatmap(spoilt))
@settings(max_examples=300, deadline=None)
def test_spoilt_messages(message: Any) -> None:
    if is_message(message):
        read(message)


def test_what_is_no_message() -> None:
    assert [opened(one) for one in (None, [], {}, {"role": "user"}, {"role": 3, "content": "x"}, {"type": "ai"})] == [
        None
    ] * 6


def test_lines_of_elements() -> None:
    value = {
        "a": '[{"runs": [1]}',
        "runs": [{"messages": [{"x": [{"messages": [{}]}]}, 5, {"y": 1}]}, {"other": [{}]}, {"messages": [[], {}]}],
        "messages": [{}],
    }
    text = json.dumps(value, indent=1)
    found = lines_along(text, "runs", EACH, "messages", EACH)
    assert list(found) == [(0, 0), (0, 2), (2, 0), (2, 1)]
    rows = text.split("\n")
    assert [rows[line - 1].strip() for line in found.values()] == ["{", "{", "[],", "{}"]
    assert lines_along(text, "messages", EACH) == {(0,): len(rows) - 2}
    assert lines_along(json.dumps(value), "runs", EACH) == {}
    assert lines_along("]\n}{", EACH) == {}


@given(
    st.recursive(
        st.none() | st.text(max_size=5), lambda s: st.lists(s, max_size=3) | st.dictionaries(st.sampled_from("ab"), s)
    )
)
def test_lines_of_any_document(value: Any) -> None:
    text = json.dumps(value, indent=1)
    found = lines_along(text, "a", EACH)
    inner = value.get("a") if isinstance(value, dict) else None
    held = [at for at, one in enumerate(inner) if isinstance(one, list | dict)] if isinstance(inner, list) else []
    assert [at for (at,) in found] == held or "\n" not in text
