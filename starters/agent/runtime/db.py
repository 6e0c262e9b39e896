"""The database: SQLite by default, PostgreSQL when the URL says so; one small interface over both.

SQL is written once, with `?` for values and `{serial}` for a counting key. Every thread has its own connection. A
transaction on SQLite begins IMMEDIATE, so that two writers queue instead of failing half-way; commits are synchronous,
because a commit that a power cut can take back is not a commit.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Row = dict[str, Any]


def canonical(value: Any) -> str:
    """JSON with sorted keys and no spaces: equal values give equal text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)


def digest(value: Any) -> str:
    """The SHA-256 of a value's canonical JSON."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


class Database:
    """A database handle that threads may share and processes may not.

    Args:
        url: `sqlite:///path/to/file.db` or `postgresql://…`.
        pool: PostgreSQL only: how many connections this process may hold at once.
    """

    def __init__(self, url: str, pool: int = 10) -> None:
        self.url = url
        self.postgres = url.startswith(("postgresql://", "postgres://"))
        self._pid = os.getpid()
        self._local = threading.local()
        self._opened: list[sqlite3.Connection] = []
        self._pool: Any = None
        if self.postgres:
            from psycopg_pool import ConnectionPool

            self._pool = ConnectionPool(url, min_size=1, max_size=pool, kwargs={"autocommit": True}, open=True)
        elif not url.startswith("sqlite:///"):
            raise ValueError(f"DATABASE_URL {url!r} is neither sqlite:///PATH nor postgresql://…")

    @property
    def for_update(self) -> str:
        """What locks the rows a SELECT reads; SQLite's write transaction has locked everything already."""
        return " FOR UPDATE" if self.postgres else ""

    @property
    def skip_locked(self) -> str:
        """As `for_update`, passing over rows that somebody else holds."""
        return " FOR UPDATE SKIP LOCKED" if self.postgres else ""

    def create(self, statements: Iterable[str]) -> None:
        """Creates tables that are not there yet; several processes may do so at once."""
        serial = (
            "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY" if self.postgres else "INTEGER PRIMARY KEY AUTOINCREMENT"
        )
        with self.tx():
            self.advisory_lock("schema")
            for statement in statements:
                self.run(statement.replace("{serial}", serial))

    @contextmanager
    def tx(self) -> Iterator[None]:
        """One transaction: everything inside is durable together when the block ends, or did not happen."""
        if self.in_tx:
            raise RuntimeError("a transaction is open on this thread already; pass through instead of opening another")
        if not self.postgres:
            connection = self._sqlite()
            connection.execute("BEGIN IMMEDIATE")
            self._local.tx = connection
            try:
                yield
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            else:
                connection.execute("COMMIT")
            finally:
                self._local.tx = None
            return
        with self._pool.connection() as connection, connection.transaction():
            self._local.tx = connection
            try:
                yield
            finally:
                self._local.tx = None

    @contextmanager
    def joined(self) -> Iterator[None]:
        """The caller's transaction where one is open, else one of its own."""
        if self.in_tx:
            yield
        else:
            with self.tx():
                yield

    @property
    def in_tx(self) -> bool:
        """Whether this thread is inside `tx()`."""
        return getattr(self._local, "tx", None) is not None

    def rows(self, sql: str, *values: Any) -> list[Row]:
        """Every row that a query gives."""
        return self._execute(sql, values)[0]

    def row(self, sql: str, *values: Any) -> Row | None:
        """The first row, or None."""
        found = self.rows(sql, *values)
        return found[0] if found else None

    def run(self, sql: str, *values: Any) -> int:
        """Runs a statement and says how many rows it changed."""
        return self._execute(sql, values)[1]

    def advisory_lock(self, name: str) -> None:
        """Holds back every other transaction that asks for this name (on SQLite the write lock does so anyway)."""
        if self.postgres:
            key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
            self.run("SELECT pg_advisory_xact_lock(?)", key)

    def tables(self) -> set[str]:
        """The tables that exist."""
        sql = (
            "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = current_schema()"
            if self.postgres
            else "SELECT name FROM sqlite_master WHERE type = 'table'"
        )
        return {row["name"] for row in self.rows(sql)}

    def close(self) -> None:
        """Gives every connection back."""
        if self._pool is not None:
            self._pool.close()
        for connection in self._opened:
            connection.close()
        self._opened.clear()
        self._local = threading.local()

    def _sqlite(self) -> sqlite3.Connection:
        if os.getpid() != self._pid:
            raise RuntimeError("this database handle came through a fork; open a new one in the child (use spawn)")
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            path = Path(self.url.removeprefix("sqlite:///"))
            path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(path, timeout=60, isolation_level=None, check_same_thread=False)
            connection.execute("PRAGMA busy_timeout = 60000")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            self._local.connection = connection
            self._opened.append(connection)
        return connection

    def _execute(self, sql: str, values: tuple[Any, ...]) -> tuple[list[Row], int]:
        if not self.postgres:
            cursor = (getattr(self._local, "tx", None) or self._sqlite()).execute(sql, values)
            return _as_rows(cursor), cursor.rowcount
        sql = sql.replace("?", "%s")
        if self.in_tx:
            cursor = self._local.tx.execute(sql, values)
            return _as_rows(cursor), cursor.rowcount
        with self._pool.connection() as connection:
            cursor = connection.execute(sql, values)
            return _as_rows(cursor), cursor.rowcount


def _as_rows(cursor: Any) -> list[Row]:
    if cursor.description is None:
        return []
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def parse(text: str | None) -> Any:
    """What `canonical` wrote, read back; None stays None."""
    return None if text is None else json.loads(text)


def frozen(mapping: Mapping[str, Any]) -> dict[str, Any]:
    """A mapping as plain JSON values, which is what a table keeps."""
    plain: dict[str, Any] = json.loads(canonical(dict(mapping)))
    return plain
