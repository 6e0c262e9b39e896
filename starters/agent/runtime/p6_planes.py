"""P6, the human in the loop: kill switch, escalation, approval and throttling.

Each plane owns its table; a project has the planes its record chose.

- The kill switch is a row, read before every tool call in every process. No cache: what it costs is one primary-key read.
- An approval has an end. When nobody answers by then it is denied, and recorded as a time-out: never as the decision of a
  person who did not decide.
- Caps are whole numbers per minute and per day. A request over a cap waits; a single cost above the cap can never pass
  and is refused.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from ..telemetry import emit
from .audit import Audit
from .cases import FINAL, Case
from .clock import Clock
from .db import Database, Row
from .errors import Killed, NeedsPerson, Throttled
from .inbox import Inbox

KILL_DDL = (
    "CREATE TABLE IF NOT EXISTS kill_switch (scope TEXT PRIMARY KEY, reason TEXT NOT NULL, thrown_by TEXT NOT NULL,"
    " at BIGINT NOT NULL)",
)
APPROVAL_DDL = (
    "CREATE TABLE IF NOT EXISTS approval (id TEXT PRIMARY KEY, request_id TEXT NOT NULL, tenant TEXT NOT NULL,"
    " seam TEXT NOT NULL, proposal_id TEXT NOT NULL UNIQUE, reason TEXT NOT NULL, state TEXT NOT NULL,"
    " opened BIGINT NOT NULL, due BIGINT NOT NULL, decided BIGINT, decided_by TEXT, note TEXT)",
    "CREATE INDEX IF NOT EXISTS approval_open ON approval (state, due)",
)
THROTTLE_DDL = (
    "CREATE TABLE IF NOT EXISTS throttle (tenant TEXT NOT NULL, cap TEXT NOT NULL, per TEXT NOT NULL,"
    " slot BIGINT NOT NULL, used BIGINT NOT NULL, PRIMARY KEY (tenant, cap, per, slot))",
    "CREATE TABLE IF NOT EXISTS throttle_cap (tenant TEXT NOT NULL, cap TEXT NOT NULL, per_minute BIGINT, per_day BIGINT,"
    " PRIMARY KEY (tenant, cap))",
)
_LENGTH = {"minute": 60_000, "day": 86_400_000}


class KillSwitch:
    """Stops work under way, in every process, before its next tool call."""

    def __init__(self, db: Database, clock: Clock, audit: Audit) -> None:
        self._db, self._clock, self._audit = db, clock, audit

    def throw(self, scope: str, person: str, reason: str) -> None:
        """Stops everything in a scope: `*`, `tenant:T`, `case:ID` or `tool:NAME`.

        Raises:
            ValueError: The scope is none of these.
        """
        if scope != "*" and scope.partition(":")[0] not in ("tenant", "case", "tool"):
            raise ValueError(f"scope {scope!r} is none of *, tenant:T, case:ID, tool:NAME")
        with self._db.tx():
            self._db.run(
                "INSERT INTO kill_switch (scope, reason, thrown_by, at) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (scope) DO UPDATE SET reason = excluded.reason, thrown_by = excluded.thrown_by",
                *(scope, reason, person, self._clock.now()),
            )
            self._audit.write("kill switch thrown", actor=person, subject=scope, reason=reason)
        emit("cancel_request", scope, reason_text=reason, decision_source="human", **_scope(scope))

    def restore(self, scope: str, person: str) -> bool:
        """Lets a scope work again; False when it was not stopped."""
        with self._db.tx():
            restored = bool(self._db.run("DELETE FROM kill_switch WHERE scope = ?", scope))
            if restored:
                self._audit.write("kill switch restored", actor=person, subject=scope)
        if restored:
            emit("override", scope, to_state="enabled", decision="allow", decision_source="human", **_scope(scope))
        return restored

    def check(self, case: Case, tool: str) -> None:
        """Reads the switch.

        Raises:
            Killed: Somebody threw it for this case, its tenant, this tool or everything.
        """
        thrown = self._db.row(
            "SELECT scope, reason FROM kill_switch WHERE scope IN ('*', ?, ?, ?)",
            *(f"tenant:{case.tenant}", f"case:{case.id}", f"tool:{tool}"),
        )
        if thrown:
            emit("cancelled", tool, request_id=case.id, tenant=case.tenant, cancel_scope=thrown["scope"],
                 status="cancelled", tool_name=tool)  # fmt: skip
            raise Killed(thrown["scope"], thrown["reason"])

    def thrown(self) -> list[Row]:
        """What is stopped."""
        return self._db.rows("SELECT * FROM kill_switch ORDER BY scope")


class Escalation:
    """Cases that left the rules or got stuck, brought before a person; the rows outlive every crash."""

    def __init__(self, db: Database, clock: Clock, inbox: Inbox, answer_within_ms: int = 86_400_000) -> None:
        self._db, self._clock, self._inbox, self._within = db, clock, inbox, answer_within_ms

    def bring(self, case: Case, code: str, reason: str) -> NeedsPerson:
        """What a seam raises to hand its case to a person."""
        return NeedsPerson(code, f"{case.id}: {reason}")

    def overdue(self) -> list[Row]:
        """Entries that nobody has settled in time: the queue itself is in trouble."""
        due = self._clock.now() - self._within
        return [row for row in self._inbox.open() if row["opened"] <= due]

    def stuck(self, cases: list[Case], after_ms: int) -> list[str]:
        """Opens an entry for each unfinished case that has not moved for so long."""
        now = self._clock.now()
        still = [case for case in cases if case.state not in FINAL and now - case.updated >= after_ms]
        with self._db.tx():
            return [self._inbox.put(case.id, "stuck", f"{case.state} since {case.updated}") for case in still]


class Approval:
    """A person's yes or no, with an end.

    Args:
        sla_ms: How long a person has.
    """

    def __init__(self, db: Database, clock: Clock, audit: Audit, sla_ms: int = 4 * 3_600_000) -> None:
        self._db, self._clock, self._audit, self._sla = db, clock, audit, sla_ms

    def ask(self, case: Case, seam: str, proposal_id: str, reason: str) -> str:
        """Opens a request for a proposal, once."""
        now = self._clock.now()
        with self._db.joined():
            fresh = self._db.run(
                "INSERT INTO approval (id, request_id, tenant, seam, proposal_id, reason, state, opened, due)"
                " VALUES (?, ?, ?, ?, ?, ?, 'open', ?, ?) ON CONFLICT (proposal_id) DO NOTHING",
                *(uuid.uuid4().hex[:12], case.id, case.tenant, seam, proposal_id, reason, now, now + self._sla),
            )
            row = self._db.row("SELECT id FROM approval WHERE proposal_id = ?", proposal_id)
            assert row is not None
            if fresh:
                self._audit.write(
                    "approval asked",
                    actor=seam,
                    request_id=case.id,
                    subject=row["id"],
                    reason=reason,
                    due=now + self._sla,
                )
        if fresh:
            emit("approval_request", seam, request_id=case.id, tenant=case.tenant, approval_id=row["id"],
                 proposal_id=proposal_id, sla_ms=self._sla, reason_text=reason, status="pending")  # fmt: skip
        return str(row["id"])

    def decide(self, approval_id: str, person: str, yes: bool, note: str = "") -> bool:
        """A person's answer. The first one counts, and only in time.

        Returns:
            False when it was answered before, or too late, whether or not anybody has noticed the time yet.
        """
        now = self._clock.now()
        with self._db.tx():
            changed = self._db.run(
                "UPDATE approval SET state = ?, decided = ?, decided_by = ?, note = ?"
                " WHERE id = ? AND state = 'open' AND due > ?",
                *("approved" if yes else "denied", now, person, note, approval_id, now),
            )
            row = self._db.row("SELECT * FROM approval WHERE id = ?", approval_id)
            if changed and row:
                self._audit.write(
                    "approved" if yes else "denied", actor=person, request_id=row["request_id"], subject=approval_id,
                    note=note,
                )  # fmt: skip
        if changed and row:
            self._tell(row, "approve" if yes else "deny", "human")
        return bool(changed)

    def answer(self, proposal_id: str) -> tuple[str, str | None] | None:
        """How a request ended, None while a person may still answer."""
        row = self._db.row("SELECT * FROM approval WHERE proposal_id = ?", proposal_id)
        if row is None:
            return None
        if row["state"] == "open" and row["due"] <= self._clock.now():
            self._time_out(row)
            row = self._db.row("SELECT * FROM approval WHERE proposal_id = ?", proposal_id) or row
        return None if row["state"] == "open" else (row["state"], row["decided_by"])

    def sweep(self) -> list[str]:
        """Ends every request whose time is up; returns their cases."""
        late = self._db.rows("SELECT * FROM approval WHERE state = 'open' AND due <= ? ORDER BY due", self._clock.now())
        return [row["request_id"] for row in late if self._time_out(row)]

    def open(self) -> list[Row]:
        """What waits for an answer, the most urgent first."""
        return self._db.rows("SELECT * FROM approval WHERE state = 'open' ORDER BY due, id")

    def _time_out(self, row: Row) -> bool:
        now = self._clock.now()
        with self._db.joined():
            # No person stands in this row: nobody decided.
            changed = self._db.run(
                "UPDATE approval SET state = 'timed_out', decided = ? WHERE id = ? AND state = 'open' AND due <= ?",
                *(now, row["id"], now),
            )
            if changed:
                self._audit.write(
                    "approval timed out", actor="timeout", request_id=row["request_id"], subject=row["id"]
                )
        if changed:
            self._tell(row, "deny", "timeout")
        return bool(changed)

    def _tell(self, row: Row, decision: str, source: str) -> None:
        emit("approval_decision", row["seam"], request_id=row["request_id"], tenant=row["tenant"],
             approval_id=row["id"], proposal_id=row["proposal_id"], decision=decision, decision_source=source,
             sla_ms=row["due"] - row["opened"], agent_role="human" if source == "human" else None,
             status="timeout" if source == "timeout" else "ok")  # fmt: skip


@dataclass(frozen=True)
class Cap:
    """How much of one thing a tenant may use; None is no limit. Whole units only: cents, not euros."""

    per_minute: int | None = None
    per_day: int | None = None


class Throttling:
    """Caps per tenant, exact under any number of threads and processes."""

    def __init__(self, db: Database, clock: Clock, audit: Audit, caps: Mapping[str, Cap]) -> None:
        self._db, self._clock, self._audit, self.caps = db, clock, audit, dict(caps)

    def charge(self, tenant: str, costs: dict[str, int]) -> None:
        """Takes from every cap or from none; to be called inside the transaction that lets the act happen.

        Raises:
            Throttled: A cap is reached; says when there is room again.
            NeedsPerson: One cost alone is above its cap and can never pass.
        """
        now = self._clock.now()
        with self._db.joined():
            for name in sorted(costs):
                for per, limit in self._limits(tenant, name):
                    self._take(tenant, name, per, limit, costs[name], now)

    def set(self, tenant: str, name: str, cap: Cap, person: str) -> None:
        """Gives a tenant another cap than everybody's, in every process, from the next charge on.

        Raises:
            ValueError: No such thing is capped, or a limit is no whole number.
        """
        if name not in self.caps:
            raise ValueError(f"{name} is not capped; capped are {', '.join(sorted(self.caps))}")
        if any(limit is not None and limit < 0 for limit in (cap.per_minute, cap.per_day)):
            raise ValueError("a limit is a whole number of units, or absent")
        with self._db.tx():
            self._db.run(
                "INSERT INTO throttle_cap (tenant, cap, per_minute, per_day) VALUES (?, ?, ?, ?) ON CONFLICT (tenant, cap)"
                " DO UPDATE SET per_minute = excluded.per_minute, per_day = excluded.per_day",
                *(tenant, name, cap.per_minute, cap.per_day),
            )
            self._audit.write(
                "cap set", actor=person, subject=f"{tenant}/{name}", minute=cap.per_minute, day=cap.per_day
            )

    def of(self, tenant: str, name: str) -> Cap:
        """The cap that holds for a tenant."""
        row = self._db.row("SELECT * FROM throttle_cap WHERE tenant = ? AND cap = ?", tenant, name)
        return Cap(row["per_minute"], row["per_day"]) if row else self.caps.get(name, Cap())

    def used(self, tenant: str, cap: str, per: str) -> int:
        """What a tenant has used of a cap in the present minute or day."""
        sql = "SELECT used FROM throttle WHERE tenant = ? AND cap = ? AND per = ? AND slot = ?"
        row = self._db.row(sql, tenant, cap, per, self._clock.now() // _LENGTH[per])
        return int(row["used"]) if row else 0

    def _limits(self, tenant: str, name: str) -> list[tuple[str, int]]:
        cap = self.of(tenant, name)
        both = (("minute", cap.per_minute), ("day", cap.per_day))
        return [(per, limit) for per, limit in both if limit is not None]

    def _take(self, tenant: str, name: str, per: str, limit: int, cost: int, now: int) -> None:
        if not isinstance(cost, int) or isinstance(cost, bool) or cost < 0:
            raise ValueError(f"the cost of {name} is {cost!r}, not a whole number of units")
        if cost > limit:
            raise NeedsPerson("above_cap", f"{cost} {name} at once is more than the {limit} allowed per {per}")
        slot = now // _LENGTH[per]
        self._db.run(
            "INSERT INTO throttle (tenant, cap, per, slot, used) VALUES (?, ?, ?, ?, 0) ON CONFLICT DO NOTHING",
            *(tenant, name, per, slot),
        )
        taken = self._db.run(
            "UPDATE throttle SET used = used + ? WHERE tenant = ? AND cap = ? AND per = ? AND slot = ? AND used + ? <= ?",
            *(cost, tenant, name, per, slot, cost, limit),
        )
        if not taken:
            emit("throttle", name, tenant=tenant, status="rejected", reason_code=f"{name}_per_{per}")
            raise Throttled(f"{name} per {per}", (slot + 1) * _LENGTH[per])


def _scope(scope: str) -> dict[str, str]:
    """A scope as log readers know it; a single tool is the narrow kind that does not stop its request."""
    kind, _, name = scope.partition(":")
    named = {"tenant": {"tenant": name}, "case": {"request_id": name}, "tool": {"child_id": name}}.get(kind, {})
    return {"cancel_scope": "all" if scope == "*" else scope, **named}
