"""Langfuse's observations: downloads of three frameworks, the API's pages, tables; hostile variants, sniffing."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.traces.formats.langfuse import FORMATS
from tests.traces.formats.hostile import bears, known, of, read, rows, shown, source_of, spoilt

SAMPLES = Path(__file__).parents[1] / "samples" / "langfuse"
ADK, LANGGRAPH, VERCEL = (
    SAMPLES / f"{name}.trace.json"
    for name in ("google-adk-2025-08-28", "langgraph-python-2025-08-22", "vercel-aisdk-2025-11-17")
)
(FORMAT,) = FORMATS
TRACE: dict[str, Any] = json.loads(ADK.read_text())
SESSION, TIME = "demo-session", "2026-11-25 10:00:00.000000"


def exported(**fields: Any) -> dict[str, Any]:
    """A row of a blob storage export."""
    return {
        "id": "o-1",
        "trace_id": "t-1",
        "project_id": "p",
        "environment": "production",
        "type": "GENERATION",
        "parent_observation_id": "o-0",
        "start_time": TIME,
        "end_time": "2026-11-25 10:00:01.500000",
        "name": "offer",
        "metadata": {"sdb.attempt": "2"},
        "level": "DEFAULT",
        "provided_model_name": "gpt-5-mini",
        "usage_details": {"input": 10, "output": 3, "total": 13},
        "cost_details": {"total": 0.25},
        "prompt_name": "offer",
        "prompt_version": 7,
        "input": '[{"role": "user", "content": "hi"}]',
        "output": '{"role": "assistant", "content": "hello"}',
        "session_id": "s-1",
        "latency": 9999,
        **fields,
    }


def only(*records: Any) -> list[dict[str, Any]]:
    bad: list[tuple[int, str]] = []
    events = list(FORMAT.read(source_of(list(records), bad)))
    assert bad == []
    return events


def test_a_typed_trace_is_read_observation_by_observation() -> None:
    found = rows(ADK, FORMAT)
    assert shown(found, "kind", "name", "agent_name", "tool_name", "status", "input_tokens") == [
        ("log", "invocation [hello_app]", None, None, None, None),
        ("llm_call", "call_llm", None, None, "ok", 39),
        ("llm_call", "call_llm", None, None, "ok", 28),
        ("workflow", "invocation [hello_app]", None, None, "ok", None),
        ("agent", "agent_run [hello_agent]", "agent_run [hello_agent]", None, "ok", None),
        ("tool_call", "execute_tool say_hello", None, "say_hello", "ok", None),
        ("evaluation", "toxicity", None, None, None, None),
        ("evaluation", "hallucination", None, None, None, None),
    ]
    assert {(row["request_id"], row["request_id_source"]) for row in found} == {(SESSION, "sessionId")}
    assert {row["declared_by"] for row in found} == {"format"}


def test_every_row_stands_on_the_line_of_its_observation() -> None:
    text = ADK.read_text().splitlines()
    for row in rows(ADK, FORMAT):
        if row.get("span_id"):
            assert text[row["line"] - 1].strip() == "{"
            assert f'"{row["span_id"]}"' in text[row["line"]]


def test_a_duration_is_never_the_latency() -> None:
    (call,) = of(rows(ADK, FORMAT), "tool_call")
    assert call["duration_us"] == call["end_us"] - call["ts_us"] == 1000
    (row,) = only(exported())
    assert row["duration_us"] == 1_500_000


def test_what_a_model_said_and_what_a_tool_was_given() -> None:
    found = rows(ADK, FORMAT)
    said, asked = of(found, "llm_call")
    assert (said["text"], asked["text"]) == ("Hello Langfuse 👋!\n", "say_hello(null)")
    (call,) = of(found, "tool_call")
    assert call["tool_call_id"].startswith("adk-") and call["text"] == '{"greeting": "Hello Langfuse 👋"}'


def test_plain_spans_of_langgraph_are_told_by_node_and_by_the_tools_message() -> None:
    found = rows(LANGGRAPH, FORMAT)
    assert shown(of(found, "tool_call"), "name", "agent_name", "tool_call_id", "text", "declared_by") == [
        (
            "Web-Search",
            "tools",
            "call_1oGK863sxQHlPreFhDdEs3yl",
            '[{"url": "https://example.com", "title": "Example Result", "q": "example"}]',
            "format",
        )
    ]
    assert [row["declared_by"] for row in of(found, "agent") + of(found, "workflow")] == ["guess"] * 4
    assert of(found, "llm_call")[0]["text"] == 'Web-Search({"query":"example"})'


def test_an_agent_that_is_reported_as_a_generation_is_no_second_model_call() -> None:
    found = rows(VERCEL, FORMAT)
    assert shown(found, "kind", "name") == [
        ("log", "ai.generateText"),
        ("agent", "ai.generateText"),
        ("llm_call", "ai.generateText.doGenerate"),
        ("tool_call", "getWeather"),
        *[("evaluation", row["name"]) for row in of(found, "evaluation")],
    ]
    assert found[0].get("input_tokens") is None


def test_a_row_of_a_blob_storage_export() -> None:
    (row,) = only(exported())
    assert shown([row], "kind", "model_version", "input_tokens", "output_tokens", "cost_usd", "prompt_version") == [
        ("llm_call", "gpt-5-mini", 10, 3, 0.25, "7")
    ]
    assert shown([row], "request_id", "environment", "attempt", "text", "parent_span_id") == [
        ("s-1", "production", 2, "hello", "o-0")
    ]


def test_an_error_is_a_level_with_a_message() -> None:
    failed = exported(type="TOOL", level="ERROR", status_message="ReadTimeout: no answer in 30 s")
    assert shown(only(failed), "status", "status_raw", "error_type", "error_message") == [
        ("timeout", "ERROR", "ReadTimeout", "ReadTimeout: no answer in 30 s")
    ]
    assert shown(only(exported(level="WARNING")), "status", "status_raw") == [("ok", "WARNING")]
    assert only(exported(end_time=None))[0]["status"] is None


def test_guardrails_and_evaluators_have_kinds_of_their_own() -> None:
    found = only(exported(type="GUARDRAIL"), exported(type="EVALUATOR"), exported(type="EVENT"))
    assert [row["kind"] for row in found] == ["gate_decision", "evaluation", "log"]
    assert "decision" not in found[0]


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet", "json"])
def test_tables_have_their_objects_as_text(ending: str, tmp_path: Path) -> None:
    raw = [exported(), exported(id="o-2", type="TOOL", name="quote", parent_observation_id="o-1")]
    table = [{k: json.dumps(v) if isinstance(v, dict) else v for k, v in one.items()} for one in raw]
    file = tmp_path / f"observations.{ending}"
    if ending == "csv":
        with file.open("w", newline="") as stream:
            writer = csv.DictWriter(stream, list(table[0]))
            writer.writeheader()
            writer.writerows(table)
    else:
        file.write_text("\n".join(map(json.dumps, table)) if ending == "jsonl" else json.dumps({"data": raw}))
    if ending == "parquet":
        lines = tmp_path / "observations.jsonl"
        lines.write_text("\n".join(map(json.dumps, table)))
        file.unlink()
        duckdb.execute(f"COPY (SELECT * FROM read_json('{lines}')) TO '{file}' (FORMAT parquet)")
    kept = [{k: v for k, v in row.items() if k != "line"} for row in rows(file, FORMAT)]
    assert kept == [{k: v for k, v in row.items() if k != "line"} for row in only(*raw)]


def test_metadata_that_was_cut_off_costs_nothing_else() -> None:
    (row,) = only(exported(metadata='{"attributes": {"session.id": "s-9", "inp'))
    assert (row["kind"], row["request_id"], row.get("attempt")) == ("llm_call", "s-1", None)


def test_a_trace_as_the_api_returns_it(tmp_path: Path) -> None:
    file = tmp_path / "trace.json"
    file.write_text(json.dumps({**TRACE["trace"], "observations": TRACE["observations"]}, indent=2))
    found = [{k: v for k, v in row.items() if k != "line"} for row in rows(file, FORMAT)]
    assert found == [{k: v for k, v in row.items() if k != "line"} for row in rows(ADK, FORMAT)]


def test_an_observation_that_is_none_is_located(tmp_path: Path) -> None:
    file = tmp_path / "trace.json"
    file.write_text(json.dumps({**TRACE, "observations": [*TRACE["observations"], 42, [7]]}, indent=2))
    text = file.read_text().splitlines()
    source_rows, bad = read_any(file)
    assert len(source_rows) == 8
    assert [text[line - 1].strip() for line, _ in bad] == ["42,", "["]


def read_any(file: Path) -> tuple[list[Any], list[tuple[int, str]]]:
    from advisor.traces.opening import open_sources

    bad: list[tuple[int, str]] = []
    ((_, source),) = open_sources(file, lambda line, why: bad.append((line, why)))
    return list(FORMAT.read(source)), bad


@settings(max_examples=100, deadline=None)
@given(st.lists(st.one_of(*map(spoilt, (exported(), TRACE["observations"][4]))), min_size=1, max_size=3))
def test_whatever_an_observation_holds_it_is_read_or_noted(records: list[Any]) -> None:
    bears(FORMAT, records)


@settings(max_examples=60, deadline=None)
@given(spoilt(TRACE))
def test_whatever_a_trace_holds_it_is_read_or_noted(record: Any) -> None:
    bears(FORMAT, [record], shape="document")


def test_other_records_are_left_alone() -> None:
    assert known(FORMAT, TRACE) and known(FORMAT, exported(), exported())
    assert not known(FORMAT, {"observations": [1, 2], "trace": []}, {"type": "SPAN", "trace_id": "a"})
    assert not known(FORMAT, {"type": "span", "traceId": "a", "id": "b", "level": "info"})
    assert read(VERCEL, FORMAT)[1] == []
