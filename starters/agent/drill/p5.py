"""Drills of P5: a hot row without a lock to fall back to, a timer without a check, a write without its version."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..runtime.cases import Case
from ..runtime.clock import SystemClock
from ..runtime.db import Row, canonical
from ..runtime.errors import StaleWrite
from ..runtime.leases import Lease
from ..runtime.p5_state import DDL, Machine, Timers
from ..telemetry import emit, span
from . import Drill, Outcome
from .scratch import Scratch

_STEPS = {"open": frozenset({"open", "done"}), "done": frozenset({"open", "done"})}


def _count(case: Case) -> tuple[str, dict[str, Any]]:
    # Somebody who thinks for a moment between reading and writing, as everybody does.
    time.sleep(0.001)
    return "open", {"n": case.result.get("n", 0) + 1}


class _NeverLocks(Machine):
    """Tries until it works, however long that takes."""

    def apply(
        self,
        machine_id: str,
        change: Callable[[Case], tuple[str, dict[str, Any]]],
        cause: str,
        lease: Lease | None = None,
    ) -> Case:
        op, attempt = uuid.uuid4().hex[:12], 0
        while True:
            attempt += 1
            case = self._known(machine_id)
            state, result = change(case)
            try:
                with self._db.tx():
                    return self._swap(case, state, result, cause, lease, op, attempt)
            except StaleWrite:
                continue


def _together(work: Callable[[], object], threads: int) -> None:
    started = [threading.Thread(target=work) for _ in range(threads)]
    for thread in started:
        thread.start()
    for thread in started:
        thread.join()


def contention(folder: Path, defended: bool) -> Outcome:
    """Eight writers and 336 steps on one row."""
    scratch = Scratch(folder, DDL, SystemClock())
    machine = (Machine if defended else _NeverLocks)(scratch.db, scratch.clock, _STEPS)
    machine.create("hot", "drill", {})

    def work() -> None:
        for _ in range(42):
            with span("step", "workflow", request_id=uuid.uuid4().hex[:8], status="ok"):
                machine.apply("hot", _count, "drill")

    _together(work, 8)
    rows = [row["retries"] for row in scratch.db.rows("SELECT retries FROM transition ORDER BY retries")]
    scratch.close()
    p99 = rows[int(len(rows) * 0.99)]
    return Outcome(p99 <= 3, f"{len(rows)} steps; retries {p99} at the 99th percentile, {rows[-1]} at most")


class _Unchecked(Timers):
    """Timers that do what they were set to do, whatever has happened since."""

    def fire(self, row: Row) -> bool:
        with span(row["name"], "timer_fire", request_id=row["machine_id"], resource_id=row["machine_id"],
                  timer_id=row["id"], scheduled_version=row["version"], status="ok"):  # fmt: skip
            self._db.run("UPDATE timer SET state = 'fired' WHERE id = ?", row["id"])
        self._machine.apply(row["machine_id"], lambda _: (row["to_state"], {"by": "timer"}), row["id"])
        return True


def stale_timer(folder: Path, defended: bool) -> Outcome:
    """Ten contracts that a timer would end and a person has extended meanwhile."""
    scratch = Scratch(folder, DDL)
    machine = Machine(scratch.db, scratch.clock, _STEPS)
    timers = (Timers if defended else _Unchecked)(scratch.db, scratch.clock, machine)
    for number in range(10):
        case = machine.create(f"C-{number}", "drill", {})
        timers.set(case, "end", scratch.clock.now() + 60_000, "done")
    scratch.clock.sleep(10_000)
    for number in range(10):
        scratch.clock.sleep(10)
        machine.override(f"C-{number}", "open", {"by": "ann"}, "ann")
    scratch.clock.sleep(60_000)
    timers.fire_due()
    ended = sum(row["state"] == "done" for row in scratch.db.rows("SELECT state FROM machine"))
    scratch.close()
    return Outcome(not ended, f"{ended} of 10 contracts were ended by a timer that a person had overruled")


class _Unversioned(Machine):
    """Reads, computes, writes: whoever writes last wins."""

    def apply(
        self,
        machine_id: str,
        change: Callable[[Case], tuple[str, dict[str, Any]]],
        cause: str,
        lease: Lease | None = None,
    ) -> Case:
        op = uuid.uuid4().hex[:12]
        case = self._known(machine_id)
        state, result = change(case)
        with self._db.tx():
            self._db.run(
                "UPDATE machine SET state = ?, result = ?, version = version + 1 WHERE id = ?",
                *(state, canonical(result), machine_id),
            )
        emit("cas", machine_id, resource_id=machine_id, op_id=op, attempt=1, expected_version=case.version,
             new_version=case.version + 1, status="ok", output_hash=canonical([result, op]))  # fmt: skip
        return case


def lost_update(folder: Path, defended: bool) -> Outcome:
    """Six writers count to 120 together."""
    scratch = Scratch(folder, DDL, SystemClock())
    machine = (Machine if defended else _Unversioned)(scratch.db, scratch.clock, _STEPS)
    machine.create("counter", "drill", {})
    _together(lambda: [machine.apply("counter", _count, "drill") for _ in range(20)], 6)
    case = machine.read("counter")
    scratch.close()
    counted = case.result["n"] if case else 0
    return Outcome(counted == 120, f"{120 - counted} of 120 updates were lost")


DRILLS = (
    Drill("P5-cas-contention", "the row lock after three tries, on a hot row", contention),
    Drill("P5-stale-timer", "the version that a timer carries", stale_timer),
    Drill("P5-lost-update", "the version in the write", lost_update),
)
