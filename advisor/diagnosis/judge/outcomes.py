"""Outcomes as typed trials in DuckDB: one row a trial, duplicates counted, wrong rows named.

Every value is read as text first, so that a wrong one can be named with its line.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from advisor.diagnosis.judge import files
from advisor.diagnosis.judge.causes import INFRASTRUCTURE, fingerprint_sql, kind_sql
from advisor.diagnosis.judge.files import MAX_FAULTS, REQUIRED, place
from advisor.errors import Fault, InputError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_YES, _NO = ("1", "true", "1.0"), ("0", "false", "0.0")


class Read(NamedTuple):
    """What was read: rows of the files, repeated rows that were left out, and the versions in order of appearance."""

    rows: int
    duplicates: int
    versions: tuple[str, ...]


# Since 1970; what no calendar holds (years 1 to 9999), such as an epoch in milliseconds, is no time.
_SECONDS = "coalesce(epoch(try_cast(time AS TIMESTAMPTZ)), try_cast(time AS DOUBLE))"


def load(con: DuckDBPyConnection, paths: Sequence[Path]) -> Read:
    """Fills the table `trials`: line, task, version, trial, passed, grp, kind, fingerprint, moment, infra, doubt.

    Raises:
        InputError: A file cannot be read, lacks a column, or holds wrong or contradictory rows; at most 20 are named.
    """
    files.read(con, paths)
    faults = _wrong_values(con, paths)
    if faults:
        raise InputError(faults)
    rows = _count(con, "raw")
    if rows == 0:
        raise InputError([Fault(str(paths[0]), "holds no trial", "write one row a trial")])
    con.execute(
        f"""
        CREATE VIEW typed AS SELECT line, task, version, trial,
            lower(passed) IN {_YES} AS passed, "group" AS grp, error, output_hash, latency_ms, time,
            {_flag("passed_2")} AS passed_2, {_flag("infrastructure")} AS said,
            CASE WHEN {_SECONDS} BETWEEN -62135596800 AND 253402300799 THEN {_SECONDS} END AS moment,
            {kind_sql("error")} AS kind, {fingerprint_sql("error")} AS fingerprint
        FROM raw
        """
    )
    contradictions = _contradictions(con, paths)
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
    ((many,),) = con.execute(f"SELECT count(*) FROM {table}").fetchall()
    return int(many)


def _wrong_values(con: DuckDBPyConnection, paths: Sequence[Path]) -> list[Fault]:
    wanted = (*_YES, *_NO)
    checks = [(f'"{name}" IS NULL', name, "is empty", "fill it in") for name in REQUIRED]
    checks += [
        (f"{name} IS NOT NULL AND lower({name}) NOT IN {wanted}", name, "is {}", "write 0, 1, true or false")
        for name in ("passed", "passed_2", "infrastructure")
    ]
    faults = []
    for condition, name, what, mend in checks:
        query = f'SELECT line, "{name}" FROM raw WHERE {condition} ORDER BY line LIMIT {MAX_FAULTS}'
        for line, found in con.execute(query).fetchall():
            faults.append((line, Fault(f"{place(paths, line)}: {name}", what.format(repr(str(found)[:40])), mend)))
    return [fault for _, fault in sorted(faults, key=lambda each: each[0])][:MAX_FAULTS]


def _contradictions(con: DuckDBPyConnection, paths: Sequence[Path]) -> list[Fault]:
    """The same (task, version, trial) twice with different contents."""
    query = f"""
        SELECT task, version, trial, min(line), max(line) FROM typed GROUP BY task, version, trial
        HAVING count(*) > 1
            AND count(DISTINCT hash(passed, grp, error, output_hash, latency_ms, time, passed_2, said)) > 1
        ORDER BY 4 LIMIT {MAX_FAULTS}
    """
    return [
        Fault(
            place(paths, last),
            f"task {task!r}, version {version!r}, trial {trial!r} stands already at {place(paths, first)}, otherwise",
            "give each trial its own name",
        )
        for task, version, trial, first, last in con.execute(query).fetchall()
    ]
