"""Datadog LLM Observability's spans, as its export API returns them.

The grade is OpenTelemetry's: spans of the same kinds, and no place for gates, approvals or data sets either.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from advisor.traces import values
from advisor.traces.formats.phoenix import score
from advisor.traces.formats.spans import KIND_OF, describe, items, outcome, peek, within
from advisor.traces.records import Event, Format, Source, get, most, text_of

_ROOTS = ("undefined", "0")
_NAMED = {"env": "deployment.environment.name", "version": "service.version", "session_id": "session.id"}


def _sniff(source: Source) -> bool:
    return most(peek(source, "data"), lambda r: _is_span(r) or most(items(r, "data"), _is_span))


def _is_span(value: Any) -> bool:
    span = get(value, "attributes")
    return get(span, "span_kind") is not None and any(get(span, name) is not None for name in ("start_ns", "start_ms"))


def _read(source: Source) -> Iterator[Event]:
    for line, value in within(source, "data"):
        pages = get(value, "data")
        for one in pages if isinstance(pages, list) else [value]:
            span = get(one, "attributes")
            if isinstance(span, Mapping) and span.get("span_kind") is not None:
                yield from _span(line, span)
            else:
                source.bad(line, "is no span")


def _span(line: int, span: Mapping[str, Any]) -> Iterator[Event]:
    tags = _tags(span.get("tags"))
    start = values.instant(span.get("start_ns") or span.get("start_ms"))
    length = score(span.get("duration"))
    parent = text_of(span.get("parent_id"))
    event: Event = {
        "line": line,
        "name": text_of(span.get("name")),
        "kind": KIND_OF.get(values.word(span.get("span_kind"))),
        "ts_us": start,
        "end_us": start + round(length / 1000) if start is not None and length is not None and length < 1e18 else None,
        "trace_id": text_of(span.get("trace_id")),
        "span_id": text_of(span.get("span_id")),
        "parent_span_id": None if parent in _ROOTS else parent,
        "model_request": text_of(span.get("model_name")),
        "provider": text_of(span.get("model_provider")),
        "input_tokens": values.number(get(span, "metrics", "input_tokens")),
        "output_tokens": values.number(get(span, "metrics", "output_tokens")),
        "cache_read_tokens": values.number(get(span, "metrics", "cache_read_input_tokens")),
        "cache_creation_tokens": values.number(get(span, "metrics", "cache_write_input_tokens")),
        "reasoning_tokens": values.number(get(span, "metrics", "reasoning_output_tokens")),
        "error_type": tags.get("error.type"),
        "error_message": tags.get("error.message"),
    }
    raw = span.get("status")
    outcome(event, raw, values.status(raw) == "error", event["end_us"] is not None)
    metadata = span.get("metadata")
    carried = {str(name): value for name, value in metadata.items()} if isinstance(metadata, Mapping) else {}
    describe(event, {**carried, **tags}, _content(span.get("input")), _content(span.get("output")))
    yield event
    graded = span.get("evaluation")
    for name, one in graded.items() if isinstance(graded, Mapping) else ():
        value = get(one, "value") if isinstance(one, Mapping) else one
        yield {
            "line": line,
            "kind": "evaluation",
            "declared_by": "format",
            "name": str(name),
            "trace_id": event["trace_id"],
            "parent_span_id": event["span_id"],
            "request_id": event.get("request_id"),
            "request_id_source": event.get("request_id_source"),
            "eval_name": str(name),
            "eval_score": score(value),
            "eval_label": value if isinstance(value, str) else None,
        }


def _content(value: Any) -> Any:
    """What went in or came out: messages where there are some, the plain value otherwise."""
    return get(value, "messages") or get(value, "value") or get(value, "documents") or None


def _tags(tags: Any) -> dict[str, Any]:
    """Tags, `key:value`, under the names that OpenTelemetry has for them."""
    found: dict[str, Any] = {}
    for tag in tags if isinstance(tags, list) else ():
        name, mark, value = str(tag).partition(":")
        name = _NAMED.get(name, name)
        if mark and value and "." in name:
            found[name] = value
    return found


FORMATS = (Format("datadog_llmobs", "Datadog LLM Observability", "otlp", _sniff, _read),)
