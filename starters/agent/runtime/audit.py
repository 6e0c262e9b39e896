"""The audit log: who did what, under which policy and model; a hash chain shows every later change.

Rows are written inside the transaction of the act they tell of, without a lock. A sealer chains them in the background,
because a chain inside every act would make every act wait for every other. `verify` walks the chain and reports how many
rows at its end are not sealed yet. The head of the chain also goes to the telemetry: kept elsewhere, it shows that a
chain was cut short or written anew.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

from ..telemetry import emit
from .clock import Clock
from .db import Database, Row, canonical, digest

DDL = (
    "CREATE TABLE IF NOT EXISTS audit (seq {serial}, at BIGINT NOT NULL, request_id TEXT, actor TEXT NOT NULL,"
    " act TEXT NOT NULL, subject TEXT, detail TEXT NOT NULL, policy_version TEXT, model_version TEXT,"
    " link BIGINT UNIQUE, prev TEXT, hash TEXT)",
    "CREATE INDEX IF NOT EXISTS audit_request ON audit (request_id)",
    "CREATE TABLE IF NOT EXISTS audit_head (id BIGINT PRIMARY KEY, link BIGINT NOT NULL, hash TEXT NOT NULL)",
)
_GENESIS = "0" * 64
_SEALED_FIELDS = (
    "seq",
    "at",
    "request_id",
    "actor",
    "act",
    "subject",
    "detail",
    "policy_version",
    "model_version",
    "link",
)


@dataclass(frozen=True)
class Verification:
    """What a walk over the chain found: sealed rows, rows not sealed yet, and each break in words."""

    sealed: int
    unsealed: int
    faults: tuple[str, ...]
    head: str

    @property
    def unbroken(self) -> bool:
        """Whether every sealed row is as it was written, and none is missing or added."""
        return not self.faults


class Audit:
    """The log of one database."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db, self._clock = db, clock

    def write(
        self,
        act: str,
        *,
        actor: str,
        request_id: str | None = None,
        subject: str | None = None,
        policy_version: str | None = None,
        model_version: str | None = None,
        **detail: Any,
    ) -> None:
        """Adds a row, in the caller's transaction where one is open."""
        self._db.run(
            "INSERT INTO audit (at, request_id, actor, act, subject, detail, policy_version, model_version)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            *(self._clock.now(), request_id, actor, act, subject, canonical(detail), policy_version, model_version),
        )

    def seal(self, limit: int = 10_000) -> int:
        """Chains every row that is not chained yet, in the order of their numbers; returns how many."""
        with self._db.tx():
            self._db.advisory_lock("audit-seal")
            head = self._db.row("SELECT link, hash FROM audit_head WHERE id = 1") or {"link": 0, "hash": _GENESIS}
            link, previous = head["link"], head["hash"]
            rows = self._db.rows("SELECT * FROM audit WHERE link IS NULL ORDER BY seq LIMIT ?", limit)
            for row in rows:
                link += 1
                own = _hash({**row, "link": link}, previous)
                self._db.run(
                    "UPDATE audit SET link = ?, prev = ?, hash = ? WHERE seq = ?", link, previous, own, row["seq"]
                )
                previous = own
            if rows:
                self._db.run(
                    "INSERT INTO audit_head (id, link, hash) VALUES (1, ?, ?)"
                    " ON CONFLICT (id) DO UPDATE SET link = excluded.link, hash = excluded.hash",
                    *(link, previous),
                )
        if rows:
            emit("log", "audit sealed", text=f"link {link} {previous}")
        return len(rows)

    def verify(self) -> Verification:
        """Walks the chain from its first row to its head."""
        faults: list[str] = []
        previous, expected, seen = _GENESIS, 1, 0
        for row in self._db.rows("SELECT * FROM audit WHERE link IS NOT NULL ORDER BY link"):
            if row["link"] != expected:
                faults.append(f"link {expected} is missing")
            elif row["prev"] != previous:
                faults.append(f"link {expected} does not follow the row before it")
            if row["hash"] != _hash(row, row["prev"]):
                faults.append(f"link {row['link']} (row {row['seq']}) was changed after it was sealed")
            previous, expected, seen = row["hash"], row["link"] + 1, seen + 1
        head = self._db.row("SELECT link, hash FROM audit_head WHERE id = 1") or {"link": 0, "hash": _GENESIS}
        if head["link"] != expected - 1 or head["hash"] != previous:
            faults.append(f"the chain ends at link {expected - 1}, its head says {head['link']}")
        unsealed = self._db.row("SELECT count(*) AS n FROM audit WHERE link IS NULL") or {"n": 0}
        return Verification(seen, unsealed["n"], tuple(faults), head["hash"])

    def of(self, request_id: str) -> list[Row]:
        """Every row about one request, oldest first."""
        return self._db.rows("SELECT * FROM audit WHERE request_id = ? ORDER BY seq", request_id)


class Sealer(threading.Thread):
    """Seals every second, beside the work."""

    def __init__(self, audit: Audit, every_s: float = 1.0) -> None:
        super().__init__(name="audit-sealer", daemon=True)
        self._audit, self._every, self._done = audit, every_s, threading.Event()

    def run(self) -> None:
        """Seals until told to stop."""
        while not self._done.wait(self._every):
            self._audit.seal()

    def stop(self) -> None:
        """Ends the thread after a last sealing."""
        self._done.set()
        self.join()
        self._audit.seal()


def _hash(row: Row, previous: str) -> str:
    return digest([previous, *(row[name] for name in _SEALED_FIELDS)])
