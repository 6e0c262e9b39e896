"""The replay against a local endpoint, a command and a callable: decisions, budgets, kills, recordings."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from datetime import UTC, datetime
from itertools import product
from pathlib import Path

import pytest

from advisor.diagnosis.judge import Judgement
from advisor.errors import InputError
from advisor.replay.loop import Replay
from advisor.replay.plan import read_plan
from advisor.replay.result import judged
from advisor.replay.rule import Arm, ArmState, decide, next_arm, state
from advisor.replay.runners import runner_of
from advisor.replay.store import Store
from tests.cli.run import advisor
from tests.replay.server import Provider, serving

TRUTH = {
    "new": {"functional": 1.0, "divergence": 1.0, "variance": 0.0, "prior-only": 0.0},
    "old": {"functional": 1.0, "divergence": 0.0, "variance": 0.0, "prior-only": 1.0},
}


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "not-a-secret")


def plan_text(url: str, tasks: list[str], extra: str = "", case: str = "", prior: str | None = "old") -> str:
    versions = '[versions]\ncurrent = "new"\n' + (f'prior = "{prior}"\n' if prior else "")
    cases = "".join(
        f'\n[[cases]]\ntask = "{task}"\nmessages = [{{ role = "user", content = "{task}" }}]\n{case}'
        f'check = {{ contains = "right" }}\n'
        for task in tasks
    )
    return f'schema = 1\n{extra}\n{versions}\n[runner]\nkind = "openai"\nbase_url = "{url}"\n{cases}'


def run(path: Path, slept: list[float] | None = None) -> tuple[Replay, Judgement | None]:
    plan = read_plan(path)
    store = Store(plan.outcomes_path)
    waits = slept if slept is not None else []
    replay = Replay(plan, store, runner_of(plan), lambda: datetime.now(UTC), time.monotonic, sleep=waits.append)
    replay.run()
    try:
        return replay, judged(replay)
    finally:
        store.close()


def verdicts(found: Judgement | None) -> dict[str, str]:
    assert found is not None
    return {case.task: case.verdict for case in found.cases}


def test_the_rule_over_every_arm_up_to_the_cap() -> None:
    decided = {(f, p): state(Arm(f, p)) for f, p in product(range(8), repeat=2) if f + p <= 7}
    assert decided[3, 0] == "reproduces"
    assert decided[0, 3] == "not"
    assert decided[2, 0] == decided[0, 2] == decided[0, 0] == "open"
    assert decided[6, 1] == "reproduces"
    assert decided[1, 6] == "not"
    assert decided[4, 3] == decided[5, 2] == "mixed"
    assert {s for (f, p), s in decided.items() if f + p == 7} == {"reproduces", "not", "mixed"}
    for (f, p), said in decided.items():
        mirror = {"reproduces": "not", "not": "reproduces"}.get(said, said)
        assert decided[p, f] == mirror


def test_the_label_of_every_pair_of_arms() -> None:
    states: tuple[ArmState, ...] = ("open", "reproduces", "not", "mixed", "unavailable")
    labels = {(c, p): decide(c, p).label for c, p in product(states, repeat=2)}
    assert labels["reproduces", "reproduces"] == "functional"
    assert labels["reproduces", "not"] == "replay_divergence"
    assert labels["not", "not"] == "variance"
    assert labels["not", "reproduces"] == "prior_only"
    assert {labels["mixed", p] for p in states} == {"mixed"}
    assert {labels["unavailable", p] for p in states} == {"undetermined"}
    assert labels["not", "unavailable"] == "variance"
    assert labels["reproduces", "unavailable"] == labels["reproduces", "mixed"] == "undetermined"
    assert labels["open", "not"] is labels["not", "open"] is None
    for c, p in product(states, repeat=2):
        assert (next_arm(Arm(0, 0), Arm(0, 0), (c, p)) is None) == (labels[c, p] is not None)


def test_seeded_models_are_told_apart(tmp_path: Path) -> None:
    provider = Provider(TRUTH)
    with serving(provider) as url:
        path = tmp_path / "plan.toml"
        path.write_text(plan_text(url, list(TRUTH["new"]), "concurrency = 3"))
        replay, found = run(path)
    assert verdicts(found) == {
        "functional": "functional",
        "divergence": "replay_divergence",
        "variance": "variance",
        "prior-only": "prior_only",
    }
    assert len(provider.calls) == 4 * 6
    spent = replay.spent()
    assert (spent.decided, spent.calls, spent.tokens) == (4, 24, 24 * 15)
    lines = [json.loads(line) for line in (tmp_path / "outcomes.jsonl").read_text().splitlines()]
    versions = [line["version"] for line in lines if line["task"] == "functional"]
    assert versions == ["new", "old"] * 3


def test_starting_again_repeats_nothing(tmp_path: Path) -> None:
    provider = Provider(TRUTH)
    with serving(provider) as url:
        path = tmp_path / "plan.toml"
        path.write_text(plan_text(url, ["divergence"]))
        run(path)
        before = (tmp_path / "outcomes.jsonl").read_bytes()
        # As a kill in the middle of a write would leave it.
        (tmp_path / "outcomes.jsonl").write_bytes(before + b'{"task": "diverg')
        provider.calls.clear()
        _, found = run(path)
    assert provider.calls == []
    assert (tmp_path / "outcomes.jsonl").read_bytes() == before
    assert verdicts(found) == {"divergence": "replay_divergence"}


def test_a_budget_in_calls_stops_in_time_and_says_what_is_missing(tmp_path: Path) -> None:
    provider = Provider(TRUTH)
    with serving(provider) as url:
        path = tmp_path / "plan.toml"
        path.write_text(plan_text(url, list(TRUTH["new"]), "concurrency = 4\n[budget]\ncalls = 9"))
        replay, found = run(path)
    assert len(provider.calls) == 9
    assert not replay.left()
    assert found is not None
    assert "undetermined" in found.totals
    open_cases = [case for case in found.cases if case.verdict == "undetermined"]
    assert all("still open" in str(case.reason) for case in open_cases)


@pytest.mark.parametrize("limit", ["tokens = 40", "money = 0.0004"])
def test_budgets_in_tokens_and_money(tmp_path: Path, limit: str) -> None:
    provider = Provider(TRUTH)
    prices = "[prices.new]\ninput = 10\noutput = 10\n[prices.old]\ninput = 10\noutput = 10\n"
    with serving(provider) as url:
        path = tmp_path / "plan.toml"
        path.write_text(plan_text(url, ["functional"], f"[budget]\n{limit}\n{prices}"))
        run(path)
    assert len(provider.calls) == 3


def test_a_rate_limit_is_waited_out_and_never_a_trial(tmp_path: Path) -> None:
    provider = Provider(TRUTH)
    provider.refuse_next = 4
    slept: list[float] = []
    with serving(provider) as url:
        path = tmp_path / "plan.toml"
        path.write_text(plan_text(url, ["functional"]))
        _, found = run(path, slept)
    assert slept == [2.0] * 4
    assert verdicts(found) == {"functional": "functional"}
    assert found is not None
    assert found.cases[0].current == (0, 3)
    assert found.cases[0].infrastructure_trials == 4


def test_the_prior_version_is_gone(tmp_path: Path) -> None:
    provider = Provider({"new": TRUTH["new"]})
    with serving(provider) as url:
        path = tmp_path / "plan.toml"
        path.write_text(plan_text(url, ["functional", "variance"]))
        _, found = run(path)
        assert verdicts(found) == {"functional": "undetermined", "variance": "variance"}
        assert found is not None
        assert "without the prior one no more can be said" in str(found.cases[0].reason)
        assert provider.calls.count("old") == 2
        (tmp_path / "outcomes.jsonl").unlink()
        path.write_text(plan_text(url, ["variance"], prior=None))
        assert verdicts(run(path)[1]) == {"variance": "variance"}


RECORDED = (
    'tools = [{ type = "function", function = { name = "look" } }]\n'
    'recordings = [{ tool = "look", arguments = { id = 1 }, result = "found" }]\n'
)


def test_recorded_tool_results_are_served(tmp_path: Path) -> None:
    provider = Provider(TRUTH)
    with serving(provider) as url:
        path = tmp_path / "plan.toml"
        path.write_text(plan_text(url, ["divergence"], case=RECORDED))
        _, found = run(path)
    assert verdicts(found) == {"divergence": "replay_divergence"}
    assert len(provider.calls) == 12


def test_a_tool_call_without_a_recording_is_its_own_outcome(tmp_path: Path) -> None:
    provider = Provider(TRUTH)
    provider.tool_arguments = '{"id": 2}'
    with serving(provider) as url:
        path = tmp_path / "plan.toml"
        path.write_text(plan_text(url, ["divergence"], case=RECORDED))
        replay, found = run(path)
    assert verdicts(found) == {"divergence": "undetermined"}
    assert found is not None
    assert found.cases[0].current == (0, 0)
    assert {trial.unrecorded for trial in replay.store.of("divergence")} == {"look"}


RUNNER = """
import json, sys
asked = json.load(sys.stdin) if __name__ == "__main__" else None
def trial(asked):
    if asked["input"] == "crash":
        raise RuntimeError("harness")
    return {"passed": asked["version"] == "old", "output": "x", "tokens": 7, "cost_usd": 0, "money": 0.5}
if asked:
    print(json.dumps(trial(asked)))
"""


@pytest.mark.parametrize("kind", ["command", "python"])
def test_a_command_and_a_callable(tmp_path: Path, kind: str) -> None:
    (tmp_path / f"runner_{kind}.py").write_text(RUNNER)
    how = (
        f'command = ["{sys.executable}", "runner_command.py"]'
        if kind == "command"
        else 'callable = "runner_python:trial"'
    )
    (tmp_path / "plan.toml").write_text(
        f'schema = 1\n[versions]\ncurrent = "new"\nprior = "old"\n[runner]\nkind = "{kind}"\n{how}\n'
        '[[cases]]\ntask = "a"\ninput = "x"\n[[cases]]\ntask = "b"\ninput = "crash"\n'
    )
    replay, found = run(tmp_path / "plan.toml")
    assert verdicts(found) == {"a": "replay_divergence", "b": "undetermined"}
    assert replay.spent().money == 3.0
    assert all(trial.infrastructure for trial in replay.store.of("b"))
    done = advisor("replay", str(tmp_path / "plan.toml"))
    assert done.returncode == 1
    assert "replay divergence" in done.stdout


def test_ctrl_c_stops_within_a_second_and_loses_no_finished_trial(tmp_path: Path) -> None:
    provider = Provider(TRUTH)
    provider.delay = 0.4
    with serving(provider) as url:
        path = tmp_path / "plan.toml"
        path.write_text(plan_text(url, list(TRUTH["new"])))
        # As a terminal starts it: what a shell starts in the background ignores the interrupt, and so would its child.
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        child = subprocess.Popen(
            [sys.executable, "-m", "advisor", "replay", str(path)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"OPENAI_API_KEY": "x"},
        )
        signal.signal(signal.SIGINT, before)
        outcomes = tmp_path / "outcomes.jsonl"
        for _ in range(200):
            time.sleep(0.05)
            if outcomes.exists() and outcomes.read_bytes().count(b"\n") >= 2:
                break
        provider.delay = 30.0
        time.sleep(0.6)
        began = time.monotonic()
        child.send_signal(signal.SIGINT)
        _, said = child.communicate(timeout=10)
        assert time.monotonic() - began < 1.0
    assert child.returncode == 130
    assert "Go on with: advisor replay" in said
    assert all(json.loads(line) for line in outcomes.read_text().splitlines())


def test_a_kill_loses_nothing(tmp_path: Path) -> None:
    script = textwrap.dedent(
        """
        import json, os, sys, time
        asked = json.load(sys.stdin)
        with open("calls.txt", "a") as file: file.write(asked["version"] + "\\n")
        time.sleep(0.05)
        print(json.dumps({"passed": asked["version"] == "old"}))
        """
    )
    (tmp_path / "runner.py").write_text(script)
    (tmp_path / "plan.toml").write_text(
        'schema = 1\n[versions]\ncurrent = "new"\nprior = "old"\n[runner]\nkind = "command"\n'
        f'command = ["{sys.executable}", "runner.py"]\n' + "".join(f'[[cases]]\ntask = "t{n}"\n' for n in range(4))
    )
    kills = 0
    for delay in (0.9, 1.1, 1.3):
        child = subprocess.Popen([sys.executable, "-m", "advisor", "replay", "plan.toml"], cwd=tmp_path)
        time.sleep(delay)
        child.kill()
        child.wait()
        kills += 1
    _, found = run(tmp_path / "plan.toml")
    assert set(verdicts(found).values()) == {"replay_divergence"}
    lines = (tmp_path / "outcomes.jsonl").read_text().splitlines()
    keys = [tuple(json.loads(line)[k] for k in ("task", "version", "trial")) for line in lines]
    assert len(keys) == len(set(keys)) == 4 * 6
    assert len((tmp_path / "calls.txt").read_text().splitlines()) <= 24 + kills


BAD_PLANS = {
    "schema = 2": "schema",
    'schema = 1\n[versions]\ncurrent = "a"\nprior = "a"': "current and prior are the same",
    'schema = 1\n[versions]\ncurrent = "a"\n[runner]\nkind = "openai"\n[[cases]]\ntask = "t"': "lacks base_url",
    'schema = 1\n[versions]\ncurrent = "a"\n[runner]\nkind = "command"\ncommand = ["x"]': "cases: is missing",
    'schema = 1\n[versions]\ncurrent = "a"\n[runner]\nkind = "ssh"\n[[cases]]\ntask = "t"': "runner.kind",
    'schema = 1\n[versions]\ncurrent = "a"\n[runner]\nkind = "command"\ncommand = ["x"]\n[[cases]]\ntask = "t"\n'
    '[[cases]]\ntask = "t"': "has two cases called t",
}


@pytest.mark.parametrize("text", BAD_PLANS)
def test_a_bad_plan_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(text)
    done = advisor("replay", str(path))
    assert (done.returncode, done.stdout) == (2, "")
    assert BAD_PLANS[text] in done.stderr


def test_a_key_that_is_not_set_and_a_foreign_outcomes_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(plan_text("http://127.0.0.1:1/v1", ["a"]))
    monkeypatch.delenv("OPENAI_API_KEY")
    with pytest.raises(InputError, match="names OPENAI_API_KEY, which is not set"):
        read_plan(path)
    (tmp_path / "outcomes.jsonl").write_text('{"something": "else"}\n')
    with pytest.raises(InputError, match="is no trial of a replay"):
        Store(tmp_path / "outcomes.jsonl")


def test_an_endpoint_that_is_not_there_is_infrastructure(tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(plan_text("http://127.0.0.1:1/v1", ["a"]))
    _, found = run(path)
    assert verdicts(found) == {"a": "undetermined"}
    assert found is not None
    assert found.cases[0].current == (0, 0)
