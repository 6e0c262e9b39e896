"""Application records into events: fields to columns, names to kinds; what is mapped comes before what is guessed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from advisor.traces import values
from advisor.traces.attributes import convert, finish
from advisor.traces.generic.fields import EVENT_NAMES, Fields, flat
from advisor.traces.generic.kinds import guess
from advisor.traces.generic.text import record_of
from advisor.traces.mapping import KindRule, SourceRule
from advisor.traces.records import Event, Source, each, get

Guessed = Callable[[str, str, int], None]
"""Told of each guessed kind: the event's name, the kind, the line."""
_LEVELS = {"error": "error", "critical": "error", "fatal": "error"}


class GenericReader:
    """Reads one source's records under the user's rule for it (an empty one: everything is declared or guessed)."""

    def __init__(self, rule: SourceRule, guessed: Guessed) -> None:
        """Prepares the rule's fields and patterns."""
        self._rule = rule
        self._guessed = guessed
        self._fields = Fields(rule.fields, rule.infer)
        self._lines = [re.compile(line) for line in rule.lines]
        self._by_kind = {
            id(kind): Fields({**rule.fields, **kind.fields}, rule.infer) for kind in rule.kinds if kind.fields
        }

    def read(self, source: Source) -> Iterator[Event]:
        """Every record as one event, or as several where a rule explodes a list."""
        for line, value in each(source):
            record = self.record(value)
            if record is None:
                source.bad(line, "is no object")
            else:
                for event in self.events(record, line):
                    event["line"] = line
                    yield event

    def record(self, value: Any) -> Mapping[str, Any] | None:
        """A JSON object as it is, a line of text through the user's patterns or the built-in scan."""
        if isinstance(value, Mapping):
            return value
        if not isinstance(value, str):
            return None
        for pattern in self._lines:
            if found := pattern.search(value[:8192]):
                named = {name: text for name, text in found.groupdict().items() if text is not None}
                return {**record_of(value), **named} if self._rule.kv else named
        return record_of(value)

    def events(self, record: Mapping[str, Any], line: int) -> Iterator[Event]:
        """The events of one record."""
        leaves = dict(flat(record))
        rule = self._kind_rule(leaves)
        fields = self._by_kind.get(id(rule), self._fields) if rule else self._fields
        event = self._columns(leaves, fields)
        self._kind(event, leaves, rule, line)
        if not (rule and rule.explode):
            self._close(event, leaves)
            yield event
            return
        items = get(record, *rule.explode.split("."))
        for item in items if isinstance(items, list) and items else [None]:
            one = dict(event)
            one[rule.explode_as] = None if item is None else str(item)
            self._close(one, leaves)
            yield one

    def _columns(self, leaves: Mapping[str, Any], fields: Fields) -> Event:
        event: Event = {}
        ranks: dict[str, int] = {}
        for path, value in leaves.items():
            target = fields.target(path)
            if target is None or value is None or value == "":
                continue
            stored = target.column.stored
            if ranks.get(stored, 1000) <= target.rank:
                continue
            local = target.column.unit == "instant" and self._rule.timezone
            read = convert(target.column, values.in_zone(value, local) if local else value)
            if target.column.name == "status":
                event["status_raw"] = str(value)
            if read is None:
                continue
            event[stored] = read
            ranks[stored] = target.rank
            if target.column.name == "request_id":
                event["request_id_source"] = path
        return event

    def _kind_rule(self, leaves: Mapping[str, Any]) -> KindRule | None:
        return next((rule for rule in self._rule.kinds if rule.matches(leaves)), None)

    def _kind(self, event: Event, leaves: Mapping[str, Any], rule: KindRule | None, line: int) -> None:
        said_kind = "kind" if event.get("kind") else None
        names = (leaves.get(key) for key in EVENT_NAMES if key != said_kind)
        name = next((name for name in names if isinstance(name, str) and name), None)
        if name and not event.get("name"):
            event["name"] = name[:200]
        if rule:
            event["kind"], event["declared_by"] = rule.kind, "mapping"
            event.update(rule.stored)
            return
        if event.get("kind"):
            event["declared_by"] = "emitter"
            return
        for key in EVENT_NAMES if self._rule.infer else ():
            said = leaves.get(key)
            found = guess(said) if isinstance(said, str) else None
            if found:
                event["kind"], event["declared_by"] = found.kind, "guess"
                for column, value in found.columns:
                    event.setdefault(column, value)
                self._guessed(said or "", found.kind, line)
                return
        event["kind"], event["declared_by"] = "log", "guess"

    def _close(self, event: Event, leaves: Mapping[str, Any]) -> None:
        level = str(leaves.get("level") or leaves.get("levelname") or leaves.get("severity") or "").lower()
        if event.get("status") is None and event["kind"] == "log" and level in _LEVELS:
            event["status"] = _LEVELS[level]
        # A retry counted from zero is the attempt after it.
        if event.get("attempt") is None and (retry := values.number(leaves.get("retry_count"))) is not None:
            event["attempt"] = retry + 1
        finish(event)
        if event.get("request_id") is None and event.get("trace_id"):
            event["request_id"], event["request_id_source"] = event["trace_id"], "trace_id"
