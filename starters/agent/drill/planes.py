"""Drills of P6: nobody who reviews, and a kill switch that nobody reads."""

from __future__ import annotations

from pathlib import Path

from .. import outside
from ..runtime.effects import Effects
from ..runtime.errors import Killed
from ..runtime.p6_planes import APPROVAL_DDL, KILL_DDL, Approval, KillSwitch
from ..telemetry import emit, span
from . import Drill, Outcome
from .scratch import Scratch, ticking

_HOUR = 3_600_000


def starvation(folder: Path, defended: bool) -> Outcome:
    """Forty requests for approval; the defence is a person who looks at them."""
    scratch = Scratch(folder, APPROVAL_DDL)
    approval = Approval(scratch.db, scratch.clock, scratch.audit, 4 * _HOUR)
    for number in range(40):
        case = scratch.context(f"C-{number}").case
        wanted = approval.ask(case, "offer", f"p-{number}", "20 % discount")
        scratch.clock.sleep(_HOUR)
        if defended:
            approval.decide(wanted, "ann", number % 4 != 0)
        approval.sweep()
    scratch.clock.sleep(5 * _HOUR)
    approval.sweep()
    rows = scratch.db.rows("SELECT state FROM approval")
    scratch.close()
    timed_out = sum(row["state"] == "timed_out" for row in rows)
    return Outcome(not timed_out, f"{timed_out} of {len(rows)} requests were denied because nobody looked")


def ignored_kill(folder: Path, defended: bool) -> Outcome:
    """Eight workers under way when somebody stops everything; each has five more tools to call."""
    scratch = Scratch(folder, KILL_DDL)
    switch = KillSwitch(scratch.db, scratch.clock, scratch.audit)
    switch_thrown = False

    def before_call(tool: str, request_id: str) -> None:
        if defended:
            switch.check(scratch.context(request_id).case, tool)

    ledger = Effects(scratch.db, scratch.clock, scratch.leases, before_call)
    traces = {f"C-{number}": scratch.allowed(f"C-{number}").trace for number in range(8)}
    before = after = 0
    for step in range(6):
        if step == 1:
            switch.throw("*", "ann", "wrong prices")
            switch_thrown = True
        for number in range(8):
            scratch.clock.sleep(1_000)
            case_id = f"C-{number}"
            try:
                with span(f"step {step}", "agent", request_id=case_id, agent_name="worker", agent_role="worker"):
                    ledger.perform(
                        ticking(scratch, "crm.update", 20),
                        f"{case_id}:{step}",
                        {"who": case_id, "step": step},
                        request_id=case_id,
                        **traces[case_id],
                    )
            except Killed:
                emit("outcome", "stopped", request_id=case_id, status="cancelled")
                continue
            before, after = (before, after + 1) if switch_thrown else (before + 1, after)
    assert len(outside.effects()) == before + after
    scratch.close()
    return Outcome(not after, f"{after} tools were called after the kill switch was thrown")


DRILLS = (
    Drill("P6-approval-starvation", "the reviewers", starvation),
    Drill("P6-ignored-kill", "the reading of the kill switch before each tool", ignored_kill),
)
