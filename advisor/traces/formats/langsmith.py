"""LangSmith's runs: exports as JSON, JSON lines or Parquet, and recordings of what the SDK sends to be ingested.

A recording posts a run when it starts and patches it when it ends; both halves are one row. In tables the objects
(`inputs`, `outputs`, `extra`, …) are text that holds JSON.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from advisor.traces import values
from advisor.traces.formats.chat import loaded
from advisor.traces.formats.phoenix import score
from advisor.traces.formats.spans import KIND_OF, describe, outcome, peek, within
from advisor.traces.records import Event, Format, Record, Source, get, line_at, most, text_of

_OBJECTS = "inputs outputs extra events feedback_stats serialized tags error_data".split()
_UNITS = ("thread_id", "conversation_id", "session_id")
_ALIASES = {
    "ls_model_name": "gen_ai.request.model",
    "ls_provider": "gen_ai.provider.name",
    "lc_hub_commit_hash": "prompt_version",
    "lc_hub_repo": "prompt_name",
    "revision_id": "code_version",
}
_REPR = re.compile(r"([A-Za-z_][\w.]*)\((['\"])(.*?)\2[,)]", re.DOTALL)


def _sniff(source: Source) -> bool:
    return most(peek(source, "runs"), _is_run) or most(source.sample, _is_batch)


def _is_run(value: Mapping[str, Any]) -> bool:
    return "run_type" in value and any(key in value for key in ("dotted_order", "parent_run_id", "trace_id"))


def _is_batch(value: Mapping[str, Any]) -> bool:
    halves = [one for key in ("post", "patch") if isinstance(value.get(key), list) for one in value[key]]
    return bool(halves) and all(isinstance(one, Mapping) and "id" in one for one in halves)


def _read(source: Source) -> Iterator[Event]:
    started: dict[str, tuple[int, dict[str, Any]]] = {}
    for record in within(source, "runs"):
        if not isinstance(record.value, Mapping):
            source.bad(record.line, "is no object")
        elif any(isinstance(record.value.get(half), list) for half in ("post", "patch")):
            yield from _ingested(source, record, started)
        elif "run_type" in record.value:
            yield from _run(record.line, record.value)
        else:
            source.bad(record.line, "is no run")
    for line, run in started.values():
        yield from _run(line, run)


def _ingested(source: Source, record: Record, started: dict[str, tuple[int, dict[str, Any]]]) -> Iterator[Event]:
    """The runs that a recorded batch completes; those that it only starts wait for their patch."""
    for half in ("post", "patch"):
        inner = record.value.get(half)
        lines = source.lines(half) if source.shape == "document" else []
        for index, one in enumerate(inner if isinstance(inner, list) else ()):
            line = line_at(lines, index, record.line)
            known = text_of(get(one, "id"))
            if known is None:
                source.bad(line, f"is no run (in {half})")
                continue
            at, run = started.pop(known, (line, {}))
            merged = {**run, **{name: value for name, value in one.items() if name not in run or _says(value)}}
            if merged.get("end_time") is None:
                started[known] = (at, merged)
            else:
                yield from _run(at, merged)


def _says(value: Any) -> bool:
    """Whether a patch's value replaces what was posted; an empty one is only a default."""
    return value is not None and value not in ({}, [])


def _run(line: int, raw: Mapping[str, Any]) -> Iterator[Event]:
    run = {**raw, **{name: loaded(raw[name]) for name in _OBJECTS if name in raw}}
    given, got = run.get("inputs"), run.get("outputs") or None
    metadata = get(run, "extra", "metadata")
    metadata = metadata if isinstance(metadata, Mapping) else {}
    event: Event = {
        "line": line,
        "name": text_of(run.get("name")),
        "kind": KIND_OF.get(values.word(run.get("run_type"))),
        "ts_us": values.instant(run.get("start_time")),
        "end_us": values.instant(run.get("end_time")),
        "trace_id": text_of(run.get("trace_id")),
        "span_id": text_of(run.get("id")),
        "parent_span_id": text_of(run.get("parent_run_id")),
        # Runs over one example of a data set are the same event, worked on again.
        "event_in": text_of(run.get("reference_example_id")),
    }
    _place_agent(event, metadata)
    _place_outcome(event, run)
    _place_tokens(event, run, metadata)
    if event["kind"] == "tool_call":
        given, got = _place_tool(event, given, got)
    for name in _UNITS:
        if event.get("request_id") is None and text_of(metadata.get(name)) is not None:
            event["request_id"], event["request_id_source"] = text_of(metadata[name]), f"metadata.{name}"
    carried = {_ALIASES.get(str(name), str(name)): value for name, value in metadata.items()}
    if isinstance(get(run, "extra", "invocation_params", "model"), str):
        carried.setdefault("gen_ai.request.model", run["extra"]["invocation_params"]["model"])
    describe(event, {**carried, **tagged(run.get("tags"))}, given, got)
    yield event
    feedback = run.get("feedback_stats")
    for name, stats in feedback.items() if isinstance(feedback, Mapping) else ():
        yield {
            "line": line,
            "kind": "evaluation",
            "declared_by": "format",
            "name": str(name),
            "ts_us": event["end_us"],
            "trace_id": event["trace_id"],
            "parent_span_id": event["span_id"],
            "request_id": event.get("request_id"),
            "request_id_source": event.get("request_id_source"),
            "eval_name": str(name),
            "eval_score": score(get(stats, "avg")),
        }


def _place_agent(event: Event, metadata: Mapping[str, Any]) -> None:
    """LangGraph names the node, newer agents themselves; the run of that name is the agent, the others are its work."""
    name = text_of(metadata.get("lc_agent_name")) or text_of(metadata.get("langgraph_node"))
    event["agent_name"] = name
    if event["kind"] == "workflow" and name is not None and name == event["name"]:
        event["kind"] = "agent"
        if metadata.get("lc_agent_name") != name:
            event["declared_by"] = "guess"  # a node of a graph is an agent, or a step like any other


def _place_outcome(event: Event, run: Mapping[str, Any]) -> None:
    error, raw = run.get("error"), run.get("status")
    if error:
        event["error_type"], event["error_message"] = fault(error)
    outcome(event, raw, bool(error) or values.status(raw) == "error", event["end_us"] is not None)
    if event["status"] is None:
        event["status"] = values.status(raw) or "pending"


def fault(error: Any) -> tuple[str | None, str | None]:
    """An error's type and message, from a text such as `ValueError('no')` with a traceback below it."""
    text = error if isinstance(error, str) else values.canonical(error)
    shown = _REPR.match(text)
    if shown:
        return shown.group(1).rpartition(".")[2], shown.group(3)
    lines = text.strip().splitlines() or [""]
    head = lines[-1] if lines[0].startswith("Traceback") else lines[0]
    kind = values.error_type(head)
    return kind, head.partition(": ")[2] if kind and ": " in head else head


def _place_tokens(event: Event, run: Mapping[str, Any], metadata: Mapping[str, Any]) -> None:
    got = run.get("outputs")
    said = get(got, "generations", 0, 0, "message", "kwargs") or get(got, "generations", 0, 0, "message")
    told = get(got, "llm_output")
    usage = next(
        (
            one
            for one in (
                get(got, "usage_metadata"),
                metadata.get("usage_metadata"),
                get(said, "usage_metadata"),
                get(told, "token_usage"),
                get(got, "usage"),
            )
            if isinstance(one, Mapping)
        ),
        {},
    )
    for column, own, names in (
        ("input_tokens", "prompt_tokens", ("input_tokens", "prompt_tokens")),
        ("output_tokens", "completion_tokens", ("output_tokens", "completion_tokens")),
    ):
        read = (values.number(one) for one in (run.get(own), *(usage.get(name) for name in names)))
        event[column] = next((one for one in read if one is not None), None)
    event["cache_read_tokens"] = values.number(get(usage, "input_token_details", "cache_read"))
    event["cache_creation_tokens"] = values.number(get(usage, "input_token_details", "cache_creation"))
    event["reasoning_tokens"] = values.number(get(usage, "output_token_details", "reasoning"))
    event["cost_usd"] = score(run.get("total_cost"))
    if event["kind"] == "llm_call":
        event["model_response"] = (
            text_of(get(got, "model"))
            or text_of(get(said, "response_metadata", "model_name"))
            or text_of(get(told, "model_name"))
        )


def _place_tool(event: Event, given: Any, got: Any) -> tuple[Any, Any]:
    """A tool's arguments and result out of their wrapping; a tool message carries the call's id and its status."""
    result = got["output"] if isinstance(got, Mapping) and len(got) == 1 and "output" in got else got
    message = get(result, "kwargs") or result
    if get(message, "tool_call_id") is not None:
        event["tool_call_id"] = text_of(get(message, "tool_call_id"))
        if values.status(get(message, "status")) == "error" and event["status"] == "ok":
            event["status"], event["status_raw"] = "error", "error"
            event["error_message"] = values.excerpt(get(message, "content"))
        result = get(message, "content")
    arguments = given["input"] if isinstance(given, Mapping) and len(given) == 1 and "input" in given else given
    return arguments, result


def tagged(tags: Any) -> dict[str, Any]:
    """Tags such as `sdb.kind:commit` as attributes; other tags are words for people."""
    found: dict[str, Any] = {}
    for tag in tags if isinstance(tags, list) else ():
        name, mark, value = str(tag).partition(":")
        if mark and name.startswith(("sdb.", "gen_ai.")):
            found[name] = value.strip()
    return found


FORMATS = (Format("langsmith_runs", "LangSmith runs", "langsmith", _sniff, _read),)
