"""A shop that pays refunds: what an agent's tools do, whichever framework calls them.

Nothing here knows a framework. Each `record` says what the step before it did; the module `telemetry` beside the
framework's `app.py` decides where that goes, and writes nothing with `--plain`. A case's number decides what happens to
it, so that every run is the same.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from telemetry import record

MODEL, PROMPT, POLICY = "script-1", "assess-2", "refunds-3"
LIMIT = 60
"""A refund above it waits for a person."""
VERSIONS: dict[str, int] = {}
"""The shop's table of refunds: a version for each row."""


@dataclass(frozen=True)
class Case:
    """One request for a refund."""

    number: int

    @property
    def id(self) -> str:
        """The request's id, the same in every row."""
        return f"refund-{self.number:03}"

    @property
    def paid(self) -> int:
        """What the customer paid."""
        return 20 + self.number * 7 % 90

    @property
    def damaged(self) -> bool:
        """Whether the goods came damaged."""
        return self.number % 2 == 0

    @property
    def refund(self) -> dict[str, Any]:
        """The arguments of the tool `pay`, and of the check before it."""
        return {"case": self.id, "amount": self.paid if self.damaged else self.paid * 8 // 10}


def now() -> str:
    """The time, as every record has it."""
    return datetime.now(UTC).isoformat()


def digest(value: Any) -> str:
    """A hash that is equal for equal arguments."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]


def answer(agent: str, case: Case) -> str:
    """What the scripted model says for an agent: the customer's wants all back, the policy's a fifth less."""
    return str(case.paid if agent == "customer" else case.paid * 8 // 10)


def receive(case: Case) -> None:
    """Takes a request from the queue, once and in order."""
    VERSIONS[case.id] = 1
    _consume(case, "requested")


def _consume(case: Case, event: str) -> None:
    record(
        "event_consume",
        event_in=f"{case.id}/{event}",
        event_type=f"refund.{event}",
        event_time=now(),
        partition_key=case.id,
        consumer="refunds",
        status="ok",
        input_hash=digest([case.id, event]),
        output_hash=digest(case.refund),
        model_version=MODEL,
    )


def assessed(case: Case, agent: str, began: str, deadline: str) -> None:
    """Notes that a sub-agent has given its view."""
    record(
        "delegation",
        ts=began,
        end_ts=now(),
        agent_name=agent,
        agent_role="sub_agent",
        child_id=f"{case.id}/{agent}",
        deadline_ts=deadline,
        attempt=1,
        status="ok",
    )


def merge(case: Case, views: dict[str, int]) -> int:
    """Decides between the agents by rule: damaged goods are paid back whole."""
    winner = "customer" if case.damaged else "policy"
    record(
        "merge_field",
        merge_id=f"{case.id}/merge",
        merge_field="amount",
        winner_agent=winner,
        proposers=sorted(views),
        n_distinct=len(set(views.values())),
        partial=False,
    )
    return views[winner]


def check(case: Case, amount: int) -> bool:
    """The gate before the tool that pays: a rule, no model. Every eighth customer is blocked."""
    began = now()
    allowed = 0 < amount <= case.paid and case.number % 8 != 3
    record(
        "gate_decision",
        ts=began,
        end_ts=now(),
        tool_name="pay",
        proposal_id=f"{case.id}/pay",
        args_hash=digest(case.refund),
        verification_id=f"{case.id}/check",
        decision="allow" if allowed else "deny",
        decision_source="rule",
        reason_code=None if allowed else "blocked-customer",
        policy_id="refunds",
        policy_version=POLICY,
        model_version=MODEL,
    )
    if not allowed:
        called(case, began, "denied")
    return allowed


def called(case: Case, began: str, status: str, attempt: int = 1, error_type: str | None = None) -> None:
    """Notes one attempt of the tool `pay`, also one that the gate did not let through."""
    record(
        "tool_call",
        ts=began,
        end_ts=now(),
        tool_name="pay",
        tool_call_id=f"{case.id}/pay",
        proposal_id=f"{case.id}/pay",
        args_hash=digest(case.refund),
        result_fp=digest(status),
        side_effect="external_write",
        attempt=attempt,
        max_attempts=3,
        retry_layer="framework",
        status=status,
        error_type=error_type,
    )


def needs_person(case: Case) -> bool:
    """Whether somebody must approve."""
    return case.refund["amount"] > LIMIT


def question(case: Case) -> dict[str, Any]:
    """The columns of a request for approval."""
    return {"approval_id": f"{case.id}/approval", "proposal_id": f"{case.id}/pay", "sla_ms": 3_600_000, "ts": now()}


def decided(case: Case, decision: str, source: str = "human") -> None:
    """Notes a person's answer."""
    record(
        "approval_decision",
        approval_id=f"{case.id}/approval",
        proposal_id=f"{case.id}/pay",
        decision=decision,
        decision_source=source,
        reason_code=None if decision == "approve" else "clerk-refused",
        agent_name="clerk",
        verification_id=f"{case.id}/approval",
        policy_version=POLICY,
    )


def pay(case: Case, undone: str = "pay") -> bool:
    """Pays and books. Every 7th booking fails, and what was paid is taken back, if `undone` names the right step."""
    booked = case.number % 7 != 0
    _commit(case, "pay", "ok")
    _commit(case, "book", "ok" if booked else "error")
    if not booked:
        record(
            "compensation",
            compensates=f"{case.id}/{undone}",
            action_id=f"{case.id}/take-back",
            action_type="refund",
            step="take-back",
            saga_id=case.id,
            status="ok",
            cleanup=True,
        )
        record("reconcile", saga_id=case.id, resource_id=case.id, status="ok" if undone == "pay" else "error")
    return booked


def _commit(case: Case, step: str, status: str) -> None:
    record(
        "commit",
        action_id=f"{case.id}/{step}",
        action_type="refund",
        step=step,
        saga_id=case.id,
        tool_name=step,
        side_effect="external_write" if step == "pay" else "write",
        status=status,
        error_type=None if status == "ok" else "LedgerClosed",
        proposal_id=f"{case.id}/pay",
        verification_id=f"{case.id}/check",
        policy_version=POLICY,
        args_hash=digest(case.refund),
        result_fp=digest([step, status]),
        resource_id=f"{case.id}/{step}",
        caused_by=f"{case.id}/requested",
    )


def move(case: Case, to: str) -> None:
    """Writes the case's row by compare-and-swap; every 5th time a clerk was quicker once, and it is read again."""
    seen = VERSIONS[case.id]
    if case.number % 5 == 0:
        VERSIONS[case.id] += 1
    for attempt in (1, 2):
        actual = VERSIONS[case.id]
        same = seen == actual
        record(
            "cas",
            op_id=f"{case.id}/{to}",
            attempt=attempt,
            retry_layer="store",
            resource_id=case.id,
            worker_id="worker-1",
            expected_version=str(seen),
            actual_version=str(actual),
            new_version=str(actual + 1) if same else None,
            status="ok" if same else "rejected",
            llm_in_window=False,
        )
        if same:
            break
        seen = actual
    VERSIONS[case.id] = seen + 1
    record(
        "state_transition",
        resource_id=case.id,
        op_id=f"{case.id}/{to}",
        expected_version=str(seen),
        new_version=str(seen + 1),
        from_state="open",
        to_state=to,
        caused_by=f"{case.id}/pay",
    )


def remind(case: Case) -> None:
    """A reminder that finds the case settled by a clerk, and does nothing."""
    timer, row = f"{case.id}/reminder", case.id
    record("timer_set", timer_id=timer, resource_id=row, scheduled_version=str(VERSIONS[row]))
    VERSIONS[row] += 1
    record("override", resource_id=row, new_version=str(VERSIONS[row]), agent_name="clerk", agent_role="human")
    record("timer_fire", timer_id=timer, resource_id=row, status="skipped", actual_version=str(VERSIONS[row]))


def watch(case: Case) -> None:
    """The supervisor's view of the worker: alive; every 11th time it was started again once."""
    for _ in range(4):
        record("ok_tick", child_id=case.id, worker_id="worker-1")
    if case.number % 11 == 0:
        record("crash", child_id=case.id, worker_id="worker-1", error_type="ConnectionReset", status="error")
        record("restart", child_id=case.id, worker_id="worker-1", restart_count=1)


def stopped(case: Case) -> bool:
    """The kill switch, thrown for every 20th case before it is paid."""
    if case.number % 20 != 0:
        return False
    record("cancel_request", cancel_scope="request", agent_name="operator", agent_role="human")
    return True


def close(case: Case, status: str) -> None:
    """The end of a unit of work."""
    _consume(case, "settled")
    record("outcome", child_id=case.id, status=status)
