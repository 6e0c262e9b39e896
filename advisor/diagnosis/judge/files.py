"""Reads files of outcomes into one table of text, `raw`: tables, benchmark results, traces; many at once."""

from __future__ import annotations

import glob
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from advisor.diagnosis.judge.trajectories import rows
from advisor.errors import Fault, InputError
from advisor.traces.lenient import parse
from advisor.traces.lines import lines_of
from advisor.traces.packed import insides

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

REQUIRED = ("task", "version", "trial", "passed")
OPTIONAL = ("group", "error", "infrastructure", "output_hash", "latency_ms", "time", "passed_2")
COLUMNS = (*REQUIRED, *OPTIONAL)
MAX_FAULTS = 20
_SHIFT = 40
_JSON = ", ".join(f"\"{name}\": 'VARCHAR'" for name in COLUMNS)
_SOURCES = {
    ".csv": "read_csv(?, all_varchar = true, header = true, delim = ',', quote = '\"', escape = '\"')",
    ".tsv": "read_csv(?, all_varchar = true, header = true, delim = '\t')",
    ".parquet": "read_parquet(?)",
    ".jsonl": "read_json(?, format = 'newline_delimited', columns = {" + _JSON + "})",
}
_SOURCES[".ndjson"] = _SOURCES[".jsonl"]
_LINES = (".jsonl", ".ndjson")


def place(paths: Sequence[Path], line: int) -> str:
    """Where a row of `raw` stands, as file and line; `line` holds the file's number in its upper bits."""
    return f"{paths[line >> _SHIFT]}:{line & ((1 << _SHIFT) - 1)}"


def read(con: DuckDBPyConnection, paths: Sequence[Path]) -> None:
    """Fills `raw`: line, then every column of an outcomes table as trimmed text or NULL.

    Raises:
        InputError: Every file that is missing, of an unknown kind, broken, or without a required column.
    """
    columns = ", ".join(f'"{name}" VARCHAR' for name in COLUMNS)
    con.execute(f"CREATE TABLE raw (line BIGINT, {columns})")
    faults: list[Fault] = []
    for number, path in enumerate(paths):
        try:
            _one(con, path, number << _SHIFT)
        except InputError as error:
            faults += error.faults
    if faults:
        raise InputError(faults)


def _one(con: DuckDBPyConnection, path: Path, offset: int) -> None:
    if path.is_dir():
        raise InputError([Fault(str(path), "is a directory", "name the file inside it")])
    if not path.exists():
        raise InputError([Fault(str(path), "no such file", "check the path")])
    try:
        _outcomes(con, path, offset)
    except InputError as error:
        # No table of outcomes: a trace may hold them. Where it holds none, what was wrong with the table is said.
        from advisor.diagnosis.judge.traces import outcomes

        try:
            found = list(outcomes(path))
        except InputError as other:
            said = other if other.faults[0].what.startswith("holds no outcome") else error
            raise said from None
        _fill(con, ((offset + line, row) for line, row in found))


def _outcomes(con: DuckDBPyConnection, path: Path, offset: int) -> None:
    kinds = [suffix.lower() for suffix in path.suffixes if suffix.lower() not in (".gz", ".zst")]
    kind = kinds[-1] if kinds else ""
    if kind == ".json" and path.suffix.lower() == ".json":
        _document(con, path, offset)
    elif kind in _SOURCES:
        _table(con, path, kind, offset)
    else:
        what = f"is of no kind that is known ({kind or 'no suffix'})"
        raise InputError([Fault(str(path), what, "use .csv, .jsonl, .json or .parquet")])


def _table(con: DuckDBPyConnection, path: Path, kind: str, offset: int) -> None:
    """A table through DuckDB's own readers; the header of a CSV is line one."""
    import duckdb

    source, first = _SOURCES[kind], 2 if kind in (".csv", ".tsv") else 1
    given = [glob.escape(str(path))]
    try:
        names = {name for (name, *_) in con.execute(f"DESCRIBE SELECT * FROM {source}", given).fetchall()}
        if kind in _LINES:
            # The reader gives every column that it is asked for: whether this is a table, the first record says.
            names = _first_names(path) or names
        missing = [name for name in REQUIRED if name not in names]
        if missing:
            what = f"lacks the columns {', '.join(missing)} (it has {', '.join(sorted(names)[:12])})"
            raise InputError([Fault(str(path), what, "add or rename them")])
        columns = ", ".join(_text(name) if name in names else f'NULL::VARCHAR AS "{name}"' for name in COLUMNS)
        line = f"row_number() OVER () + {offset + first - 1}"
        con.execute(f"INSERT INTO raw SELECT {line}, {columns} FROM {source}", given)
    except duckdb.Error as error:
        bad_lines = list(_bad_lines(path)) if path.suffix.lower() in _LINES else []
        if bad_lines:
            raise InputError(bad_lines[:MAX_FAULTS]) from None
        said = " ".join(str(error).split())[:200]
        raise InputError([Fault(str(path), f"cannot be read ({said})", "correct the file")]) from None


def _first_names(path: Path) -> set[str]:
    """The keys of the first record of JSON lines, where it does not say `passed`; else none, and rows are checked."""
    for inside in insides(path):
        for _, line in lines_of(inside.stream, lambda line, why: None):
            if line.strip():
                try:
                    record = parse(line)
                except ValueError:
                    return set()
                return set(record) if isinstance(record, dict) and "passed" not in record else set()
    return set()


def _document(con: DuckDBPyConnection, path: Path, offset: int) -> None:
    """A JSON document; the line of a run is its place in the list."""
    _fill(con, ((offset + at, row) for at, row in enumerate(rows(path), 1)))


def _fill(con: DuckDBPyConnection, numbered: Iterable[tuple[int, dict[str, Any]]]) -> None:
    filled = [(line, *(_plain(row.get(name)) for name in COLUMNS)) for line, row in numbered]
    con.executemany(f"INSERT INTO raw VALUES ({', '.join('?' * (len(COLUMNS) + 1))})", filled)


def _plain(value: object) -> str | None:
    """A JSON value as the text that a table would hold."""
    if value is None:
        return None
    return str(value).lower() if isinstance(value, bool) else str(value).strip() or None


def _bad_lines(path: Path) -> Iterator[Fault]:
    """The lines that are no JSON object; DuckDB stops at the first and may be one line off."""
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                if not line.strip() or isinstance(json.loads(line), dict):
                    continue
                what = "is no JSON object"
            except (ValueError, RecursionError) as error:
                what = f"is not JSON ({error})"
            yield Fault(f"{path}:{number}", what, "correct or remove the line")


def _text(name: str) -> str:
    return f'nullif(trim(CAST("{name}" AS VARCHAR)), \'\') AS "{name}"'
