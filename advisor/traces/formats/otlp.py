"""OTLP in JSON: spans and log records, batch by batch; as SDKs, the collector and Phoenix write them.

Both spellings of the protocol are read (`startTimeUnixNano`, `start_time_unix_nano`), spans inside the old
`instrumentationLibrarySpans`, and spans without their batch. A span is one row; an exception among its events belongs
to it, any other event is a row of its own. Metrics become `log` rows.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from advisor.traces import values
from advisor.traces.formats.chat import loaded
from advisor.traces.formats.places import starts
from advisor.traces.formats.span_events import content_of
from advisor.traces.formats.spans import describe, flat, kind_of, outcome, peek, settle, within
from advisor.traces.records import Event, Format, Record, Source, get, most

_BATCHES = {"resourceSpans": "span", "resourceLogs": "log", "resourceMetrics": "metric"}
_BATCHES |= {"resource_spans": "span", "resource_logs": "log", "resource_metrics": "metric"}
_SCOPES = {
    "span": ("scopeSpans", "scope_spans", "instrumentationLibrarySpans", "instrumentation_library_spans"),
    "log": ("scopeLogs", "scope_logs", "instrumentationLibraryLogs", "instrumentation_library_logs"),
    "metric": ("scopeMetrics", "scope_metrics", "instrumentationLibraryMetrics", "instrumentation_library_metrics"),
}
_ITEMS = {"span": ("spans",), "log": ("logRecords", "log_records", "logs"), "metric": ("metrics",)}
_MESSAGES = {
    "gen_ai.system.message": "system",
    "gen_ai.user.message": "user",
    "gen_ai.assistant.message": "assistant",
    "gen_ai.choice": "assistant",
}
_FAILED = frozenset({"2", "error", "status_code_error"})
_DEEPEST = 32


def _sniff(source: Source) -> bool:
    return most(peek(source, "data", "spans"), lambda r: any(key in r for key in _BATCHES) or _is_span(r))


def _is_span(value: Any) -> bool:
    return (
        isinstance(value, Mapping)
        and _of(value, "spanId") is not None
        and _of(value, "startTimeUnixNano") is not None
        and "name" in value
    )


def _read(source: Source) -> Iterator[Event]:
    lines: Iterator[int] = iter(())
    if source.shape == "document" and "\n" in source.text:
        lines = starts(source.text, *(name for names in _ITEMS.values() for name in names))
    for record in within(source, "data", "spans"):
        if not isinstance(record.value, Mapping):
            source.bad(record.line, "is no object")
        elif any(key in record.value for key in _BATCHES):
            made = list(_batch(record, lines, source.bad))
            settle(made)
            yield from made
        elif _is_span(record.value):
            yield from rows_of_span(record.line, record.value, {}, source.bad)
        else:
            source.bad(record.line, "is neither a batch of spans or logs nor a span")


def _batch(record: Record, lines: Iterator[int], bad: Callable[[int, str], None]) -> Iterator[Event]:
    """The rows of one export request."""
    seen = False
    for key, kind in _BATCHES.items():
        for part in _list(record.value.get(key)):
            about = decoded(get(part, "resource", "attributes"))
            for scope in (one for name in _SCOPES[kind] for one in _list(get(part, name))):
                for item in (one for name in _ITEMS[kind] for one in _list(get(scope, name))):
                    seen = True
                    if not isinstance(item, Mapping):
                        bad(record.line, f"holds a {kind} that is no object")
                        continue
                    yield from _READ[kind](next(lines, record.line), item, about, bad)
    if not seen:
        yield {"line": record.line, "kind": "log", "declared_by": "format", "name": "empty batch"}


def rows_of_span(
    line: int, span: Mapping[str, Any], about: Mapping[str, Any], bad: Callable[[int, str], None]
) -> Iterator[Event]:
    """A span's row, and one for each of its events that is no exception."""
    attributes = decoded(span.get("attributes"))
    start, end = values.instant(_of(span, "startTimeUnixNano")), values.instant(_of(span, "endTimeUnixNano"))
    event: Event = {
        "line": line,
        "name": _word(span.get("name")),
        "ts_us": start,
        "end_us": end,
        "trace_id": identity(_of(span, "traceId"), 16),
        "span_id": identity(_of(span, "spanId"), 8),
        "parent_span_id": identity(_of(span, "parentSpanId"), 8),
    }
    others: list[tuple[Mapping[str, Any], dict[str, Any]]] = []
    for one in _list(span.get("events")):
        if not isinstance(one, Mapping):
            bad(line, "holds a span event that is no object")
            continue
        carried = decoded(one.get("attributes"))
        if one.get("name") == "exception":
            event["error_type"] = _word(carried.get("exception.type")) or event.get("error_type")
            event["error_message"] = _word(carried.get("exception.message")) or event.get("error_message")
        else:
            others.append((one, carried))
    code = get(span, "status", "code")
    failed = str(code).lower() in _FAILED
    if failed and event.get("error_message") is None:
        event["error_message"] = _word(get(span, "status", "message"))
    event["error_type"] = _word(attributes.get("error.type")) or event.get("error_type")
    failed = failed or "error.type" in attributes or str(attributes.get("gen_ai.tool.status")).lower() == "error"
    outcome(event, code if code is not None else "UNSET", failed, end is not None)
    attributes = {**_of_resource(about), **attributes}
    event["kind"] = kind_of(flat(attributes))
    told, others = content_of(event["kind"], [(_word(one.get("name")), one, carried) for one, carried in others])
    describe(event, {**told.more, **attributes}, told.given, told.got)
    yield event
    for one, carried in others:
        yield _point(line, one, carried, about, event)


def _point(
    line: int, one: Mapping[str, Any], attributes: dict[str, Any], about: Mapping[str, Any], span: Event
) -> Event:
    """A row from something that happened inside a span: one of its events, or a log record."""
    name = _word(_of(one, "eventName")) or _word(attributes.get("event.name")) or _word(one.get("name"))
    event: Event = {
        "line": line,
        "name": name,
        "ts_us": values.instant(_of(one, "timeUnixNano")),
        "trace_id": span.get("trace_id"),
        "parent_span_id": span.get("span_id"),
        "kind": "log",
    }
    body = loaded(unwrapped(one.get("body")))
    if isinstance(body, Mapping):
        attributes = {**body, **attributes}
    if name == "gen_ai.evaluation.result":
        event["kind"] = "evaluation"
        event["reason_text"] = _word(attributes.get("gen_ai.evaluation.explanation"))
    elif name in _MESSAGES:
        event["kind"], event["agent_name"] = "message", _MESSAGES[name]
        said = get(attributes, "message", "content") if name == "gen_ai.choice" else None
        event["text"] = values.excerpt(said or attributes.get("content") or attributes.get("gen_ai.event.content"))
    elif name == "gen_ai.tool.message":
        event["kind"], event["tool_call_id"] = "tool_result", _word(attributes.get("id"))
        event["result_fp"] = values.fingerprint(attributes.get("content"))
        event["text"] = values.excerpt(attributes.get("content"))
    elif not isinstance(body, Mapping):
        event["text"] = values.excerpt(body)
    if span.get("request_id_source") not in (None, "trace_id"):
        event["request_id"], event["request_id_source"] = span["request_id"], span["request_id_source"]
    event["declared_by"] = "format"
    describe(event, {**_of_resource(about), **attributes})
    return event


def _log(
    line: int, entry: Mapping[str, Any], about: Mapping[str, Any], bad: Callable[[int, str], None]
) -> Iterator[Event]:
    attributes = decoded(entry.get("attributes"))
    place = {"trace_id": identity(_of(entry, "traceId"), 16), "span_id": identity(_of(entry, "spanId"), 8)}
    event = _point(line, entry, attributes, about, place)
    event["observed_us"] = values.instant(_of(entry, "observedTimeUnixNano"))
    if event.get("ts_us") is None:
        event["ts_us"] = event["observed_us"]
    yield event


def _metric(
    line: int, metric: Mapping[str, Any], about: Mapping[str, Any], bad: Callable[[int, str], None]
) -> Iterator[Event]:
    yield {"line": line, "kind": "log", "declared_by": "format", "name": _word(metric.get("name"))}


_READ: dict[str, Callable[..., Iterator[Event]]] = {"span": rows_of_span, "log": _log, "metric": _metric}


def _of_resource(about: Mapping[str, Any]) -> dict[str, Any]:
    """A resource's attributes that say something about every row: bare names are its own and say nothing of a row."""
    return {key: value for key, value in about.items() if "." in key}


def decoded(attributes: Any) -> dict[str, Any]:
    """OTLP's list of keys and typed values as a dict; a plain object is taken as it is."""
    if isinstance(attributes, Mapping):
        return {str(key): unwrapped(value) for key, value in attributes.items()}
    return {
        pair["key"]: unwrapped(pair.get("value"))
        for pair in _list(attributes)
        if isinstance(pair, Mapping) and isinstance(pair.get("key"), str)
    }


def unwrapped(value: Any, depth: int = 0) -> Any:
    """One typed value of OTLP as a plain one; what is none stays as it is."""
    if not isinstance(value, Mapping) or depth > _DEEPEST:
        return value
    # Phoenix writes every alternative of the value, the others as null.
    told = {name: inner for name, inner in value.items() if inner is not None}
    if len(told) != 1:
        return None if not told else value
    name, inner = next(iter(told.items()))
    short = str(name).replace("_v", "V")
    if short == "intValue":
        read = values.number(inner)
        return inner if read is None else read
    if short in ("stringValue", "doubleValue", "boolValue", "bytesValue"):
        return inner
    if short == "arrayValue":
        return [unwrapped(one, depth + 1) for one in _list(get(inner, "values"))]
    if short == "kvlistValue":
        pairs = (one for one in _list(get(inner, "values")) if isinstance(one, Mapping))
        return {str(one.get("key")): unwrapped(one.get("value"), depth + 1) for one in pairs}
    return value


def identity(value: Any, size: int) -> str | None:
    """An id as hexadecimal digits; protobuf's own JSON writes its bytes in base64. None for none, and for all zeros."""
    if not isinstance(value, str) or not value.strip("0"):
        return None
    if len(value) == (size + 2) // 3 * 4:
        try:
            return base64.b64decode(value, validate=True).hex()
        except (binascii.Error, ValueError):
            return value
    return value


def _of(value: Mapping[str, Any], name: str) -> Any:
    """A field in either spelling: `spanId`, `span_id`."""
    if value.get(name) is not None:
        return value[name]
    return value.get("".join(f"_{c.lower()}" if c.isupper() else c for c in name))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _word(value: Any) -> str | None:
    return None if value is None or value == "" else value if isinstance(value, str) else values.canonical(value)


FORMATS = (Format("otlp_json", "OpenTelemetry (OTLP/JSON)", "otlp", _sniff, _read),)
