"""What waits for a person: durable rows that stay open until somebody settles them, whatever crashes meanwhile."""

from __future__ import annotations

import uuid

from ..telemetry import emit
from .audit import Audit
from .clock import Clock
from .db import Database, Row

DDL = (
    "CREATE TABLE IF NOT EXISTS inbox (id TEXT PRIMARY KEY, request_id TEXT NOT NULL, code TEXT NOT NULL,"
    " reason TEXT NOT NULL, opened BIGINT NOT NULL, settled BIGINT, settled_by TEXT, answer TEXT)",
    "CREATE UNIQUE INDEX IF NOT EXISTS inbox_open ON inbox (request_id, code) WHERE settled IS NULL",
)


class Inbox:
    """Cases that left the rules, effects in doubt, workers that crash alike again and again."""

    def __init__(self, db: Database, clock: Clock, audit: Audit) -> None:
        self._db, self._clock, self._audit = db, clock, audit

    def put(self, request_id: str, code: str, reason: str) -> str:
        """Opens an entry, one at a time per request and code, in the caller's transaction where one is open."""
        entry = uuid.uuid4().hex[:12]
        fresh = self._db.run(
            "INSERT INTO inbox (id, request_id, code, reason, opened) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (request_id, code) WHERE settled IS NULL DO NOTHING",
            *(entry, request_id, code, reason, self._clock.now()),
        )
        if not fresh:
            known = self._db.row(
                "SELECT id FROM inbox WHERE request_id = ? AND code = ? AND settled IS NULL", *(request_id, code)
            )
            return str(known["id"]) if known else entry
        self._audit.write("escalated", actor="runtime", request_id=request_id, subject=entry, code=code, reason=reason)
        emit("escalation", code, request_id=request_id, reason_code=code, reason_text=reason, decision="escalate")
        return entry

    def settle(self, entry: str, person: str, answer: str) -> bool:
        """Closes an entry with a person's answer; False when it is unknown or closed already."""
        with self._db.tx():
            changed = self._db.run(
                "UPDATE inbox SET settled = ?, settled_by = ?, answer = ? WHERE id = ? AND settled IS NULL",
                *(self._clock.now(), person, answer, entry),
            )
            if changed:
                row = self._db.row("SELECT request_id, code FROM inbox WHERE id = ?", entry)
                assert row is not None
                self._audit.write(
                    "settled",
                    actor=person,
                    request_id=row["request_id"],
                    subject=entry,
                    code=row["code"],
                    answer=answer,
                )
        return bool(changed)

    def open(self) -> list[Row]:
        """What waits, oldest first."""
        return self._db.rows("SELECT * FROM inbox WHERE settled IS NULL ORDER BY opened, id")
