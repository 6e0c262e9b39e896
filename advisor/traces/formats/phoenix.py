"""Phoenix's spans, in OpenInference's words: JSON from its API and clients, tables from its data frames.

A data frame has a column for each attribute (`attributes.llm.model_name`) and for the context (`context.span_id`).
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Mapping
from typing import Any

from advisor.traces import values
from advisor.traces.formats.chat import loaded
from advisor.traces.formats.spans import KIND_OF, describe, outcome, peek, within
from advisor.traces.records import Event, Format, Source, get, most, text_of

_LONGEST_LITERAL = 200_000


def _sniff(source: Source) -> bool:
    return most(peek(source, "data", "spans"), _is_span)


def _is_span(value: Mapping[str, Any]) -> bool:
    placed = get(value, "context", "span_id") is not None or "context.span_id" in value
    return placed and "span_kind" in value and ("status_code" in value or "start_time" in value)


def _read(source: Source) -> Iterator[Event]:
    for line, value in within(source, "data", "spans"):
        if not isinstance(value, Mapping) or not ("context" in value or "context.span_id" in value):
            source.bad(line, "is no span")
            continue
        yield from _span(line, value)


def _span(line: int, span: Mapping[str, Any]) -> Iterator[Event]:
    context = _parsed(span.get("context"))
    attributes = dict(_attributes(span))
    # A table has no nulls inside a row of its own: a column that is empty here was another span's.
    event: Event = {
        "line": line,
        "name": text_of(span.get("name")),
        "ts_us": values.instant(span.get("start_time")),
        "end_us": values.instant(span.get("end_time")),
        "trace_id": text_of(get(context, "trace_id")) or text_of(span.get("context.trace_id")),
        "span_id": text_of(get(context, "span_id")) or text_of(span.get("context.span_id")),
        "parent_span_id": text_of(span.get("parent_id")),
        "kind": KIND_OF.get(values.word(span.get("span_kind"))),
    }
    others = []
    events = _parsed(span.get("events"))
    for one in events if isinstance(events, list) else ():
        carried = get(one, "attributes") or {}
        if get(one, "name") == "exception":
            event["error_type"] = text_of(get(carried, "exception.type")) or text_of(get(carried, "exception", "type"))
            event["error_message"] = text_of(get(carried, "exception.message")) or text_of(
                get(carried, "exception", "message")
            )
        elif isinstance(one, Mapping) and isinstance(carried, Mapping):
            others.append((one, carried))
    code = span.get("status_code")
    failed = str(code).upper().rpartition(".")[2] == "ERROR"
    event["error_type"] = event.get("error_type") or text_of(attributes.get("error.type"))
    if failed and event.get("error_message") is None:
        event["error_message"] = told = text_of(span.get("status_message"))
        event["error_type"] = event["error_type"] or values.error_type(told)
    outcome(event, code, failed, event["end_us"] is not None)
    describe(event, attributes)
    yield event
    for one, carried in others:
        point: Event = {
            "line": line,
            "kind": "log",
            "name": text_of(one.get("name")),
            "ts_us": values.instant(one.get("timestamp")),
            "trace_id": event["trace_id"],
            "parent_span_id": event["span_id"],
            "request_id": event.get("request_id"),
            "request_id_source": event.get("request_id_source"),
        }
        describe(point, carried)
        yield point
    annotations = span.get("annotations") or span.get("span_annotations")
    for one in annotations if isinstance(annotations, list) else ():
        yield _annotation(line, one, event)


def _attributes(span: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    given = _parsed(span.get("attributes"))
    if isinstance(given, Mapping):
        yield from ((str(name), value) for name, value in given.items())
    for name, value in span.items():
        if str(name).startswith("attributes.") and value is not None:
            yield str(name)[len("attributes.") :], _whole(name, value)


def _whole(name: str, value: Any) -> Any:
    """A table's cell: text that holds an object is parsed; content is not, its hash is over canonical text anyway."""
    return value if name.endswith(".value") else _parsed(value)


def _parsed(value: Any) -> Any:
    """Text that holds JSON, or a Python literal as pandas writes objects to CSV, as what it holds."""
    read = loaded(value)
    if not isinstance(read, str) or read[:1] not in ("{", "[") or len(read) > _LONGEST_LITERAL:
        return read
    try:
        return json.loads(json.dumps(ast.literal_eval(read), default=str))
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return read


def _annotation(line: int, one: Any, span: Event) -> Event:
    return {
        "line": line,
        "kind": "evaluation",
        "declared_by": "format",
        "name": text_of(get(one, "name")),
        "ts_us": values.instant(get(one, "created_at")),
        "trace_id": span["trace_id"],
        "parent_span_id": span["span_id"],
        "request_id": span.get("request_id"),
        "request_id_source": span.get("request_id_source"),
        "eval_name": text_of(get(one, "name")),
        "eval_score": score(get(one, "result", "score")),
        "eval_label": text_of(get(one, "result", "label")),
        "reason_text": values.excerpt(get(one, "result", "explanation")),
    }


def score(value: Any) -> float | None:
    """A score as a number; None where it is none."""
    try:
        return None if isinstance(value, bool) or value is None else float(value)
    except (TypeError, ValueError, OverflowError):
        return None


FORMATS = (Format("phoenix_spans", "Phoenix (OpenInference)", "openinference", _sniff, _read),)
