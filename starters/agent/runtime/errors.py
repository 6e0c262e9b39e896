"""What can happen to a request besides success, as types: nothing here is told as a success, and nothing is guessed.

They stand in one module, so that a pattern you did not choose never breaks an import.
"""

from __future__ import annotations

from dataclasses import dataclass


class Interrupted(Exception):
    """The request does not go on now; `state` is the case state that says why."""

    state = "failed"


class Killed(Interrupted):
    """Somebody threw the kill switch for a scope this work is in."""

    state = "stopped"

    def __init__(self, scope: str, reason: str) -> None:
        super().__init__(f"stopped by the kill switch {scope}: {reason}")
        self.scope = scope


class Throttled(Interrupted):
    """A cap is reached. Not a failure and not a case for a person: try again at `retry_at` (ms since 1970)."""

    state = "throttled"

    def __init__(self, cap: str, retry_at: int) -> None:
        super().__init__(f"cap {cap} is reached")
        self.cap, self.retry_at = cap, retry_at


class Waiting(Interrupted):
    """A person has to decide first."""

    state = "waiting"

    def __init__(self, approval_id: str) -> None:
        super().__init__(f"waits for approval {approval_id}")
        self.approval_id = approval_id


class NeedsPerson(Interrupted):
    """Only a person can settle this: an effect in doubt, a compensation that keeps failing, a case no rule covers."""

    state = "needs_person"

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(f"{code}: {reason}")
        self.code, self.reason = code, reason


class Refused(Interrupted):
    """Every proposal was rejected; the rejects say why."""

    state = "refused"

    def __init__(self, rejects: tuple[Reject, ...]) -> None:
        super().__init__("; ".join(f"{each.code}: {each.reason}" for each in rejects) or "nothing was proposed")
        self.rejects = rejects


class Compensated(Interrupted):
    """The saga failed and everything that had landed was undone."""

    state = "compensated"


class Busy(Interrupted):
    """Another worker holds the lease on this case."""

    state = "busy"


class LeaseLost(Interrupted):
    """This worker was taken for dead; whatever it still wants to write is refused."""

    state = "busy"


class ToolFailed(Exception):
    """A tool says for certain that it changed nothing. Any other exception leaves the effect in doubt."""


class DeadlineExceeded(Exception):
    """The time that the caller gave is used up."""


class StaleWrite(Exception):
    """The row has moved on since it was read."""


class IllegalTransition(Exception):
    """The state machine knows no such step from this state."""


class Conflict(Exception):
    """The same id came again with other content."""


@dataclass(frozen=True)
class Reject:
    """A typed no to one proposal: a stable code for programs, a reason for the model, the rule that spoke."""

    code: str
    reason: str
    rule: str | None = None
