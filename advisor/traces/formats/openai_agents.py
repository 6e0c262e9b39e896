"""OpenAI Agents SDK: what a tracing processor writes, an exported trace or span a line.

A span is one row. A trace names the unit of work of its spans (`group_id`) and is written before or after them, so
that spans wait for their trace. The SDK says nothing about approvals: a call that a person refused ends without output
and without error, and its row has no status.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from advisor.traces import values
from advisor.traces.formats.chat import answer, question
from advisor.traces.formats.rows import emitted, failed, finished, first_text, tokens
from advisor.traces.formats.spans import within
from advisor.traces.records import Event, Format, Source, get, most, text_of

_WAITING = 100_000
"""Rows that wait for their trace at most; from there on they go without it."""

Spoken = Callable[[Event, Mapping[str, Any]], None]


def _sniff(source: Source) -> bool:
    return most(_peeked(source), _is_item)


def _peeked(source: Source) -> Any:
    data = get(source.sample[0], "data") if source.shape == "document" and source.sample else None
    return data if isinstance(data, list) else source.sample


def _is_item(value: Mapping[str, Any]) -> bool:
    if value.get("object") == "trace":
        return "workflow_name" in value
    return value.get("object") == "trace.span" and isinstance(value.get("span_data"), Mapping)


def _read(source: Source) -> Iterator[Event]:
    traces: dict[str, Mapping[str, Any]] = {}
    waiting: dict[str | None, list[tuple[Event, dict[str, Any]]]] = {}
    held = 0
    for line, value in within(source, "data"):
        if not isinstance(value, Mapping) or not _is_item(value):
            source.bad(line, "is neither a trace nor a span")
            continue
        if value.get("object") == "trace":
            made = _trace(line, value)
            yield made
            trace = text_of(value.get("id"))
            if trace is not None:
                traces[trace] = value
            for event, given in waiting.pop(trace, ()):
                held -= 1
                yield _owned(event, given, value)
            continue
        event, given = _span(line, value)
        trace = event.get("trace_id")
        if trace in traces or held >= _WAITING:
            yield _owned(event, given, traces.get(trace or "", {}))
        else:
            waiting.setdefault(trace, []).append((event, given))
            held += 1
    for rows in waiting.values():
        for event, given in rows:
            yield _owned(event, given, {})


def _owned(event: Event, given: dict[str, Any], trace: Mapping[str, Any]) -> Event:
    """A span's row with the unit of work of its trace, and what the trace's metadata says of all its spans."""
    group = text_of(trace.get("group_id"))
    request = group or event.get("trace_id")
    if request is not None:
        event["request_id"], event["request_id_source"] = request, "group_id" if group else "trace_id"
    shared = {k: v for k, v in emitted(trace.get("metadata")).items() if k not in ("sdb.kind", "sdb.status")}
    return finished(event, {**shared, **given})


def _trace(line: int, value: Mapping[str, Any]) -> Event:
    event: Event = {
        "line": line,
        "kind": "workflow",
        "name": text_of(value.get("workflow_name")),
        "trace_id": text_of(value.get("id")),
    }
    return _owned(event, emitted(value.get("metadata")), value)


def _span(line: int, value: Mapping[str, Any]) -> tuple[Event, dict[str, Any]]:
    data = value["span_data"]
    kind = str(data.get("type"))
    event: Event = {
        "line": line,
        "kind": "log",
        "name": text_of(data.get("name")) or kind,
        "trace_id": text_of(value.get("trace_id")),
        "span_id": text_of(value.get("id")),
        "parent_span_id": text_of(value.get("parent_id")),
        "ts_us": values.instant(value.get("started_at")),
        "end_us": values.instant(value.get("ended_at")),
    }
    if event["end_us"] is not None:
        event["status"] = "ok"
    read = _READ.get(kind)
    if read is not None:
        read(event, data)
    error = value.get("error")
    if error is not None:
        inner = get(error, "data")
        failed(
            event,
            first_text(inner, "error_type", "type", "exception_type"),
            first_text(inner, "error", "message") or first_text(error, "message") or text_of(error),
        )
    return event, emitted(get(data, "data"), data.get("metadata"), value.get("metadata"), data)


def _agent(event: Event, data: Mapping[str, Any]) -> None:
    event["kind"], event["agent_name"] = "agent", text_of(data.get("name"))


def _generation(event: Event, data: Mapping[str, Any]) -> None:
    event["kind"] = "llm_call"
    event["model_request"] = text_of(data.get("model"))
    event["input_hash"] = question(data.get("input"))
    event["output_hash"], event["text"] = answer(data.get("output"))
    event.update(tokens(data.get("usage")))


def _speech(event: Event, data: Mapping[str, Any]) -> None:
    event["kind"], event["model_request"] = "llm_call", text_of(data.get("model"))
    event["text"] = values.excerpt(text_of(data.get("output")) if data.get("type") == "transcription" else None)


def _function(event: Event, data: Mapping[str, Any]) -> None:
    event["kind"], event["tool_name"] = "tool_call", text_of(data.get("name"))
    event["args_hash"] = values.fingerprint(data.get("input"))
    event["target_system"] = first_text(data.get("mcp_data"), "server")
    output = data.get("output")
    event["result_fp"], event["text"] = values.fingerprint(output), values.excerpt(output)
    if output is None:
        event.pop("status", None)


def _guardrail(event: Event, data: Mapping[str, Any]) -> None:
    event["kind"] = "gate_decision"
    if isinstance(data.get("triggered"), bool):
        event["decision"] = "deny" if data["triggered"] else "allow"


def _handoff(event: Event, data: Mapping[str, Any]) -> None:
    event["kind"], event["agent_name"] = "delegation", text_of(data.get("from_agent"))
    event["name"] = text_of(data.get("to_agent")) or "handoff"


def _custom(event: Event, data: Mapping[str, Any]) -> None:
    """The SDK's own spans for a run and its turns repeat their generations' tokens, which are therefore left out."""
    inner = data.get("data")
    if get(inner, "sdk_span_type") == "task":
        event["kind"] = "workflow"
    event["agent_name"] = first_text(inner, "agent_name")


def _tools(event: Event, data: Mapping[str, Any]) -> None:
    event["target_system"] = text_of(data.get("server"))


_READ: Mapping[str, Spoken] = {
    "agent": _agent,
    "generation": _generation,
    "response": _generation,
    "transcription": _speech,
    "speech": _speech,
    "function": _function,
    "guardrail": _guardrail,
    "handoff": _handoff,
    "custom": _custom,
    "task": _custom,
    "turn": _custom,
    "mcp_tools": _tools,
}

FORMATS = (Format("openai_agents", "OpenAI Agents SDK", "openai-agents", _sniff, _read),)
