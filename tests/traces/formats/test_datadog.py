"""Datadog LLM Observability's spans: a page of the export API, evaluations, hostile variants, sniffing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.traces.formats.datadog import FORMATS
from tests.traces.formats.hostile import bears, known, rows, shown, source_of, spoilt

(FORMAT,) = FORMATS


def span(**fields: Any) -> dict[str, Any]:
    inner = {
        "span_id": "s-1",
        "trace_id": "t-1",
        "parent_id": "undefined",
        "name": "offer",
        "span_kind": "agent",
        "ml_app": "renewal",
        "status": "ok",
        "start_ns": 1776816105000000000,
        "duration": 1840000000,
        "input": {"value": "renew"},
        "output": {"value": "done"},
        "metadata": {"sdb.attempt": 2},
        "tags": ["session_id:r-1", "env:prod", "version:1.4.2", "ml_app:renewal", "sdb.tenant.id:acme"],
        **fields,
    }
    return {"id": inner["span_id"], "type": "span", "attributes": inner}


MODEL = span(
    span_id="s-2",
    parent_id="s-1",
    span_kind="llm",
    model_name="claude-sonnet-4-6",
    model_provider="anthropic",
    metrics={"input_tokens": 1240, "output_tokens": 318, "cache_read_input_tokens": 1000},
    input={"messages": [{"role": "user", "content": "renew"}]},
    output={
        "messages": [{"role": "assistant", "content": "", "tool_calls": [{"name": "quote", "arguments": {"m": 1}}]}]
    },
    evaluation={"relevance": {"value": 0.5, "status": "OK"}, "tone": {"value": "rude"}},
)
TOOL = span(
    span_id="s-3",
    parent_id="s-1",
    span_kind="tool",
    name="quote",
    status="error",
    input={"value": '{"m": 1}'},
    output={},
    tags=["error.type:ReadTimeout", "error.message:late: 30 s"],
)


def test_a_page_of_spans(tmp_path: Path) -> None:
    file = tmp_path / "spans.json"
    file.write_text(json.dumps({"data": [span(), MODEL, TOOL], "meta": {"status": "done"}}, indent=1))
    found = rows(file, FORMAT)
    assert shown(found, "kind", "name", "parent_span_id", "status", "tool_name", "agent_name") == [
        ("agent", "offer", None, "ok", None, "offer"),
        ("llm_call", "offer", "s-1", "ok", None, None),
        ("evaluation", "relevance", "s-2", None, None, None),
        ("evaluation", "tone", "s-2", None, None, None),
        ("tool_call", "quote", "s-1", "timeout", "quote", None),
    ]
    text = file.read_text().splitlines()
    assert [text[row["line"] - 1].strip() for row in found] == ["{"] * 5


def test_times_are_nanoseconds_and_tags_say_place_version_and_session() -> None:
    (row,) = FORMAT.read(source_of([span()], []))
    assert shown([row], "ts_us", "duration_us", "environment", "code_version", "tenant", "attempt") == [
        (1776816105000000, 1840000, "prod", "1.4.2", "acme", 2)
    ]
    assert (row["request_id"], row["request_id_source"]) == ("r-1", "session.id")


def test_a_models_turn_and_its_scores() -> None:
    turn, relevance, tone = FORMAT.read(source_of([MODEL], []))
    assert shown([turn], "model_version", "provider", "input_tokens", "output_tokens", "cache_read_tokens", "text") == [
        ("claude-sonnet-4-6", "anthropic", 1240, 318, 1000, 'quote({"m":1})')
    ]
    assert shown([relevance, tone], "eval_score", "eval_label") == [(0.5, None), (None, "rude")]


def test_a_failed_call() -> None:
    (call,) = FORMAT.read(source_of([TOOL], []))
    assert shown([call], "status_raw", "error_type", "error_message", "result_fp") == [
        ("error", "ReadTimeout", "late: 30 s", None)
    ]


def test_pages_a_line_each() -> None:
    pages = [{"data": [span()]}, {"data": [MODEL, TOOL]}]
    assert known(FORMAT, *pages)
    assert len(list(FORMAT.read(source_of(pages, [])))) == 5


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(*map(spoilt, (span(), MODEL, TOOL, {"data": [MODEL]}))), min_size=1, max_size=3))
def test_whatever_a_record_holds_it_is_read_or_noted(records: list[Any]) -> None:
    records = [one for one in records if not (isinstance(one.get("data"), list) and not one["data"])]
    bears(FORMAT, records)


def test_other_records_are_left_alone() -> None:
    assert known(FORMAT, span())
    assert not known(FORMAT, {"data": [{"type": "log", "attributes": {"message": "x"}}]})
    assert not known(FORMAT, {"span_kind": "llm", "start_ns": 1})
