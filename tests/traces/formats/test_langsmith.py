"""LangSmith's runs: an export, a recording of what LangGraph sends, a bulk export; hostile variants, sniffing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.traces.formats.langsmith import FORMATS, fault
from tests.traces.formats.hostile import bears, known, lines, of, rows, shown, source_of, spoilt

SAMPLES = Path(__file__).parents[1] / "samples" / "langsmith"
(FORMAT,) = FORMATS
RUNS, CALLS = lines(SAMPLES / "runs.jsonl"), lines(SAMPLES / "langgraph_ingest.jsonl")


def only(*records: Any) -> list[dict[str, Any]]:
    bad: list[tuple[int, str]] = []
    events = list(FORMAT.read(source_of(list(records), bad)))
    assert bad == []
    return events


def test_exported_runs() -> None:
    found = rows(SAMPLES / "runs.jsonl", FORMAT)
    assert shown(found, "line", "kind", "name", "status", "request_id", "request_id_source", "code_version") == [
        (1, "workflow", "renewal", "ok", "r-8f3a", "metadata.thread_id", "v1.4.2"),
        (2, "llm_call", "ChatAnthropic", "ok", "r-8f3a", "metadata.thread_id", "v1.4.2"),
        (3, "tool_call", "publish_offer", "error", "r-8f3a", "metadata.thread_id", "v1.4.2"),
    ]
    turn, call = found[1:]
    assert shown([turn], "model_version", "provider", "prompt_version", "input_tokens", "output_tokens") == [
        ("claude-sonnet-4-6", "anthropic", "a1b2c3d4", 55, 15)
    ]
    assert shown([call], "tool_name", "error_type", "error_message", "duration_us", "result_fp") == [
        ("publish_offer", "ValueError", "discount 90% > max 30%", 402, call["result_fp"])
    ]
    assert call["parent_span_id"] == found[0]["span_id"]


def test_a_recording_is_one_row_a_run_on_the_line_of_its_start() -> None:
    found = rows(SAMPLES / "langgraph_ingest.jsonl", FORMAT)
    assert len(found) == len({one["post"][0]["id"] for one in CALLS if "post" in one}) == 11
    assert all(CALLS[row["line"] - 1]["post"][0]["id"] == row["span_id"] for row in found)
    assert {row["status"] for row in found if row.get("error_type") is None} == {"ok"}


def test_langgraph_names_nodes_models_and_tools() -> None:
    found = rows(SAMPLES / "langgraph_ingest.jsonl", FORMAT)
    assert shown(of(found, "llm_call"), "agent_name", "model_version", "input_tokens", "text") == [
        ("pricing", "gpt-5-mini-2025-08-07", 50, 'quote({"customer":"c-5","months":12})'),
        ("pricing", None, None, 'publish({"customer":"c-5"})'),
    ]
    assert shown(of(found, "tool_call"), "tool_name", "tool_call_id", "text", "status", "error_message") == [
        ("quote", "call_1", "c-5: 1200", "ok", None),
        ("publish", None, None, "error", "discount 90% > max 30%"),
    ]
    assert {row["declared_by"] for row in of(found, "agent")} == {"guess"}
    assert {row["tenant"] for row in found} == {"acme"}


def test_a_run_that_was_never_patched_is_pending() -> None:
    started = [one for one in CALLS if "post" in one][:2]
    assert [row["status"] for row in only(*started)] == ["pending", "pending"]


def test_post_and_patch_of_one_batch_are_merged_and_placed(tmp_path: Path) -> None:
    batch = {"post": CALLS[0]["post"], "patch": CALLS[-1]["patch"]}
    file = tmp_path / "batch.json"
    file.write_text(json.dumps(batch, indent=1))
    (row,) = rows(file, FORMAT)
    assert shown([row], "line", "name", "status", "error_type") == [(3, "LangGraph", "error", "ValueError")]
    assert row["duration_us"] > 0


def test_a_bulk_export_has_its_objects_as_text(tmp_path: Path) -> None:
    table = tmp_path / "runs.jsonl"
    flat = [{k: json.dumps(v) if isinstance(v, dict | list) else v for k, v in one.items()} for one in RUNS]
    table.write_text("\n".join(json.dumps(one) for one in flat))
    file = tmp_path / "runs.parquet"
    duckdb.execute(f"COPY (SELECT * FROM read_json('{table}')) TO '{file}' (FORMAT parquet)")
    told, expected = rows(file, FORMAT), rows(SAMPLES / "runs.jsonl", FORMAT)
    assert told == expected


def test_a_list_and_a_page_of_runs(tmp_path: Path) -> None:
    for name, value in (("list", RUNS), ("page", {"runs": RUNS, "cursors": {}})):
        file = tmp_path / f"{name}.json"
        file.write_text(json.dumps(value, indent=1))
        found = rows(file, FORMAT)
        text = file.read_text().splitlines()
        assert [row["name"] for row in found] == [one["name"] for one in RUNS]
        assert all(text[row["line"] - 1].strip() == "{" for row in found)


def test_columns_that_the_emitter_puts_in_metadata_or_tags() -> None:
    run = {**RUNS[2], "tags": ["sdb.kind:commit", "prod", "seq:step:1"]}
    run["extra"] = {"metadata": {"sdb.attempt": "2", "sdb.action.id": "a-1", "sdb.request.id": "r-1"}}
    (row,) = only(run)
    assert shown([row], "kind", "declared_by", "attempt", "action_id", "request_id", "request_id_source") == [
        ("commit", "emitter", 2, "a-1", "r-1", "sdb.request.id")
    ]
    assert row.get("seq") is None


def test_feedback_is_an_evaluation_and_an_example_is_the_event_worked_on() -> None:
    run = {**RUNS[0], "feedback_stats": {"correct": {"n": 2, "avg": 0.5}}, "reference_example_id": "ex-1"}
    first, score = only(run)
    assert first["event_in"] == "ex-1"
    assert shown([score], "kind", "eval_name", "eval_score") == [("evaluation", "correct", 0.5)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ValueError('no')\n\nTraceback", ("ValueError", "no")),
        ("openai.RateLimitError(\"slow down: 'x'\")Traceback", ("RateLimitError", "slow down: 'x'")),
        ("Traceback (most recent call last):\n  File x\nKeyError: 'a'", ("KeyError", "'a'")),
        ("httpx.ReadTimeout: late", ("ReadTimeout", "late")),
        ("out of luck", (None, "out of luck")),
        ({"message": "x"}, (None, '{"message":"x"}')),
    ],
)
def test_an_errors_type_and_message(text: Any, expected: tuple[str | None, str | None]) -> None:
    assert fault(text) == expected


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(*map(spoilt, (RUNS[1], RUNS[2], CALLS[2]["post"][0]))), min_size=1, max_size=3))
def test_whatever_a_run_holds_it_is_read_or_noted(records: list[Any]) -> None:
    bears(FORMAT, records)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.one_of(*map(spoilt, CALLS[1:10])), min_size=1, max_size=4))
def test_whatever_a_recording_holds_it_is_read(records: list[Any]) -> None:
    bears(FORMAT, records, shape="document")


def test_other_records_are_left_alone() -> None:
    assert known(FORMAT, *RUNS) and known(FORMAT, *CALLS)
    assert not known(FORMAT, {"run_type": "benchmark"}, {"event": "on_chain_start", "run_id": "a"})
    assert not known(FORMAT, {"post": [], "patch": []}, {"post": [{"title": "hello"}]})
