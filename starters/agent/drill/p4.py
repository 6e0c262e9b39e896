"""Drills of P4: a crash that repeats, and a gate that asks a model."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from ..llm import Answer, Recorded, Stub
from ..runtime import p4_supervisor
from ..runtime.boundary import Boundary, Context, boundary
from ..runtime.clock import SystemClock
from ..runtime.errors import Reject
from ..runtime.p4_gate import Decision, Gate
from ..runtime.p4_supervisor import Child, Supervisor
from . import Drill, Outcome
from .scratch import ALLOWING, Scratch, ticking


def crash(place: str) -> None:
    """A child that always dies of the same thing."""
    with Path(place).open("a", encoding="utf-8") as file:
        file.write("x")
    raise RuntimeError("the poison message")


def crash_loop(folder: Path, defended: bool) -> Outcome:
    """One poison message; without the defence nobody compares crashes and nobody is told."""
    scratch = Scratch(folder, clock=SystemClock())
    starts = folder / "starts"
    told: list[str] = []

    def escalate(name: str, code: str, reason: str) -> None:
        with scratch.db.tx():
            scratch.inbox.put(name, code, reason)
        told.append(code)

    children = [Child("worker", f"{__name__}:crash", (str(starts),))]
    supervisor = Supervisor(children, escalate, max_restarts=3 if defended else 10_000)
    before = p4_supervisor.SAME_CRASH_RESTARTS
    try:
        if not defended:
            p4_supervisor.SAME_CRASH_RESTARTS = 10_000
        supervisor.start()
        while supervisor.watch() and len(starts.read_text() if starts.exists() else "") < 7:
            time.sleep(0.02)
    finally:
        p4_supervisor.SAME_CRASH_RESTARTS = before
        supervisor.stop()
    scratch.close()
    count = len(starts.read_text())
    return Outcome(
        bool(told), f"{count} starts into the same crash; {'a person was told' if told else 'nobody was told'}"
    )


class Wish(BaseModel):
    """What the drill's seam proposes."""

    amount: int


class Opinion(BaseModel):
    """What the model thinks of a wish."""

    allowed: bool


class ModelGate(Gate):
    """A gate that asks a model, which takes its time and may be talked round."""

    def __init__(self, scratch: Scratch) -> None:
        super().__init__(ALLOWING.version, ALLOWING.rules, ALLOWING.default)
        self._model = Recorded(Stub(script={"": {"allowed": True}}))

    def decide(self, action: str, fields: Mapping[str, Any]) -> Decision:
        """Asks."""
        time.sleep(0.05)
        self._model.ask(f"May {action} happen with {fields}?", Opinion, 5)
        return super().decide(action, fields)


def _seam(scratch: Scratch) -> Boundary[Wish]:
    class Pay:
        def propose(self, context: Context, rejects: tuple[Reject, ...]) -> Wish | Answer[Wish]:
            return context.ask("How much?", Wish)

        def verify(self, context: Context, proposal: Wish) -> Reject | None:
            return None

        def commit(self, context: Context, proposal: Wish) -> dict[str, Any]:
            return context.effect(ticking(scratch, "bank.pay", 0), proposal.model_dump())

        def reject(self, context: Context, rejects: tuple[Reject, ...]) -> dict[str, Any]:
            return {}

    return boundary("pay", proposal=Wish, action="pay")(Pay)


def slow_gate(folder: Path, defended: bool) -> Outcome:
    """Twenty-four payments; the gate's time beside the payment's."""
    scratch = Scratch(folder, clock=SystemClock())
    # The drill compares the gate with the act, not with the disk of the machine it runs on.
    scratch.db.run("PRAGMA synchronous = OFF")
    gate = ALLOWING if defended else ModelGate(scratch)
    kernel, seam = scratch.kernel(gate), _seam(scratch)
    taken = []
    for number in range(24):
        seam.run(scratch.context(f"C-{number}", kernel))
        began = time.perf_counter()
        gate.decide("pay", {"amount": 1})
        taken.append(time.perf_counter() - began)
    scratch.close()
    median = sorted(taken)[len(taken) // 2] * 1000
    return Outcome(median < 1, f"half of the decisions took more than {median:.3f} ms")


DRILLS = (
    Drill("P4-crash-loop", "the comparison of crashes and the bound on restarts", crash_loop),
    Drill("P4-slow-gate", "rules in code: the gate asks a model", slow_gate),
)
