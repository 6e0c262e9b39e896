"""Spans as the OpenTelemetry SDK's console exporter prints them: a JSON object each, indented or a line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from advisor.traces.formats.otlp import rows_of_span
from advisor.traces.formats.spans import within
from advisor.traces.records import Event, Format, Source, get, most


def _sniff(source: Source) -> bool:
    return most(source.sample, _is_span)


def _is_span(value: Mapping[str, Any]) -> bool:
    placed = str(get(value, "context", "span_id")).startswith("0x")
    return placed and "start_time" in value and "parent_id" in value and "attributes" in value


def _read(source: Source) -> Iterator[Event]:
    for line, value in within(source):
        if not isinstance(value, Mapping) or not isinstance(value.get("context"), Mapping):
            source.bad(line, "is no span")
            continue
        about = get(value, "resource", "attributes")
        yield from rows_of_span(line, _as_otlp(value), about if isinstance(about, Mapping) else {}, source.bad)


def _as_otlp(span: Mapping[str, Any]) -> dict[str, Any]:
    """The span under OTLP's names."""
    events = span.get("events")
    return {
        "name": span.get("name"),
        "traceId": _identity(get(span, "context", "trace_id")),
        "spanId": _identity(get(span, "context", "span_id")),
        "parentSpanId": _identity(span.get("parent_id")),
        "startTimeUnixNano": span.get("start_time"),
        "endTimeUnixNano": span.get("end_time"),
        "status": {"code": get(span, "status", "status_code"), "message": get(span, "status", "description")},
        "attributes": span.get("attributes"),
        "events": [
            {**one, "timeUnixNano": one.get("timestamp")} if isinstance(one, Mapping) else one
            for one in (events if isinstance(events, list) else ())
        ],
    }


def _identity(value: Any) -> str | None:
    return value.removeprefix("0x") if isinstance(value, str) else None


FORMATS = (Format("otel_console", "OpenTelemetry (console exporter)", "otlp", _sniff, _read),)
