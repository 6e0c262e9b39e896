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


@settings(max_examples=100, deadline=None)
@given(st.lists(st.one_of(*map(spoilt, spans())), min_size=1, max_size=3))
def test_whatever_a_record_holds_it_is_read_or_noted(records: list[Any]) -> None:
    bears(FORMAT, records)


def test_other_records_are_left_alone() -> None:
    assert known(FORMAT, *spans())
    assert not known(FORMAT, {"context": {"trace_id": "ab", "span_id": "cd"}, "parent_id": None, "start_time": "x"})
