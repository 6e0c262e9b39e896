"""Outcomes counted by day and version: what the trend is fitted to."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from advisor.diagnosis.judge import outcomes
from advisor.errors import Fault, InputError

CANARY = 0.05
"""A version below this share of the traffic is a canary and gets no step of its own (a convention)."""


class Cell(NamedTuple):
    """One day of one version: the day counted from the first, and what passed of what ran."""

    day: int
    version: str
    passed: int
    ran: int


class Counted(NamedTuple):
    """All cells with the first day (ISO), trials without a time, and (passes, trials) of each repeated input."""

    cells: tuple[Cell, ...]
    first: str
    untimed: int
    repeats: tuple[tuple[int, int], ...]


def count(path: Path) -> Counted:
    """Counts an outcomes table by day (UTC) and version; infrastructure trials are left out.

    Raises:
        InputError: The table cannot be read, or none of its trials has a time.
    """
    import duckdb

    with duckdb.connect(config={"memory_limit": "512MB"}) as con:
        outcomes.load(con, [path])
        rows = con.execute(
            """
            SELECT CAST(floor(moment / 86400) AS BIGINT) AS day, version,
                count(*) FILTER (passed), count(*)
            FROM trials WHERE NOT infra AND moment IS NOT NULL GROUP BY day, version ORDER BY day, version
            """
        ).fetchall()
        untimed = con.execute("SELECT count(*) FROM trials WHERE NOT infra AND moment IS NULL").fetchone()
        repeats = con.execute(
            """
            SELECT count(*) FILTER (passed), count(*) FROM trials WHERE NOT infra
            GROUP BY task, version HAVING count(*) > 1 ORDER BY task, version
            """
        ).fetchall()
        if not rows:
            raise InputError([Fault(str(path), "has no trial with a time", "fill in the column time")])
        start = rows[0][0]
        first = con.execute("SELECT CAST(make_timestamp(? * 86400000000) AS DATE)::VARCHAR", [start]).fetchone()
    assert untimed is not None
    assert first is not None
    cells = tuple(Cell(day - start, version, passed, ran) for day, version, passed, ran in rows)
    return Counted(cells, str(first[0]), untimed[0], tuple(repeats))
