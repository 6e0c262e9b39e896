"""What a model said, in the shapes of vendors and frameworks: text, calls, hashes that ids do not change."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.traces.formats.chat import Turn, answer, loaded, question, turn
from tests.traces.formats.hostile import spoilt

ARGUMENTS = {"city": "Tokyo"}
OPENAI = {
    "choices": [
        {
            "index": 0,
            "message": {
                "role": "assistant",
                "content": "Let me look.",
                "tool_calls": [
                    {
                        "id": "c-1",
                        "type": "function",
                        "function": {"name": "weather", "arguments": json.dumps(ARGUMENTS)},
                    }
                ],
            },
        }
    ]
}
ANTHROPIC = {
    "role": "assistant",
    "content": [
        {"type": "thinking", "thinking": "hm"},
        {"type": "text", "text": "Let me look."},
        {"type": "tool_use", "id": "c-1", "name": "weather", "input": ARGUMENTS},
    ],
}
GEMINI = {
    "candidates": [
        {
            "content": {
                "role": "model",
                "parts": [{"text": "Let me look."}, {"function_call": {"name": "weather", "args": ARGUMENTS}}],
            }
        }
    ]
}
SEMCONV = [
    {
        "role": "assistant",
        "parts": [
            {"type": "text", "content": "Let me look."},
            {"type": "tool_call", "id": "c-1", "name": "weather", "arguments": ARGUMENTS},
        ],
    }
]
LANGCHAIN = {
    "generations": [
        [
            {
                "text": "Let me look.",
                "message": {
                    "lc": 1,
                    "id": ["langchain", "schema", "messages", "AIMessage"],
                    "kwargs": {
                        "content": "Let me look.",
                        "type": "ai",
                        "tool_calls": [{"name": "weather", "args": ARGUMENTS, "id": "c-1", "type": "tool_call"}],
                    },
                },
            }
        ]
    ],
    "llm_output": None,
}
RESPONSES = {
    "output": [
        {"type": "reasoning", "summary": []},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Let me look."}]},
        {"type": "function_call", "call_id": "c-1", "name": "weather", "arguments": json.dumps(ARGUMENTS)},
    ]
}
OPENINFERENCE = [
    {
        "message.role": "assistant",
        "message.content": "Let me look.",
        "message.tool_calls": [
            {
                "tool_call.id": "c-1",
                "tool_call.function.name": "weather",
                "tool_call.function.arguments": json.dumps(ARGUMENTS),
            }
        ],
    }
]
SHAPES = [OPENAI, ANTHROPIC, GEMINI, SEMCONV, LANGCHAIN, RESPONSES, OPENINFERENCE]


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_says_the_same(shape: Any) -> None:
    said = turn(shape)
    assert said.text == "Let me look."
    assert [(name, given) for _, name, given in said.calls] == [("weather", ARGUMENTS)]
    assert {one for one, _, _ in said.calls} <= {"c-1", None}
    assert answer(shape) == answer(OPENAI) == answer(json.dumps(shape)) == answer(json.dumps(json.dumps(shape)))


def test_a_call_that_is_told_twice_is_one() -> None:
    both = {**ANTHROPIC, "tool_calls": [{"id": "c-1", "name": "weather", "args": ARGUMENTS}]}
    assert len(turn(both).calls) == 1


def test_history_is_not_what_was_said() -> None:
    state = {"messages": [{"role": "user", "content": "hi"}, {"type": "human", "content": "hi"}, *SEMCONV]}
    assert turn(state).text == "Let me look."
    assert turn({"role": "user", "name": "bob", "content": "hi"}) == Turn("", ())


def test_another_id_is_the_same_answer_and_another_argument_is_not() -> None:
    def call(name: str, given: Any) -> Any:
        return answer([{"type": "tool_use", "id": name, "name": "weather", "input": given}])[0]

    assert call("a", ARGUMENTS) == call("b", ARGUMENTS) != call("a", {"city": "Oslo"})


def test_what_is_no_message_is_hashed_whole() -> None:
    assert answer({"score": 1})[1] == '{"score":1}'
    assert answer(None) == (None, None) == answer("")
    assert answer("plain")[1] == "plain"


def test_a_question_is_the_same_to_another_model() -> None:
    messages = [{"role": "user", "content": "hi", "id": "m-1"}]
    one = question({"model": "a", "temperature": 0, "messages": messages})
    assert one == question({"model": "b", "messages": [{"role": "user", "content": "hi", "id": "m-2"}]})
    assert one == question(json.dumps(messages)) != question([{"role": "user", "content": "bye"}])
    assert question(None) is None


def test_text_that_is_no_json_stays_text() -> None:
    assert [loaded(one) for one in ("{", '"x"', "[1]", "12", "{'a': 1}")] == ["{", '"x"', [1], "12", "{'a': 1}"]


@settings(max_examples=200, deadline=None)
@given(st.one_of(*map(spoilt, SHAPES)))
def test_no_shape_is_too_odd(value: Any) -> None:
    said = turn(value)
    assert isinstance(said.text, str) and all(isinstance(name, str) for _, name, _ in said.calls)
    answer(value)
    question(value)


def test_no_nesting_is_too_deep() -> None:
    deep: Any = "x"
    for _ in range(900):
        deep = {"content": [deep]}
    assert turn(deep) == Turn("", ())
    question(deep)
