"""Reads outcomes (CSV, JSON lines, Parquet, benchmark results) into DuckDB: one row a trial, duplicates counted.

Every value is read as text first, so that a wrong one can be named with its line.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from advisor.diagnosis.judge.causes import INFRASTRUCTURE, fingerprint_sql, kind_sql
from advisor.diagnosis.judge.trajectories import rows
from advisor.errors import Fault, InputError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

REQUIRED = ("task", "version", "trial", "passed")
OPTIONAL = ("group", "error", "infrastructure", "output_hash", "latency_ms", "time", "passed_2")
_COLUMNS = (*REQUIRED, *OPTIONAL)
_YES, _NO = ("1", "true", "1.0"), ("0", "false", "0.0")
_MAX_FAULTS = 20


class Read(NamedTuple):
    """What was read: rows of the file, repeated rows that were left out, and the versions in order of appearance."""

    rows: int
    duplicates: int
    versions: tuple[str, ...]


def load(con: DuckDBPyConnection, path: Path) -> Read:
    """Fills the table `trials`: line, task, version, trial, passed, grp, kind, fingerprint, moment, infra, doubt.

    Raises:
        InputError: The file cannot be read, lacks a column, or holds wrong or contradictory rows; at most 20 are named.
    """
    _raw(con, path)
    faults = _wrong_values(con, path)
    if faults:
        raise InputError(faults)
    rows = _count(con, "raw")
    if rows == 0:
        raise InputError([Fault(str(path), "holds no trial", "write one row a trial")])
    con.execute(
        f"""
        CREATE VIEW typed AS SELECT line, task, version, trial,
            lower(passed) IN {_YES} AS passed, "group" AS grp, error, output_hash, latency_ms, time,
            {_flag("passed_2")} AS passed_2, {_flag("infrastructure")} AS said,
            coalesce(epoch(try_cast(time AS TIMESTAMPTZ)), try_cast(time AS DOUBLE)) AS moment,
            {kind_sql("error")} AS kind, {fingerprint_sql("error")} AS fingerprint
        FROM raw
        """
    )
    contradictions = _contradictions(con, path)
    if contradictions:
        raise InputError(contradictions)
    # The same (task, version, trial) twice, and rows whose output, latency and time are the same byte for byte,
    # are one trial; the first line of each counts.
    con.execute(
        f"""
        CREATE TABLE trials AS SELECT line, task, version, trial, passed, grp, kind, fingerprint, moment,
            coalesce(said, NOT passed AND coalesce(kind IN {INFRASTRUCTURE}, false)) AS infra,
            coalesce(passed_2 <> passed, false) AS doubt
        FROM typed
        QUALIFY row_number() OVER (PARTITION BY task, version, trial ORDER BY line) = 1
            AND (output_hash IS NULL OR latency_ms IS NULL OR time IS NULL OR row_number() OVER (
                PARTITION BY task, version, output_hash, latency_ms, time, passed ORDER BY trial, line) = 1)
        """
    )
    con.execute("DROP VIEW typed")
    con.execute("DROP TABLE raw")
    order = con.execute("SELECT version FROM trials GROUP BY version ORDER BY min(line)").fetchall()
    return Read(rows, rows - _count(con, "trials"), tuple(version for (version,) in order))


def _flag(column: str) -> str:
    return f"CASE WHEN lower({column}) IN {_YES} THEN true WHEN lower({column}) IN {_NO} THEN false END"


def _count(con: DuckDBPyConnection, table: str) -> int:
    row = con.execute(f"SELECT count(*) FROM {table}").fetchone()
    return int(row[0]) if row else 0


def _raw(con: DuckDBPyConnection, path: Path) -> None:
    """The table `raw`: every column as trimmed text or NULL, with its line."""
    import duckdb

    place = str(path)
    if path.is_dir():
        raise InputError([Fault(place, "is a directory", "name the file inside it")])
    if not path.exists():
        raise InputError([Fault(place, "no such file", "check the path")])
    if path.suffix.lower() == ".json":
        _insert(con, path)
        return
    suffixes = [s for s in path.suffixes if s not in (".gz", ".zst")] or [""]
    kind = suffixes[-1].lower()
    first = 2 if kind in (".csv", ".tsv") else 1
    source = {
        ".csv": "read_csv(?, all_varchar = true, header = true, delim = ',', quote = '\"', escape = '\"')",
        ".tsv": "read_csv(?, all_varchar = true, header = true, delim = '\t')",
        ".parquet": "read_parquet(?)",
        ".jsonl": "read_json(?, format = 'newline_delimited', columns = {})",
    }.get({".ndjson": ".jsonl"}.get(kind, kind))
    if source is None:
        raise InputError(
            [
                Fault(
                    place, f"is of no kind that is known ({kind or 'no suffix'})", "use .csv, .jsonl, .json or .parquet"
                )
            ]
        )
    if "columns" in source:
        columns = ", ".join(f"\"{name}\": 'VARCHAR'" for name in _COLUMNS)
        source = source.replace("columns = {}", "columns = {" + columns + "}")
    try:
        described = con.execute(f"DESCRIBE SELECT * FROM {source}", [place]).fetchall()
        names = {name for (name, *_) in described}
        missing = [name for name in REQUIRED if name not in names]
        if missing:
            what = f"lacks the columns {', '.join(missing)} (it has {', '.join(sorted(names)[:12])})"
            raise InputError([Fault(place, what, "add or rename them")])
        columns = ", ".join(_text(name) if name in names else f'NULL::VARCHAR AS "{name}"' for name in _COLUMNS)
        line = f"row_number() OVER () + {first - 1} AS line"
        con.execute(f"CREATE TABLE raw AS SELECT {line}, {columns} FROM {source}", [place])
    except duckdb.Error as error:
        bad_lines = list(_bad_lines(path)) if kind in (".jsonl", ".ndjson") and path.suffix == kind else []
        if bad_lines:
            raise InputError(bad_lines[:_MAX_FAULTS]) from None
        said = " ".join(str(error).split())[:200]
        raise InputError([Fault(place, f"cannot be read ({said})", "correct the file")]) from None


def _insert(con: DuckDBPyConnection, path: Path) -> None:
    """The table `raw` from a JSON document, each run on the line of its place in the list."""
    found = rows(path)
    columns = ", ".join(f'"{name}" VARCHAR' for name in _COLUMNS)
    con.execute(f"CREATE TABLE raw (line BIGINT, {columns})")
    filled = [(at, *(_plain(row.get(name)) for name in _COLUMNS)) for at, row in enumerate(found, 1)]
    con.executemany(f"INSERT INTO raw VALUES ({', '.join('?' * (len(_COLUMNS) + 1))})", filled)


def _plain(value: object) -> str | None:
    """A JSON value as the text that a table would hold."""
    if value is None or value == "":
        return None
    return str(value).lower() if isinstance(value, bool) else str(value).strip() or None


def _bad_lines(path: Path) -> Iterator[Fault]:
    """The lines that are no JSON object; DuckDB stops at the first and may be one line off."""
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                if isinstance(json.loads(line), dict):
                    continue
                what = "is no JSON object"
            except (ValueError, RecursionError) as error:
                what = f"is not JSON ({str(error)[:80]})"
            yield Fault(f"{path}:{number}", what, "correct or remove the line")


def _text(name: str) -> str:
    return f'nullif(trim(CAST("{name}" AS VARCHAR)), \'\') AS "{name}"'


def _wrong_values(con: DuckDBPyConnection, path: Path) -> list[Fault]:
    wanted = (*_YES, *_NO)
    checks = [(f'"{name}" IS NULL', name, "is empty", "fill it in") for name in REQUIRED]
    checks += [
        (f"{name} IS NOT NULL AND lower({name}) NOT IN {wanted}", name, "is {}", "write 0, 1, true or false")
        for name in ("passed", "passed_2", "infrastructure")
    ]
    faults = []
    for condition, name, what, mend in checks:
        query = f'SELECT line, "{name}" FROM raw WHERE {condition} ORDER BY line LIMIT {_MAX_FAULTS}'
        for line, found in con.execute(query).fetchall():
            faults.append((line, Fault(f"{path}:{line}: {name}", what.format(repr(str(found)[:40])), mend)))
    return [fault for _, fault in sorted(faults, key=lambda each: each[0])][:_MAX_FAULTS]


def _contradictions(con: DuckDBPyConnection, path: Path) -> list[Fault]:
    """The same (task, version, trial) twice with different contents."""
    query = f"""
        SELECT task, version, trial, min(line), max(line) FROM typed GROUP BY task, version, trial
        HAVING count(*) > 1
            AND count(DISTINCT hash(passed, grp, error, output_hash, latency_ms, time, passed_2, said)) > 1
        ORDER BY 4 LIMIT {_MAX_FAULTS}
    """
    return [
        Fault(
            f"{path}:{last}",
            f"task {task!r}, version {version!r}, trial {trial!r} stands already in line {first}, with other contents",
            "give each trial its own name",
        )
        for task, version, trial, first, last in con.execute(query).fetchall()
    ]
