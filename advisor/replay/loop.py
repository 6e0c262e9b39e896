"""The replay loop: alternating trials of each case until it is decided, mixed, or the budget is used up."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

from advisor.diagnosis.judge.causes import is_infrastructure, is_unknown_model, kind_of
from advisor.replay.plan import Plan, ReplayCase
from advisor.replay.rule import Arm, ArmState, Decision, decide, next_arm, state
from advisor.replay.runners import CUT_SHORT, Result, Runner, hashed
from advisor.replay.store import Store, Trial

UNRECORDED = "tool call without a recording"
PATIENCE, PATIENCE_WITH_LIMITS = 3, 10
"""How many failures of the infrastructure, or unrecorded tool calls, in a row make an arm unavailable (conventions);
rate limits pass, so they are waited out for longer."""


@dataclass(frozen=True)
class Progress:
    """Where a replay stands: cases decided of all, and what was spent."""

    decided: int
    cases: int
    calls: int
    tokens: int
    money: float


@dataclass
class _Share:
    """The calls that one trial under way may make."""

    calls: int


@dataclass
class Replay:
    """One run over a plan. `now` gives wall-clock time, `tick` a monotonic one in seconds.

    `sleep` waits as long as a provider asks; unless given, an interrupt ends the wait.
    """

    plan: Plan
    store: Store
    runner: Runner
    now: Callable[[], datetime]
    tick: Callable[[], float]
    sleep: Callable[[float], object] | None = None
    progress: Callable[[Progress], None] = lambda _: None
    stopped: threading.Event = field(default_factory=threading.Event)
    _turn: threading.Condition = field(default_factory=threading.Condition)
    _decided: dict[str, bool] = field(default_factory=dict)
    # Trials under way, and the calls that they may make; a trial gives both back in the moment in which it is stored.
    _under_way: int = 0
    _promised: int = 0

    def run(self) -> None:
        """Replays until every case is decided, the budget is used up, or `stopped` is set.

        Each trial is on disk before the next one of its case begins. Cases run side by side, at most
        `plan.concurrency` at once; an interrupt stops at the next call boundary.
        """
        pool = ThreadPoolExecutor(self.plan.concurrency, thread_name_prefix="replay")
        waiting = {pool.submit(self._case, case) for case in self.plan.cases}
        try:
            while waiting:
                done, waiting = wait(waiting, timeout=0.2, return_when=FIRST_COMPLETED)
                for each in done:
                    each.result()
        except BaseException:
            self.stopped.set()
            raise
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def spent(self) -> Progress:
        """What was done and spent so far, earlier runs of the same plan included."""
        for case in self.plan.cases:
            if case.task not in self._decided:
                self._decided[case.task] = self.decision(case).label is not None
        store = self.store
        decided = sum(self._decided.values())
        return Progress(decided, len(self.plan.cases), store.calls, store.tokens, round(store.money, 6))

    def left(self) -> bool:
        """Whether the budget allows another trial, calls that were promised to those under way included.

        A conversation with an endpoint asks for each call. A command or callable says only afterwards how many it
        made, so it is expected to make as many as the most that one has made so far.
        """
        store, budget = self.store, self.plan.budget
        return not (
            (budget.calls is not None and store.calls + self._promised + self._expected() > budget.calls)
            or (budget.tokens is not None and store.tokens >= budget.tokens)
            or (budget.money is not None and store.money >= budget.money)
        )

    def _expected(self) -> int:
        return 1 if self.plan.runner.kind == "openai" else max(1, self.store.most or 0)

    def _unmeasured(self) -> bool:
        """Whether a trial is under way that first has to show how many calls one makes."""
        bound = self.plan.budget.calls is not None and self.plan.runner.kind != "openai"
        return bound and self.store.most is None and self._under_way > 0

    def arms(self, case: ReplayCase) -> tuple[Arm, Arm, tuple[ArmState, ArmState]]:
        """The two arms of a case as they stand, and what each says."""
        current, one = self._arm(case, self.plan.versions.current)
        if self.plan.versions.prior is None:
            return current, Arm(0, 0), (one, "unavailable")
        prior, other = self._arm(case, self.plan.versions.prior)
        return current, prior, (one, other)

    def decision(self, case: ReplayCase) -> Decision:
        """A case's label as it stands; undecided ones say what would decide them."""
        current, prior, states = self.arms(case)
        decided = decide(*states)
        if decided.label is not None:
            return decided
        open_ = [name for name, each in zip(("current", "prior"), states, strict=True) if each == "open"]
        return Decision(
            None, f"{current.trials} and {prior.trials} replays: the {' and '.join(open_)} arm is still open"
        )

    def _arm(self, case: ReplayCase, version: str) -> tuple[Arm, ArmState]:
        trials = [trial for trial in self.store.of(case.task) if trial.version == version]
        counted = [trial for trial in trials if not trial.infrastructure and trial.unrecorded is None]
        arm = Arm(sum(not trial.passed for trial in counted), sum(trial.passed for trial in counted))
        said = state(arm, self.plan.cap)
        gone = bool(trials) and is_unknown_model(trials[-1].error or "")
        return arm, "unavailable" if said == "open" and (gone or _stuck(trials)) else said

    def _case(self, case: ReplayCase) -> None:
        while not self.stopped.is_set():
            with self._turn:
                while self._unmeasured() and not self.stopped.is_set():
                    self._turn.wait(0.2)
                current, prior, states = self.arms(case)
                arm = next_arm(current, prior, states)
                if arm is None or not self.left():
                    return
                version = self.plan.versions.current if arm == "current" else str(self.plan.versions.prior)
                name = f"replay-{1 + sum(t.version == version for t in self.store.of(case.task))}"
                share = _Share(self._expected())
                self._under_way += 1
                self._promised += share.calls
            result: Result | None = None
            began = self.tick()
            try:
                result = self.runner(case, version, name, partial(self._more, share))
            finally:
                latency = (self.tick() - began) * 1000
                # One step: between a promise that ends and a trial that counts, another case would see calls left.
                with self._turn:
                    self._under_way -= 1
                    self._promised -= share.calls
                    if result is not None and not self.stopped.is_set():
                        self.store.append(self._trial(case, version, name, result, latency))
                        self._decided[case.task] = self.decision(case).label is not None
                        self.progress(self.spent())
                    self._turn.notify_all()
            if result.wait and not self.stopped.is_set():
                (self.sleep or self.stopped.wait)(result.wait)

    def _more(self, share: _Share) -> bool:
        """Promises a trial one more call, where the budget has it."""
        with self._turn:
            calls = self.plan.budget.calls
            if calls is not None and self.store.calls + self._promised >= calls:
                return False
            self._promised += 1
            share.calls += 1
            return True

    def _trial(self, case: ReplayCase, version: str, name: str, result: Result, latency: float) -> Trial:
        price = self.plan.prices.get(version)
        money = result.money
        if money is None:
            money = (result.tokens_in * price.input + result.tokens_out * price.output) / 1e6 if price else 0.0
        failed = not result.passed
        return Trial(
            task=case.task,
            version=version,
            trial=name,
            passed=result.passed,
            error=result.error
            or (f"tool call without a recording: {result.unrecorded}" if result.unrecorded else None),
            infrastructure=failed and (result.infrastructure or is_infrastructure(result.error or "")),
            unrecorded=result.unrecorded,
            output_hash=hashed(result.output) if result.output else None,
            latency_ms=round(latency, 3),
            time=self.now().astimezone(UTC).isoformat(),
            calls=result.calls,
            tokens=result.tokens_in + result.tokens_out,
            money=money,
        )


def _stuck(trials: list[Trial]) -> bool:
    """Whether an arm gives nothing any more: too many replays in a row that do not count."""
    tail: list[Trial] = []
    for trial in reversed(trials):
        if trial.error == CUT_SHORT:
            continue
        if not trial.infrastructure and trial.unrecorded is None:
            break
        tail.append(trial)
    limited = all(kind_of(trial.error or "") == "rate limit" for trial in tail)
    return len(tail) >= (PATIENCE_WITH_LIMITS if limited else PATIENCE)
