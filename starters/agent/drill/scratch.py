"""A small world of its own for each drill: a database, a clock, the tables that every project has."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from .. import outside
from ..llm import Model, Recorded, Stub
from ..runtime import audit, boundary, effects, inbox, leases
from ..runtime.boundary import Context, Kernel, Planes
from ..runtime.cases import Case
from ..runtime.clock import Clock, Deadline, SimulatedClock
from ..runtime.db import Database
from ..runtime.effects import Args, Effects, Tool
from ..runtime.p4_gate import Gate, policy_of
from ..telemetry import emit, use_clock

ALLOWING = policy_of({"version": "drill-1", "default": "allow"})


class Scratch:
    """The world of one run."""

    def __init__(self, folder: Path, ddl: tuple[str, ...] = (), clock: Clock | None = None) -> None:
        self.clock = clock or SimulatedClock()
        use_clock(self.clock.now)
        self.db = Database(f"sqlite:///{folder / 'state.db'}")
        self.db.create((*leases.DDL, *audit.DDL, *inbox.DDL, *effects.DDL, *boundary.DDL, *ddl))
        self.audit = audit.Audit(self.db, self.clock)
        self.inbox = inbox.Inbox(self.db, self.clock, self.audit)
        self.leases = leases.Leases(self.db, self.clock)
        self.effects = Effects(self.db, self.clock, self.leases)

    def kernel(self, gate: Gate = ALLOWING, planes: Planes | None = None, ledger: Effects | None = None) -> Kernel:
        """What seams share."""
        return Kernel(
            self.db,
            self.clock,
            self.audit,
            self.inbox,
            self.leases,
            ledger or self.effects,
            gate,
            planes or Planes(),
        )

    def context(
        self, case_id: str, kernel: Kernel | None = None, model: Model | None = None, seam: str = "act"
    ) -> Context:
        """What a seam may use for one case."""
        case = Case(case_id, "drill", "open", {"customer": case_id}, {}, 0, self.clock.now())
        until = Deadline(self.clock.now() + 60_000, self.clock)
        return Context(kernel or self.kernel(), case, model or Recorded(Stub(script={})), until, seam=seam)

    def allowed(self, case_id: str, kernel: Kernel | None = None) -> Context:
        """As `context`, after the gate has let a proposal through: what is done under it carries its verification."""
        context = self.context(case_id, kernel)
        decision = context.kernel.gate.decide("act", {})
        trace = {
            "proposal_id": f"p-{case_id}",
            "verification_id": decision.verification_id,
            "policy_version": decision.policy_version,
        }
        emit("gate_decision", "act", request_id=case_id, decision="allow", decision_source="rule", status="ok",
             reason_code=decision.code, **trace)  # fmt: skip
        self.clock.sleep(1)
        return replace(context, trace=trace)

    def close(self) -> None:
        """Ends the world."""
        self.db.close()
        use_clock(None)


def ticking(scratch: Scratch, name: str, ms: int = 10, honours_keys: bool = True) -> Tool:
    """A tool of the stand-in that takes simulated time."""

    def act(key: str, args: Args) -> Args:
        scratch.clock.sleep(ms)
        return outside.act(name, key, args)

    return Tool(name, act, honours_keys=honours_keys)
