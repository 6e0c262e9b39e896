"""A budget in calls is not overrun: by trials side by side, in the middle of one, by a command of several calls."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from advisor.replay.loop import Replay
from advisor.replay.plan import Plan, ReplayCase
from advisor.replay.runners import CUT_SHORT, More, Result, runner_of
from advisor.replay.store import Store
from tests.replay.server import Provider, serving


def plan_of(
    folder: Path, calls: int | None, tasks: int, concurrency: int, cases: list[Any] | None = None, **runner: Any
) -> Plan:
    return Plan.model_validate(
        {
            "schema": 1,
            "versions": {"current": "new", "prior": "old"},
            "runner": runner or {"kind": "command", "command": ["none"]},
            "cases": cases or [{"task": f"t{number}"} for number in range(tasks)],
            "budget": {"calls": calls},
            "concurrency": concurrency,
            "folder": folder,
        }
    )


class Counted:
    """A runner whose trials take a given number of calls each, and count them as they are made."""

    def __init__(self, each: int = 1, seconds: float = 0.0) -> None:
        self.each, self.seconds = each, seconds
        self.calls = 0
        self._lock = threading.Lock()

    def __call__(self, case: ReplayCase, version: str, trial: str, more: More) -> Result:
        with self._lock:
            self.calls += self.each
        time.sleep(self.seconds)
        return Result(version == "old", calls=self.each)


def run(plan: Plan, runner: Any, tick: float = 0.0) -> Replay:
    def slow() -> float:
        time.sleep(tick)
        return time.monotonic()

    store = Store(plan.outcomes_path)
    replay = Replay(plan, store, runner, lambda: datetime.now(UTC), slow)
    replay.run()
    store.close()
    return replay


def test_trials_side_by_side_are_counted_until_they_are_stored(tmp_path: Path) -> None:
    runner = Counted()
    # A slow clock holds every trial for a while between its last call and its line in the file.
    replay = run(plan_of(tmp_path, calls=9, tasks=8, concurrency=8), runner, tick=0.01)
    assert runner.calls == replay.store.calls == 9
    assert not replay.left()


@pytest.mark.parametrize("concurrency", [1, 4])
@pytest.mark.parametrize("budget", [5, 6, 12, 13])
def test_a_command_that_makes_several_calls_a_trial(tmp_path: Path, budget: int, concurrency: int) -> None:
    runner = Counted(each=3, seconds=0.005)
    replay = run(plan_of(tmp_path, calls=budget, tasks=4, concurrency=concurrency), runner)
    assert runner.calls == replay.store.calls == budget // 3 * 3
    assert not replay.left()


def test_without_a_budget_nothing_waits(tmp_path: Path) -> None:
    begun = threading.Barrier(4)

    def runner(case: ReplayCase, version: str, trial: str, more: More) -> Result:
        if trial == "replay-1" and version == "new":
            begun.wait(timeout=10)
        return Result(version == "old", calls=3)

    replay = run(plan_of(tmp_path, calls=None, tasks=4, concurrency=4), runner)
    assert replay.spent().decided == 4


def conversation(folder: Path, url: str, calls: int, concurrency: int, tasks: list[str]) -> Plan:
    look = {"type": "function", "function": {"name": "look"}}
    cases = [
        {
            "task": task,
            "messages": [{"role": "user", "content": task}],
            "tools": [look],
            "recordings": [{"tool": "look", "arguments": {"id": 1}, "result": "found"}],
            "check": {"contains": "right"},
        }
        for task in tasks
    ]
    return plan_of(folder, calls, len(tasks), concurrency, cases, kind="openai", base_url=url)


@pytest.mark.parametrize("concurrency", [1, 3])
def test_a_conversation_stops_before_the_call_that_is_too_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, concurrency: int
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "not-a-secret")
    tasks = ["a", "b", "c"]
    provider = Provider({"new": dict.fromkeys(tasks, 1.0), "old": dict.fromkeys(tasks, 0.0)})
    with serving(provider) as url:
        plan = conversation(tmp_path, url, 7, concurrency, tasks)
        replay = run(plan, runner_of(plan))
        assert len(provider.calls) == replay.store.calls == 7
        assert not replay.left()
        trials = [trial for task in tasks for trial in replay.store.of(task)]
        cut = [trial for trial in trials if trial.error == CUT_SHORT]
        assert len(cut) >= 1
        assert all(trial.infrastructure and trial.calls == 1 for trial in cut)
        assert all(trial.calls == 2 for trial in trials if trial not in cut)
        # With a larger budget it goes on, and a trial that was cut short says nothing about its arm.
        plan = conversation(tmp_path, url, 200, concurrency, tasks)
        replay = run(plan, runner_of(plan))
        assert replay.spent().decided == 3
        assert {replay.decision(case).label for case in plan.cases} == {"replay_divergence"}


def test_small_budgets_again_and_again_make_no_arm_unavailable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "not-a-secret")
    provider = Provider({"new": {"a": 1.0}, "old": {"a": 0.0}})
    with serving(provider) as url:
        for budget in (1, 2, 3, 4, 5, 40):
            plan = conversation(tmp_path, url, budget, 1, ["a"])
            replay = run(plan, runner_of(plan))
            assert len(provider.calls) <= budget
    assert replay.decision(plan.cases[0]).label == "replay_divergence"
