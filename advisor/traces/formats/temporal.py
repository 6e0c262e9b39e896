"""Temporal histories: documents of one run, lists and JSON lines of them, and JSON lines of bare events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain, pairwise
from typing import Any

from advisor.traces import values
from advisor.traces.formats.temporal_rows import rows
from advisor.traces.formats.temporal_values import is_event, type_of
from advisor.traces.records import Event, Format, Record, Source, each, element_lines, get, line_at, most

_PLACES = (("events",), ("history", "events"))
"""Where a history holds its events: as the command line and the SDKs write it, and as the server's API answers."""


def _events(value: Any) -> tuple[tuple[str, ...], list[Any]] | None:
    for place in _PLACES:
        found = get(value, *place)
        if isinstance(found, list):
            return place, found
    return None


def _is_one(value: Mapping[str, Any]) -> bool:
    held = _events(value)
    return is_event(value) if held is None else any(is_event(event) for event in held[1][:20])


def _sniff(source: Source) -> bool:
    return source.shape in ("lines", "document") and most(source.sample, _is_one)


def _read(source: Source) -> Iterator[Event]:
    text = source.text.split("\n") if source.text else []
    bare: list[Record] = []
    last = 0
    for record, following in pairwise(chain(each(source), (None,))):
        if record is None:
            break
        held = _events(record.value)
        if held is None and type_of(record.value) is not None:
            number = values.number(record.value.get("eventId")) or 0
            if bare and number <= last:
                yield from rows(bare)
                bare = []
            bare.append(record)
            last = number
            continue
        yield from rows(bare)
        bare = []
        if held is None:
            source.bad(record.line, "is neither a history nor an event of one")
            continue
        place, events = held
        until = following.line if following else len(text)
        head, brace, rest = "\n".join(text[record.line - 1 : until]).partition("{")
        inside = element_lines(brace + rest, place) if brace else []
        before = record.line - 1 + head.count("\n")
        run: list[Record] = []
        for index, event in enumerate(events):
            line = before + line_at(inside, index)
            if type_of(event) is None:
                source.bad(line, "is no event of a history")
            else:
                run.append(Record(line, event))
        yield from rows(run)
    yield from rows(bare)


FORMATS = (Format("temporal_history", "Temporal history", "temporal", _sniff, _read),)
