"""The flow of a case: through every seam in order, under a lease, to a typed end; again and again until it is there.

`handle` and `recover` are one function: a case is advanced from what is stored. That is why a kill at any point only
means that somebody advances it again.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Protocol

from ..llm import Model
from ..telemetry import Span, emit, span
from .boundary import Boundary, Context, Kernel
from .cases import FINAL, Case, Spine
from .clock import Deadline
from .errors import Busy, Interrupted, LeaseLost, NeedsPerson, Refused, Throttled
from .leases import Lease

SAME_CRASHES = 3
"""How often a case may crash in the same way before it is a person's."""
_OUTCOMES = {"done": "ok", "refused": "denied", "failed": "error", "compensated": "error", "stopped": "cancelled"}


class Pinning(Protocol):
    """A spine that keeps model outputs (P3)."""

    def pinned(self, model: Model, case_id: str) -> Model:
        """The model as this case has seen it."""
        ...


class Flow:
    """Every case of the project.

    Args:
        kernel: Tables and planes.
        spine: How cases are remembered.
        seams: The boundaries a case passes, in order.
        model: The model port.
        deadline_ms: How long one pass over a case may take.
    """

    def __init__(
        self,
        kernel: Kernel,
        spine: Spine,
        seams: Sequence[Boundary[Any]],
        model: Model,
        deadline_ms: int = 60_000,
    ) -> None:
        self.kernel, self.spine, self.seams, self.model = kernel, spine, tuple(seams), model
        self._deadline_ms = deadline_ms

    def handle(self, case_id: str, tenant: str, payload: dict[str, Any]) -> Case:
        """Accepts a request (once) and takes it as far as it goes now.

        Raises:
            Conflict: The id is known with another payload.
        """
        self.spine.open(case_id, tenant, payload)
        return self.advance(case_id)

    def advance(self, case_id: str) -> Case:
        """Takes a case as far as it goes now, from what is stored; a final one stays as it is."""
        case = self._read(case_id)
        if case.final or case.state == "needs_person":
            return case
        try:
            with self.kernel.leases.held(f"case:{case_id}") as lease:
                case = self._read(case_id)
                return case if case.final or case.state == "needs_person" else self._pass(case, lease)
        except (Busy, LeaseLost):
            # Somebody else works on it; what they do is what counts.
            return self._read(case_id)

    def recover(self) -> list[Case]:
        """Advances everything that is neither final nor with a person; a case that crashes does not hold up the others."""
        return [self.attempt(case_id) for case_id in self.spine.unfinished()]

    def attempt(self, case_id: str) -> Case:
        """Advances a case; a crash is noted on the case and not raised."""
        try:
            return self.advance(case_id)
        except Exception as error:
            self._crashed(case_id, error)
            return self._read(case_id)

    def _crashed(self, case_id: str, error: Exception) -> None:
        """Notes a crash; the same one for the third time is not transient, and the case is a person's."""
        frames = traceback.extract_tb(error.__traceback__)
        crash = f"{type(error).__name__} at {frames[-1].name}:{frames[-1].lineno}"
        kernel = self.kernel
        emit("crash", case_id, request_id=case_id, child_id=case_id, status="error", error_type=type(error).__name__,
             error_message=str(error)[:500], error_fp=crash)  # fmt: skip
        with kernel.db.tx():
            kernel.audit.write("crashed", actor="flow", request_id=case_id, subject=crash, why=str(error)[:500])
            sql = "SELECT count(*) AS n FROM audit WHERE request_id = ? AND act = 'crashed' AND subject = ?"
            seen = kernel.db.row(sql, case_id, crash)
            if seen and seen["n"] >= SAME_CRASHES:
                kernel.inbox.put(case_id, "same_crash", f"{crash}, {seen['n']} times: {error}")
                self.spine.move(case_id, "needs_person", {"why": crash}, "flow")

    def context(self, case: Case, lease: Lease | None = None) -> Context:
        """What seams may use for this case."""
        pinned: Callable[[Model, str], Model] | None = getattr(self.spine, "pinned", None)
        model = pinned(self.model, case.id) if pinned else self.model
        clock = self.kernel.clock
        return Context(self.kernel, case, model, Deadline(clock.now() + self._deadline_ms, clock), lease)

    def settle(self, entry: str, person: str, answer: str) -> Case:
        """A person's answer to an inbox entry.

        Args:
            entry: The entry's id.
            person: Who answers.
            answer: `retry` (go on), `happened` or `absent` (an effect in doubt did or did not land), `abandon`.

        Raises:
            ValueError: The entry is closed or the answer unknown.
        """
        if answer not in ("retry", "happened", "absent", "abandon"):
            raise ValueError(f"{answer!r} is none of retry, happened, absent, abandon")
        db = self.kernel.db
        row = db.row("SELECT request_id FROM inbox WHERE id = ? AND settled IS NULL", entry)
        if row is None:
            raise ValueError(f"no open inbox entry {entry}")
        case_id = row["request_id"]
        if answer == "retry":
            # What failed for certain may be tried anew, under the same keys.
            db.run("DELETE FROM effect WHERE request_id = ? AND state = 'failed'", case_id)
        if answer in ("happened", "absent"):
            doubtful = db.rows("SELECT key FROM effect WHERE request_id = ? AND state = 'intent'", case_id)
            for effect in doubtful:
                self.kernel.effects.settle(effect["key"], {"settled_by": person} if answer == "happened" else None)
        if not self.kernel.inbox.settle(entry, person, answer):
            raise ValueError(f"somebody else settled {entry} first")
        case = self.spine.read(case_id)
        if case is None:
            raise ValueError(f"{entry} belongs to no case; it is closed")
        if answer == "abandon":
            return self.spine.move(case_id, "failed", {"abandoned_by": person}, f"settled by {person}")
        self.spine.move(case_id, "open", {}, f"settled by {person}")
        return self.advance(case_id)

    def _read(self, case_id: str) -> Case:
        case = self.spine.read(case_id)
        if case is None:
            raise KeyError(f"no case {case_id}")
        return case

    def _pass(self, case: Case, lease: Lease) -> Case:
        with span("handle", "workflow", request_id=case.id, tenant=case.tenant, agent_role="orchestrator") as whole:
            if case.state == "throttled" and self.kernel.clock.now() < case.result.get("retry_at", 0):
                whole.set(status="pending")
                return case
            state, result, why = self._through(case, lease)
            moved = self._move(case, lease, state, result, why)
            self._tell(whole, moved)
            return moved

    def _through(self, case: Case, lease: Lease) -> tuple[str, dict[str, Any], Interrupted | None]:
        context = self.context(case, lease)
        results: dict[str, Any] = {}
        for seam in self.seams:
            try:
                results[seam.name] = seam.run(replace(context, before=dict(results)))
            except (Busy, LeaseLost):
                raise
            except Refused as refused:
                told = seam.told(context, refused.rejects)
                rejects = [{"code": each.code, "reason": each.reason} for each in refused.rejects]
                return "refused", {**results, "told": told, "rejects": rejects}, refused
            except Throttled as throttled:
                return "throttled", {**results, "why": str(throttled), "retry_at": throttled.retry_at}, throttled
            except Interrupted as why:
                return why.state, {**results, "why": str(why)}, why
        return "done", results, None

    def _move(self, case: Case, lease: Lease, state: str, result: dict[str, Any], why: Interrupted | None) -> Case:
        kernel = self.kernel
        with kernel.db.tx():
            kernel.leases.renew(lease)
            if isinstance(why, NeedsPerson):
                kernel.inbox.put(case.id, why.code, why.reason)
            moved = self.spine.move(case.id, state, result, "flow")
            if moved.version != case.version:
                kernel.audit.write(f"case {state}", actor="flow", request_id=case.id, why=str(why) if why else None)
        return moved

    def _tell(self, whole: Span, case: Case) -> None:
        whole.set(status=_OUTCOMES.get(case.state, "pending"))
        if case.state in FINAL:
            emit("outcome", case.state, request_id=case.id, tenant=case.tenant, status=_OUTCOMES[case.state])
