"""Drills of P1: a model that merges, and a sub-agent that retries by itself."""

from __future__ import annotations

import time
import uuid
from pathlib import Path

from pydantic import BaseModel

from ..llm import ModelFailed, Recorded, Stub
from ..runtime.clock import Deadline, SystemClock
from ..runtime.db import canonical
from ..runtime.p1_delegation import Call, Contract, Part, delegate, merge_fields
from ..telemetry import emit, span
from . import Drill, Outcome
from .scratch import Scratch

_ROUNDS = 40


class View(BaseModel):
    """What each sub-agent of the drill answers."""

    percent: int


def merge(folder: Path, defended: bool) -> Outcome:
    """Two sub-agents of equal weight disagree; who decides?"""
    scratch = Scratch(folder)
    model = Recorded(Stub(script={"Merge": {"percent": 1}}))
    won = 0
    for number in range(_ROUNDS):
        case_id = f"C-{number}"
        # In turns, each of the two is the owner: so the record says that they weigh the same.
        first, second = ("risk", "offer") if number % 2 else ("offer", "risk")
        parts = {name: Part(name, View(percent=n), 1) for n, name in ((1, "risk"), (2, "offer"))}
        with span("handle", "workflow", request_id=case_id, agent_role="orchestrator"):
            scratch.clock.sleep(100)
            if defended:
                merged = merge_fields(parts, {"percent": (first, second)}, {"risk": 1, "offer": 1})["percent"]
            else:
                merged = _by_model(model, parts)
            emit("outcome", "done", status="ok")
        won += merged == 1
    scratch.close()
    sound = abs(won - _ROUNDS / 2) <= _ROUNDS * 0.15
    return Outcome(sound, f"risk decided {won} of {_ROUNDS} times; its declared weight is one half")


def _by_model(model: Recorded, parts: dict[str, Part]) -> int:
    merge_id = uuid.uuid4().hex[:12]
    with span("merge", "merge", merge_id=merge_id, decision_source="model", agent_role="orchestrator"):
        percent = model.ask(f"Merge {sorted(parts)}", View, 5).value.percent
        emit("merge_field", "percent", merge_id=merge_id, merge_field="percent",
             winner_agent="risk" if percent == 1 else "offer", weight=1.0,
             proposers={name: canonical(part.value.model_dump()) for name, part in parts.items() if part.value},
             n_distinct=2, partial=False)  # fmt: skip
    return percent


def shadow_retries(folder: Path, defended: bool) -> Outcome:
    """A sub-agent whose model is down, and a parent that has half a second."""
    scratch = Scratch(folder, clock=SystemClock())
    late: list[float] = []

    def plain(call: Call) -> View:
        raise ModelFailed("down")

    def stubborn(call: Call) -> View:
        for attempt in range(1, 7):
            late.append(-call.deadline.left_s)
            with span("delegate risk", "delegation", request_id=call.case.id, agent_name="risk", agent_role="sub_agent",
                      attempt=attempt, retry_layer="sub_agent") as work:  # fmt: skip
                time.sleep(0.4)
                work.fail("error", "ModelFailed", "down")
        raise ModelFailed("down")

    context = scratch.context("C-1")
    with span("handle", "workflow", request_id="C-1", agent_role="orchestrator") as whole:
        deadline = Deadline(scratch.clock.now() + 500, scratch.clock)
        contract = Contract("risk", plain if defended else stubborn, View, on_failure="omit")
        delegate([contract], case=context.case, model=context.model, deadline=deadline, retries=2)
        whole.set(status="ok")
    time.sleep(0.1 if defended else 2.2)
    scratch.close()
    after = sum(1 for seconds in late if seconds > 0)
    return Outcome(not after, f"{after} attempts started after the parent had answered")


DRILLS = (
    Drill("P1-merge-dominance", "the merge in code: a model merges instead", merge),
    Drill("P1-shadow-retries", "the parent's budget: a sub-agent retries by itself", shadow_retries),
)
