"""Opens files as they come and tells their shape: JSON lines, one JSON document, a table, text.

What is inside is told by its first bytes, never by the file's name. Memory is bounded by the longest line that is
accepted, or by the largest document.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from advisor.traces.lenient import json_lines, parse, values_of
from advisor.traces.lines import LONGEST_LINE, Note, lines_of
from advisor.traces.packed import Inside, Refused, insides
from advisor.traces.records import SAMPLE, Record, Source
from advisor.traces.tabular import csv_source, parquet_source, sqlite_source

__all__ = [
    "LARGEST_DOCUMENT",
    "LONGEST_LINE",
    "Inside",
    "Note",
    "Refused",
    "insides",
    "json_lines",
    "lines_of",
    "open_sources",
    "parse",
]

LARGEST_DOCUMENT = 512 * 1024 * 1024
LARGEST_HEAD = 32 * 1024 * 1024
"""Bytes of the first lines that are held to tell a file's shape."""
MOST_BREAKS = 50
"""Places of one document where reading starts anew after what is no JSON."""
_DOCUMENT = re.compile(rb"\s*[{\[]\s*(?:$|[\"{\[}\]])")
"""How a JSON document starts; `[worker]` and `[2026-04-22` start a line of text."""
_NEXT = re.compile(r"^[{\[]", re.MULTILINE)


def open_sources(path: Path, bad: Note) -> Iterator[tuple[str, Source]]:
    """Every source inside a file, each with the name that evidence cites.

    Raises:
        Refused: The file as a whole cannot be read.
    """
    with path.open("rb") as file:
        magic = file.read(16)
    if magic.startswith(b"SQLite format 3\0"):
        yield str(path), sqlite_source(path, bad)
        return
    if magic.startswith(b"PAR1"):
        yield str(path), parquet_source(path, bad)
        return
    for inside in insides(path):
        source = _shaped(path, inside, bad)
        if source is not None:
            yield inside.name, source


def _shaped(path: Path, inside: Inside, bad: Note) -> Source | None:
    """JSON lines, one document, a table or text: decided on the first lines."""
    numbered = lines_of(inside.stream, bad)
    head = _head(numbered)
    rest = chain(head, numbered)
    written = [line for _, line in head if line and not line.isspace()]
    if not written:
        return None
    parsed = []
    for line in written:
        try:
            parsed.append(parse(line))
        except ValueError:
            continue
    objects = [value for value in parsed if isinstance(value, dict | list)]
    if len(written) > 1 and len(objects) * 2 >= len(written):
        return Source(path, "lines", json_lines(rest, bad), objects, bad)
    if _DOCUMENT.match(written[0]) or (objects and len(written) == 1):
        document = _document(path, rest, bad)
        if document is not None:
            return document
    saved = _saved(written)
    if len(saved) * 2 >= len(written):
        return Source(path, "lines", json_lines(rest, bad), saved, bad)
    table = csv_source(path, rest, written, bad)
    if table is not None:
        return table
    sample = [line.decode("utf-8", "replace") for line in written]
    return Source(path, "text", _texts(rest, bad), sample, bad)


def _head(numbered: Iterator[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
    """The first lines: SAMPLE of them, or LARGEST_HEAD bytes."""
    head: list[tuple[int, bytes]] = []
    size = 0
    for number, line in numbered:
        head.append((number, line))
        size += len(line)
        if len(head) >= SAMPLE or size > LARGEST_HEAD:
            break
    return head


def _saved(written: list[bytes]) -> list[object]:
    """What a lenient reading of the first lines finds."""
    found: list[object] = []
    for line in written:
        if line.lstrip()[:1] in (b"{", b"["):
            try:
                found += [value for value in values_of(line)[0][:1] if isinstance(value, dict | list)]
            except ValueError:
                continue
    return found


def _texts(numbered: Iterator[tuple[int, bytes]], bad: Note) -> Iterator[Record]:
    for number, line in numbered:
        if not line or line.isspace():
            continue
        try:
            yield Record(number, line.decode())
        except UnicodeDecodeError:
            bad(number, "is not UTF-8; replaced what cannot be read")
            yield Record(number, line.decode("utf-8", "replace"))


def _document(path: Path, numbered: Iterator[tuple[int, bytes]], bad: Note) -> Source | None:
    """One JSON value over many lines, or several one after the other, or what a broken list still holds.

    Raises:
        Refused: It is too large, or broken from the start.
    """
    held, size = [], 0
    for _, line in numbered:
        held.append(line)
        size += len(line) + 1
        if size > LARGEST_DOCUMENT:
            raise Refused(f"is one JSON document of over {LARGEST_DOCUMENT >> 20} MiB", "export it as JSON lines")
    body = b"\n".join(held)
    del held
    try:
        value = parse(body)
    except ValueError as error:
        return _pieces(path, body, bad, str(error))
    sample = value[:SAMPLE] if isinstance(value, list) else [value]
    return Source(path, "document", iter([Record(1, value)]), sample, bad, body.decode("utf-8", "replace"))


def _pieces(path: Path, body: bytes, bad: Note, why: str) -> Source:
    text = body.decode("utf-8", "replace")
    breaks: list[tuple[int, str]] = []
    records = _elements(text, breaks) if text.lstrip()[:1] == "[" else []
    if not records:
        breaks.clear()
        records = _several(text, breaks)
    if not records:
        raise Refused(f"starts as JSON but {why}", "check that the file is whole")
    for line, said in breaks:
        bad(line, said)
    return Source(path, "lines", iter(records), [record.value for record in records[:SAMPLE]], bad, text)


def _several(text: str, breaks: list[tuple[int, str]]) -> list[Record]:
    """Pretty-printed values one after the other; after what is none, the next line that starts one goes on."""
    decode = json.JSONDecoder(strict=False).raw_decode
    records: list[Record] = []
    at, line, counted = 0, 1, 0
    while True:
        while at < len(text) and (text[at].isspace() or text[at] == ","):
            at += 1
        line, counted = line + text.count("\n", counted, at), at
        if at >= len(text):
            return records
        try:
            value, at = decode(text, at)
        except (ValueError, RecursionError):
            if len(breaks) >= MOST_BREAKS:
                breaks.append((line, "is not JSON; the rest was not read"))
                return records
            breaks.append((line, "is not JSON from here on"))
            following = _NEXT.search(text, at + 1)
            if following is None:
                return records
            at = following.start()
            continue
        records.append(Record(line, value))


def _elements(text: str, breaks: list[tuple[int, str]]) -> list[Record]:
    """The elements of a list that breaks off, as far as they are whole."""
    decode = json.JSONDecoder(strict=False).raw_decode
    records: list[Record] = []
    at, line, counted = text.index("[") + 1, 1, 0
    while True:
        while at < len(text) and (text[at].isspace() or text[at] == ","):
            at += 1
        line, counted = line + text.count("\n", counted, at), at
        if at >= len(text):
            breaks.append((line, "the list is not closed"))
            return records
        try:
            value, at = decode(text, at)
        except (ValueError, RecursionError):
            if records:
                breaks.append((line, "is not JSON; the rest of the list was not read"))
            return records
        records.append(Record(line, value))
