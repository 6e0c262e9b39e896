"""Spans as the SDK's console exporter prints them: rows, hostile variants, sniffing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.traces.formats.otel_console import FORMATS
from advisor.traces.records import Event
from tests.traces.formats.hostile import bears, known, of, rows, shown, source_of, spoilt

SAMPLE = Path(__file__).parents[1] / "samples" / "otel_console" / "spans.json"
(FORMAT,) = FORMATS


def spans() -> list[dict[str, Any]]:
    decode, text, at = json.JSONDecoder().raw_decode, SAMPLE.read_text(), 0
    found = []
    while at < len(text.rstrip()):
        value, at = decode(text, at)
        found.append(value)
        at += len(text[at:]) - len(text[at:].lstrip())
    return found


def test_printed_spans_are_rows_on_their_lines() -> None:
    found = rows(SAMPLE, FORMAT)
    assert shown(found, "kind", "declared_by", "name", "status", "status_raw", "line") == [
        ("tool_call", "format", "execute_tool quote", "timeout", "ERROR", 1),
        ("commit", "emitter", "publish", "ok", "UNSET", 46),
        ("verification", "emitter", "checked", None, None, 46),
        ("agent", "format", "invoke_agent pricing", "ok", "UNSET", 87),
    ]
    assert {row["code_version"] for row in found} == {"2.3.0"}


def test_ids_are_those_of_other_exports() -> None:
    call, _, _, agent = rows(SAMPLE, FORMAT)
    assert call["parent_span_id"] == agent["span_id"] == "49dc9160d05eb9af"
    assert agent.get("parent_span_id") is None
    assert call["duration_us"] == 22 and call["attempt"] == 2


def test_an_exception_belongs_to_its_span() -> None:
    (call,) = of(rows(SAMPLE, FORMAT), "tool_call")
    assert shown([call], "error_type", "error_message") == [("TimeoutError", "no answer in 30 s")]


def test_spans_a_line_each() -> None:
    bad: list[tuple[int, str]] = []
    found: list[Event] = list(FORMAT.read(source_of([*spans(), 7], bad)))
    assert [row["line"] for row in found] == [1, 2, 2, 3]
    assert bad == [(4, "is no span")]


def test_messages_in_a_spans_events_are_the_spans_own() -> None:
    found = rows(SAMPLE.parents[1] / "strands" / "spans.jsonl", FORMAT)
    assert {row["kind"] for row in found} == {"llm_call", "tool_call", "agent", "log"}
    calls = of(found, "tool_call")
    tried = [row for row in calls if row["tool_name"] == "refund_payment"][:2]
    assert shown(tried, "status", "error_type") == [("timeout", "TimeoutError"), ("ok", None)]
    assert tried[0]["args_hash"] == tried[1]["args_hash"] and tried[0]["result_fp"] != tried[1]["result_fp"]
    assert tried[1]["text"] == '{"refund_id": "re_2_2", "status": "succeeded"}'
    said = [row["text"] for row in of(found, "llm_call")]
    assert said[0] == 'get_order({"order_id":2})' and said[-1].startswith("I have successfully refunded order 7")
    assert len({row["input_hash"] for row in of(found, "llm_call")}) == len(said)


def test_what_a_model_is_told_anew_stays_a_row() -> None:
    events = [
        {"name": "gen_ai.user.message", "timestamp": "2026-11-27T08:00:00Z", "attributes": {"content": "old"}},
        {"name": "gen_ai.assistant.message", "attributes": {"content": "", "tool_calls": "[]"}},
        {"name": "gen_ai.tool.message", "attributes": {"content": "denied", "id": "c"}},
        {"name": "gen_ai.choice", "attributes": {"message": '{"content": "done", "role": "assistant"}'}},
        {"name": "other", "attributes": {}},
    ]
    span = {**spans()[0], "attributes": {"gen_ai.operation.name": "chat"}, "status": {}, "events": events}
    model, told, other = list(FORMAT.read(source_of([span], [])))
    assert (model["kind"], model["text"]) == ("llm_call", "done")
    assert (told["kind"], told["tool_call_id"], told["text"], other["name"]) == ("tool_result", "c", "denied", "other")


@settings(max_examples=100, deadline=None)
@given(st.lists(st.one_of(*map(spoilt, spans())), min_size=1, max_size=3))
def test_whatever_a_record_holds_it_is_read_or_noted(records: list[Any]) -> None:
    bears(FORMAT, records)


def test_other_records_are_left_alone() -> None:
    assert known(FORMAT, *spans())
    assert not known(FORMAT, {"context": {"trace_id": "ab", "span_id": "cd"}, "parent_id": None, "start_time": "x"})
