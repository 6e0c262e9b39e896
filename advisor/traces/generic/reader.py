"""Application records into events: fields to columns, names to kinds; what is mapped comes before what is guessed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from advisor.traces import values
from advisor.traces.attributes import convert, finish
from advisor.traces.columns import by_name
from advisor.traces.generic.fields import (
    EVENT_NAMES,
    LEVELS,
    NAMES,
    READ_BESIDE,
    SENTENCES,
    Fields,
    Target,
    Written,
    flat,
)
from advisor.traces.generic.kinds import guess
from advisor.traces.generic.tally import Tally
from advisor.traces.generic.text import record_of, records_of, with_behind, with_pairs
from advisor.traces.lines import Note
from advisor.traces.mapping import KindRule, SourceRule
from advisor.traces.records import Event, Source, each, get

Guessed = Callable[[str, str, int], None]
"""Told of each guessed kind: the event's name, the kind, the line."""
SERIOUS = ("error", "err", "critical", "crit", "fatal", "alert", "emergency", "panic")
_NO_VALUE = frozenset(["null", "none", "n/a", "na", "nan", "nil", "-", "undefined"])
MEASURES = frozenset(["number", "flag", "instant", "milliseconds", "money"])
LONGEST_NAME = 200


class GenericReader:
    """Reads one source's records under the user's rule for it (an empty one: everything is declared or guessed)."""

    def __init__(self, rule: SourceRule, guessed: Guessed, tally: Tally | None = None, file: str = "") -> None:
        """Prepares the rule's fields and patterns.

        Args:
            rule: The user's rule.
            guessed: Told of each guessed kind.
            tally: Where unused fields and values that could not be read are counted.
            file: The file's name, for the tally.
        """
        self._rule = rule
        self._guessed = guessed
        self._tally = tally
        self._file = file
        self._fields = Fields(rule.fields, rule.infer)
        self._lines = [re.compile(line) for line in rule.lines]
        self._by_kind = {
            id(kind): Fields({**rule.fields, **kind.fields}, rule.infer) for kind in rule.kinds if kind.fields
        }
        self._written: datetime | None = None

    def read(self, source: Source) -> Iterator[Event]:
        """Every record as one event, or as several where a rule explodes a list."""
        self.look_at(source)
        for line, record in self._records(source):
            for event in self.events(record, line, source.bad):
                event["line"] = line
                yield event

    def look_at(self, source: Source) -> None:
        """Keeps when the file was written: times in lines of text may lack their year."""
        try:
            self._written = datetime.fromtimestamp(source.path.stat().st_mtime, UTC)
        except (OSError, OverflowError, ValueError):
            self._written = None

    def _records(self, source: Source) -> Iterator[tuple[int, Mapping[str, Any]]]:
        if source.shape == "text":
            for found, behind in records_of(source.records):
                yield found.line, with_behind(dict(self.record(str(found.value)) or {}), behind)
            return
        for line, value in each(source):
            if isinstance(value, Mapping):
                yield line, self.record(value) or {}
            else:
                source.bad(line, f"is {_what(value)}, no object")

    def record(self, value: Any) -> Mapping[str, Any] | None:
        """A JSON object as it is, a line of text through the user's patterns or the built-in scan."""
        if isinstance(value, Mapping):
            return with_pairs(value) if self._rule.infer else value
        if not isinstance(value, str):
            return None
        for pattern in self._lines:
            if found := pattern.search(value[:8192]):
                named = {name: text for name, text in found.groupdict().items() if text is not None}
                return {**record_of(value, self._written), **named} if self._rule.kv else named
        return record_of(value, self._written)

    def mapped(self, value: Any) -> bool:
        """Whether the user's rule speaks of a record: a pattern, a field or a kind of it fits."""
        if isinstance(value, str) and any(pattern.search(value[:8192]) for pattern in self._lines):
            return True
        record = self.record(value)
        if record is None:
            return False
        leaves = dict(flat(record))
        if self._kind_rule(leaves):
            return True
        return any((found := self._fields.target(path)) and found.origin == "mapping" for path in leaves)

    def events(self, record: Mapping[str, Any], line: int, bad: Note | None = None) -> Iterator[Event]:
        """The events of one record; values that a column of the user's or the emitter's choice cannot hold are bad."""
        leaves = dict(flat(record))
        rule = self._kind_rule(leaves)
        fields = self._by_kind.get(id(rule), self._fields) if rule else self._fields
        if not (rule and rule.explode):
            yield self._event(leaves, fields, rule, line, bad)
            return
        items = get(record, *rule.explode.split("."))
        for item in items if isinstance(items, list) and items else [None]:
            inner = _item(rule.explode, item)
            event = self._event({**leaves, **inner}, fields, rule, line, bad)
            if event.get(rule.exploded) is None and item is not None:
                one = get(item, "id") if isinstance(item, Mapping) else item
                event[rule.exploded] = values.canonical(item if one is None else one)
            yield event

    def _event(
        self, leaves: Mapping[str, Any], fields: Fields, rule: KindRule | None, line: int, bad: Note | None
    ) -> Event:
        event, origins = self._columns(leaves, fields, line, bad)
        self._name(event, origins, leaves)
        self._kind(event, leaves, rule, line)
        self._close(event, leaves)
        return event

    def _columns(
        self, leaves: Mapping[str, Any], fields: Fields, line: int, bad: Note | None
    ) -> tuple[Event, dict[str, Target]]:
        event: Event = {}
        ranks: dict[str, Target] = {}
        raw = 1000
        for path, value in leaves.items():
            target = fields.target(path)
            if target is None:
                if self._tally and path not in READ_BESIDE:
                    self._tally.unuse(path)
                continue
            if value is None or value == "" or not target.takes(value):
                continue
            stored = target.column.stored
            if target.column.name == "status" and target.rank < raw:
                event["status_raw"], raw = str(value), target.rank
            if stored in ranks and ranks[stored].rank <= target.rank:
                continue
            read = self._read(target, value)
            if read is None:
                self._misread(target, path, value, line, bad)
                continue
            event[stored] = read
            ranks[stored] = target
            if target.column.name == "request_id":
                event["request_id_source"] = path
        return event, ranks

    def _read(self, target: Target, value: Any) -> Any:
        if self._rule.timezone and target.column.unit == "instant":
            value = values.in_zone(value, self._rule.timezone)
        return convert(target.column, value)

    def _misread(self, target: Target, path: str, value: Any, line: int, bad: Note | None) -> None:
        measured = target.column.unit in MEASURES
        if measured and isinstance(value, str) and values.word(value) in _NO_VALUE:
            return
        if self._tally:
            self._tally.misread(path, target.column.name, self._file, line)
        if bad and measured and target.origin != "guess":
            bad(line, f"{path[:80]} is {_shown(value)}, which is no {_UNITS[target.column.unit]}")

    def _kind_rule(self, leaves: Mapping[str, Any]) -> KindRule | None:
        if not self._rule.kinds:
            return None
        name = _named(leaves, EVENT_NAMES)
        return next((rule for rule in self._rule.kinds if rule.matches(leaves, name)), None)

    def _name(self, event: Event, origins: Mapping[str, Target], leaves: Mapping[str, Any]) -> None:
        """The event's name: as mapped, or what a field that holds event names says, or a `name`, or a message."""
        own = origins.get("name")
        if own and own.origin == "mapping":
            return
        name = _named(leaves, NAMES, event.get("kind")) or event.get("name") or _named(leaves, SENTENCES)
        if name:
            event["name"] = str(name)[:LONGEST_NAME]

    def _kind(self, event: Event, leaves: Mapping[str, Any], rule: KindRule | None, line: int) -> None:
        if rule:
            event["kind"], event["declared_by"] = rule.kind, "mapping"
            event.update(rule.stored)
            return
        if event.get("kind"):
            event["declared_by"] = "emitter"
            return
        for key in EVENT_NAMES if self._rule.infer else ():
            said = leaves.get(key)
            found = guess(said) if isinstance(said, str) and not isinstance(said, Written) else None
            if found:
                event["kind"], event["declared_by"] = found.kind, "guess"
                for column, value in found.columns:
                    event.setdefault(column, convert(by_name()[column], value))
                self._guessed(said or "", found.kind, line)
                return
        event["kind"], event["declared_by"] = "log", "guess"

    def _close(self, event: Event, leaves: Mapping[str, Any]) -> None:
        if event.get("status") is None and event["kind"] == "log" and _serious(leaves):
            event["status"] = "error"
        # A retry counted from zero is the attempt after it.
        if event.get("attempt") is None and (retry := values.number(leaves.get("retry_count"))) is not None:
            event["attempt"] = retry + 1
        finish(event)
        if event.get("request_id") is None and event.get("trace_id"):
            event["request_id"], event["request_id_source"] = event["trace_id"], "trace_id"


_UNITS = {
    "number": "whole number",
    "flag": "yes or no",
    "instant": "time",
    "milliseconds": "number of milliseconds",
    "money": "number",
}


def _named(leaves: Mapping[str, Any], keys: Iterable[str], unless: str | None = None) -> str | None:
    for key in keys:
        said = leaves.get(key)
        if isinstance(said, str) and said and not isinstance(said, Written) and not (key == "kind" and unless):
            return said
    return None


def _serious(leaves: Mapping[str, Any]) -> bool:
    """Whether a record's level is an error's: by word, by journald's priority, or by a number, as pino writes it."""
    for key in LEVELS:
        level = leaves.get(key)
        if level is None or level == "":
            continue
        if (number := values.number(level)) is not None:
            return 0 <= number <= 3 if key == "PRIORITY" else number >= 50
        return str(level).lower() in SERIOUS
    return False


def _item(path: str, item: Any) -> dict[str, Any]:
    """An exploded list's item as leaves: `payload.undo[]`, or `payload.undo[].system` for what is in it."""
    if isinstance(item, Mapping):
        return {f"{path}[].{inner}": value for inner, value in flat(item)}
    return {} if item is None else {f"{path}[]": Written(values.canonical(item)) if isinstance(item, list) else item}


def _what(value: Any) -> str:
    if value is None:
        return "null"
    return {bool: "a truth value", int: "a number", float: "a number", list: "a list"}.get(type(value), "text")


def _shown(value: Any) -> str:
    shown = ascii(value) if isinstance(value, str) else str(value)
    return shown if len(shown) <= 40 else f"{shown[:37]}..."
