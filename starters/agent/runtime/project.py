"""A project as the command line, the console and the tests see it: the flow and whatever was wired beside it."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..llm import Model, Recorded, connect
from ..telemetry import use_clock
from . import audit, boundary, effects, inbox, leases
from .boundary import Boundary, Kernel, Planes
from .cases import Case, Spine
from .clock import Clock, SystemClock
from .db import Database
from .flow import Flow
from .p4_gate import Gate, load_policy

CORE_DDL = (*leases.DDL, *audit.DDL, *inbox.DDL, *effects.DDL, *boundary.DDL)


@dataclass(frozen=True)
class Base:
    """What every project has: the tables, the audit log, the inbox, the leases, the gate."""

    db: Database
    clock: Clock
    audit: audit.Audit
    inbox: inbox.Inbox
    leases: leases.Leases
    gate: Gate


def policy_file(package: str) -> Path:
    """`POLICY_FILE`, else `policy.toml` beside `src`, else in the current folder."""
    if given := os.environ.get("POLICY_FILE"):
        return Path(given)
    beside = Path(package).resolve().parent.parent.parent / "policy.toml"
    return beside if beside.exists() else Path("policy.toml")


def base(package: str, url: str | None, clock: Clock | None, gate: Gate | None, pool: int) -> Base:
    """Opens the database (`DATABASE_URL`, else `state.db`) and reads the policy."""
    if clock is not None:
        use_clock(clock.now)
    clock = clock or SystemClock()
    db = Database(url or os.environ.get("DATABASE_URL") or "sqlite:///state.db", pool=pool)
    db.create(CORE_DDL)
    log = audit.Audit(db, clock)
    lease_ms = int(float(os.environ.get("LEASE_SECONDS", "30")) * 1000)
    return Base(
        db,
        clock,
        log,
        inbox.Inbox(db, clock, log),
        leases.Leases(db, clock, lease_ms),
        gate or load_policy(policy_file(package)),
    )


@dataclass(frozen=True)
class Project:
    """Everything that runs.

    Attributes:
        base: Tables, audit log, inbox, leases, gate.
        flow: Handles and recovers cases.
        kill_switch: The plane, None where the record did not choose it; so are the three below.
        consumers: What reads the event log (P3).
    """

    base: Base
    flow: Flow
    kill_switch: Any = None
    escalation: Any = None
    approval: Any = None
    throttling: Any = None
    consumers: list[Any] = field(default_factory=list)

    @property
    def spine(self) -> Spine:
        """How cases are remembered."""
        return self.flow.spine

    def due(self) -> None:
        """What time brings: approvals and timers that are due, events that may be read."""
        if self.approval:
            self.approval.sweep()
        timers = getattr(self.spine, "timers", None)
        if timers:
            timers.fire_due()
        for consumer in self.consumers:
            consumer.run()

    def sweep(self) -> list[Case]:
        """What time brings, and then every case that may go on."""
        self.due()
        return self.flow.recover()

    def work(self, *, every_s: float = 0.5, rounds: int | None = None) -> None:
        """Works on whatever there is, beside any number of other workers, until the rounds are over."""
        sealer = audit.Sealer(self.base.audit)
        sealer.start()
        try:
            done = 0
            while rounds is None or done < rounds:
                self.sweep()
                done += 1
                if rounds is None or done < rounds:
                    time.sleep(every_s)
        finally:
            sealer.stop()

    def close(self) -> None:
        """Seals the audit log and gives the database back."""
        self.base.audit.seal()
        self.base.db.close()


def flow(
    base: Base, spine: Spine, seams: Sequence[Boundary[Any]], planes: Planes, model: Model | None, deadline_ms: int
) -> Flow:
    """The flow over these parts; the kill switch is read before every tool call."""

    def before_call(tool: str, request_id: str) -> None:
        case = spine.read(request_id)
        if planes.kill_switch and case:
            planes.kill_switch.check(case, tool)

    ledger = effects.Effects(base.db, base.clock, base.leases, before_call)
    kernel = Kernel(base.db, base.clock, base.audit, base.inbox, base.leases, ledger, base.gate, planes)
    return Flow(kernel, spine, seams, Recorded(model) if model else connect(), deadline_ms)
