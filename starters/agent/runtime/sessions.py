"""No spine: the session remembers. A row per request keeps the request and its outcome, and is overwritten in place.

What happened between is not kept; it is reconstructed from the request when it is needed.
"""

from __future__ import annotations

from typing import Any

from ..telemetry import emit
from .cases import FINAL, PARKED, STATES, Case
from .clock import Clock
from .db import Database, Row, canonical, frozen, parse
from .errors import Conflict, IllegalTransition

DDL = (
    "CREATE TABLE IF NOT EXISTS session (id TEXT PRIMARY KEY, tenant TEXT NOT NULL, state TEXT NOT NULL,"
    " payload TEXT NOT NULL, result TEXT NOT NULL, version BIGINT NOT NULL, opened BIGINT NOT NULL,"
    " updated BIGINT NOT NULL)",
)


class Sessions:
    """Cases without a spine."""

    name = "none"

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db, self._clock = db, clock

    def open(self, case_id: str, tenant: str, payload: dict[str, Any]) -> Case:
        """Accepts a request once."""
        now = self._clock.now()
        self._db.run(
            "INSERT INTO session (id, tenant, state, payload, result, version, opened, updated)"
            " VALUES (?, ?, 'open', ?, '{}', 0, ?, ?) ON CONFLICT (id) DO NOTHING",
            *(case_id, tenant, canonical(payload), now, now),
        )
        case = self.read(case_id)
        assert case is not None
        if case.payload != frozen(payload):
            raise Conflict(f"{case_id} is known with another payload")
        return case

    def read(self, case_id: str) -> Case | None:
        """The case as it stands."""
        row = self._db.row("SELECT * FROM session WHERE id = ?", case_id)
        return _case(row) if row else None

    def move(self, case_id: str, state: str, result: dict[str, Any], cause: str) -> Case:
        """Overwrites the outcome; a final one is left by nothing."""
        case = self.read(case_id)
        if case is None or state not in STATES:
            raise IllegalTransition(f"{case_id} to {state}")
        if case.state == state and case.result == frozen(result):
            return case
        finals = ", ".join(f"'{each}'" for each in sorted(FINAL))
        changed = self._db.run(
            "UPDATE session SET state = ?, result = ?, version = version + 1, updated = ?"
            f" WHERE id = ? AND state NOT IN ({finals})",
            *(state, canonical(result), self._clock.now(), case_id),
        )
        if not changed:
            raise IllegalTransition(f"{case_id} is final ({case.state}) and cannot become {state}")
        emit("state_transition", f"{case.state} to {state}", request_id=case_id, resource_id=case_id,
             from_state=case.state, to_state=state, caused_by=cause)  # fmt: skip
        moved = self.read(case_id)
        assert moved is not None
        return moved

    def unfinished(self) -> list[str]:
        """Cases that are neither final nor with a person."""
        ended = ", ".join(f"'{each}'" for each in sorted(FINAL | PARKED))
        rows = self._db.rows(f"SELECT id FROM session WHERE state NOT IN ({ended}) ORDER BY opened, id")
        return [row["id"] for row in rows]

    def cases(self, limit: int = 500) -> list[Case]:
        """The cases that moved last."""
        return [_case(row) for row in self._db.rows("SELECT * FROM session ORDER BY updated DESC, id LIMIT ?", limit)]


def _case(row: Row) -> Case:
    return Case(
        row["id"],
        row["tenant"],
        row["state"],
        parse(row["payload"]),
        parse(row["result"]),
        row["version"],
        row["updated"],
    )
