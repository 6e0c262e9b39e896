"""Failures that share one typed cause: infrastructure outages, and runtime errors that hit many cases at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.catalog.models import Frozen
from advisor.diagnosis.judge.causes import OTHER

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


class Cluster(Frozen):
    """Failing trials with one error text: how many, in which cases, and where they stand together.

    `contiguous` names what the trials share: one version, one group, or a span of time with no other trial in it.
    """

    id: int
    kind: str
    infrastructure: bool
    text: str
    trials: int
    tasks: tuple[str, ...]
    versions: tuple[str, ...]
    contiguous: tuple[str, ...]


def find(con: DuckDBPyConnection, current: str) -> list[Cluster]:
    """Every cluster: all infrastructure failures, and typed failures of the current version in two cases or more."""
    rows = con.execute(
        f"""
        SELECT kind, infra, fingerprint, count(*), list(DISTINCT task ORDER BY task),
            list(DISTINCT version ORDER BY version), count(DISTINCT grp), count(grp),
            min(moment), max(moment), count(moment)
        FROM trials
        WHERE (infra OR (NOT passed AND version = ? AND kind IS NOT NULL AND kind <> '{OTHER}'))
        GROUP BY kind, infra, fingerprint
        HAVING infra OR count(DISTINCT task) > 1
        ORDER BY infra DESC, count(*) DESC, fingerprint, kind
        """,
        [current],
    ).fetchall()
    return [_cluster(con, number, *row) for number, row in enumerate(rows, 1)]


def _cluster(
    con: DuckDBPyConnection,
    number: int,
    kind: str | None,
    infra: bool,
    text: str | None,
    trials: int,
    tasks: list[str],
    versions: list[str],
    groups: int,
    grouped: int,
    first: float,
    last: float,
    timed: int,
) -> Cluster:
    together = {
        "version": len(versions) == 1,
        "group": groups == 1 and grouped == trials,
        "time": 1 < trials == timed and _between(con, first, last) == trials,
    }
    return Cluster(
        id=number,
        kind=kind or "marked as infrastructure",
        infrastructure=infra,
        text=text or "",
        trials=trials,
        tasks=tuple(tasks),
        versions=tuple(versions),
        contiguous=tuple(name for name, holds in together.items() if holds),
    )


def _between(con: DuckDBPyConnection, first: float, last: float) -> int:
    ((many,),) = con.execute("SELECT count(*) FROM trials WHERE moment BETWEEN ? AND ?", [first, last]).fetchall()
    return int(many)
