"""What an application's log holds, field by field: how often, how varied, an example, and the column it would fill.

Of a known format only the names of its tools and agents are told, since its fields need no mapping.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from advisor.traces.attributes import convert
from advisor.traces.formats import known
from advisor.traces.generic.fields import EVENT_NAMES, SENTENCES, Fields, Target, Written, flat
from advisor.traces.generic.kinds import Guess, guess
from advisor.traces.generic.reader import GenericReader
from advisor.traces.inputs import Input
from advisor.traces.mapping import SourceRule
from advisor.traces.opening import Refused, open_sources
from advisor.traces.records import Format, Source, each
from advisor.traces.unwrapping import unwrapped
from advisor.traces.values import instant

LOOKED_AT = 5000
"""Records of a file that are looked at."""
MOST_FIELDS = 400
MOST_VALUES = 2000
"""Distinct values of a field that are told apart."""
_LONGEST = 200
NAMED = ("tool_name", "agent_name")
"""Columns whose values are names that facts can be said of."""


@dataclass
class FieldSeen:
    """A field: rows that fill it, its distinct values, the first one, and whether all of them fit the column."""

    target: Target | None
    rows: int = 0
    values: Counter[str] = field(default_factory=Counter)
    example: Any = None
    fits: bool = True
    naive: bool = False

    def add(self, value: Any) -> None:
        """One value."""
        self.rows += 1
        self.example = value if self.example is None else self.example
        text = str(value)[:_LONGEST]
        if text in self.values or len(self.values) < MOST_VALUES:
            self.values[text] += 1
        if self.target is None:
            return
        self.fits = self.fits and self.target.takes(value) and convert(self.target.column, value) is not None
        if self.target.column.unit == "instant" and isinstance(value, str):
            self.naive = self.naive or _is_naive(value)


@dataclass
class SourceSeen:
    """A source of no known format (or of a known one, then `format` says which): its fields and event names.

    Attributes:
        name: The name that evidence cites.
        shape: How it is written: `lines`, `document`, `text`, `csv`, `parquet`.
        format: The known format's title; None where fields have to be guessed.
        records: How many were looked at.
        fields: By path.
        names: Event names by the field that holds them.
        known: Of a known format: how many events bear each name, by column (NAMED).
        example: The first line of a text.
        refused: Why nothing of it can be read.
    """

    name: str
    shape: str = ""
    format: str | None = None
    records: int = 0
    fields: dict[str, FieldSeen] = field(default_factory=dict)
    names: dict[str, Counter[str]] = field(default_factory=dict)
    known: dict[str, Counter[str]] = field(default_factory=dict)
    example: str = ""
    refused: str = ""

    @property
    def guesses(self) -> dict[tuple[str, str], Guess]:
        """The kind guessed for each field and event name, where one is."""
        found = {(key, name): guess(name) for key, names in self.names.items() for name in names}
        return {at: guessed for at, guessed in found.items() if guessed}


def survey(one: Input) -> Iterator[SourceSeen]:
    """Looks at the sources inside a file."""
    try:
        for name, opened in open_sources(one.path, lambda line, why: None):
            for source in unwrapped(opened):
                yield _seen(source, name)
    except Refused as refused:
        yield SourceSeen(one.name, refused=refused.what)
    except OSError as error:
        yield SourceSeen(one.name, refused=f"cannot be read ({(error.strerror or 'unreadable').lower()})")


def _seen(source: Source, name: str) -> SourceSeen:
    found = known(source)
    if found or source.shape == "sqlite":
        title = found.title if found else "SQLite with unknown tables"
        return SourceSeen(name, source.shape, format=title, known=_known(found, source) if found else {})
    seen = SourceSeen(name, source.shape)
    reader = GenericReader(SourceRule(), lambda event, kind, line: None)
    reader.look_at(source)
    fields = Fields()
    if source.shape == "text":
        seen.example = next((str(value) for value in source.sample), "")[:_LONGEST]
    for _, value in islice(each(source), LOOKED_AT):
        record = reader.record(value)
        if record is not None:
            seen.records += 1
            _add(seen, record, fields)
    return seen


def _known(found: Format, source: Source) -> dict[str, Counter[str]]:
    named: dict[str, Counter[str]] = {column: Counter() for column in NAMED}
    for event in islice(found.read(source), LOOKED_AT):
        for column, names in named.items():
            value = event.get(column)
            own = event.get("kind") != "tool_result" and value not in ("user", "human", "system")
            if value and own and (value in names or len(names) < MOST_VALUES):
                names[str(value)[:_LONGEST]] += 1
    return named


def _add(seen: SourceSeen, record: Mapping[str, Any], fields: Fields) -> None:
    for path, value in flat(record):
        if value is None or value == "":
            continue
        if path not in seen.fields:
            if len(seen.fields) >= MOST_FIELDS:
                continue
            seen.fields[path] = FieldSeen(fields.target(path))
        seen.fields[path].add(value)
        if path in EVENT_NAMES and isinstance(value, str) and not isinstance(value, Written):
            names = seen.names.setdefault(path, Counter())
            if value in names or len(names) < MOST_VALUES:
                names[value[:_LONGEST]] += 1


def name_field(seen: SourceSeen) -> str | None:
    """The field that most records name their event in."""
    usual: Sequence[str] = [key for key in EVENT_NAMES if key in seen.names]
    plain = [key for key in usual if key not in SENTENCES]
    ranked = plain or usual
    return next(
        (key for key in ranked if sum(seen.names[key].values()) >= 0.5 * seen.records), next(iter(ranked), None)
    )


def _is_naive(value: str) -> bool:
    """Whether a time says no offset: read as another zone's it is another instant."""
    text = value.strip()
    return instant(text) is not None and ":" in text and not (text.endswith("Z") or "+" in text or "-" in text[16:])
