"""Opens what an address or a path names: ClickHouse, PostgreSQL, or files under Spark."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

from advisor.errors import Fault, InputError
from advisor.traces.warehouses.dialects import CLICKHOUSE_SETTINGS, exchange_columns, needed
from advisor.traces.warehouses.warehouse import Answer, Warehouse

SHAPE = "clickhouse://user:password@host:port/database/table or postgresql://user:password@host:port/database/table"
SCHEMES = ("clickhouse", "clickhouses", "postgres", "postgresql")


def open_url(url: str) -> Warehouse:
    """The table that an address names: `SHAPE`.

    Raises:
        InputError: An address of another shape, an optional dependency that is missing, a server that does not answer,
            or a table that is no table of events.
    """
    parts = urlsplit(url)
    shown = url.replace(f":{parts.password}@", ":***@") if parts.password else url
    path = [unquote(part) for part in parts.path.split("/") if part]
    if parts.scheme not in SCHEMES or not parts.hostname or len(path) != 2:
        raise InputError([Fault(shown, "is no address of a table", f"use {SHAPE}")])
    if any(not re.fullmatch(r"\w+(\.\w+)?", name) for name in path):
        raise InputError([Fault(shown, "has a name that is no identifier", f"use {SHAPE}")])
    opened = _clickhouse if parts.scheme.startswith("clickhouse") else _postgres
    try:
        return opened(parts, path[0], path[1], shown)
    except InputError:
        raise
    except Exception as error:  # each client has exceptions of its own
        said = str(error).splitlines()[0] if str(error) else type(error).__name__
        said = said.replace(unquote(parts.password), "***") if parts.password else said
        raise InputError([Fault(shown, f"cannot be read ({said[:200]})", "check address, user and table")]) from error


def _clickhouse(parts: Any, database: str, table: str, shown: str) -> Warehouse:
    client = needed("clickhouse_connect", "clickhouse").get_client(
        host=parts.hostname,
        port=parts.port or 0,
        username=unquote(parts.username or "default"),
        password=unquote(parts.password or ""),
        database=database,
        secure=parts.scheme == "clickhouses",
        settings=CLICKHOUSE_SETTINGS,
    )

    def answer(sql: str) -> Answer:
        found = client.query(sql)
        return found.column_names, found.result_rows

    columns = [row[0] for row in answer(f"DESCRIBE TABLE {table}")[1]]
    return Warehouse(shown, "clickhouse", table, columns, answer)


def _postgres(parts: Any, database: str, table: str, shown: str) -> Warehouse:
    client = needed("psycopg", "postgres").connect(
        host=parts.hostname,
        port=parts.port or 5432,
        user=unquote(parts.username or "postgres"),
        password=unquote(parts.password or ""),
        dbname=database,
        autocommit=True,
    )

    def answer(sql: str) -> Answer:
        with client.cursor() as cursor:
            cursor.execute(sql)
            return [column.name for column in cursor.description], cursor.fetchall()

    columns = answer(f"SELECT * FROM {table} LIMIT 0")[0]
    return Warehouse(shown, "postgres", table, columns, answer)


def open_spark(paths: Sequence[str], session: Any = None) -> Warehouse:
    """Parquet or JSON lines of canonical columns, under Spark: files, folders or anything that Spark has a scheme for.

    Args:
        paths: What to read; JSON lines where a path says .json, .jsonl or .ndjson, Parquet elsewhere.
        session: The Spark session; the one in force, or a local one, unless given.

    Raises:
        InputError: Spark is not installed or cannot read the paths, or they hold no table of events.
    """
    sql = needed("pyspark.sql", "spark")
    spark = session or (
        sql.SparkSession.builder.appName("advisor")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.sql.session.timeZone", "UTC")
        .getOrCreate()
    )
    shown = ", ".join(paths)
    try:
        json = all(re.search(r"\.(json|jsonl|ndjson)(\.gz)?/?$", path) for path in paths)
        read = spark.read.schema(_schema()) if json else spark.read
        rows = read.json(list(paths)) if json else read.parquet(*paths)
        if json or "row_id" not in rows.columns:
            # Numbered once and kept: numbers made anew by each query would not be the same rows' numbers.
            functions = needed("pyspark.sql.functions", "spark")
            rows = rows.withColumn("row_id", functions.monotonically_increasing_id()).localCheckpoint()
        rows.createOrReplaceTempView("advisor_event_rows")
    except Exception as error:
        said = str(error).splitlines()[0][:200]
        raise InputError([Fault(shown, f"cannot be read by Spark ({said})", "check the path")]) from error

    def answer(text: str) -> Answer:
        found = spark.sql(text)
        return found.columns, [tuple(row) for row in found.collect()]

    return Warehouse(shown, "spark", "advisor_event_rows", rows.columns, answer)


def _schema() -> str:
    kinds = {"VARCHAR": "STRING"}
    return ", ".join(f"{name} {kinds.get(kind, kind)}" for name, kind in exchange_columns().items())
