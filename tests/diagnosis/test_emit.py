"""The queries written for a warehouse: whole scripts that an engine runs as they stand."""

from __future__ import annotations

import re
import sqlite3
import sys
from typing import Any

import pytest

from advisor.catalog.load import shipped
from advisor.diagnosis.detectors import detectors
from advisor.diagnosis.emit import emitted
from advisor.errors import InputError
from advisor.traces.table import connect
from advisor.traces.warehouses.dialects import DIALECTS, exchange_columns, transpiled
from tests.traces.warehouses.engines import exchanged, local, postgres_server, rows_at_random

sqlglot = pytest.importorskip("sqlglot", reason="sqlglot is not installed")


def statements(script: str) -> list[str]:
    return [text for text in re.split(r";\n", re.sub(r"^--.*$", "", script, flags=re.M)) if text.strip()]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_query_is_there_and_is_sql_of_the_dialect(dialect: str, caplog: pytest.LogCaptureFixture) -> None:
    script = emitted(dialect, shipped())
    assert caplog.messages == []  # nothing that the dialect cannot say
    queries = sum(len(detector.queries) for detector in detectors().values())
    written = statements(script)
    assert len(written) == queries + (3 if dialect == "clickhouse" else 2)
    for id in detectors():
        assert f"-- {id}: " in script
    for text in written:
        assert sqlglot.parse_one(text, dialect=dialect)
        assert not re.search(r"\{[a-z_]+\}", text), "a placeholder was left"


def test_sqlite_is_refused_with_what_it_lacks() -> None:
    with pytest.raises(InputError) as refused:
        emitted("sqlite", shipped())
    assert str(refused.value).splitlines() == [
        "--emit-sql sqlite: is not offered, for SQLite has no regular expressions and no MD5 of its own, which many "
        "queries ask for; export the table as CSV or Parquet and diagnose that file"
    ]
    lite = sqlite3.connect(":memory:")
    for lacking in ("SELECT 'a' REGEXP 'a'", "SELECT MD5('a')"):
        with pytest.raises(sqlite3.OperationalError, match="no such function"):
            lite.execute(lacking)


def test_a_script_runs_as_it_stands_and_answers_what_the_table_does() -> None:
    table = local(rows_at_random(2000, 5))
    con = connect()
    create, view, *queries = statements(emitted("duckdb", shipped()))
    con.execute(create)
    names = list(exchange_columns())
    marks = ", ".join("?" for _ in names)
    rows = [[row[name] for name in names] for row in exchanged(table)]
    con.executemany(f"INSERT INTO event_rows VALUES ({marks})", rows)
    con.execute(view)
    for query in queries:
        assert con.execute(query).fetchall() == table.con.execute(query).fetchall()


@pytest.mark.slow
@pytest.mark.parametrize("many", [0, 2000])
def test_a_script_runs_as_it_stands_in_postgresql(many: int) -> None:
    psycopg = pytest.importorskip("psycopg", reason="psycopg is not installed")
    with postgres_server() as host, psycopg.connect(host=host, dbname="postgres", autocommit=True) as client:
        create, view, *queries = statements(emitted("postgres", shipped()))
        client.execute(create)
        names = list(exchange_columns())
        with client.cursor().copy(f"COPY event_rows ({', '.join(names)}) FROM STDIN") as copy:
            for row in exchanged(local(rows_at_random(many, 5))):
                copy.write_row([row[name] for name in names])
        client.execute(view)
        for query in queries:
            assert client.execute(query.encode()).fetchall() is not None


def test_thresholds_of_the_user_are_put_in() -> None:
    mine = emitted("duckdb", shipped(), ids=["P5-cas-contention"], overrides={"P5-cas-contention.p99-retries": 77})
    assert "retries > 77" in mine
    assert "P4-crash-loop" not in mine


@pytest.mark.parametrize(
    "order", ["v, n", "v DESC, n", "v NULLS FIRST, n", "v DESC NULLS FIRST, n", "v IS NULL, n DESC"]
)
def test_bigquerys_windows_put_rows_without_a_value_where_duckdbs_do(order: str) -> None:
    sql = f"SELECT n, ROW_NUMBER() OVER (ORDER BY {order}) AS nth FROM t ORDER BY n"
    con = connect()
    con.execute("CREATE TABLE t AS SELECT * FROM (VALUES (1, 5), (2, NULL), (3, 1), (4, NULL), (5, 9)) AS t(n, v)")
    ours = con.execute(sql).fetchall()
    con.execute("SET default_null_order = 'NULLS_FIRST_ON_ASC_LAST_ON_DESC'")  # BigQuery's
    assert con.execute(transpiled(sql, "bigquery")).fetchall() == ours


def test_unknown_dialects_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="use one of bigquery, clickhouse"):
        emitted("dbase", shipped())
    monkeypatch.setitem(sys.modules, "sqlglot", None)
    with pytest.raises(InputError, match=r"pip install 'agent-runtime-advisor\[sql\]'"):
        emitted("postgres", shipped())


def test_the_table_has_every_canonical_column() -> None:
    created: Any = sqlglot.parse_one(statements(emitted("clickhouse", shipped()))[1], dialect="clickhouse")
    assert [column.name for column in created.find_all(sqlglot.exp.ColumnDef)] == list(exchange_columns())
