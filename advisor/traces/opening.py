"""Opens files as they come: plain, gzip, zstd, zip; JSON lines, one JSON document, text, CSV, Parquet or SQLite.

What is inside is told by its first bytes, never by the file's name. Memory is bounded by the longest line that is
accepted, or by the largest document.
"""

from __future__ import annotations

import codecs
import gzip
import io
import json
import sqlite3
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date, time
from decimal import Decimal
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any, NamedTuple

import orjson

from advisor.traces.records import SAMPLE, Record, Source

LONGEST_LINE = 16 * 1024 * 1024
LARGEST_DOCUMENT = 512 * 1024 * 1024
LARGEST_RATIO = 1000
"""Decompressed over compressed bytes from which on, past one gigabyte, a stream is taken for a bomb."""
BOMB_FROM = 1 << 30

Note = Callable[[int, str], None]


class Refused(Exception):
    """A file that cannot be read at all: what was seen, and how to mend it."""

    def __init__(self, what: str, mend: str) -> None:
        self.what, self.mend = what, mend
        super().__init__(f"{what}; {mend}")


class Inside(NamedTuple):
    """A stream of bytes inside a file; `name` differs from the file's for a member of an archive."""

    name: str
    stream: IO[bytes]
    packed: str


def insides(path: Path) -> Iterator[Inside]:
    """The streams inside a file: itself, decompressed, or the members of a zip archive.

    Raises:
        Refused: A zip inside a zip, or an archive that is broken.
    """
    with path.open("rb") as file:
        magic = file.read(4)
    if magic.startswith(b"\x1f\x8b"):
        with gzip.open(path, "rb") as stream:
            yield Inside(str(path), stream, "gzip")  # type: ignore[arg-type]
    elif magic == b"\x28\xb5\x2f\xfd":
        import zstandard

        with path.open("rb") as file, zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True) as zst:
            yield Inside(str(path), io.BufferedReader(zst), "zstd")
    elif magic == b"PK\x03\x04":
        try:
            with zipfile.ZipFile(path) as archive:
                for member in archive.infolist():
                    if not member.is_dir():
                        with archive.open(member) as stream:
                            yield Inside(f"{path}!{member.filename}", stream, "zip")
        except (zipfile.BadZipFile, RuntimeError) as error:
            raise Refused(f"is a zip archive that cannot be read ({error})", "unpack it and pass the folder") from None
    else:
        with path.open("rb") as file:
            yield Inside(str(path), file, "")


def lines_of(stream: IO[bytes], bad: Note, packed: int = 0) -> Iterator[tuple[int, bytes]]:
    """Numbered lines without their ends; what cannot be read is noted: over-long lines, a broken stream, a bomb.

    A byte-order mark is dropped, and UTF-16 is recognised by it.
    """
    number, total = 0, 0
    wide: str | None = None
    if hasattr(stream, "peek"):
        start = stream.peek(4)[:4]
        wide = "utf-16" if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else None
    if wide:
        text = io.TextIOWrapper(stream, encoding=wide, errors="replace", newline="\n")
        for number, decoded in enumerate(text, 1):
            yield number, decoded.rstrip("\r\n").encode()
        return
    try:
        while line := stream.readline(LONGEST_LINE + 1):
            number += 1
            total += len(line)
            if number == 1 and line.startswith(codecs.BOM_UTF8):
                line = line[3:]
            if len(line) > LONGEST_LINE and not line.endswith(b"\n"):
                length = len(line)
                while (rest := stream.readline(LONGEST_LINE)) and not rest.endswith(b"\n"):
                    length += len(rest)
                bad(number, f"is longer than {LONGEST_LINE >> 20} MiB ({(length + len(rest)) >> 20} MiB)")
                continue
            if packed and total > BOMB_FROM and total > packed * LARGEST_RATIO:
                bad(number, f"decompresses to over {LARGEST_RATIO} times its size; the rest was not read")
                return
            yield number, line.rstrip(b"\r\n")
    except (EOFError, OSError, zlib.error, zipfile.BadZipFile) as error:
        bad(number + 1, f"the compressed stream breaks off here ({error})")
    except Exception as error:  # zstandard has an exception of its own, imported only where it is used
        if type(error).__name__ != "ZstdError":
            raise
        bad(number + 1, f"the compressed stream breaks off here ({error})")


def parse(line: bytes) -> Any:
    """One JSON value; NaN and infinities, which Python's loggers write, are accepted.

    Raises:
        ValueError: It is not JSON, or nested too deeply.
    """
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError as error:
        try:
            return json.loads(line)
        except RecursionError:
            raise ValueError("is nested too deeply") from None
        except UnicodeDecodeError:
            raise ValueError("is not UTF-8") from None
        except ValueError:
            raise ValueError(f"is not JSON ({error.msg})") from None


def json_lines(numbered: Iterator[tuple[int, bytes]], bad: Note) -> Iterator[Record]:
    """Each line's JSON value; blank lines are no records, lines that are no JSON are noted."""
    for number, line in numbered:
        if not line.strip():
            continue
        try:
            yield Record(number, parse(line))
        except ValueError as error:
            bad(number, str(error))


def open_sources(path: Path, bad: Note) -> Iterator[tuple[str, Source]]:
    """Every source inside a file, each with the name that evidence cites.

    Raises:
        Refused: The file as a whole cannot be read.
    """
    with path.open("rb") as file:
        magic = file.read(16)
    if magic.startswith(b"SQLite format 3\0"):
        yield str(path), _sqlite(path, bad)
        return
    if magic.startswith(b"PAR1"):
        yield str(path), _parquet(path, bad)
        return
    size = path.stat().st_size
    for inside in insides(path):
        source = _textual(path, inside, bad, size if inside.packed else 0)
        if source is not None:
            yield inside.name, source


def _textual(path: Path, inside: Inside, bad: Note, packed: int) -> Source | None:
    """JSON lines, one document, or text: decided on the first lines."""
    numbered = lines_of(inside.stream, bad, packed)
    head = list(islice(numbered, SAMPLE))
    rest = chain(head, numbered)
    written = [(number, line) for number, line in head if line.strip()]
    if not written:
        return None
    parsed = []
    for _, line in written:
        try:
            parsed.append(parse(line))
        except ValueError:
            continue
    objects = [value for value in parsed if isinstance(value, dict | list)]
    first = written[0][1].lstrip()[:1]
    if len(written) > 1 and len(objects) * 2 >= len(written):
        return Source(path, "lines", json_lines(rest, bad), objects, bad)
    if first in (b"{", b"["):
        return _document(path, rest, bad)
    csv = _csv(path, rest, written, bad)
    if csv is not None:
        return csv
    texts = (Record(number, line.decode("utf-8", "replace")) for number, line in rest if line.strip())
    return Source(path, "text", texts, [line.decode("utf-8", "replace") for _, line in written], bad)


def _document(path: Path, numbered: Iterator[tuple[int, bytes]], bad: Note) -> Source:
    """One JSON value over many lines, or several one after the other."""
    held, size = [], 0
    for _, line in numbered:
        held.append(line)
        size += len(line) + 1
        if size > LARGEST_DOCUMENT:
            raise Refused(f"is one JSON document of over {LARGEST_DOCUMENT >> 20} MiB", "export it as JSON lines")
    body = b"\n".join(held)
    try:
        value = parse(body)
    except ValueError as error:
        several = _several(body.decode("utf-8", "replace"))
        if not several:
            raise Refused(f"starts as JSON but {error}", "check that the file is whole") from None
        records, text, broken_at = several
        if broken_at:
            bad(broken_at, "is not JSON from here on")
        return Source(path, "lines", iter(records), [record.value for record in records[:SAMPLE]], bad, text)
    sample = value[:SAMPLE] if isinstance(value, list) else [value]
    return Source(path, "document", iter([Record(1, value)]), sample, bad, body.decode("utf-8", "replace"))


def _several(text: str) -> tuple[list[Record], str, int] | None:
    """Pretty-printed values one after the other; the line from which on nothing could be read, or 0."""
    decode = json.JSONDecoder(strict=False).raw_decode
    records: list[Record] = []
    at, line, counted = 0, 1, 0
    while True:
        while at < len(text) and text[at].isspace():
            at += 1
        line, counted = line + text.count("\n", counted, at), at
        if at >= len(text):
            return (records, text, 0) if records else None
        try:
            value, at = decode(text, at)
        except (ValueError, RecursionError):
            return (records, text, line) if records else None
        records.append(Record(line, value))


def _csv(path: Path, numbered: Iterator[tuple[int, bytes]], head: list[tuple[int, bytes]], bad: Note) -> Source | None:
    """A table whose header has at least three names; None where the text is none."""
    import csv

    header = head[0][1].decode("utf-8", "replace")
    delimiter = max(",;\t|", key=header.count)
    names = next(csv.reader([header], delimiter=delimiter))
    names[:1] = [names[0] if names and names[0].strip() else "index"]  # pandas leaves an index without a name
    plain = all(name.strip() and len(name) < 80 and name.strip()[0].isalpha() for name in names)
    if len(names) < 3 or not plain or len(set(names[1:])) != len(names) - 1 or any(" " in n.strip() for n in names[:3]):
        return None

    def rows() -> Iterator[Record]:
        texts = (line.decode("utf-8", "replace") + "\n" for _, line in numbered)
        reader = csv.reader(texts, delimiter=delimiter)
        next(reader)
        while True:
            start = reader.line_num + 1
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                bad(start, f"is no row of a table ({error})")
                continue
            if row and len(row) != len(names):
                bad(start, f"has {len(row)} fields where the header has {len(names)}")
            elif row:
                yield Record(start, {n.strip(): v for n, v in zip(names, row, strict=True) if v != ""})

    reading = rows()
    first = list(islice(reading, SAMPLE))
    return Source(
        path, "csv", chain(first, reading), [record.value for record in first] or [dict.fromkeys(names, "")], bad
    )


def _sqlite(path: Path, bad: Note) -> Source:
    uri = f"file:{path.resolve().as_posix().replace('?', '%3f').replace('#', '%23')}?mode=ro"
    try:
        with closing(sqlite3.connect(uri, uri=True)) as db:
            names = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            tables = {n: [row[1] for row in db.execute("SELECT * FROM pragma_table_info(?)", [n])] for n in names}
    except sqlite3.Error as error:
        raise Refused(f"is an SQLite file that cannot be read ({error})", "check that the file is whole") from None
    return Source(path, "sqlite", iter(()), (), bad, tables=tables)


def _plain(value: Any) -> Any:
    """A table's value as JSON has it: instants as ISO 8601 text, ids as text, decimals as numbers."""
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return float(value) if isinstance(value, Decimal) else str(value)


def _parquet(path: Path, bad: Note) -> Source:
    import duckdb

    try:
        con = duckdb.connect()
        relation = con.execute("SELECT * FROM read_parquet(?)", [str(path)])
        names = [column[0] for column in relation.description or ()]
    except duckdb.Error as error:
        raise Refused(f"is a Parquet file that cannot be read ({str(error)[:120]})", "check that it is whole") from None

    def rows() -> Iterator[Record]:
        number = 0
        while batch := relation.fetchmany(2048):
            for row in batch:
                number += 1
                yield Record(
                    number, {name: _plain(value) for name, value in zip(names, row, strict=True) if value is not None}
                )

    reading = rows()
    first = list(islice(reading, SAMPLE))
    return Source(path, "parquet", chain(first, reading), [record.value for record in first], bad)
