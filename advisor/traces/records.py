"""What lies between a file and a format: records with their lines, the sample that is sniffed, and what went wrong.

A format module declares one `Format`. Its `read` gets a `Source` and yields events: plain dicts whose keys are stored
column names, with `line` among them. It never raises on a bad record: it calls `source.bad` and goes on.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from json import JSONDecoder
from pathlib import Path
from typing import Any, Literal, NamedTuple

Event = dict[str, Any]
SAMPLE = 200
"""Records that are looked at to tell a format."""
CONFIRMED = 0.8
"""The share of the sample's records that has to be of a format."""


class Record(NamedTuple):
    """One parsed JSON value and the line on which it starts."""

    line: int
    value: Any


class Bad(NamedTuple):
    """A record that could not be read: its line (0 where none is known), and why."""

    line: int
    why: str


@dataclass
class Source:
    """One file, or one payload inside it, as a format sees it.

    Attributes:
        path: The file on disk; for SQLite and Parquet readers, which open it themselves.
        shape: `lines` (a JSON value a line), `document` (one JSON value), `text` (lines that are no JSON), or
            `sqlite`, `parquet`, `csv`.
        records: The JSON values in file order; for a document there is one. Text lines are str, CSV and Parquet rows
            are dicts. Consumed once.
        sample: The first SAMPLE of them, parsed already.
        text: A document's text, to find lines in; empty otherwise.
        bad: Where a bad record is noted.
        tables: For SQLite: table names with their columns.
    """

    path: Path
    shape: Literal["lines", "document", "text", "sqlite", "parquet", "csv"]
    records: Iterator[Record]
    sample: Sequence[Any]
    bad: Callable[[int, str], None]
    text: str = ""
    tables: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def lines(self, *keys: str) -> list[int]:
        """The line on which each element of a document's list starts: the list itself, or the one under `keys`.

        Fewer lines than elements come back where the text cannot be followed; use `line_at`.
        """
        return element_lines(self.text, keys) if self.text else []


def line_at(lines: Sequence[int], index: int, otherwise: int = 1) -> int:
    """The line of an element, or `otherwise` where it is not known."""
    return lines[index] if index < len(lines) else otherwise


@dataclass(frozen=True)
class Format:
    """A log format.

    Attributes:
        id: Its id, as reports name it.
        title: What people call it.
        grade: The key in a signature's `grades` that says what this format can show at best.
        sniff: Whether a source is of this format; looks at `shape`, `sample` and `tables` only.
        read: Yields the source's events.
    """

    id: str
    title: str
    grade: str
    sniff: Callable[[Source], bool]
    read: Callable[[Source], Iterator[Event]]


def most(sample: Sequence[Any], test: Callable[[Mapping[str, Any]], object]) -> bool:
    """Whether at least CONFIRMED of a sample's records are objects that pass a test (and there is one)."""
    hits = sum(1 for value in sample if isinstance(value, Mapping) and test(value))
    return hits > 0 and hits >= CONFIRMED * len(sample)


_SPACE = re.compile(r"[\s,]*")
_COLON = re.compile(r"\s*:\s*")


def _value_of(text: str, at: int, key: str, decode: Callable[[str, int], tuple[Any, int]]) -> int:
    """Where the value of a key of the object at a place starts; values before it are passed over whole."""
    if text[at : at + 1] != "{":
        raise ValueError
    at += 1
    while True:
        name, at = decode(text, _SPACE.match(text, at).end())  # type: ignore[union-attr]
        colon = _COLON.match(text, at)
        if colon is None:
            raise ValueError
        if name == key:
            return colon.end()
        _, at = decode(text, colon.end())


def element_lines(text: str, keys: Sequence[str]) -> list[int]:
    """The line of each element of the list at `keys` in a JSON text; what cannot be followed is left out."""
    decode = JSONDecoder(strict=False).raw_decode
    at = _SPACE.match(text).end()  # type: ignore[union-attr]
    try:
        for key in keys:
            at = _value_of(text, at, key, decode)
    except (ValueError, RecursionError):
        return []
    if text[at : at + 1] != "[":
        return []
    at += 1
    lines: list[int] = []
    line, counted = 1, 0
    while True:
        at = _SPACE.match(text, at).end()  # type: ignore[union-attr]
        if at >= len(text) or text[at] == "]":
            return lines
        line, counted = line + text.count("\n", counted, at), at
        lines.append(line)
        try:
            _, at = decode(text, at)
        except (ValueError, RecursionError):
            return lines


def get(value: Any, *path: str | int) -> Any:
    """What stands at a path of keys and places inside nested JSON; None where the path breaks."""
    for key in path:
        if isinstance(value, Mapping) and key in value:
            value = value[key]
        elif isinstance(value, list) and isinstance(key, int) and -len(value) <= key < len(value):
            value = value[key]
        else:
            return None
    return value


def text_of(value: Any) -> str | None:
    """A text value; None for everything else, an empty text included (numbers become text)."""
    if isinstance(value, str):
        return value or None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return None


def each(source: Source, *keys: str) -> Iterator[Record]:
    """A source's elements: its lines, or the elements of a document's list (at `keys`, or the document itself).

    A document that is no list, and has none at `keys`, is its own only element.
    """
    for record in source.records:
        inner = get(record.value, *keys) if keys else record.value
        if source.shape != "document" or not isinstance(inner, list):
            yield record
            continue
        lines = source.lines(*keys)
        for index, value in enumerate(inner):
            yield Record(line_at(lines, index, record.line), value)
