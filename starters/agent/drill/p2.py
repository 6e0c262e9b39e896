"""Drills of P2: compensations in the wrong order and twice, compensations larger than their action, lost keys."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from .. import outside
from ..runtime.boundary import Context
from ..runtime.db import digest
from ..runtime.effects import Args, Tool
from ..runtime.errors import Compensated, NeedsPerson, ToolFailed
from ..runtime.p2_saga import DDL, Step, run_saga
from ..telemetry import emit, span
from . import Drill, Outcome
from .scratch import Scratch, ticking


def _args(about: dict[str, Any]) -> Args:
    return dict(about)


def _refusing(scratch: Scratch) -> Tool:
    def act(key: str, args: Args) -> Args:
        scratch.clock.sleep(10)
        raise ToolFailed("mail is down")

    return Tool("mail.send", act, honours_keys=True)


def _balance(case_id: str) -> int:
    """An account outside: a credit of 100, doubled by the second step; undoing halves it and takes the credit back."""
    value = 1_000
    steps: dict[str, Callable[[int], int]] = {
        "credit": lambda v: v + 100,
        "double": lambda v: v * 2,
        "undo-double": lambda v: v // 2,
        "undo-credit": lambda v: v - 100,
    }
    for effect in outside.effects(f"{case_id}:"):
        value = steps[effect["tool"]](value) if effect["tool"] in steps else value
    return value


def dirty(folder: Path, defended: bool) -> Outcome:
    """Ten sagas whose last step fails. Undoing them in the order of doing, and once too often, leaves money behind."""
    scratch = Scratch(folder, DDL)
    left: list[int] = []
    for number in range(10):
        case_id = f"C-{number}"
        context = scratch.allowed(case_id)
        steps = [
            Step(name, ticking(scratch, name), ticking(scratch, f"undo-{name}"), _args) for name in ("credit", "double")
        ]
        with span("handle", "workflow", request_id=case_id, agent_role="orchestrator"):
            try:
                if not defended:
                    _forward_and_twice(context, steps)
                else:
                    last = Step("mail", _refusing(scratch), None, _args)
                    run_saga(context, [*steps, last], {"who": case_id}, clean=_left)
            except (Compensated, NeedsPerson):
                pass
            emit("outcome", "compensated", status="error")
        left.append(_balance(case_id))
    scratch.close()
    return Outcome(
        set(left) == {1_000},
        f"after compensation {sum(each != 1_000 for each in left)} of 10 accounts are not what they were",
    )


def _left(about: dict[str, Any]) -> str | None:
    value = _balance(about["who"])
    return f"a balance of {value}" if value != 1_000 else None


def _forward_and_twice(context: Context, steps: list[Step]) -> None:
    case_id = context.case.id
    saga_id, args = f"{case_id}:act", {"who": case_id}
    trace = {"request_id": case_id, "saga_id": saga_id}
    for step in steps:
        key = f"{saga_id}:{step.name}"
        with span(f"commit {step.name}", "commit", step=step.name, action_id=key, action_type=step.name,
                  side_effect="external_write", args_hash=digest(args), **context.trace, status="ok", **trace):  # fmt: skip
            step.do.call(key, args)
    for step in steps:
        assert step.undo is not None
        # No keys and no ledger: a restart in the middle of undoing does it again.
        for again in (1, 2):
            key = f"{saga_id}:{step.name}"
            with span(f"compensate {step.name}", "compensation", step=step.name, action_id=f"{key}:undo",
                      compensates=key, action_type=step.name, cleanup=True, status="ok", **trace):  # fmt: skip
                step.undo.call(f"{key}:undo:{again}", args)
    left = _left({"who": case_id})
    emit("reconcile", saga_id, status="error" if left else "ok", error_message=left, **trace)


def oversized(folder: Path, defended: bool) -> Outcome:
    """Twelve sagas that fail. One coarse action has to be undone in four steps; narrow ones each in one."""
    scratch = Scratch(folder, DDL)
    undone = done = 0
    for number in range(12):
        case_id = f"C-{number}"
        context = scratch.allowed(case_id)
        names = ("account", "plan", "device", "invoice")
        if defended:
            steps = [Step(name, ticking(scratch, name), ticking(scratch, f"undo-{name}"), _args) for name in names]
        else:
            steps = [Step("everything", ticking(scratch, "everything"), _coarse(scratch, case_id, names), _args)]
        with span("handle", "workflow", request_id=case_id, agent_role="orchestrator"):
            try:
                run_saga(context, [*steps, Step("mail", _refusing(scratch), None, _args)], {"who": case_id})
            except Compensated:
                emit("outcome", "compensated", status="error")
    for effect in outside.effects():
        undone += effect["tool"].startswith("undo-")
        done += not effect["tool"].startswith("undo-")
    scratch.close()
    ratio = undone / max(done, 1)
    return Outcome(ratio <= 1, f"undoing took {ratio:g} steps for each step of doing")


def _coarse(scratch: Scratch, case_id: str, names: tuple[str, ...]) -> Tool:
    def act(key: str, args: Args) -> Args:
        saga_id = f"{case_id}:act"
        for name in names:
            with span(f"compensate {name}", "compensation", request_id=case_id, saga_id=saga_id, step=f"undo-{name}",
                      action_id=f"{key}:{name}", action_type="everything", compensates=f"{saga_id}:everything",
                      cleanup=True, status="ok"):  # fmt: skip
                scratch.clock.sleep(10)
                outside.act(f"undo-{name}", f"{key}:{name}", args)
        return {}

    return Tool("undo-everything", act, honours_keys=True)


def duplicate(folder: Path, defended: bool) -> Outcome:
    """Ten payments whose answer is lost on the way back. Tried again under another key, each is paid twice."""
    scratch = Scratch(folder, DDL)
    for number in range(10):
        case_id = f"C-{number}"
        lost: list[str] = []

        def pay(key: str, args: Args, case_id: str = case_id, lost: list[str] = lost) -> Args:
            scratch.clock.sleep(10)
            made = outside.act("bank.pay", key if defended else f"{key}#{len(lost)}", args)
            if not lost:
                lost.append(key)
                raise TimeoutError("no answer")
            return made

        with span("handle", "workflow", request_id=case_id, agent_role="orchestrator"):
            if defended:
                context = scratch.allowed(case_id)
                run_saga(
                    context, [Step("pay", Tool("bank.pay", pay, honours_keys=True), None, _args)], {"who": case_id}
                )
            else:
                _pay_again(scratch.allowed(case_id), pay)
            emit("outcome", "done", status="ok")
    twice = len(outside.effects()) - 10
    scratch.close()
    return Outcome(not twice, f"{twice} of 10 payments were made twice")


def _pay_again(context: Context, pay: Callable[[str, Args], Args]) -> None:
    case_id = context.case.id
    key = f"{case_id}:act:pay"
    for attempt in (1, 2):
        try:
            with span("commit pay", "commit", request_id=case_id, action_id=key, action_type="bank.pay", step="pay",
                      resource_id=f"account-{case_id}", args_hash=digest({"who": case_id}), side_effect="external_write",
                      **context.trace, attempt=attempt,
                      tool_name="bank.pay") as act:  # fmt: skip
                # The first effect took hold although nobody heard of it: the stand-in's own record says so.
                try:
                    result = pay(key, {"who": case_id})
                except TimeoutError:
                    act.set(status="ok", result_fp=digest([key, attempt]))
                    raise
                act.set(status="ok", result_fp=digest([key, attempt, result]))
        except TimeoutError:
            continue
        return


DRILLS = (
    Drill("P2-dirty-compensation", "the order and the keys of compensation", dirty),
    Drill("P2-oversized-compensation", "narrow steps: one coarse action instead", oversized),
    Drill("P2-duplicate-effect", "the idempotency key: each attempt has another", duplicate),
)
