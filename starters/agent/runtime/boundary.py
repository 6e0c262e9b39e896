"""The stochastic-deterministic boundary: the one place where a model's proposal becomes an action.

A seam has four parts, and `@boundary` refuses a class that lacks one:

- `propose(context, rejects)` asks the model; earlier rejects are given to it as rejects, never as results;
- `verify(context, proposal)` checks in code what the policy cannot know; a `Reject` says no;
- `commit(context, proposal)` acts; it runs under a verification id or not at all;
- `reject(context, rejects)` makes the typed answer for the caller when no proposal passed.

A proposal is stored before anything is done with it. A crash after that repeats the stored proposal: asking the model
again might give another one, and then the world would hold the effect of a proposal that nobody verified.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Generic, Protocol, TypeVar

from pydantic import BaseModel, ValidationError

from ..llm import Answer, ModelFailed, UntypedAnswer, asking
from ..telemetry import emit, span
from .context import Context, Kernel, Planes
from .db import Row, canonical, digest, frozen, parse
from .errors import DeadlineExceeded, NeedsPerson, Refused, Reject, ToolFailed, Waiting
from .p4_gate import Decision

__all__ = ["DDL", "Boundary", "Context", "Kernel", "Planes", "Seam", "boundary"]
DDL = (
    "CREATE TABLE IF NOT EXISTS proposal (id TEXT PRIMARY KEY, request_id TEXT NOT NULL, seam TEXT NOT NULL,"
    " attempt BIGINT NOT NULL, content TEXT NOT NULL, args_hash TEXT NOT NULL, model TEXT, prompt_version TEXT,"
    " state TEXT NOT NULL, verification_id TEXT, policy_version TEXT, code TEXT, reason TEXT, rule TEXT, result TEXT,"
    " at BIGINT NOT NULL, UNIQUE (request_id, seam, attempt))",
)
P = TypeVar("P", bound=BaseModel)


class Seam(Protocol[P]):
    """The four parts that `@boundary` asks for."""

    def propose(self, context: Context, rejects: tuple[Reject, ...]) -> P | Answer[P]:
        """Asks the model."""
        ...

    def verify(self, context: Context, proposal: P) -> Reject | None:
        """Checks in code."""
        ...

    def commit(self, context: Context, proposal: P) -> dict[str, Any]:
        """Acts."""
        ...

    def reject(self, context: Context, rejects: tuple[Reject, ...]) -> dict[str, Any]:
        """Tells the caller no."""
        ...


class Boundary(Generic[P]):
    """A seam with its rules: run it, and it proposes, verifies, and commits or rejects."""

    def __init__(
        self,
        name: str,
        parts: Seam[P],
        proposal: type[P],
        action: str,
        attempts: int,
        prompt_version: str,
        costs: Callable[[P], dict[str, int]] | None,
        when: Callable[[Context], bool] | None,
    ) -> None:
        self.name, self.parts, self.proposal, self.action = name, parts, proposal, action
        self.attempts, self.prompt_version, self.costs, self.when = attempts, prompt_version, costs, when

    def run(self, context: Context) -> dict[str, Any]:
        """Takes one case through the seam; what was done before a crash is not done again.

        Raises:
            Refused: No proposal passed; the rejects are typed.
            Interrupted: The case cannot go on now (killed, throttled, waiting, needs a person, compensated).
        """
        context = replace(context, seam=self.name)
        if self.when and not self._stored(context, 1) and not self.when(context):
            return {}
        rejects: list[Reject] = []
        for attempt in range(1, self.attempts + 1):
            row = self._stored(context, attempt) or self._propose(context, attempt, tuple(rejects))
            if row is None:
                continue
            if row["state"] in ("proposed", "waiting"):
                row = self._verify(context, row, rejects)
            if row["state"] == "rejected":
                rejects.append(Reject(row["code"], row["reason"], row["rule"]))
                if row["code"] in ("identical_proposal", "denied_by_person", "approval_timed_out"):
                    break
                continue
            if row["state"] == "committed":
                done: dict[str, Any] = parse(row["result"])
                return done
            return self._commit(context, row)
        if not rejects:
            raise NeedsPerson("no_proposal", f"{self.name}: the model gave no answer {self.attempts} times")
        raise Refused(tuple(rejects))

    def withdraw(self, context: Context, reject: Reject) -> bool:
        """Takes back a proposal that nobody has acted on, because the world it was made for is no longer there.

        Returns:
            False when there is none: it was never made, or its effects are under way.
        """
        context = replace(context, seam=self.name)
        with context.kernel.db.joined():
            row = context.kernel.db.row(
                "SELECT * FROM proposal WHERE request_id = ? AND seam = ? AND state IN ('proposed', 'waiting')"
                f"{context.kernel.db.for_update}",
                *(context.case.id, self.name),
            )
            if row is not None:
                self._mark_rejected(context, row, reject, "rule")
        return row is not None

    def told(self, context: Context, rejects: tuple[Reject, ...]) -> dict[str, Any]:
        """What the caller is told after `Refused`."""
        return self.parts.reject(replace(context, seam=self.name), rejects)

    def _stored(self, context: Context, attempt: int) -> Row | None:
        sql = "SELECT * FROM proposal WHERE request_id = ? AND seam = ? AND attempt = ?"
        return context.kernel.db.row(sql, context.case.id, self.name, attempt)

    def _propose(self, context: Context, attempt: int, rejects: tuple[Reject, ...]) -> Row | None:
        kernel = context.kernel
        if kernel.planes.kill_switch:
            kernel.planes.kill_switch.check(context.case, self.name)
        reject: Reject | None = None
        try:
            with asking(f"{self.name}#{attempt}"):
                answer = self.parts.propose(context, rejects)
            value, model = (answer.value, answer.model) if isinstance(answer, Answer) else (answer, context.model.name)
            content: Any = frozen(self.proposal.model_validate(value).model_dump(mode="json"))
        except DeadlineExceeded as error:
            raise NeedsPerson("no_proposal", f"{self.name}: {error}") from error
        except ModelFailed as error:
            kernel.audit.write(
                "no_answer", actor=self.name, request_id=context.case.id, attempt=attempt, why=str(error)
            )
            return None
        except UntypedAnswer as error:
            content, model, reject = error.text, context.model.name, Reject("untyped_answer", str(error))
        except ValidationError as error:
            content, model, reject = None, context.model.name, Reject("untyped_answer", str(error))
        proposal_id = uuid.uuid4().hex[:16]
        with kernel.db.tx():
            if context.lease:
                kernel.leases.renew(context.lease)
            kernel.db.run(
                "INSERT INTO proposal (id, request_id, seam, attempt, content, args_hash, model, prompt_version, state,"
                " at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'proposed', ?) ON CONFLICT (request_id, seam, attempt) DO NOTHING",
                *(proposal_id, context.case.id, self.name, attempt, canonical(content), digest(content), model),
                *(self.prompt_version, kernel.clock.now()),
            )
            row = self._stored(context, attempt)
            assert row is not None
            if reject:
                row = self._mark_rejected(context, row, reject, "rule")
        emit("proposal", self.name, request_id=context.case.id, proposal_id=row["id"], attempt=attempt,
             max_attempts=self.attempts, args_hash=row["args_hash"], model_version=model, agent_name=self.name,
             prompt_version=self.prompt_version, tool_name=self.action)  # fmt: skip
        return row

    def _verify(self, context: Context, row: Row, rejects: list[Reject]) -> Row:
        kernel, planes = context.kernel, context.kernel.planes
        proposal = self.proposal.model_validate(parse(row["content"]))
        if row["state"] == "waiting":
            return self._answered(context, row, proposal)
        same = "SELECT id FROM proposal WHERE request_id = ? AND seam = ? AND args_hash = ? AND attempt < ?"
        if kernel.db.row(same, context.case.id, self.name, row["args_hash"], row["attempt"]):
            return self._mark_rejected(
                context,
                row,
                Reject("identical_proposal", "this was rejected before; asking again changes nothing"),
                "rule",
            )
        with span(
            f"gate {self.action}",
            "gate_decision",
            request_id=context.case.id,
            proposal_id=row["id"],
            tool_name=self.action,
            args_hash=row["args_hash"],
            tool_call_id=row["id"],
            agent_role="gate",
            decision_source="rule",
        ) as gate:
            decision = kernel.gate.decide(self.action, proposal.model_dump(mode="json"))
            if decision.verdict != "deny" and (own := self.parts.verify(context, proposal)):
                decision = replace(decision, verdict="deny", code=own.code, reason=own.reason, rule=own.rule)
            gate.set(
                decision="escalate" if decision.verdict in ("approve", "escalate") else decision.verdict,
                verification_id=decision.verification_id,
                policy_version=decision.policy_version,
                policy_rule_id=decision.rule,
                reason_code=decision.code,
                reason_text=decision.reason,
                status="denied" if decision.verdict == "deny" else "ok",
            )
        if decision.verdict == "allow":
            return self._mark_verified(context, row, proposal, decision)
        if decision.verdict == "approve" and planes.approval:
            with kernel.db.tx():
                approval = planes.approval.ask(context.case, self.name, row["id"], decision.reason)
                self._update(context, row, "waiting", decision)
            raise Waiting(approval)
        if decision.verdict in ("approve", "escalate") and planes.escalation:
            raise NeedsPerson("outside_envelope", decision.reason)
        return self._mark_rejected(
            context, row, Reject(decision.code, decision.reason, decision.rule), "rule", decision.policy_version
        )

    def _answered(self, context: Context, row: Row, proposal: P) -> Row:
        approval = context.kernel.planes.approval
        answer = approval.answer(row["id"]) if approval else None
        if answer is None:
            raise Waiting(row["id"])
        word, person = answer
        if word == "approved":
            decision = Decision(uuid.uuid4().hex[:16], "allow", "approved", f"approved by {person}", None,
                                row["policy_version"])  # fmt: skip
            return self._mark_verified(context, row, proposal, decision, person)
        if word == "timed_out":
            return self._mark_rejected(context, row, Reject("approval_timed_out", "nobody answered in time"), "timeout")
        return self._mark_rejected(context, row, Reject("denied_by_person", f"denied by {person}"), "human")

    def _mark_verified(
        self, context: Context, row: Row, proposal: P, decision: Decision, person: str | None = None
    ) -> Row:
        kernel = context.kernel
        # The cap is charged in the transaction that lets the proposal through: once, whatever crashes.
        with kernel.db.tx():
            if context.lease:
                kernel.leases.renew(context.lease)
            if kernel.planes.throttling and self.costs:
                kernel.planes.throttling.charge(context.case.tenant, self.costs(proposal))
            self._update(context, row, "verified", decision)
            kernel.audit.write(
                "allowed",
                actor=person or "gate",
                request_id=context.case.id,
                subject=row["id"],
                policy_version=decision.policy_version,
                model_version=row["model"],
                action=self.action,
                code=decision.code,
                verification_id=decision.verification_id,
            )
        return {**row, "state": "verified", "verification_id": decision.verification_id,
                "policy_version": decision.policy_version}  # fmt: skip

    def _update(self, context: Context, row: Row, state: str, decision: Decision) -> None:
        context.kernel.db.run(
            "UPDATE proposal SET state = ?, verification_id = ?, policy_version = ?, code = ?, reason = ?, rule = ?"
            " WHERE id = ?",
            *(state, decision.verification_id, decision.policy_version, decision.code, decision.reason, decision.rule),
            row["id"],
        )

    def _mark_rejected(
        self, context: Context, row: Row, reject: Reject, source: str, policy_version: str | None = None
    ) -> Row:
        kernel = context.kernel
        with kernel.db.joined():
            kernel.db.run(
                "UPDATE proposal SET state = 'rejected', code = ?, reason = ?, rule = ? WHERE id = ?",
                *(reject.code, reject.reason, reject.rule, row["id"]),
            )
            kernel.audit.write(
                "rejected",
                actor="timeout" if source == "timeout" else self.name,
                request_id=context.case.id,
                subject=row["id"],
                policy_version=policy_version or row["policy_version"],
                model_version=row["model"],
                code=reject.code,
                reason=reject.reason,
            )
        emit("reject", self.name, request_id=context.case.id, proposal_id=row["id"], status="rejected",
             tool_name=self.action, reason_code=reject.code, reason_text=reject.reason, decision="reject",
             decision_source=source, policy_version=policy_version or row["policy_version"])  # fmt: skip
        emit("tool_result", self.action, request_id=context.case.id, tool_call_id=row["id"], tool_name=self.action,
             status="rejected", reason_code=reject.code)  # fmt: skip
        return {**row, "state": "rejected", "code": reject.code, "reason": reject.reason, "rule": reject.rule}

    def _commit(self, context: Context, row: Row) -> dict[str, Any]:
        kernel = context.kernel
        trace = {
            "proposal_id": row["id"],
            "verification_id": row["verification_id"],
            "policy_version": row["policy_version"],
        }
        with span(
            f"commit {self.action}",
            "commit",
            request_id=context.case.id,
            tool_name=self.action,
            args_hash=row["args_hash"],
            side_effect="external_write",
            model_version=row["model"],
            **trace,
        ) as act:
            try:
                proposal = self.proposal.model_validate(parse(row["content"]))
                result = frozen(self.parts.commit(replace(context, trace=trace), proposal))
            except ToolFailed as failed:
                act.fail("error", "ToolFailed", str(failed))
                reject = Reject("tool_failed", str(failed))
                raise Refused((self._as_reject(self._mark_rejected(context, row, reject, "rule")),)) from failed
            with kernel.db.tx():
                if context.lease:
                    kernel.leases.renew(context.lease)
                kernel.db.run(
                    "UPDATE proposal SET state = 'committed', result = ? WHERE id = ?", canonical(result), row["id"]
                )
                kernel.audit.write(
                    "committed",
                    actor=self.name,
                    request_id=context.case.id,
                    subject=row["id"],
                    policy_version=row["policy_version"],
                    model_version=row["model"],
                    verification_id=row["verification_id"],
                    args_hash=row["args_hash"],
                )
            act.set(status="ok", result_fp=digest(result))
        return result

    @staticmethod
    def _as_reject(row: Row) -> Reject:
        return Reject(row["code"], row["reason"], row["rule"])


def boundary(
    name: str,
    *,
    proposal: type[P],
    action: str,
    attempts: int = 3,
    prompt_version: str = "1",
    costs: Callable[[P], dict[str, int]] | None = None,
    when: Callable[[Context], bool] | None = None,
) -> Callable[[type[Seam[P]]], Boundary[P]]:
    """Makes a class with the four parts a boundary.

    Args:
        name: The seam's name, stable for ever: stored proposals are found by it.
        proposal: The type that the model has to fill.
        action: What policies call the act.
        attempts: How many proposals a case may cost; this is the retry budget, and nobody below has another.
        prompt_version: Change it with the prompt.
        costs: What a proposal takes from each cap, in whole units (cents, messages, …).
        when: Whether a case passes this seam, asked in each pass until it does; without it, every case does. A case that
            does not pass goes on to the next seam with nothing from this one (`{}`).

    Raises:
        TypeError: A part is missing.
    """

    def made(parts: type[Seam[P]]) -> Boundary[P]:
        lacking = [
            part for part in ("propose", "verify", "commit", "reject") if not callable(getattr(parts, part, None))
        ]
        if lacking:
            raise TypeError(f"the boundary {name} has no {', no '.join(lacking)}")
        return Boundary(name, parts(), proposal, action, attempts, prompt_version, costs, when)

    return made
