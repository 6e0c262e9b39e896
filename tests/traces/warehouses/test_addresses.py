"""`advisor diagnose postgresql://...`, `clickhouse://...`: a table on a server, and every way to name it wrongly."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from advisor.traces.warehouses.dialects import create_table, exchange_columns
from tests.cli.run import advisor
from tests.traces.warehouses.clickhouse_http import served
from tests.traces.warehouses.engines import clickhouse_session, exchanged, local, postgres_server, rows_at_random

pytest.importorskip("sqlglot", reason="sqlglot is not installed")
psycopg = pytest.importorskip("psycopg", reason="psycopg is not installed")
OWNER = "root" if os.geteuid() == 0 else os.environ.get("USER", "postgres")
ROWS = exchanged(local(rows_at_random(300, 3)))


@contextmanager
def a_postgres() -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with (
        postgres_server(port),
        psycopg.connect(host="127.0.0.1", port=port, user=OWNER, dbname="postgres", autocommit=True) as client,
    ):
        client.execute(create_table("event_rows", "postgres"))
        client.execute("CREATE TABLE other (a INTEGER)")
        names = list(exchange_columns())
        with client.cursor().copy(f"COPY event_rows ({', '.join(names)}) FROM STDIN") as copy:
            for row in ROWS:
                copy.write_row([row[name] for name in names])
        yield f"postgresql://{OWNER}:s3cret@127.0.0.1:{port}/postgres"


@contextmanager
def a_clickhouse() -> Iterator[str]:
    pytest.importorskip("clickhouse_connect", reason="clickhouse-connect is not installed")
    with clickhouse_session(ROWS) as session, served(session) as port:
        session.query("CREATE TABLE logs.other (a INTEGER) ENGINE = Memory")
        yield f"clickhouse://default:s3cret@127.0.0.1:{port}/logs"


@pytest.fixture(scope="module", params=[a_postgres, a_clickhouse], ids=["postgres", "clickhouse"])
def address(request: pytest.FixtureRequest) -> Iterator[str]:
    """A server with the events in a table; its address up to the table."""
    with request.param() as url:
        yield url


def test_a_table_on_a_server_is_diagnosed_as_the_same_rows_in_files_are(address: str) -> None:
    done = advisor("diagnose", f"{address}/event_rows", "--format", "json", "--quiet")
    assert done.returncode == 1, done.stderr
    found = json.loads(done.stdout)
    from tests.traces.warehouses.test_findings import diagnosed

    here = {each.signature: (each.verdict, each.count) for each in diagnosed(local(rows_at_random(300, 3))).findings}
    assert {each["signature"]: (each["verdict"], each["count"]) for each in found["findings"]} == here
    assert any(verdict in ("present", "likely") for verdict, _ in here.values())
    assert "s3cret" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/none", "cannot be read"),
        ("/other", "kind"),
        ("/event_rows;drop", "has a name that is no identifier"),
        ("", "is no address of a table"),
    ],
)
def test_a_wrong_address_is_one_line_without_the_password(address: str, path: str, said: str) -> None:
    done = advisor("diagnose", f"{address}{path}")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1), done.stderr
    assert said in done.stderr
    assert "s3cret" not in done.stderr


def test_a_server_that_is_not_there_is_one_line() -> None:
    done = advisor("diagnose", "postgresql://me:s3cret@127.0.0.1:1/db/events")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "s3cret" not in done.stderr
