"""P4, the supervisor: keeps worker processes running, one for one, and knows when to stop trying.

A child that dies is started again and its siblings are left alone. A crash that repeats is not transient: the same crash
is not given a third start, and `max_restarts` bounds all of them together. After that a person decides. Children are
spawned, never forked: a database handle does not survive a fork.
"""

from __future__ import annotations

import importlib
import multiprocessing
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any

from ..telemetry import emit

SAME_CRASH_RESTARTS = 2
"""How often one and the same crash is met with a new start; the third such crash is a person's."""


@dataclass(frozen=True)
class Child:
    """What to run: a module-level function, named `package.module:function`, and its arguments."""

    name: str
    target: str
    args: tuple[Any, ...] = ()


@dataclass
class _Running:
    child: Child
    process: Any = None
    pipe: Any = None
    started: float = 0.0
    restarts: list[float] = field(default_factory=list)
    crashes: list[str] = field(default_factory=list)


class Supervisor:
    """Runs children until they end by themselves or have to be given to a person.

    Args:
        children: What to run.
        escalate: Told the child's name, a code and a reason when it is given up; has to be durable.
        max_restarts: How many restarts of one child are allowed within `within_s`.
        within_s: The window of `max_restarts`.
        healthy_s: A child that ran so long was well; what it crashed of before no longer counts.
    """

    def __init__(
        self,
        children: Sequence[Child],
        escalate: Callable[[str, str, str], object],
        *,
        max_restarts: int = 3,
        within_s: float = 60.0,
        healthy_s: float = 60.0,
    ) -> None:
        self._context = multiprocessing.get_context("spawn")
        self._running = {child.name: _Running(child) for child in children}
        self._escalate, self._max, self._within, self._healthy = escalate, max_restarts, within_s, healthy_s
        self.given_up: dict[str, str] = {}

    def start(self) -> None:
        """Starts every child."""
        for each in self._running.values():
            self._start(each)

    def pids(self) -> dict[str, int]:
        """The process of each child that runs."""
        return {name: each.process.pid for name, each in self._running.items() if each.process.is_alive()}

    def watch(self) -> bool:
        """Looks at every child once; False when none is left to look after."""
        for name, each in list(self._running.items()):
            if each.process.is_alive():
                self._note_health(each)
                continue
            each.process.join()
            if each.process.exitcode == 0:
                del self._running[name]
            else:
                self._crashed(name, each)
        return bool(self._running)

    def run(self, every_s: float = 0.1) -> None:
        """Starts the children and looks after them until none is left."""
        self.start()
        try:
            while self.watch():
                time.sleep(every_s)
        finally:
            self.stop()

    def stop(self) -> None:
        """Ends what still runs."""
        for each in self._running.values():
            if each.process is not None and each.process.is_alive():
                each.process.terminate()
                each.process.join(5)

    def _start(self, each: _Running) -> None:
        receiving, sending = self._context.Pipe(duplex=False)
        each.process = self._context.Process(target=_run, args=(each.child, sending), name=each.child.name)
        each.process.start()
        sending.close()
        each.pipe, each.started = receiving, time.monotonic()

    def _note_health(self, each: _Running) -> None:
        if each.crashes and time.monotonic() - each.started >= self._healthy:
            each.crashes.clear()
            emit("ok_tick", each.child.name, child_id=each.child.name, status="ok")

    def _crashed(self, name: str, each: _Running) -> None:
        if time.monotonic() - each.started >= self._healthy:
            each.crashes.clear()
        crash = self._signature(each)
        each.crashes.append(crash)
        emit("crash", name, child_id=name, agent_role="worker", status="error", error_type=crash.partition(" at ")[0],
             error_message=crash, error_fp=crash)  # fmt: skip
        now = time.monotonic()
        each.restarts = [at for at in each.restarts if now - at < self._within]
        same = 0
        for past in reversed(each.crashes):
            if past != crash:
                break
            same += 1
        if same > SAME_CRASH_RESTARTS:
            self._give_up(name, "same_crash", f"{crash}, {same} times in a row")
        elif len(each.restarts) >= self._max:
            self._give_up(name, "max_restarts", f"{len(each.restarts)} restarts in {self._within:g} s; last: {crash}")
        else:
            each.restarts.append(now)
            emit("restart", name, child_id=name, agent_role="supervisor", restart_count=len(each.restarts))
            self._start(each)

    def _give_up(self, name: str, code: str, reason: str) -> None:
        del self._running[name]
        self.given_up[name] = code
        self._escalate(name, code, reason)

    @staticmethod
    def _signature(each: _Running) -> str:
        """What the child said it died of, or the signal that ended it."""
        try:
            if each.pipe.poll():
                return str(each.pipe.recv())
        except (EOFError, OSError):
            pass
        return f"exit {each.process.exitcode}"


def _run(child: Child, pipe: Connection) -> None:
    module, _, function = child.target.partition(":")
    try:
        getattr(importlib.import_module(module), function)(*child.args)
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)
        place = f"{frames[-1].name}:{frames[-1].lineno}" if frames else "?"
        # Type and place, not the message: messages carry ids and counters and make equal crashes look different.
        pipe.send(f"{type(error).__name__} at {place}")
        raise SystemExit(1) from error
