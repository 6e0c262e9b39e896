"""Engines to compare, each with the same rows; and rows at random in which many kinds of failure lie."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from advisor.traces.columns import DECISIONS, KINDS, ROLES, SIDE_EFFECTS, SOURCES_OF_DECISION, STATUSES, columns
from advisor.traces.table import EventTable, connect, table_of
from advisor.traces.warehouses import Warehouse
from advisor.traces.warehouses.dialects import CLICKHOUSE_SETTINGS, create_table, exchange_columns
from advisor.traces.warehouses.warehouse import Answer

WORDS = {
    "kind": KINDS - {"unknown"},
    "status": STATUSES,
    "decision": DECISIONS,
    "decision_source": SOURCES_OF_DECISION,
    "side_effect": SIDE_EFFECTS,
    "agent_role": ROLES,
    "boundary": {"in", "out"},
    "declared_by": {"emitter"},
}
TEXTS = (
    "I'm sorry, the task is done",
    "timeout after 3 tries",
    "sent 25 % to jo@example.com",
    "no checkpoint found for this session",
    'restate the order, "checkpoint" is corrupt',
    "could not restore state",
    "I have sent the letter and updated the record.",
)
START = 1_767_571_200_000_000


def rows_at_random(many: int, seed: int) -> list[dict[str, Any]]:
    """Rows of every kind over few ids, so that queries find pairs, chains and repeats; a third of the fields filled."""
    rng = random.Random(seed)
    made = []
    for at in range(many):
        row: dict[str, Any] = {"kind": rng.choice(sorted(WORDS["kind"])), "ts_us": START + at * 700_000}
        for column in columns():
            if column.stored in row or column.stored == "status_raw" or rng.random() < 0.6:
                continue
            if column.stored in WORDS:
                row[column.stored] = rng.choice(sorted(WORDS[column.stored]))
            elif column.unit == "instant":
                row[column.stored] = row["ts_us"] + rng.randrange(-5_000_000, 60_000_000)
            elif column.unit == "milliseconds":
                row[column.stored] = rng.randrange(5_000_000)
            elif column.unit == "number":
                row[column.stored] = rng.randrange(1, 6)
            elif column.unit == "money":
                row[column.stored] = rng.randrange(8) / 8
            elif column.unit == "flag":
                row[column.stored] = rng.random() < 0.3
            elif column.stored == "text":
                row[column.stored] = rng.choice(TEXTS)
            elif column.stored == "error_message":
                row[column.stored] = rng.choice(TEXTS)
            else:
                row[column.stored] = f"{column.stored[:3]}-{rng.randrange(12)}"
        made.append(row)
    return made


def exchanged(table: EventTable) -> list[dict[str, Any]]:
    """The rows as they are exchanged between engines."""
    names = [name for name in exchange_columns() if name != "file"]
    return [{**row, "file": "log"} for row in table.query(f"SELECT {', '.join(names)} FROM events ORDER BY row_id")]


def local(rows: list[dict[str, Any]]) -> EventTable:
    """The rows in DuckDB, as a log is."""
    table = table_of(rows)
    table.files = ["log"]
    return table


def duckdb(rows: list[dict[str, Any]]) -> Warehouse:
    """The exchanged table in DuckDB, through the warehouse's way of asking."""
    con = connect()
    _fill(con, rows)

    def answer(sql: str) -> Answer:
        cursor = con.execute(sql)
        return [column[0] for column in cursor.description or ()], cursor.fetchall()

    return Warehouse("log", "duckdb", "event_rows", exchange_columns(), answer)


def _fill(con: Any, rows: list[dict[str, Any]]) -> None:
    con.execute(create_table("event_rows", "duckdb"))
    names = list(exchange_columns())
    marks = ", ".join("?" for _ in names)
    if rows:
        con.executemany(f"INSERT INTO event_rows VALUES ({marks})", [[row[name] for name in names] for row in rows])


@contextmanager
def clickhouse(rows: list[dict[str, Any]]) -> Iterator[Warehouse]:
    """ClickHouse inside this process."""
    settings = ", ".join(f"{name} = '{value}'" for name, value in CLICKHOUSE_SETTINGS.items())
    with clickhouse_session(rows) as session:

        def answer(sql: str) -> Answer:
            given = f"{sql} SETTINGS {settings}, output_format_json_quote_64bit_integers = 0"
            found = json.loads(session.query(given, "JSONCompact").bytes())
            return [column["name"] for column in found["meta"]], found["data"]

        yield Warehouse("log", "clickhouse", "logs.event_rows", exchange_columns(), answer)


@contextmanager
def clickhouse_session(rows: list[dict[str, Any]]) -> Iterator[Any]:
    """A session with ClickHouse inside this process, the rows in `logs.event_rows`."""
    session_of = pytest.importorskip("chdb.session", reason="chdb is not installed")
    with tempfile.TemporaryDirectory() as folder:
        session = session_of.Session(folder)
        session.query("CREATE DATABASE logs ENGINE = Memory")
        session.query(create_table("logs.event_rows", "clickhouse") + " ENGINE = Memory")
        if rows:
            path = Path(folder) / "rows.jsonl"
            path.write_text("\n".join(json.dumps(row) for row in rows))
            session.query(f"INSERT INTO logs.event_rows SELECT * FROM file('{path}', 'JSONEachRow')")
        try:
            yield session
        finally:
            session.close()


@contextmanager
def postgres(rows: list[dict[str, Any]]) -> Iterator[Warehouse]:
    """A PostgreSQL server of our own in a folder, by a user who is not root."""
    psycopg = pytest.importorskip("psycopg", reason="psycopg is not installed")
    with postgres_server() as host, psycopg.connect(host=host, dbname="postgres", autocommit=True) as client:
        client.execute(create_table("event_rows", "postgres"))
        names = list(exchange_columns())
        with client.cursor().copy(f"COPY event_rows ({', '.join(names)}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row([row[name] for name in names])
        client.execute("ANALYZE event_rows")

        def answer(sql: str) -> Answer:
            cursor = client.execute(sql.encode())
            return [column.name for column in cursor.description], cursor.fetchall()

        yield Warehouse("log", "postgres", "event_rows", names, answer)


@contextmanager
def postgres_server(port: int = 0) -> Iterator[str]:
    """Starts a server on a socket in a temporary folder, and on a local port if one is given; skips where none is."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb")) or [Path(shutil.which("initdb") or "/none")]
    if not found[-1].exists():
        pytest.skip("no PostgreSQL server is installed")
    programs = found[-1].parent
    with tempfile.TemporaryDirectory(prefix="pg") as folder:
        as_user: dict[str, Any] = {}
        if os.geteuid() == 0:
            import pwd

            user = next((pwd.getpwnam(name) for name in ("postgres", "nobody") if _exists(name)), None)
            if user is None:
                pytest.skip("PostgreSQL does not run as root, and there is no other user")
            os.chown(folder, user.pw_uid, user.pw_gid)
            as_user = {"user": user.pw_uid, "group": user.pw_gid}
        data = f"{folder}/data"
        quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder, **as_user}
        owner = "root" if os.geteuid() == 0 else os.environ.get("USER", "postgres")
        made = [f"{programs}/initdb", "-D", data, "-A", "trust", "-U", owner, "--no-sync", "-E", "UTF8", "--locale=C"]
        subprocess.run(made, check=True, **quiet)
        listening = f"-c listen_addresses=127.0.0.1 -p {port}" if port else "-c listen_addresses="
        options = f"-k {folder} {listening} -c fsync=off"
        control = [f"{programs}/pg_ctl", "-D", data, "-w"]
        subprocess.run([*control, "-l", f"{folder}/log", "-o", options, "start"], check=True, **quiet)
        try:
            yield folder
        finally:
            subprocess.run([*control, "-m", "immediate", "stop"], check=False, **quiet)


def _exists(name: str) -> bool:
    import pwd

    with suppress(KeyError):
        return bool(pwd.getpwnam(name))
    return False


@contextmanager
def spark(rows: list[dict[str, Any]], json_lines: bool = False) -> Iterator[Warehouse]:
    """Spark in local mode over a file of Parquet, or of JSON lines."""
    from advisor.traces.warehouses import open_spark

    sql = pytest.importorskip("pyspark.sql", reason="pyspark is not installed")
    if not shutil.which("java"):
        pytest.skip("Spark needs Java")
    builder = sql.SparkSession.builder.master("local[2]").config("spark.sql.shuffle.partitions", "2")
    session = builder.config("spark.ui.enabled", "false").config("spark.sql.session.timeZone", "UTC").getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/rows.jsonl" if json_lines else f"{folder}/rows.parquet"
        if json_lines:
            lines = [json.dumps({key: row[key] for key in row if row[key] is not None}) for row in rows]
            Path(path).write_text("\n".join(lines))
        else:
            con = connect()
            _fill(con, rows)
            con.execute(f"COPY event_rows TO '{path}' (FORMAT parquet)")
        yield open_spark([path], session)


@contextmanager
def spark_json(rows: list[dict[str, Any]]) -> Iterator[Warehouse]:
    """Spark over JSON lines, whose rows it numbers itself."""
    with spark(rows, json_lines=True) as there:
        yield there


ENGINES: dict[str, Callable[[list[dict[str, Any]]], Any]] = {
    "clickhouse": clickhouse,
    "postgres": postgres,
    "spark": spark,
    "spark-json": spark_json,
}
