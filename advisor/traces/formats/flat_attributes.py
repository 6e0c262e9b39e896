"""Records that are flat attributes without an envelope: OpenTelemetry's GenAI names, or OpenInference's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from advisor.traces.formats.spans import describe, outcome
from advisor.traces.records import Event, Format, Source, each, most


def _sniff(source: Source) -> bool:
    return most(source.sample, lambda r: "gen_ai.operation.name" in r or "openinference.span.kind" in r)


def _read(source: Source) -> Iterator[Event]:
    for line, value in each(source):
        if not isinstance(value, Mapping):
            source.bad(line, "is no object")
            continue
        yield event_of(line, value)


def event_of(line: int, attributes: Mapping[str, Any]) -> Event:
    """One row from a record that is a span's attributes and nothing else."""
    event: Event = {"line": line}
    if attributes.get("error.type") not in (None, ""):
        event["error_type"] = str(attributes["error.type"])
        outcome(event, None, failed=True, ended=True)
    describe(event, attributes)
    return event


FORMATS = (Format("flat_attrs", "Flat attributes", "otlp", _sniff, _read),)
