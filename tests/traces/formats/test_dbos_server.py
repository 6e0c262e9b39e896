"""DBOS on a real PostgreSQL server."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from advisor.traces.formats.dbos import rows_of
from advisor.traces.formats.dbos_rows import events
from tests.traces.formats.dbos_databases import (
    POSTGRESQL,
    check,
)


@pytest.fixture
def server() -> Iterator[str]:
    """A PostgreSQL server of our own on a socket in a temporary folder, with the sample loaded; gives its DSN."""
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb")) or [Path(shutil.which("initdb") or "/nowhere")]
    binaries = found[-1].parent
    if not found[-1].exists():
        pytest.skip("no PostgreSQL server is installed")
    user: dict[str, Any] = {}
    if os.geteuid() == 0:
        if "\npostgres:" not in Path("/etc/passwd").read_text():
            pytest.skip("PostgreSQL does not run as root, and there is no user postgres")
        user = {"user": "postgres", "group": "postgres", "extra_groups": []}
    # Not in pytest's own folder: another user may not enter that, and a socket's path has to be short.
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    if user:
        shutil.chown(folder, "postgres")

    def run(name: str, *arguments: str, text: str | None = None) -> None:
        # The server keeps its starter's output open, so that goes to a file and never to a pipe.
        with tempfile.TemporaryFile("w+") as log:
            done = subprocess.run(
                [binaries / name, *arguments],
                check=False,
                stdout=log,
                stderr=log,
                input=text,
                text=True,
                timeout=60,
                cwd="/",
                **user,
            )
            log.seek(0)
            assert done.returncode == 0, log.read()

    data = str(folder / "data")
    try:
        run("initdb", "-D", data, "-A", "trust", "-U", "dbos", "--no-sync")
        options = f"-k {folder} -c listen_addresses='' -c fsync=off"
        run("pg_ctl", "-D", data, "-o", options, "-l", str(folder / "log"), "-w", "start")
        try:
            load = ("-q", "-v", "ON_ERROR_STOP=1", "-h", str(folder), "-U", "dbos", "postgres")
            run("psql", *load, text=POSTGRESQL.read_text())
            yield f"host={folder} user=dbos dbname=postgres"
        finally:
            run("pg_ctl", "-D", data, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def test_a_real_postgresql_server(server: str) -> None:
    import psycopg

    bad: list[tuple[int, str]] = []
    with psycopg.connect(server) as connection:
        connection.read_only = True
        found = list(events(rows_of(connection), lambda line, why: bad.append((line, why))))
    assert bad == []
    check(found, stepped=True)
    kinds = Counter(event["kind"] for event in found)
    assert (kinds["workflow"], kinds["outcome"], kinds["cancelled"], kinds["delegation"]) == (10, 8, 2, 3)
