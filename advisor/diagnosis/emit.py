"""Every detection query as SQL for a warehouse, with the table that it asks: for engines that outgrow one machine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from advisor.catalog.load import Catalog
from advisor.diagnosis.detectors import detectors
from advisor.diagnosis.diagnose import emitted_queries, entry_of
from advisor.errors import Fault, InputError
from advisor.traces.warehouses.dialects import (
    CLICKHOUSE_SETTINGS,
    DIALECTS,
    create_table,
    exchange_columns,
    needed,
    reading,
    transpiled,
)

ROWS = "event_rows"
"""The canonical table's name in what is written; the queries ask the view `events` over it."""
_LACKING = {"sqlite": "SQLite has no regular expressions and no MD5 of its own, which many queries ask for"}
_MEND = {"sqlite": "export the table as CSV or Parquet and diagnose that file"}
_TAIL = {"clickhouse": " ENGINE = MergeTree ORDER BY (kind, ts_us) SETTINGS allow_nullable_key = 1"}


def emitted(
    dialect: str, catalog: Catalog, *, ids: Iterable[str] | None = None, overrides: Mapping[str, float] | None = None
) -> str:
    """A commented script: the canonical table, the view `events` over it, and each detector's queries.

    Args:
        dialect: One of DIALECTS.
        catalog: The knowledge base, for titles and thresholds.
        ids: The detectors; all, unless given.
        overrides: Thresholds by `<signature>.<slug>`.

    Raises:
        InputError: A dialect that is not known, an override that fits nothing, or sqlglot is not installed.
    """
    if dialect not in DIALECTS:
        what = f"is not offered, for {_LACKING[dialect]}" if dialect in _LACKING else "is no known dialect"
        mend = _MEND.get(dialect, f"use one of {', '.join(DIALECTS)}")
        raise InputError([Fault(f"--emit-sql {dialect}", what, mend)])
    needed("sqlglot", "sql")
    chosen = list(detectors() if ids is None else ids)
    queries = emitted_queries(chosen, catalog, overrides)
    parts = [
        _comment(
            f"Detection queries of advisor, knowledge {catalog.version}, for {dialect}.",
            f"Fill {ROWS} with the Parquet file that `advisor diagnose LOGS --save-events FILE.parquet` writes,",
            "or make a view of that name over a table of your own; columns that you do not log are NULL.",
            "Times are whole microseconds since 1970 in UTC. row_id is a number of its own for each row.",
            "Thresholds are put in. The queries return counts and row_ids; what they amount to is said by",
            "`advisor diagnose clickhouse://...` or `--engine spark`, which ask the same queries.",
        )
    ]
    if dialect == "clickhouse":
        parts += [f"SET {', '.join(f'{name} = {_literal(value)}' for name, value in CLICKHOUSE_SETTINGS.items())};"]
    parts += [create_table(ROWS, dialect) + _TAIL.get(dialect, "") + ";"]
    view = transpiled(reading(ROWS, exchange_columns()), dialect, pretty=True)
    parts += [f"CREATE VIEW events AS\n{view};"]
    for id in chosen:
        entry = entry_of(catalog, id)
        limits = ", ".join(f"{slug} = {threshold.value:g}" for slug, threshold in entry.thresholds.items())
        said = (f"{id}: {entry.title}", entry.symptom, *([f"Thresholds: {limits}."] if limits else []))
        parts.append(_comment(*said))
        parts += [f"-- {id}: {name}\n{transpiled(sql, dialect, pretty=True)};" for name, sql in queries[id].items()]
    return "\n\n".join(parts) + "\n"


def _literal(value: object) -> str:
    return str(value) if isinstance(value, int) else f"'{value}'"


def _comment(*lines: str) -> str:
    return "\n".join(f"-- {' '.join(line.split())}" for line in lines)
