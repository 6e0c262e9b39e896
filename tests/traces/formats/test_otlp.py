"""OTLP in JSON: spans and logs written by the SDK and by Phoenix, other spellings, hostile variants, sniffing."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.traces.formats.otlp import FORMATS, identity, unwrapped
from tests.traces.formats.hostile import bears, known, lines, of, read, rows, shown, source_of, spoilt

SAMPLES = Path(__file__).parents[1] / "samples" / "otlp"
(FORMAT,) = FORMATS
SPANS, LOGS = lines(SAMPLES / "spans.jsonl"), lines(SAMPLES / "logs.jsonl")


def span(**fields: Any) -> dict[str, Any]:
    return {
        "traceId": "ab" * 16,
        "spanId": "cd" * 8,
        "name": "work",
        "startTimeUnixNano": "1795333858765320288",
        "endTimeUnixNano": "1795333858775474683",
        **fields,
    }


def attributes(**values: Any) -> list[dict[str, Any]]:
    return [{"key": key.replace("__", "."), "value": {"stringValue": value}} for key, value in values.items()]


def batch(*spans: dict[str, Any]) -> dict[str, Any]:
    return {"resourceSpans": [{"resource": {}, "scopeSpans": [{"spans": list(spans)}]}]}


def only(*records: Any) -> list[dict[str, Any]]:
    bad: list[tuple[int, str]] = []
    events = list(FORMAT.read(source_of(list(records), bad)))
    assert bad == []
    return events


def test_a_file_of_the_python_exporter_is_read_span_by_span() -> None:
    found = rows(SAMPLES / "spans.jsonl", FORMAT)
    assert shown(found, "kind", "declared_by", "name", "agent_name", "tool_name", "status", "attempt", "decision") == [
        ("llm_call", "format", "chat gpt-5-mini", None, None, "ok", None, None),
        ("evaluation", "format", "gen_ai.evaluation.result", None, None, None, None, None),
        ("tool_call", "format", "execute_tool quote", None, "quote", "timeout", None, None),
        ("tool_call", "format", "execute_tool quote", None, "quote", "ok", 2, None),
        ("agent", "format", "invoke_agent pricing", "pricing", None, "ok", None, None),
        ("gate_decision", "emitter", "publish gate", None, None, "denied", None, "deny"),
        ("log", "format", "GET /customers", None, None, "error", None, None),
        ("workflow", "format", "invoke_workflow renewal", None, None, "ok", None, None),
    ]


def test_a_models_turn_has_its_model_its_tokens_and_the_call_that_it_asks_for() -> None:
    (turn,) = of(rows(SAMPLES / "spans.jsonl", FORMAT), "llm_call")
    assert turn["text"] == 'quote({"customer":"c-5","months":12})'
    assert (turn["model_request"], turn["model_response"], turn["model_version"], turn["provider"]) == (
        "gpt-5-mini",
        "gpt-5-mini-2025-08-07",
        "gpt-5-mini-2025-08-07",
        "openai",
    )
    assert (turn["input_tokens"], turn["output_tokens"], turn["cache_read_tokens"]) == (310, 22, 256)
    assert turn["duration_us"] == turn["end_us"] - turn["ts_us"] == 22


def test_a_retried_call_has_one_hash_of_arguments_and_an_exception_belongs_to_its_span() -> None:
    failed, done = of(rows(SAMPLES / "spans.jsonl", FORMAT), "tool_call")
    assert failed["args_hash"] == done["args_hash"]
    assert (failed["status_raw"], failed["error_type"], failed["error_message"]) == (
        "2",
        "TimeoutError",
        "no answer from 10.0.0.8 in 30 s",
    )
    assert failed["error_fp"] == "TimeoutError|no answer from #.#.#.# in # s"
    assert (done["text"], done["side_effect"], done["tool_call_id"]) == ('{"price": 1200}', "read", "call_9")


def test_an_evaluation_is_a_row_below_the_span_that_it_is_about() -> None:
    found = rows(SAMPLES / "spans.jsonl", FORMAT)
    (score,), (turn,) = of(found, "evaluation"), of(found, "llm_call")
    assert score["parent_span_id"] == turn["span_id"]
    assert shown([score], "eval_name", "eval_score", "eval_label", "reason_text") == [
        ("groundedness", 0.25, "low", "No source is cited.")
    ]


def test_what_the_emitter_declares_beats_the_format() -> None:
    (gate,) = of(rows(SAMPLES / "spans.jsonl", FORMAT), "gate_decision")
    assert shown(
        [gate], "status_raw", "decision_source", "reason_code", "policy_id", "policy_version", "proposal_id"
    ) == [("denied", "rule", "DISCOUNT_TOO_HIGH", "discounts", "v7", "call_9")]


def test_a_resource_says_its_version_place_and_worker_on_every_row() -> None:
    for name in ("spans.jsonl", "logs.jsonl"):
        found = rows(SAMPLES / name, FORMAT)
        assert {tuple(row) for row in shown(found, "code_version", "environment", "worker_id")} == {
            ("2.3.0", "production", "worker-7")
        }


def test_a_trace_that_names_its_conversation_once_is_one_request() -> None:
    found = rows(SAMPLES / "spans.jsonl", FORMAT)
    assert set(shown(found, "request_id", "request_id_source")) == {("renewal-17", "gen_ai.conversation.id")}


def test_a_trace_with_two_conversations_is_not_merged() -> None:
    one = span(attributes=attributes(gen_ai__conversation__id="a"))
    two = span(attributes=attributes(gen_ai__conversation__id="b"), spanId="ef" * 8)
    three = span(spanId="01" * 8)
    assert shown(only(batch(one, two, three)), "request_id") == [("a",), ("b",), ("ab" * 16,)]


def test_log_records_are_rows_with_their_bodys_columns() -> None:
    reject, cas, message = rows(SAMPLES / "logs.jsonl", FORMAT)
    assert shown([reject], "kind", "declared_by", "text", "reason_code", "ts_us", "observed_us") == [
        (
            "reject",
            "emitter",
            "discount 90% is above the limit",
            "DISCOUNT_TOO_HIGH",
            1795333858765320,
            1795333858765999,
        )
    ]
    assert shown([cas], "kind", "expected_version", "actual_version", "status", "line") == [
        ("cas", "3", "4", "rejected", 2)
    ]
    assert shown([message], "kind", "agent_name", "text") == [("message", "user", "Is it done?")]
    (gate,) = of(rows(SAMPLES / "spans.jsonl", FORMAT), "gate_decision")
    assert reject["parent_span_id"] == gate["span_id"] and reject.get("span_id") is None


def test_a_log_about_a_call_is_no_second_call() -> None:
    entry = {"timeUnixNano": "1795333858765320288", "body": {"stringValue": "tool asked for"}}
    entry["attributes"] = attributes(gen_ai__operation__name="execute_tool", gen_ai__tool__call__id="call_1")  # type: ignore[assignment]
    (row,) = only({"resourceLogs": [{"scopeLogs": [{"logRecords": [entry]}]}]})
    assert (row["kind"], row["tool_call_id"]) == ("log", "call_1")


def test_phoenix_returns_spans_in_snake_case_with_every_alternative_of_a_value() -> None:
    found = rows(SAMPLES / "phoenix_otlpv1.json", FORMAT)
    assert shown(found, "kind", "name", "status", "request_id") == [
        ("workflow", "renewal", "ok", "renewal-17"),
        ("gate_decision", "publish?", "ok", "renewal-17"),
        ("gate_decision", "discount guard", "ok", "renewal-17"),
        ("agent", "pricing agent", "ok", "renewal-17"),
        ("tool_call", "quote", "ok", "renewal-17"),
        ("retrieval", "cache miss", None, "renewal-17"),
        ("tool_call", "quote", "error", "renewal-17"),
        ("llm_call", "ChatCompletion", "ok", "renewal-17"),
    ]
    text = (SAMPLES / "phoenix_otlpv1.json").read_text().splitlines()
    assert {text[row["line"] - 1].strip() for row in found} == {"{"}


def test_every_span_of_an_indented_document_has_its_own_line(tmp_path: Path) -> None:
    file = tmp_path / "traces.json"
    file.write_text(json.dumps(SPANS[0], indent=2))
    text = file.read_text().splitlines()
    found = rows(file, FORMAT)
    for row in found:
        if row.get("span_id"):
            after = "\n".join(text[row["line"] - 1 : row["line"] + 3])
            assert after.lstrip().startswith("{") and row["span_id"] in after


@pytest.mark.parametrize("spelling", ["scope_spans", "instrumentationLibrarySpans", "instrumentation_library_spans"])
def test_other_spellings_of_a_batch_are_read(spelling: str) -> None:
    (row,) = only({"resource_spans": [{spelling: [{"spans": [span()]}]}]})
    assert (row["name"], row["duration_us"]) == ("work", 10154)


def test_a_span_without_its_batch_is_read() -> None:
    assert known(FORMAT, span(), span())
    assert shown(only(span()), "name", "status") == [("work", "ok")]


def test_ids_in_base64_are_the_ids_in_hexadecimal() -> None:
    raw = bytes(range(16))
    assert identity(base64.b64encode(raw).decode(), 16) == raw.hex()
    assert identity(raw.hex(), 16) == raw.hex()
    assert identity("0" * 32, 16) is None


def test_unset_is_ok_only_where_the_span_ended() -> None:
    assert only(span(endTimeUnixNano=None))[0].get("status") is None
    assert shown(only(span(status={"code": "STATUS_CODE_ERROR", "message": "m"})), "status", "error_message") == [
        ("error", "m")
    ]


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("timeout", "timeout"),
        ("httpx.ReadTimeout", "timeout"),
        ("DEADLINE_EXCEEDED", "timeout"),
        ("asyncio.CancelledError", "cancelled"),
        ("TimeoutPolicyViolated", "error"),
        ("500", "error"),
    ],
)
def test_an_errors_type_says_whether_it_ran_out_of_time(kind: str, status: str) -> None:
    failed = span(status={"code": 2}, attributes=attributes(error__type=kind))
    assert shown(only(batch(failed)), "status", "error_type") == [(status, kind)]


def test_metrics_are_counted_and_say_nothing() -> None:
    (row,) = only({"resourceMetrics": [{"scopeMetrics": [{"metrics": [{"name": "gen_ai.client.token.usage"}]}]}]})
    assert (row["kind"], row["name"]) == ("log", "gen_ai.client.token.usage")


def test_a_batch_without_spans_is_accounted_for() -> None:
    assert shown(only({"resourceSpans": []}), "kind", "name") == [("log", "empty batch")]


def test_junk_between_batches_is_located(tmp_path: Path) -> None:
    file = tmp_path / "traces.jsonl"
    file.write_text("\n".join([json.dumps(SPANS[0]), "42", "[]", json.dumps({"a": 1}), json.dumps(SPANS[0])]))
    found, bad = read_any(file)
    assert len(found) == 16
    assert [line for line, _ in bad] == [2, 3, 4]


def read_any(file: Path) -> tuple[list[Any], list[tuple[int, str]]]:
    from advisor.traces.opening import open_sources

    bad: list[tuple[int, str]] = []
    ((_, source),) = open_sources(file, lambda line, why: bad.append((line, why)))
    return list(FORMAT.read(source)), bad


def test_values_of_every_type_are_decoded() -> None:
    value = {"kvlistValue": {"values": [{"key": "a", "value": {"arrayValue": {"values": [{"intValue": "7"}, {}]}}}]}}
    assert unwrapped(value) == {"a": [7, None]}
    assert unwrapped({"string_value": "x", "int_value": None}) == "x"
    assert unwrapped({"boolValue": False}) is False
    deep: Any = {"intValue": "1"}
    for _ in range(500):
        deep = {"arrayValue": {"values": [deep]}}
    unwrapped(deep)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(spoilt(SPANS[0]), spoilt(LOGS[1]), spoilt(LOGS[2]), spoilt(span())), min_size=1, max_size=3))
def test_whatever_a_record_holds_it_is_read_or_noted(records: list[Any]) -> None:
    bears(FORMAT, records)


def test_other_records_are_left_alone() -> None:
    assert known(FORMAT, SPANS[0]) and known(FORMAT, *LOGS)
    assert not known(FORMAT, {"spans": []}, {"traceId": "a", "spanId": "b", "message": "x"})
    assert not known(FORMAT, {"gen_ai.operation.name": "chat"})
    assert read(SAMPLES / "logs.jsonl", FORMAT)[1] == []
