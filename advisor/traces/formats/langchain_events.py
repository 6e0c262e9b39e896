"""LangChain's `astream_events`: the start and the end of each run are one row.

The events have no times. Run ids of version 7 carry the time at which the run was begun; other ids leave it open.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from advisor.traces import values
from advisor.traces.formats.chat import answer, question
from advisor.traces.formats.rows import emitted, failed, finished, first_text, tokens
from advisor.traces.records import Event, Format, Source, each, get, most, text_of

_KINDS = {
    "chat_model": "llm_call",
    "llm": "llm_call",
    "tool": "tool_call",
    "retriever": "retrieval",
    "chain": "workflow",
    "prompt": "log",
    "parser": "log",
}
_PHASES = ("start", "end", "error", "stream")


def _sniff(source: Source) -> bool:
    return most(source.sample, _is_event)


def _is_event(value: Mapping[str, Any]) -> bool:
    return isinstance(value.get("event"), str) and value["event"].startswith("on_") and "run_id" in value


def _parted(event: str) -> tuple[str, str]:
    """What runs, and what happened to it: `on_chat_model_start` is `chat_model`, `start`."""
    what, _, phase = event.removeprefix("on_").rpartition("_")
    return (what, phase) if phase in _PHASES and what else (event.removeprefix("on_"), "")


def _read(source: Source) -> Iterator[Event]:
    begun: dict[str, tuple[Event, dict[str, Any]]] = {}
    seq = 0
    for line, value in each(source):
        if not isinstance(value, Mapping) or not _is_event(value):
            source.bad(line, "is no event of LangChain")
            continue
        what, phase = _parted(value["event"])
        run = text_of(value.get("run_id"))
        kind = _KINDS.get(what)
        seq += 1
        if phase == "start" and run is not None and kind is not None:
            before = begun.pop(run, None)
            if before is not None:
                yield finished(*before)
            begun[run] = (_row(line, value, kind, seq), _given(value))
        elif phase in ("end", "error") and kind is not None:
            event, given = begun.pop(run or "", (_row(line, value, kind, seq), {}))
            _end(event, value, failing=phase == "error")
            yield finished(event, {**given, **_given(value)})
        else:
            event = _row(line, value, "log", seq)
            event["name"] = what if what == "custom_event" else value["event"]
            yield finished({**event, "span_id": None, "parent_span_id": run}, _given(value))
    for event, given in begun.values():
        yield finished(event, given)


def _given(value: Mapping[str, Any]) -> dict[str, Any]:
    return emitted(value.get("data") if value.get("event") == "on_custom_event" else None, value.get("metadata"))


def _row(line: int, value: Mapping[str, Any], kind: str, seq: int) -> Event:
    metadata, parents = value.get("metadata"), value.get("parent_ids")
    run, name = text_of(value.get("run_id")), text_of(value.get("name"))
    root = text_of(get(parents, 0)) or run
    event: Event = {
        "line": line,
        "kind": kind,
        "name": name,
        "ts_us": instant_of(run) if kind != "log" else None,
        "seq": seq,
        "seq_scope": "request",
        "span_id": run,
        "parent_span_id": text_of(get(parents, -1)),
        "trace_id": root,
        "agent_name": first_text(metadata, "langgraph_node"),
    }
    thread = first_text(metadata, "thread_id", "session_id", "conversation_id")
    source = next((k for k in ("thread_id", "session_id", "conversation_id") if first_text(metadata, k)), "parent_ids")
    if (thread or root) is not None:
        event["request_id"], event["request_id_source"] = thread or root, source
    given = get(value, "data", "input")
    if kind == "workflow":
        if name is not None and name == event["agent_name"]:
            event["kind"] = "agent"
        elif event["parent_span_id"] is not None:
            event["kind"] = "log"
    if kind == "tool_call":
        event["tool_name"], event["args_hash"] = name, values.fingerprint(given)
    elif kind == "llm_call":
        event["model_request"] = first_text(metadata, "ls_model_name")
        event["provider"] = first_text(metadata, "ls_provider")
        event["input_hash"] = question(given)
    return event


def _end(event: Event, value: Mapping[str, Any], failing: bool) -> None:
    data = value.get("data")
    output = get(data, "output")
    message = output.get("kwargs") if isinstance(output, Mapping) and "lc" in output else output
    event["status"] = "ok"
    if event["kind"] == "tool_call":
        event["tool_call_id"] = first_text(data, "tool_call_id") or first_text(message, "tool_call_id")
        event["args_hash"] = event.get("args_hash") or values.fingerprint(get(data, "input"))
        content = message.get("content") if isinstance(message, Mapping) and "content" in message else output
        event["result_fp"], event["text"] = values.fingerprint(content), values.excerpt(content)
        if values.status(first_text(message, "status")) == "error":
            failed(event, None, values.excerpt(content))
    elif event["kind"] == "llm_call":
        event["output_hash"], event["text"] = answer(output)
        event["model_response"] = first_text(get(message, "response_metadata"), "model_name", "model")
        event.update(tokens(get(message, "usage_metadata")))
    else:
        event["output_hash"] = values.fingerprint(output)
    if failing:
        error = get(data, "error")
        failed(event, None, text_of(error) or (None if error is None else values.canonical(error)))


def instant_of(run: str | None) -> int | None:
    """When a run was begun: the milliseconds in an id of version 7; None for other ids."""
    try:
        read = UUID(run or "")
    except ValueError:
        return None
    return (read.int >> 80) * 1000 if read.version == 7 else None


FORMATS = (Format("langchain_events", "LangChain event stream", "langgraph", _sniff, _read),)
