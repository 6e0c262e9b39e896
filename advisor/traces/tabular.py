"""Tables as sources: CSV with any usual delimiter, Parquet, SQLite."""

from __future__ import annotations

import csv
import math
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import date, time
from decimal import Decimal
from itertools import chain, islice
from pathlib import Path
from typing import Any

from advisor.traces.lines import Note
from advisor.traces.packed import Refused
from advisor.traces.records import SAMPLE, Record, Source

LEAST_COLUMNS = 3
_OF_WIDTH = 0.5
"""The share of the first rows that have as many fields as the header has names."""


def csv_source(path: Path, numbered: Iterator[tuple[int, bytes]], head: Sequence[bytes], bad: Note) -> Source | None:
    """A table whose header has at least three names and whose rows are as wide; None where the text is none."""
    start = [line.decode("utf-8", "replace") + "\n" for line in head[:50]]
    delimiter = max(",;\t|", key=start[0].count)
    first = list(_readable(start, delimiter))
    if not first:
        return None
    names = [name.strip() for name in first[0]]
    names[:1] = [names[0] or "index"]  # pandas leaves an index without a name
    if len(names) < LEAST_COLUMNS or not _are_names(names):
        return None
    seen = first[1:-1] if len(start) < len(head) else first[1:]  # the last may be cut off
    if sum(1 for row in seen if len(row) == len(names)) < _OF_WIDTH * len(seen) and len(seen) > 1:
        return None
    reading = _csv_rows(numbered, names, delimiter, bad)
    sample = list(islice(reading, SAMPLE))
    shown = [record.value for record in sample] or [dict.fromkeys(names, "")]
    return Source(path, "csv", chain(sample, reading), shown, bad)


def _readable(lines: Sequence[str], delimiter: str) -> Iterator[list[str]]:
    try:
        yield from csv.reader(lines, delimiter=delimiter)
    except csv.Error:  # a field too long, which may stand in a later row
        return


def _are_names(names: Sequence[str]) -> bool:
    plain = all(name and len(name) < 80 and (name[0].isalpha() or name[0] in "_@") for name in names)
    # The first may repeat another: an index that pandas wrote beside its column.
    return plain and len(set(names[1:])) == len(names) - 1 and not any(" " in name for name in names[:3])


def _csv_rows(
    numbered: Iterator[tuple[int, bytes]], names: Sequence[str], delimiter: str, bad: Note
) -> Iterator[Record]:
    at = 0

    def texts() -> Iterator[str]:
        nonlocal at
        for number, line in numbered:
            at = number
            try:
                yield line.decode() + "\n"
            except UnicodeDecodeError:
                bad(number, "is not UTF-8; replaced what cannot be read")
                yield line.decode("utf-8", "replace") + "\n"

    reader = csv.reader(texts(), delimiter=delimiter)
    header = True
    while True:
        start = at + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            bad(start, f"is no row of a table ({error})" + (f", up to line {at}" if at > start else ""))
            continue
        if header:
            header = False
        elif row and len(row) != len(names):
            many = f"{len(row)} field{'' if len(row) == 1 else 's'}"
            bad(start, f"has {many} where the header has {len(names)}")
        elif row:
            yield Record(start, {name: value for name, value in zip(names, row, strict=True) if value != ""})


def sqlite_source(path: Path, bad: Note) -> Source:
    """A database with the columns of its tables; whoever knows the tables opens it again.

    Raises:
        Refused: It cannot be read.
    """
    uri = f"file:{path.resolve().as_posix().replace('%', '%25').replace('?', '%3f').replace('#', '%23')}?mode=ro"
    try:
        with closing(sqlite3.connect(uri, uri=True)) as db:
            names = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            tables = {n: [row[1] for row in db.execute("SELECT * FROM pragma_table_info(?)", [n])] for n in names}
    except sqlite3.Error as error:
        raise Refused(f"is an SQLite file that cannot be read ({error})", "check that the file is whole") from None
    return Source(path, "sqlite", iter(()), (), bad, tables=tables)


def plain(value: Any) -> Any:
    """A table's value as JSON has it: instants as ISO 8601 text, ids as text, decimals as numbers.

    What is no number is nothing: data frames write it for what is missing.
    """
    if value is None or isinstance(value, str | int | float):
        return None if isinstance(value, float) and math.isnan(value) else value
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return float(value) if isinstance(value, Decimal) else str(value)


def parquet_source(path: Path, bad: Note) -> Source:
    """A Parquet file's rows.

    Raises:
        Refused: It cannot be read.
    """
    import duckdb

    con = duckdb.connect(config={"autoinstall_known_extensions": False})
    con.execute("SET TimeZone = 'UTC'")
    try:
        relation = con.execute("SELECT * FROM read_parquet(?)", [str(path)])
        names = [column[0] for column in relation.description or ()]
    except duckdb.Error as error:
        raise Refused(f"is a Parquet file that cannot be read ({str(error)[:120]})", "check that it is whole") from None

    def rows() -> Iterator[Record]:
        number = 0
        while True:
            try:
                batch = relation.fetchmany(2048)
            except (duckdb.Error, ValueError, OverflowError) as error:
                bad(number + 1, f"cannot be read from here on ({str(error)[:120]})")
                return
            if not batch:
                return
            for row in batch:
                number += 1
                yield Record(
                    number, {n: plain(value) for n, value in zip(names, row, strict=True) if value is not None}
                )

    reading = rows()
    first = list(islice(reading, SAMPLE))
    return Source(path, "parquet", chain(first, reading), [record.value for record in first], bad)
