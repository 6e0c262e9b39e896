"""Events as Parquet: the canonical table written whole, and read again by one scan; users' Parquet by a typed scan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from advisor.errors import Fault, InputError
from advisor.traces.columns import DECLARED_BY, KINDS, stored
from advisor.traces.fast.expressions import among, bounded, finite, quoted
from advisor.traces.fast.places import Numbered
from advisor.traces.table import DECLARER, KIND, EventTable

_MAGIC = b"PAR1"
_OWN = ("row_id", "file", "line", "kind", "declared_by")


@dataclass(frozen=True)
class Canonical:
    """A file of canonical Parquet, to be read by a scan."""

    number: int
    path: Path
    columns: tuple[str, ...]


def is_parquet(path: Path) -> bool:
    """Whether a file begins as Parquet does."""
    with path.open("rb") as file:
        return file.read(len(_MAGIC)) == _MAGIC


def canonical(number: int, path: Path) -> Canonical | None:
    """The file, where it is Parquet whose columns are those of the canonical table."""
    if not is_parquet(path):
        return None
    import duckdb

    try:
        rows = duckdb.connect().execute("DESCRIBE SELECT * FROM read_parquet(?)", [str(path)]).fetchall()
    except duckdb.Error:
        return None
    columns = {str(row[0]): str(row[1]) for row in rows}
    return Canonical(number, path, tuple(columns)) if is_canonical(columns) else None


def save_events(table: EventTable, path: Path) -> int:
    """Writes the table's rows as canonical Parquet, each with the file and line that it came from.

    Returns:
        How many rows were written.

    Raises:
        InputError: The file cannot be written.
    """
    import duckdb

    number_lines(table)
    names = ", ".join(quoted(name) for name in table.files)
    file = f"COALESCE(list_extract(CAST([{names}] AS VARCHAR[]), e.file + 1), '(rows)')"
    given = {"file": file, "line": "saved_lines.line"}
    columns = [given.get(name, f"CAST(e.{name} AS {kind})") + f" AS {name}" for name, kind in stored().items()]
    try:
        done = table.con.execute(
            f"COPY (SELECT {', '.join(columns)} FROM events e POSITIONAL JOIN saved_lines) "
            f"TO {quoted(str(path))} (FORMAT parquet, COMPRESSION zstd)"
        ).fetchone()
    except duckdb.IOException as error:
        reason = str(error).rpartition(": ")[2].partition('"')[0].lower()
        mend = "check the folder and its rights"
        raise InputError([Fault(str(path), f"cannot be written ({reason})", mend)]) from None
    return int(done[0]) if done else 0


def number_lines(table: EventTable) -> None:
    """Makes `saved_lines`: the line of each stored row, in their order, to stand beside them by position.

    A row of a scanned file has no line of its own: it is counted from the last blank line before it.
    """
    con = table.con
    con.execute("CREATE OR REPLACE TEMP TABLE saved_starts (file BIGINT, start BIGINT, line BIGINT)")
    steps = [
        [number, lines.first + place, place + 1 + shift]
        for number, lines in table.lines_of.items()
        if isinstance(lines, Numbered)
        for place, shift in lines.places.shifts()
    ]
    if steps:
        con.executemany("INSERT INTO saved_starts VALUES (?, ?, ?)", steps)
    con.execute(
        "CREATE OR REPLACE TEMP TABLE saved_lines AS SELECT COALESCE(e.line, s.line + e.row_id - s.start) AS line "
        "FROM (SELECT rowid AS row_id, file, line FROM stored) e "
        "ASOF LEFT JOIN saved_starts s ON s.file = e.file AND e.row_id >= s.start ORDER BY e.row_id"
    )


def is_canonical(columns: Mapping[str, str]) -> bool:
    """Whether a file's columns are those of the canonical table."""
    kinds = stored()
    fits = all(columns[name] == kinds[name] for name in columns if name in kinds and name != "file")
    return fits and {"kind", "ts_us", "row_id", "declared_by"} <= set(columns)


def scan_canonical(table: EventTable, one: Canonical) -> int:
    """Reads a canonical file; its rows keep the files and lines that they came from.

    Returns:
        How many rows were read.
    """
    columns, path = one.columns, one.path
    filled = _filled(table, path)
    names = [name for name in stored() if name in columns and name in filled and name not in _OWN]
    table.extend(names)
    source = "read_parquet(?)"
    files = []
    if "file" in columns:
        files = [
            str(row["file"]) for row in table.query(f"SELECT DISTINCT file FROM {source} ORDER BY file", [str(path)])
        ]
    start = len(table.files)
    table.files += files
    listed = ", ".join(quoted(name) for name in files)
    own = {
        "file": f"{start - 1} + list_position([{listed}], file)" if files else str(one.number),
        "line": "line" if "line" in columns else "CAST(NULL AS BIGINT)",
        "kind": f"CAST(COALESCE({among('kind', KINDS)}, 'unknown') AS {KIND})",
        "declared_by": f"CAST({among('declared_by', DECLARED_BY)} AS {DECLARER})",
        **{name: _sound(name) for name in names},
    }
    select = ", ".join(f"{expression} AS {name}" for name, expression in own.items())
    done = table.con.execute(f"INSERT INTO stored BY NAME SELECT {select} FROM {source}", [str(path)]).fetchone()
    return int(done[0]) if done else 0


def _sound(name: str) -> str:
    """A stored column without numbers that no sum can bear."""
    return {"BIGINT": bounded, "DOUBLE": finite}.get(stored()[name], str)(name)


def _filled(table: EventTable, path: Path) -> set[str]:
    """Columns of which some value is not NULL, by the file's own statistics."""
    rows = table.query(
        "SELECT path_in_schema AS name, SUM(COALESCE(stats_null_count, 0)) AS nulls, SUM(row_group_num_rows) AS many "
        "FROM parquet_metadata(?) GROUP BY path_in_schema",
        [str(path)],
    )
    return {str(row["name"]) for row in rows if row["nulls"] < row["many"]}
