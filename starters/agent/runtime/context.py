"""What a seam may use while it works on one case: the tables, the planes, the model, the time that is left."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel

from ..llm import Answer, Model
from .audit import Audit
from .cases import Case
from .clock import Clock, Deadline
from .db import Database
from .effects import Args, Effects, Tool
from .inbox import Inbox
from .leases import Lease, Leases
from .p4_gate import Gate

P = TypeVar("P", bound=BaseModel)


class KillCheck(Protocol):
    """Read at every tool boundary."""

    def check(self, case: Case, tool: str) -> None:
        """Raises `Killed` when somebody stopped this work."""
        ...


class Caps(Protocol):
    """Read before every commit."""

    def charge(self, tenant: str, costs: dict[str, int]) -> None:
        """Takes from the caps, in the caller's transaction, or raises `Throttled`."""
        ...


class Approvals(Protocol):
    """Asked when the policy wants a person's yes."""

    def ask(self, case: Case, seam: str, proposal_id: str, reason: str) -> str:
        """Opens a request for approval once, in the caller's transaction; returns its id."""
        ...

    def answer(self, proposal_id: str) -> tuple[str, str | None] | None:
        """`approved`, `denied` or `timed_out` with the person, or None while it is open."""
        ...


@dataclass(frozen=True)
class Planes:
    """P6's control planes, as far as the record chose them."""

    kill_switch: KillCheck | None = None
    escalation: bool = False
    approval: Approvals | None = None
    throttling: Caps | None = None


@dataclass(frozen=True)
class Kernel:
    """What every seam of the project shares."""

    db: Database
    clock: Clock
    audit: Audit
    inbox: Inbox
    leases: Leases
    effects: Effects
    gate: Gate
    planes: Planes


@dataclass(frozen=True)
class Context:
    """What one seam may use while it works on one case.

    Attributes:
        kernel: Tables and planes.
        case: The case as it stood at the start.
        model: The model port.
        deadline: Until when the caller needs the answer.
        lease: The right to work on the case.
        before: What the seams before this one committed, by seam.
        seam: This seam's name.
        trace: Attributes that join everything done under one proposal.
    """

    kernel: Kernel
    case: Case
    model: Model
    deadline: Deadline
    lease: Lease | None = None
    before: dict[str, Any] = field(default_factory=dict)
    seam: str = ""
    trace: dict[str, Any] = field(default_factory=dict)

    def ask(self, prompt: str, answer: type[P]) -> Answer[P]:
        """One model call within the deadline."""
        return self.model.ask(prompt, answer, self.deadline.left_s)

    def effect(self, tool: Tool, args: Args) -> Args:
        """Calls a tool exactly once for this case and seam."""
        key = f"{self.case.id}:{self.seam}:{tool.name}"
        return self.kernel.effects.perform(
            tool,
            key,
            args,
            request_id=self.case.id,
            lease=self.lease,
            action_id=key,
            action_type=tool.name,
            **self.trace,
        )
