"""Whether a source of no known format is a log at all: what says neither when nor what happened is refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from advisor.traces.columns import by_name
from advisor.traces.generic.reader import GenericReader
from advisor.traces.generic.text import records_of
from advisor.traces.mapping import SourceRule
from advisor.traces.records import Event, Record, Source

LEAST_KNOWN = 0.5
"""The share of a sample's records that must say when something happened or what it was."""
LEAST_TIMED = 0.1
"""The share of a text's lines that must start with a time; consoles mix logs with all sorts of output."""
LOOKED_AT = 200
_SHAPES = {
    "lines": "JSON lines",
    "document": "a JSON document",
    "csv": "a table",
    "text": "text",
    "parquet": "Parquet",
}


class Unknown(Exception):
    """A source that is no log as far as can be seen; its text says what was seen."""


def recognised(source: Source, rule: SourceRule) -> None:
    """Passes a source that looks like a log, or of which the user's rule knows a record.

    Raises:
        Unknown: It looks like none.
    """
    reader = GenericReader(rule, lambda name, kind, line: None)
    reader.look_at(source)
    sample = list(source.sample[:LOOKED_AT])
    if rule != SourceRule() and any(reader.mapped(value) for value in sample):
        return
    if source.shape == "text":
        numbered = (Record(at, value) for at, value in enumerate(sample))
        sample = [record.value for record, _ in records_of(numbered)]
        timed = sum(1 for value in sample if "ts" in (reader.record(value) or {}))
        if timed >= LEAST_TIMED * len(sample) and timed > 2:
            return
    records = [reader.record(value) for value in sample]
    told = sum(1 for value, record in zip(sample, records, strict=True) if record and _tells(source, value, reader))
    if told and told >= LEAST_KNOWN * len(sample):
        return
    shape = _SHAPES.get(source.shape, source.shape)
    if source.shape == "text":
        raise Unknown(f"is text; of its first {len(sample)} lines {told} look like a log's, with a time or a tag")
    keys = list(dict.fromkeys(str(key)[:40] for record in records if record for key in record))
    if source.shape == "csv" and all(not any(record.values()) for record in records if record):
        raise Unknown(f"is a table without rows, with the columns {', '.join(keys[:12])}")
    seen = f"with the fields {', '.join(keys[:12])}" if keys else "without fields"
    raise Unknown(f"is {shape} {seen}, which say neither when nor what happened")


def _tells(source: Source, value: Any, reader: GenericReader) -> bool:
    record = reader.record(value) or {}
    events = list(reader.events(record, 0))
    if any(event.get("ts_us") is not None or event["kind"] != "log" for event in events):
        if source.shape != "document" or len(source.sample) > 1:
            return True
        # A lone document often has a date; a log's record also has a name or a case.
        return any(event["kind"] != "log" or event.get("request_id") or event.get("name") for event in events)
    # Lines of a console may have no time; a tag or a level before the text, or words with pairs, mark a log.
    return source.shape == "text" and bool({"tag", "level"} & set(record) or _has_pairs(record))


def _has_pairs(record: Mapping[str, Any]) -> bool:
    return "event" in record and len(record) > 3


def with_kinds(events: Iterator[Event], rule: SourceRule) -> Iterator[Event]:
    """Rows of a known format with the user's kinds: a rule's `field` is a column there, `event` the row's name."""
    if not rule.kinds:
        yield from events
        return
    public = {column.stored: column.name for column in by_name().values()}
    for event in events:
        leaves = {public.get(name, name): value for name, value in event.items()}
        name = event.get("name")
        found = next((kind for kind in rule.kinds if kind.matches(leaves, None if name is None else str(name))), None)
        if found and event.get("kind") != "unknown":
            event.update({**found.stored, "kind": found.kind, "declared_by": "mapping"})
        yield event
