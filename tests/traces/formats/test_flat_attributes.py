"""Span attributes without an envelope, whoever named them: kinds, actors, content, units of work, hostile variants."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.traces import columns
from advisor.traces.formats.flat_attributes import FORMATS, event_of
from advisor.traces.formats.spans import KIND_OF, flat, listed
from tests.traces.formats.hostile import bears, known, shown, spoilt

(FORMAT,) = FORMATS
GENAI = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "gpt-4",
    "gen_ai.response.model": "gpt-4-0613",
    "gen_ai.usage.input_tokens": 97,
    "gen_ai.input.messages": '[{"role": "user", "parts": [{"type": "text", "content": "Weather in Paris?"}]}]',
    "gen_ai.output.messages": '[{"role": "assistant", "parts": [{"type": "text", "content": "Rainy."}]}]',
}
OPENINFERENCE = {
    "openinference.span.kind": "LLM",
    "llm.model_name": "gpt-4-0613",
    "llm.provider": "openai",
    "llm.token_count.prompt": 97,
    "llm.input_messages.0.message.role": "user",
    "llm.input_messages.0.message.content": "Weather in Paris?",
    "llm.output_messages.0.message.role": "assistant",
    "llm.output_messages.0.message.contents.0.message_content.type": "text",
    "llm.output_messages.0.message.contents.0.message_content.text": "Rainy.",
}
OPENLLMETRY = {
    "llm.request.type": "chat",
    "gen_ai.system": "openai",
    "gen_ai.request.model": "gpt-4",
    "gen_ai.response.model": "gpt-4-0613",
    "gen_ai.usage.prompt_tokens": 97,
    "gen_ai.prompt.0.role": "user",
    "gen_ai.prompt.0.content": "Weather in Paris?",
    "gen_ai.completion.0.role": "assistant",
    "gen_ai.completion.0.content": "Rainy.",
}


@pytest.mark.parametrize("attributes", [GENAI, OPENINFERENCE, OPENLLMETRY])
def test_one_answer_is_the_same_in_every_convention(attributes: dict[str, Any]) -> None:
    row = event_of(1, attributes)
    expected = event_of(1, GENAI)["output_hash"]
    assert shown([row], "kind", "provider", "model_version", "input_tokens", "text", "output_hash") == [
        ("llm_call", "openai", "gpt-4-0613", 97, "Rainy.", expected)
    ]


def test_kinds_are_kinds() -> None:
    assert set(KIND_OF.values()) <= columns.KINDS


@pytest.mark.parametrize(
    ("attributes", "kind", "declared_by"),
    [
        ({"gen_ai.operation.name": "execute_tool"}, "tool_call", "format"),
        ({"gen_ai.operation.name": "run_guardrail"}, "gate_decision", "format"),
        ({"gen_ai.operation.name": "search_memory"}, "retrieval", "format"),
        ({"gen_ai.operation.name": "something_new"}, "log", "format"),
        ({"openinference.span.kind": "RERANKER"}, "retrieval", "format"),
        ({"openinference.span.kind": "GUARDRAIL"}, "gate_decision", "format"),
        ({"traceloop.span.kind": "tool"}, "tool_call", "format"),
        ({"ai.operationId": "ai.generateText.doGenerate"}, "llm_call", "format"),
        ({"mlflow.spanType": '"CHAT_MODEL"'}, "llm_call", "format"),
        ({"gen_ai.request.model": "m"}, "llm_call", "guess"),
        ({"gen_ai.operation.name": "chat", "sdb.kind": "merge"}, "merge", "emitter"),
        ({"gen_ai.operation.name": "chat", "sdb.kind": "no such kind"}, "llm_call", "format"),
        ({"http.route": "/"}, "log", "format"),
    ],
)
def test_a_kind_and_who_says_so(attributes: dict[str, Any], kind: str, declared_by: str) -> None:
    assert shown([event_of(1, attributes)], "kind", "declared_by") == [(kind, declared_by)]


def test_a_tools_arguments_and_result_are_hashed_whatever_their_order() -> None:
    tool = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "quote", "gen_ai.tool.call.id": "c-1"}
    one = event_of(1, {**tool, "gen_ai.tool.call.arguments": '{"a": 1, "b": 2}', "gen_ai.tool.call.result": "ok"})
    two = event_of(1, {**tool, "gen_ai.tool.call.arguments": {"b": 2, "a": 1}})
    assert (
        one["args_hash"] == two["args_hash"] != event_of(1, {**tool, "gen_ai.tool.call.arguments": "{}"})["args_hash"]
    )
    assert shown([one, two], "text", "tool_call_id", "tool_name") == [("ok", "c-1", "quote"), (None, "c-1", "quote")]
    assert one["result_fp"] and two["result_fp"] is None


def test_what_sdb_declares_beats_what_the_convention_says() -> None:
    row = event_of(1, {**GENAI, "sdb.input_tokens": 5, "sdb.agent.name": "pricing", "gen_ai.agent.name": "other"})
    assert shown([row], "input_tokens", "agent_name") == [(5, "pricing")]


def test_the_unit_of_work_is_the_conversation() -> None:
    assert shown([event_of(1, {**GENAI, "session.id": "s", "gen_ai.conversation.id": "c"})], "request_id") == [("c",)]
    row = event_of(1, {**GENAI, "session.id": "s", "sdb.request.id": "r"})
    assert (row["request_id"], row["request_id_source"]) == ("r", "sdb.request.id")
    assert event_of(1, GENAI).get("request_id") is None


def test_an_errors_type_is_an_outcome() -> None:
    assert shown([event_of(1, {**GENAI, "error.type": "timeout"})], "status", "error_type") == [("timeout", "timeout")]
    assert event_of(1, GENAI).get("status") is None


def test_nested_and_flattened_attributes() -> None:
    assert flat({"sdb": {"cas": {"expected": 3}}, "input": {"value": {"city": "x"}}, "app": {"a": 1}}) == {
        "sdb.cas.expected": 3,
        "input.value": {"city": "x"},
        "app": {"a": 1},
    }
    assert listed({"m.0.a": 1, "m.1.b.0": 2, "m.10.a": 3, "m.x": 4}, "m") == [{"a": 1}, {"b": [2]}, {"a": 3}]
    assert listed({"n.0.a": 1}, "m") is None


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(*map(spoilt, (GENAI, OPENINFERENCE, OPENLLMETRY))), min_size=1, max_size=3))
def test_whatever_a_record_holds_it_is_read(records: list[Any]) -> None:
    bears(FORMAT, records)


def test_other_records_are_left_alone() -> None:
    assert known(FORMAT, GENAI, OPENINFERENCE)
    assert not known(FORMAT, OPENLLMETRY, {"message": "x"}, {"event": "gen_ai.operation.name"})
