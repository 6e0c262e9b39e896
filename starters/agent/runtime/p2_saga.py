"""P2, scatter-gather with a saga: peers act on outside systems; when one fails, what landed is undone.

Every step is an effect with an intent and a key (`effects`), and its landing gets a number in the transaction that
records it. Compensation follows these numbers backwards: under a scatter, the order in which steps were started says
nothing about the order in which they took hold. A compensation that keeps failing goes to a person and the rest is left
untouched, because undoing around a hole makes a state that no plan describes.

`run_saga` is re-entrant: running it again after a crash continues it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from ..telemetry import carried, emit, span
from .boundary import Context
from .db import Row, canonical, digest, parse
from .effects import Args, Tool
from .errors import Compensated, NeedsPerson, ToolFailed

DDL = (
    "CREATE TABLE IF NOT EXISTS saga (id TEXT PRIMARY KEY, request_id TEXT NOT NULL, state TEXT NOT NULL,"
    " landings BIGINT NOT NULL, why TEXT, at BIGINT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS saga_step (saga_id TEXT NOT NULL, name TEXT NOT NULL, state TEXT NOT NULL,"
    " landing BIGINT, result TEXT, PRIMARY KEY (saga_id, name))",
)


@dataclass(frozen=True)
class Step:
    """One action and the narrow action that undoes it.

    Attributes:
        name: The step, stable for ever: its key is made from it.
        do: Acts; called with the arguments of `args`.
        undo: Undoes this step and nothing else; gets the step's arguments and result. None: nothing to undo.
        args: Makes the arguments from what the saga is about.
    """

    name: str
    do: Tool
    undo: Tool | None
    args: Callable[[dict[str, Any]], Args]


def run_saga(
    context: Context,
    steps: Sequence[Step],
    about: dict[str, Any],
    *,
    scatter: bool = False,
    undo_attempts: int = 3,
    clean: Callable[[dict[str, Any]], str | None] | None = None,
) -> dict[str, Args]:
    """Does every step, or undoes what landed.

    Args:
        context: The seam that commits; the saga belongs to its case.
        steps: The steps, in their order.
        about: What the steps make their arguments from; the same in every run of this saga.
        scatter: Whether the steps run at once.
        undo_attempts: How often one compensation is tried.
        clean: Looks outside after a compensation and says what is left, None when nothing is.

    Returns:
        The result of each step by name.

    Raises:
        Compensated: A step failed and all that had landed was undone.
        NeedsPerson: An effect is in doubt, or a compensation keeps failing.
        Interrupted: The kill switch was thrown; nothing is half done, the saga continues when it is restored.
    """
    db, saga_id = context.kernel.db, f"{context.case.id}:{context.seam}"
    saga = _opened(context, saga_id, steps)
    if saga["state"] == "running":
        failed = (_scatter if scatter else _in_order)(context, saga_id, steps, about)
        if failed is None:
            with db.tx():
                db.run("UPDATE saga SET state = 'done' WHERE id = ?", saga_id)
        else:
            with db.tx():
                db.run("UPDATE saga SET state = 'compensating', why = ? WHERE id = ?", failed, saga_id)
                context.kernel.audit.write(
                    "saga failed", actor=context.seam, request_id=context.case.id, subject=saga_id, why=failed
                )
        saga = _opened(context, saga_id, steps)
    if saga["state"] == "done":
        rows = db.rows("SELECT name, result FROM saga_step WHERE saga_id = ?", saga_id)
        return {row["name"]: parse(row["result"]) for row in rows}
    if saga["state"] == "compensating":
        _compensate(context, saga_id, steps, about, undo_attempts, clean)
    raise Compensated(f"{saga_id}: {saga['why']}; everything that had landed was undone")


def _opened(context: Context, saga_id: str, steps: Sequence[Step]) -> Row:
    db = context.kernel.db
    with db.tx():
        db.run(
            "INSERT INTO saga (id, request_id, state, landings, at) VALUES (?, ?, 'running', 0, ?)"
            " ON CONFLICT (id) DO NOTHING",
            *(saga_id, context.case.id, context.kernel.clock.now()),
        )
        for step in steps:
            db.run(
                "INSERT INTO saga_step (saga_id, name, state) VALUES (?, ?, 'planned') ON CONFLICT DO NOTHING",
                *(saga_id, step.name),
            )
        row = db.row("SELECT * FROM saga WHERE id = ?", saga_id)
    assert row is not None
    return row


def _in_order(context: Context, saga_id: str, steps: Sequence[Step], about: dict[str, Any]) -> str | None:
    for step in steps:
        try:
            _do(context, saga_id, step, about)
        except ToolFailed as failed:
            return f"{step.name}: {failed}"
    return None


def _scatter(context: Context, saga_id: str, steps: Sequence[Step], about: dict[str, Any]) -> str | None:
    stop = threading.Event()

    def one(step: Step) -> None:
        if stop.is_set():
            return
        try:
            _do(context, saga_id, step, about)
        except Exception:
            stop.set()
            raise

    with ThreadPoolExecutor(max_workers=max(len(steps), 1)) as pool:
        futures = [(step, pool.submit(carried().run, one, step)) for step in steps]
    failed: str | None = None
    interrupted: BaseException | None = None
    for step, future in futures:
        error = future.exception()
        if isinstance(error, ToolFailed):
            failed = failed or f"{step.name}: {error}"
        elif error is not None:
            # An effect in doubt outranks a plain failure: nothing is undone before it is settled.
            interrupted = interrupted if isinstance(interrupted, NeedsPerson) else error
    if interrupted is not None:
        raise interrupted
    return failed


def _do(context: Context, saga_id: str, step: Step, about: dict[str, Any]) -> None:
    db = context.kernel.db
    row = db.row("SELECT state FROM saga_step WHERE saga_id = ? AND name = ?", saga_id, step.name)
    if row and row["state"] == "done":
        return

    def landed(result: Args) -> None:
        # In the transaction that records the result, so the number is the order of landing and never lost.
        db.run("UPDATE saga SET landings = landings + 1 WHERE id = ?", saga_id)
        number = db.row("SELECT landings FROM saga WHERE id = ?", saga_id)
        assert number is not None
        db.run(
            "UPDATE saga_step SET state = 'done', landing = ?, result = ? WHERE saga_id = ? AND name = ?",
            *(number["landings"], canonical(result), saga_id, step.name),
        )

    key, args = f"{saga_id}:{step.name}", step.args(about)
    trace = {**context.trace, "saga_id": saga_id, "step": step.name, "action_id": key, "action_type": step.do.name}
    with span(f"commit {step.name}", "commit", request_id=context.case.id, tool_name=step.do.name,
              side_effect="external_write", args_hash=digest(args), **trace) as act:  # fmt: skip
        result = context.kernel.effects.perform(
            step.do, key, args, request_id=context.case.id, lease=context.lease, landed=landed, **trace
        )
        act.set(status="ok", result_fp=digest(result))


def _compensate(
    context: Context,
    saga_id: str,
    steps: Sequence[Step],
    about: dict[str, Any],
    undo_attempts: int,
    clean: Callable[[dict[str, Any]], str | None] | None,
) -> None:
    db, by_name = context.kernel.db, {step.name: step for step in steps}
    landed = db.rows(
        "SELECT name, result FROM saga_step WHERE saga_id = ? AND state = 'done' ORDER BY landing DESC", saga_id
    )
    for row in landed:
        step = by_name[row["name"]]
        _undo(context, saga_id, step, {**step.args(about), "undoes": parse(row["result"])}, undo_attempts)
    with db.tx():
        db.run("UPDATE saga SET state = 'compensated' WHERE id = ?", saga_id)
        context.kernel.audit.write("compensated", actor=context.seam, request_id=context.case.id, subject=saga_id)
    if clean:
        # Asked of the outside itself: that every undo was acknowledged does not yet say that nothing is left.
        left = clean(about)
        emit("reconcile", saga_id, request_id=context.case.id, saga_id=saga_id, status="error" if left else "ok",
             error_message=left)  # fmt: skip
        if left:
            raise NeedsPerson("not_clean", f"{saga_id} was undone and this is left: {left}")


def _undo(context: Context, saga_id: str, step: Step, args: Args, attempts: int) -> None:
    db, key = context.kernel.db, f"{saga_id}:{step.name}:undo"

    def landed(_: Args) -> None:
        db.run("UPDATE saga_step SET state = 'undone' WHERE saga_id = ? AND name = ?", saga_id, step.name)

    if step.undo is None:
        with db.tx():
            landed({})
        return
    last = ""
    for attempt in range(1, attempts + 1):
        try:
            with span(
                f"compensate {step.name}",
                "compensation",
                request_id=context.case.id,
                saga_id=saga_id,
                step=step.name,
                action_id=key,
                action_type=step.do.name,
                compensates=f"{saga_id}:{step.name}",
                tool_name=step.undo.name,
                attempt=attempt,
                max_attempts=attempts,
                cleanup=True,
                **context.trace,
            ) as act:
                # What is being undone is half done; a kill switch stops new work, not its cleaning up.
                context.kernel.effects.perform(
                    step.undo,
                    f"{key}:{attempt}" if attempt > 1 else key,
                    args,
                    request_id=context.case.id,
                    lease=context.lease,
                    landed=landed,
                    cleanup=True,
                    saga_id=saga_id,
                    **context.trace,
                )
                act.set(status="ok")
            return
        except ToolFailed as failed:
            last = str(failed)
    raise NeedsPerson("compensation_failed", f"{step.name} could not be undone {attempts} times: {last}")
