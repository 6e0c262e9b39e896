"""P5, shared state machine: one versioned row per case is the truth, and every step is a compare-and-swap on its version.

A writer reads, decides (which may take long, so outside any lock), and writes only if the version is still the one it
read. Three optimistic tries with jitter, then the row lock: under contention unbounded tries starve each other. Timers
carry the version they were set at, and firing is the same compare-and-swap: a timer that was overtaken does nothing.
"""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..telemetry import emit, request_in_hand, span
from .cases import FINAL, PARKED, TRANSITIONS, Case
from .clock import Clock
from .db import Database, Row, canonical, frozen, parse
from .errors import Conflict, IllegalTransition, StaleWrite
from .inbox import Inbox
from .leases import Lease, Leases

DDL = (
    "CREATE TABLE IF NOT EXISTS machine (id TEXT PRIMARY KEY, tenant TEXT NOT NULL, state TEXT NOT NULL,"
    " version BIGINT NOT NULL, payload TEXT NOT NULL, result TEXT NOT NULL, opened BIGINT NOT NULL,"
    " updated BIGINT NOT NULL)",
    "CREATE INDEX IF NOT EXISTS machine_state ON machine (state, opened)",
    "CREATE TABLE IF NOT EXISTS transition (machine_id TEXT NOT NULL, version BIGINT NOT NULL, from_state TEXT NOT NULL,"
    " to_state TEXT NOT NULL, cause TEXT NOT NULL, at BIGINT NOT NULL, retries BIGINT NOT NULL,"
    " PRIMARY KEY (machine_id, version))",
    "CREATE TABLE IF NOT EXISTS timer (id TEXT PRIMARY KEY, machine_id TEXT NOT NULL, name TEXT NOT NULL,"
    " due BIGINT NOT NULL, version BIGINT NOT NULL, to_state TEXT NOT NULL, state TEXT NOT NULL)",
    "CREATE INDEX IF NOT EXISTS timer_due ON timer (state, due)",
)
OPTIMISTIC_TRIES = 3
Change = Callable[[Case], tuple[str, dict[str, Any]]]


@dataclass(frozen=True)
class Timer:
    """A step that is to happen later, unless the row has moved on by then."""

    id: str
    machine_id: str
    name: str
    due: int
    version: int
    to_state: str


class Machine:
    """The rows and their steps.

    Args:
        db: The database.
        clock: The time.
        transitions: From each state to which others.
        leases: Checked when a change is made under a lease: a worker taken for dead writes nothing.
    """

    def __init__(
        self,
        db: Database,
        clock: Clock,
        transitions: Mapping[str, frozenset[str]] = TRANSITIONS,
        leases: Leases | None = None,
    ) -> None:
        self._db, self._clock, self._transitions, self._leases = db, clock, transitions, leases

    def create(self, machine_id: str, tenant: str, payload: dict[str, Any], state: str = "open") -> Case:
        """Makes a row once; again with the same payload gives the row as it stands.

        Raises:
            Conflict: The id is known with another payload.
        """
        now = self._clock.now()
        self._db.run(
            "INSERT INTO machine (id, tenant, state, version, payload, result, opened, updated)"
            " VALUES (?, ?, ?, 0, ?, '{}', ?, ?) ON CONFLICT (id) DO NOTHING",
            *(machine_id, tenant, state, canonical(payload), now, now),
        )
        case = self.read(machine_id)
        assert case is not None
        if case.payload != frozen(payload):
            raise Conflict(f"{machine_id} is known with another payload")
        return case

    def read(self, machine_id: str) -> Case | None:
        """The row as it stands."""
        row = self._db.row("SELECT * FROM machine WHERE id = ?", machine_id)
        return _case(row) if row else None

    def apply(self, machine_id: str, change: Change, cause: str, lease: Lease | None = None) -> Case:
        """Computes a step from the row and writes it, however many others do the same.

        Args:
            machine_id: The row.
            change: From the row to the new state and result; it may run more than once, so it has no effects.
            cause: What made the step, for the history.
            lease: The right under which the caller acts.

        Raises:
            IllegalTransition: The state machine knows no such step.
            LeaseLost: The caller was taken for dead.
        """
        op, tries = uuid.uuid4().hex[:12], 0
        if not self._db.in_tx:
            for attempt in range(1, OPTIMISTIC_TRIES + 1):
                case = self._known(machine_id)
                state, result = change(case)
                tries = attempt
                try:
                    with self._db.tx():
                        return self._swap(case, state, result, cause, lease, op, attempt)
                except StaleWrite:
                    time.sleep(random.random() * 0.004 * 2**attempt)
        with self._db.joined():
            row = self._db.row(f"SELECT * FROM machine WHERE id = ?{self._db.for_update}", machine_id)
            if row is None:
                raise KeyError(machine_id)
            state, result = change(_case(row))
            return self._swap(_case(row), state, result, cause, lease, op, tries + 1)

    def write(
        self, machine_id: str, version: int, state: str, result: dict[str, Any], cause: str, lease: Lease | None = None
    ) -> Case:
        """One compare-and-swap at a version the caller has read.

        Raises:
            StaleWrite: The row has moved on.
            IllegalTransition: The state machine knows no such step.
        """
        with self._db.joined():
            case = self._known(machine_id)
            if case.version != version:
                emit("cas", machine_id, resource_id=machine_id, op_id=uuid.uuid4().hex[:12], status="rejected",
                     expected_version=version, actual_version=case.version, attempt=1)  # fmt: skip
                raise StaleWrite(f"{machine_id} is at version {case.version}, not {version}")
            return self._swap(case, state, result, cause, lease, uuid.uuid4().hex[:12], 1)

    def override(self, machine_id: str, state: str, result: dict[str, Any], person: str) -> Case:
        """A person's step: as any other, and what was planned before it is overtaken."""
        moved = self.apply(machine_id, lambda _: (state, result), f"override by {person}")
        emit("override", machine_id, request_id=machine_id, resource_id=machine_id, new_version=moved.version,
             decision_source="human", to_state=state)  # fmt: skip
        return moved

    def _swap(
        self, case: Case, state: str, result: dict[str, Any], cause: str, lease: Lease | None, op: str, attempt: int
    ) -> Case:
        if state not in self._transitions.get(case.state, frozenset()):
            raise IllegalTransition(f"{case.id}: from {case.state} to {state}")
        if lease and self._leases:
            self._leases.renew(lease)
        now, version = self._clock.now(), case.version + 1
        swapped = self._db.run(
            "UPDATE machine SET state = ?, result = ?, version = ?, updated = ? WHERE id = ? AND version = ?",
            *(state, canonical(result), version, now, case.id, case.version),
        )
        # Who asked for the step, which is not always the row's own case: several requests may race for one row.
        emit("cas", case.id, request_id=request_in_hand() or case.id, resource_id=case.id, op_id=op, attempt=attempt,
             expected_version=case.version, new_version=version if swapped else None,
             status="ok" if swapped else "rejected", caused_by=cause)  # fmt: skip
        if not swapped:
            raise StaleWrite(f"{case.id} has moved on from version {case.version}")
        self._db.run(
            "INSERT INTO transition (machine_id, version, from_state, to_state, cause, at, retries)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            *(case.id, version, case.state, state, cause, now, attempt - 1),
        )
        emit("state_transition", f"{case.state} to {state}", request_id=case.id, resource_id=case.id,
             from_state=case.state, to_state=state, expected_version=case.version, new_version=version,
             caused_by=cause)  # fmt: skip
        return Case(case.id, case.tenant, state, case.payload, frozen(result), version, now)

    def _known(self, machine_id: str) -> Case:
        case = self.read(machine_id)
        if case is None:
            raise KeyError(machine_id)
        return case


class Timers:
    """Steps that wait for their time."""

    def __init__(
        self, db: Database, clock: Clock, machine: Machine, fired: Callable[[Case, str], None] | None = None
    ) -> None:
        # `fired` runs in the transaction of the step, so that what follows from it is never lost.
        self._db, self._clock, self._machine, self._fired = db, clock, machine, fired

    def set(self, case: Case, name: str, due: int, to_state: str) -> str:
        """Plans a step for a row at its present version; a timer of the same name is replaced."""
        timer_id = f"{case.id}:{name}:{case.version}"
        with self._db.joined():
            self._db.run(
                "UPDATE timer SET state = 'replaced' WHERE machine_id = ? AND name = ? AND state = 'set'", case.id, name
            )
            self._db.run(
                "INSERT INTO timer (id, machine_id, name, due, version, to_state, state) VALUES (?, ?, ?, ?, ?, ?, 'set')"
                " ON CONFLICT (id) DO NOTHING",
                *(timer_id, case.id, name, due, case.version, to_state),
            )
        emit("timer_set", name, request_id=case.id, resource_id=case.id, timer_id=timer_id,
             scheduled_version=case.version)  # fmt: skip
        return timer_id

    def fire_due(self) -> list[tuple[str, bool]]:
        """Fires what is due; each timer once, even with several sweepers. Tells which ones took effect."""
        due = "SELECT * FROM timer WHERE state = 'set' AND due <= ? ORDER BY due, id"
        return [(row["id"], self.fire(row)) for row in self._db.rows(due, self._clock.now())]

    def fire(self, row: Row) -> bool:
        """One compare-and-swap: the row has to be at the version at which the timer was set."""
        with span(row["name"], "timer_fire", request_id=row["machine_id"], resource_id=row["machine_id"],
                  timer_id=row["id"], scheduled_version=row["version"]) as fired:  # fmt: skip
            try:
                with self._db.tx():
                    if not self._db.run("UPDATE timer SET state = 'fired' WHERE id = ? AND state = 'set'", row["id"]):
                        fired.set(status="skipped")
                        return False
                    moved = self._machine.write(
                        row["machine_id"], row["version"], row["to_state"], {"timer": row["name"]}, row["id"]
                    )
                    if self._fired:
                        self._fired(moved, row["name"])
            except (StaleWrite, IllegalTransition):
                self._db.run("UPDATE timer SET state = 'stale' WHERE id = ? AND state = 'set'", row["id"])
                fired.set(status="skipped", reason_code="stale_timer")
                return False
            fired.set(status="ok")
            return True


class StateSpine:
    """Cases as rows of the machine, each with a timer that notices when it is stuck."""

    name = "P5"

    def __init__(
        self, db: Database, clock: Clock, leases: Leases, inbox: Inbox, stuck_after_ms: int = 7 * 86_400_000
    ) -> None:
        self.machine = Machine(db, clock, leases=leases)

        def stuck(case: Case, name: str) -> None:
            inbox.put(case.id, name, f"nothing moved {case.id} in time")

        self.timers = Timers(db, clock, self.machine, stuck)
        self._db, self._clock, self._stuck = db, clock, stuck_after_ms

    def open(self, case_id: str, tenant: str, payload: dict[str, Any]) -> Case:
        """Accepts a request once."""
        with self._db.joined():
            case = self.machine.create(case_id, tenant, payload)
            if case.version == 0:
                self.timers.set(case, "stuck", self._clock.now() + self._stuck, "needs_person")
        return case

    def read(self, case_id: str) -> Case | None:
        """The case as it stands."""
        return self.machine.read(case_id)

    def move(self, case_id: str, state: str, result: dict[str, Any], cause: str) -> Case:
        """A step by compare-and-swap; being there already changes nothing."""
        case = self.read(case_id)
        if case and case.state == state and case.result == frozen(result):
            return case
        with self._db.joined():
            moved = self.machine.apply(case_id, lambda _: (state, result), cause)
            if not moved.final:
                self.timers.set(moved, "stuck", self._clock.now() + self._stuck, "needs_person")
        return moved

    def unfinished(self) -> list[str]:
        """Cases that are neither final nor with a person."""
        ended = ", ".join(f"'{each}'" for each in sorted(FINAL | PARKED))
        rows = self._db.rows(f"SELECT id FROM machine WHERE state NOT IN ({ended}) ORDER BY opened, id")
        return [row["id"] for row in rows]

    def cases(self, limit: int = 500) -> list[Case]:
        """The cases that moved last."""
        return [_case(row) for row in self._db.rows("SELECT * FROM machine ORDER BY updated DESC, id LIMIT ?", limit)]


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
