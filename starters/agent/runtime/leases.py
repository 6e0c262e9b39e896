"""Leases: one worker at a time on one case, and a dead worker's late write is refused.

A lease has an owner, a token that grows with every taking, and an end. Work under a lease renews it before each effect;
who finds the token changed has been taken for dead and must not write any more.
"""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from .clock import Clock
from .db import Database
from .errors import Busy, LeaseLost

DDL = (
    "CREATE TABLE IF NOT EXISTS lease (name TEXT PRIMARY KEY, owner TEXT NOT NULL, token BIGINT NOT NULL,"
    " until BIGINT NOT NULL)",
)
WORKER = f"{socket.gethostname()}/{os.getpid()}/{uuid.uuid4().hex[:8]}"


@dataclass(frozen=True)
class Lease:
    """The right to work on `name`, as long as its token is the current one."""

    name: str
    owner: str
    token: int
    ttl_ms: int


class Leases:
    """Who works on what."""

    def __init__(self, db: Database, clock: Clock, ttl_ms: int = 30_000) -> None:
        self._db, self._clock, self.ttl_ms = db, clock, ttl_ms

    def take(self, name: str, owner: str = WORKER) -> Lease:
        """Takes the lease when nobody holds it, its holder's time is up, or (on SQLite) its holder's process is gone.

        Raises:
            Busy: Somebody holds it.
        """
        now = self._clock.now()
        with self._db.tx():
            fresh = "INSERT INTO lease (name, owner, token, until) VALUES (?, ?, 1, ?) ON CONFLICT (name) DO NOTHING"
            if self._db.run(fresh, name, owner, now + self.ttl_ms):
                return Lease(name, owner, 1, self.ttl_ms)
            row = self._db.row(f"SELECT owner, token, until FROM lease WHERE name = ?{self._db.for_update}", name)
            assert row is not None
            if row["until"] > now and not self._gone(row["owner"]):
                raise Busy(f"{row['owner']} works on {name}")
            token = row["token"] + 1
            self._db.run(
                "UPDATE lease SET owner = ?, token = ?, until = ? WHERE name = ?", owner, token, now + self.ttl_ms, name
            )
        return Lease(name, owner, token, self.ttl_ms)

    def renew(self, lease: Lease) -> None:
        """Extends a lease; inside a transaction this also fences what the transaction writes.

        Raises:
            LeaseLost: Another worker has taken it.
        """
        sql = "UPDATE lease SET until = ? WHERE name = ? AND token = ? AND owner = ?"
        if not self._db.run(sql, self._clock.now() + lease.ttl_ms, lease.name, lease.token, lease.owner):
            raise LeaseLost(f"{lease.name} was taken over from {lease.owner}")

    def release(self, lease: Lease) -> None:
        """Gives a lease back; one that was taken over stays with its new owner."""
        sql = "UPDATE lease SET until = 0 WHERE name = ? AND token = ? AND owner = ?"
        self._db.run(sql, lease.name, lease.token, lease.owner)

    def beat(self, name: str) -> None:
        """Says that whatever goes by this name is alive, for as long as a lease lasts; written once in half that time."""
        now = self._clock.now()
        sql = (
            "INSERT INTO lease (name, owner, token, until) VALUES (?, ?, 1, ?) ON CONFLICT (name) DO UPDATE"
            " SET owner = excluded.owner, until = excluded.until WHERE lease.until < ?"
        )
        self._db.run(sql, name, WORKER, now + self.ttl_ms, now + self.ttl_ms // 2)

    def alive(self, name: str) -> bool:
        """Whether somebody holds a lease, or has said so."""
        row = self._db.row("SELECT until FROM lease WHERE name = ?", name)
        return bool(row and row["until"] > self._clock.now())

    @contextmanager
    def held(self, name: str) -> Iterator[Lease]:
        """A lease for the time of a block."""
        lease = self.take(name)
        try:
            yield lease
        finally:
            self.release(lease)

    def _gone(self, owner: str) -> bool:
        # Workers on one SQLite file share one machine, so a process that no longer exists need not be waited for.
        host, _, rest = owner.partition("/")
        pid = rest.partition("/")[0]
        if self._db.postgres or host != socket.gethostname() or not pid.isdigit():
            return False
        try:
            os.kill(int(pid), 0)
        except ProcessLookupError:
            return True
        except OSError:
            return False
        return False
