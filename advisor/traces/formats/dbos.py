"""DBOS's system tables: an SQLite file, a connection to PostgreSQL, or an export of their rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any

from advisor.traces.formats.dbos_rows import TABLES, Row, events, ordered
from advisor.traces.records import Event, Format, Source, each, most

_OWNERS = ("workflow_uuid", "destination_uuid")
_SYSTEM = frozenset((*TABLES, "workflow_events", "streams"))
_ORDER = {"operation_outputs": ' ORDER BY "workflow_uuid", "function_id"'}


def rows_of(connection: Any, schema: str = "dbos") -> Iterator[Row]:
    """The rows of a system database that are events, over any DB-API connection to SQLite or PostgreSQL.

    Args:
        connection: An open connection; nothing is written.
        schema: Where the tables are in PostgreSQL; SQLite has no schemas.
    """
    lite = isinstance(connection, sqlite3.Connection)
    within = "" if lite else '"' + schema.replace('"', '""') + '".'
    with closing(connection.cursor()) as cursor:
        if lite:
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        else:
            cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = %s", (schema,))
        there = {name for (name,) in cursor.fetchall()}
        for table in TABLES:
            if table not in there:
                continue
            cursor.execute(f'SELECT * FROM {within}"{table}"{_ORDER.get(table, "")}')
            names = [column[0] for column in cursor.description]
            place = 0
            while batch := cursor.fetchmany(1000):
                for row in batch:
                    place += 1
                    yield Row(place, table, dict(zip(names, row, strict=True)))


def _sniff_sqlite(source: Source) -> bool:
    needed = ("workflow_status", "operation_outputs")
    return source.shape == "sqlite" and all("workflow_uuid" in source.tables.get(name, ()) for name in needed)


def _read_sqlite(source: Source) -> Iterator[Event]:
    uri = f"file:{source.path.resolve().as_posix().replace('?', '%3f').replace('#', '%23')}?mode=ro"
    try:
        with closing(sqlite3.connect(uri, uri=True)) as connection:
            connection.text_factory = lambda data: data.decode("utf-8", "replace")
            yield from events(rows_of(connection), source.bad)
    except sqlite3.Error as error:
        source.bad(0, f"the database cannot be read further ({error})")


def _sniff_tables(source: Source) -> bool:
    return source.shape in ("lines", "document") and most(
        source.sample, lambda r: r.get("_table") in _SYSTEM and any(owner in r for owner in _OWNERS)
    )


def _read_tables(source: Source) -> Iterator[Event]:
    rows: list[Row] = []
    for line, value in each(source):
        if isinstance(value, Mapping) and isinstance(value.get("_table"), str):
            rows.append(Row(line, value["_table"], value))
        else:
            source.bad(line, "is no row of a table (it has no _table)")
    yield from events(ordered(rows), source.bad)


FORMATS = (
    Format("dbos_sqlite", "DBOS system database", "dbos", _sniff_sqlite, _read_sqlite),
    Format("dbos_tables", "DBOS system tables, exported", "dbos", _sniff_tables, _read_tables),
)
