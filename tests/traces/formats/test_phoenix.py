"""Phoenix's spans: one trace in four exports gives the same rows; annotations, hostile variants, sniffing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.traces.formats import otlp
from advisor.traces.formats.phoenix import FORMATS
from advisor.traces.records import Event
from tests.traces.formats.hostile import bears, known, lines, of, rows, shown, source_of, spoilt

SAMPLES = Path(__file__).parents[1] / "samples" / "phoenix"
(FORMAT,) = FORMATS
API: list[dict[str, Any]] = json.loads((SAMPLES / "api.json").read_text())["data"]
TABLE = lines(SAMPLES / "dataframe.jsonl")
EXPORTS = ("api.json", "dataframe.csv", "dataframe.jsonl", "dataframe.parquet")


def by_id(events: list[Event], *without: str) -> dict[Any, Event]:
    kept = ({k: v for k, v in one.items() if v is not None and k not in ("line", *without)} for one in events)
    return {(one.get("span_id"), one["name"], one.get("parent_span_id")): one for one in kept}


def test_the_spans_of_a_trace_are_rows_of_their_kinds() -> None:
    found = rows(SAMPLES / "api.json", FORMAT)
    assert shown(found, "kind", "declared_by", "name", "agent_name", "tool_name", "status", "request_id_source") == [
        ("workflow", "format", "renewal", None, None, "ok", "session.id"),
        ("gate_decision", "format", "publish?", None, None, "ok", "session.id"),
        ("gate_decision", "format", "discount guard", None, None, "ok", "session.id"),
        ("agent", "format", "pricing agent", "pricing", None, "ok", "session.id"),
        ("tool_call", "format", "quote", None, "quote", "ok", "session.id"),
        ("retrieval", "emitter", "cache miss", None, None, None, "session.id"),
        ("tool_call", "format", "quote", None, "quote", "error", "session.id"),
        ("llm_call", "format", "ChatCompletion", None, None, "ok", "session.id"),
    ]


@pytest.mark.parametrize("export", EXPORTS[1:])
def test_every_export_of_a_trace_gives_the_same_rows(export: str) -> None:
    # pandas writes JSON to the millisecond.
    cut = ("ts_us", "end_us", "duration_us") if export.endswith(".jsonl") else ()
    assert by_id(rows(SAMPLES / export, FORMAT), *cut) == by_id(rows(SAMPLES / "api.json", FORMAT), *cut)


def test_the_trace_as_otlp_gives_the_same_rows_but_for_the_spelling_of_the_status() -> None:
    # Phoenix rounds end times in its own export; OTLP has the nanoseconds, cut to microseconds.
    rounded = ("status_raw", "ts_us", "end_us", "duration_us")
    spans = rows(SAMPLES.parent / "otlp" / "phoenix_otlpv1.json", *otlp.FORMATS)
    assert by_id(spans, *rounded) == by_id(rows(SAMPLES / "api.json", FORMAT), *rounded)


def test_a_models_turn() -> None:
    (turn,) = of(rows(SAMPLES / "dataframe.parquet", FORMAT), "llm_call")
    assert shown([turn], "model_version", "provider", "prompt_version", "input_tokens", "output_tokens", "attempt") == [
        ("gpt-5-mini-2025-08-07", "openai", "v4", 310, 22, 1)
    ]
    assert (turn["text"], turn["cache_read_tokens"]) == ('quote({"customer":"c-5","months":12})', 256)


def test_a_failed_call_and_its_retry_share_their_arguments() -> None:
    done, failed = of(rows(SAMPLES / "api.json", FORMAT), "tool_call")
    assert done["args_hash"] == failed["args_hash"]
    assert shown([failed], "status_raw", "error_type", "error_message", "tool_call_id") == [
        ("ERROR", "ConnectionError", "no route to 10.0.0.8", "call_9")
    ]
    assert done["text"] == "1200"


def test_gates_say_who_decided_only_where_the_log_does() -> None:
    model, rule = of(rows(SAMPLES / "api.json", FORMAT), "gate_decision")
    assert shown([model, rule], "decision_source", "decision", "model_request", "policy_version") == [
        ("model", None, "claude-haiku-4-5", None),
        (None, "deny", None, "v7"),
    ]


def test_annotations_are_evaluations() -> None:
    note = {"name": "correct", "created_at": "2026-11-25T10:00:00Z", "result": {"score": 1, "label": "yes"}}
    found = list(FORMAT.read(source_of([{**API[0], "annotations": [note, 7]}], [])))
    assert shown(of(found, "evaluation"), "eval_name", "eval_score", "eval_label") == [
        ("correct", 1.0, "yes"),
        (None, None, None),
    ]


def test_nested_attributes_are_the_dotted_ones() -> None:
    nested = {"openinference": {"span": {"kind": "LLM"}}, "llm": {"model_name": "m", "token_count": {"prompt": 3}}}
    span = {**API[0], "span_kind": None, "attributes": {**nested, "sdb": {"cas": {"expected": 4}}}}
    (row,) = FORMAT.read(source_of([span], []))
    assert shown([row], "kind", "model_request", "input_tokens", "expected_version") == [("llm_call", "m", 3, "4")]


def test_text_that_only_looks_like_an_object_is_text() -> None:
    span = {**TABLE[0], "events": "[__import__('os').getcwd()]", "attributes.llm.output_messages": "{'a': " * 3000}
    (row,) = FORMAT.read(source_of([span], []))
    assert row["name"] == TABLE[0]["name"]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(*map(spoilt, (API[4], API[6], TABLE[4], TABLE[5]))), min_size=1, max_size=3))
def test_whatever_a_record_holds_it_is_read_or_noted(records: list[Any]) -> None:
    bears(FORMAT, records)


def test_other_records_are_left_alone() -> None:
    assert known(FORMAT, *API) and known(FORMAT, *TABLE)
    assert not known(FORMAT, {"context": {"trace_id": "a"}, "span_kind": "LLM", "status_code": "OK"})
    assert not known(FORMAT, {"span_id": "a", "span_kind": "LLM", "start_ns": 1})
