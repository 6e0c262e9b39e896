"""Langfuse's observations: the download of a trace, the API's answers, batch exports and blob storage exports.

JSON from the interface has camelCase names, tables from blob storage snake_case ones; in tables, objects are text that
holds JSON. A field `latency` is never read: it is in milliseconds in some exports and in seconds in others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from advisor.traces import values
from advisor.traces.formats.chat import loaded
from advisor.traces.formats.langsmith import tagged
from advisor.traces.formats.phoenix import score
from advisor.traces.formats.spans import KIND_OF, describe, flat, kind_of, outcome, peek, settle, within
from advisor.traces.records import Event, Format, Source, get, line_at, most, text_of

_TYPES = frozenset("GENERATION TOOL AGENT CHAIN RETRIEVER EVALUATOR EMBEDDING GUARDRAIL SPAN EVENT".split())
_OWN = "level project_id projectId environment provided_model_name usage_details usageDetails status_message".split()
_TOKENS = {
    "input_tokens": "input input_tokens prompt_tokens promptTokens".split(),
    "output_tokens": "output output_tokens completion_tokens completionTokens".split(),
    "cache_read_tokens": """input_cache_read cache_read_input_tokens input_cached_tokens
        prompt_details.cache_read""".split(),
    "cache_creation_tokens": "input_cache_creation cache_creation_input_tokens".split(),
    "reasoning_tokens": "output_reasoning output_reasoning_tokens completion_details.reasoning".split(),
}


def _of(value: Mapping[str, Any], name: str) -> Any:
    """A field in either spelling: `traceId`, `trace_id`."""
    if value.get(name) is not None:
        return value[name]
    return value.get("".join(f"_{c.lower()}" if c.isupper() else c for c in name))


def _sniff(source: Source) -> bool:
    return most(peek(source, "data"), lambda r: _is_trace(r) or _is_observation(r))


def _is_trace(value: Mapping[str, Any]) -> bool:
    observations = value.get("observations")
    if not isinstance(observations, list):
        return False
    trace = value.get("trace", value)
    named = isinstance(trace, Mapping) and isinstance(trace.get("id"), str) and "timestamp" in trace
    return named and all(isinstance(one, Mapping) and _is_observation(one) for one in observations[:50])


def _is_observation(value: Mapping[str, Any]) -> bool:
    typed = isinstance(value.get("type"), str) and value["type"] in _TYPES
    return typed and _of(value, "traceId") is not None and "id" in value and any(name in value for name in _OWN)


def _read(source: Source) -> Iterator[Event]:
    for line, value in within(source, "data"):
        if not isinstance(value, Mapping):
            source.bad(line, "is no object")
        elif isinstance(value.get("observations"), list):
            made = list(_trace(source, line, value))
            settle(made)
            yield from made
        elif _of(value, "traceId") is not None and value.get("type") is not None:
            yield _observation(line, value, {})
        else:
            source.bad(line, "is neither a trace nor an observation")


def _trace(source: Source, line: int, value: Mapping[str, Any]) -> Iterator[Event]:
    """A trace with its observations and scores; the trace's own record is a row that says nothing of its own work."""
    trace = value.get("trace", value)
    if not isinstance(trace, Mapping):
        source.bad(line, "has a trace that is no object")
        trace = {}
    known = text_of(trace.get("id"))
    event: Event = {
        "line": line,
        "kind": "log",
        "name": text_of(trace.get("name")),
        "ts_us": values.instant(trace.get("timestamp")),
        "trace_id": known,
        **_context(trace, {}),
    }
    carried = _metadata(trace, spans=False)  # the attributes are those of its root, which has a row
    describe(event, {**carried, **tagged(loaded(trace.get("tags")))}, loaded(trace.get("input")), trace.get("output"))
    yield event
    lines = source.lines("observations") if source.shape == "document" else []
    for index, one in enumerate(value["observations"]):
        at = line_at(lines, index, line)
        if isinstance(one, Mapping):
            yield _observation(at, one, trace)
        else:
            source.bad(at, "is no observation")
    scores = loaded(trace.get("scores") or value.get("scores"))
    for one in scores if isinstance(scores, list) else ():
        yield _score(line, one, event)


def _observation(line: int, one: Mapping[str, Any], trace: Mapping[str, Any]) -> Event:
    attributes = {**_metadata(one), **tagged(loaded(_of(one, "tags")))}
    given, got = loaded(_of(one, "input")), loaded(_of(one, "output"))
    event: Event = {
        "line": line,
        "name": text_of(_of(one, "name")),
        "ts_us": values.instant(_of(one, "startTime")),
        "end_us": values.instant(_of(one, "endTime")),
        "trace_id": text_of(_of(one, "traceId")) or text_of(trace.get("id")),
        "span_id": text_of(one.get("id")),
        "parent_span_id": text_of(_of(one, "parentObservationId")),
        "prompt_name": text_of(_of(one, "promptName")),
        "prompt_version": text_of(_of(one, "promptVersion")),
        **_context(one, trace),
    }
    _place_kind(event, one, attributes, got)
    model = text_of(_of(one, "model")) or text_of(_of(one, "providedModelName"))
    if event["kind"] in ("llm_call", "embedding") or not attributes.get("gen_ai.request.model"):
        event["model_request"] = model
    _place_usage(event, one)
    event["error_type"] = text_of(attributes.get("error.type"))
    level = _of(one, "level")
    failed = str(level).upper() == "ERROR"
    if failed:
        message = text_of(_of(one, "statusMessage"))
        event["error_message"] = message
        event["error_type"] = event["error_type"] or values.error_type(message)
    if get(got, "tool_call_id") is not None:
        event["tool_call_id"] = text_of(get(got, "tool_call_id"))
        failed = failed or values.status(get(got, "status")) == "error"
        got = get(got, "content")
    if event["agent_name"] is None:
        event["agent_name"] = text_of(attributes.get("lc_agent_name")) or text_of(attributes.get("langgraph_node"))
    outcome(event, level, failed, event["end_us"] is not None)
    describe(event, attributes, given, got)
    return event


def _place_kind(event: Event, one: Mapping[str, Any], attributes: Mapping[str, Any], got: Any) -> None:
    """The kind that the type says; a plain span's as its attributes say, or its result: a tool message is a tool's."""
    kind = str(_of(one, "type")).upper()
    event["kind"] = KIND_OF.get(kind.lower())
    # An instrumentation may report a whole agent as a generation, because it has a model.
    if kind in ("SPAN", "GENERATION"):
        event["kind"] = kind_of(attributes) or event["kind"]
    if kind != "SPAN" or event["kind"] is not None:
        return
    if get(got, "type") == "tool" and get(got, "tool_call_id") is not None:
        event["kind"] = "tool_call"
    elif event["name"] is not None and event["name"] == attributes.get("langgraph_node"):
        event["kind"], event["declared_by"] = "agent", "guess"
    elif event["parent_span_id"] is None and not (
        attributes.get("gen_ai.request.model") or attributes.get("agent_name")
    ):
        event["kind"], event["declared_by"] = "workflow", "guess"


def _context(one: Mapping[str, Any], trace: Mapping[str, Any]) -> Event:
    """What rows have from their trace, where they lack it themselves."""
    session = text_of(_of(one, "sessionId")) or text_of(_of(trace, "sessionId"))
    return {
        "request_id": session,
        "request_id_source": "sessionId" if session else None,
        "environment": text_of(_of(one, "environment")) or text_of(_of(trace, "environment")),
        "code_version": next(
            (text_of(place.get(key)) for place in (one, trace) for key in ("version", "release") if place.get(key)),
            None,
        ),
        "agent_name": None,
    }


def _metadata(one: Mapping[str, Any], spans: bool = True) -> dict[str, Any]:
    """Metadata, with the span's attributes inside it if wanted; what was cut off and is no JSON is nothing."""
    metadata = loaded(_of(one, "metadata"))
    if not isinstance(metadata, Mapping):
        return {}
    inner, resource = loaded(metadata.get("attributes")), loaded(metadata.get("resourceAttributes"))
    own = {key: value for key, value in metadata.items() if key not in ("attributes", "resourceAttributes", "scope")}
    about = {key: value for key, value in _mapping(resource).items() if "." in str(key)}
    return {**flat(about), **flat(own), **(flat(_mapping(inner)) if spans else {})}


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _place_usage(event: Event, one: Mapping[str, Any]) -> None:
    usage = _mapping(loaded(_of(one, "usageDetails"))) or _mapping(loaded(one.get("usage")))
    for column, names in _TOKENS.items():
        read = (values.number(usage.get(name)) for name in names)
        event[column] = next((value for value in read if value is not None), None)
    if event["kind"] == "llm_call" and event["input_tokens"] is None:
        event["input_tokens"] = values.number(_of(one, "promptTokens"))
        event["output_tokens"] = values.number(_of(one, "completionTokens"))
    cost = get(loaded(_of(one, "costDetails")), "total")
    event["cost_usd"] = score(cost if cost is not None else _of(one, "totalCost"))
    if event["kind"] != "llm_call" and not event["cost_usd"]:
        event["cost_usd"] = None


def _score(line: int, one: Any, trace: Event) -> Event:
    return {
        "line": line,
        "kind": "evaluation",
        "declared_by": "format",
        "name": text_of(get(one, "name")),
        "ts_us": values.instant(get(one, "timestamp")),
        "trace_id": text_of(get(one, "traceId")) or trace.get("trace_id"),
        "parent_span_id": text_of(get(one, "observationId")),
        "request_id": trace.get("request_id"),
        "request_id_source": trace.get("request_id_source"),
        "eval_name": text_of(get(one, "name")),
        "eval_score": score(get(one, "value")),
        "eval_label": text_of(get(one, "stringValue")),
        "reason_text": values.excerpt(get(one, "comment")),
    }


FORMATS = (Format("langfuse_trace", "Langfuse", "langfuse", _sniff, _read),)
