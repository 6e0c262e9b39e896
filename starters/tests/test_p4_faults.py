"""P4 under its faults: unknown actions, missing fields, rules in any order, bad policies, crashes that repeat."""

from __future__ import annotations

import ast
import itertools
import math
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from starters.agent.runtime import p4_gate
from starters.agent.runtime.p4_gate import BadPolicy, Gate, policy_of
from starters.agent.runtime.p4_supervisor import Child, Supervisor

RULES = [
    {"id": "known", "action": "discount", "verdict": "allow"},
    {"id": "over-15", "action": "discount", "field": "percent", "op": ">", "value": 15, "verdict": "approve"},
    {"id": "over-40", "action": "discount", "field": "percent", "op": ">", "value": 40, "verdict": "deny"},
    {"id": "abroad", "action": "discount", "field": "country", "op": "not in", "value": ["DE"], "verdict": "escalate"},
]


def gate(rules: Any = None, **more: Any) -> Gate:
    return policy_of({"version": "7", "rule": RULES if rules is None else rules, **more})


@pytest.mark.parametrize("rules", list(itertools.permutations(RULES)))
def test_the_most_severe_verdict_wins_whatever_the_order(rules: Any) -> None:
    it = gate(rules)
    assert it.decide("discount", {"percent": 90, "country": "FR"}).verdict == "deny"
    assert it.decide("discount", {"percent": 20, "country": "FR"}).verdict == "escalate"
    assert it.decide("discount", {"percent": 20, "country": "DE"}).verdict == "approve"
    assert it.decide("discount", {"percent": 5, "country": "DE"}).verdict == "allow"


def test_what_no_rule_names_is_denied() -> None:
    found = gate().decide("delete_customer", {"percent": 0})
    assert (found.verdict, found.code, found.policy_version) == ("deny", "unknown_action", "7")


def test_a_rule_for_everything_does_not_make_an_action_known() -> None:
    assert gate([{"id": "all", "action": "*", "verdict": "allow"}]).decide("x", {}).verdict == "deny"


@pytest.mark.parametrize("fields", [{}, {"percent": 5}, {"country": "DE"}, {"percent": None, "country": "DE"}])
def test_a_missing_field_is_denied(fields: Any) -> None:
    assert gate().decide("discount", fields).code == "missing_field"


@pytest.mark.parametrize("value", ["20", True, math.nan, math.inf, [20]])
def test_a_field_that_cannot_be_compared_is_denied(value: Any) -> None:
    assert gate().decide("discount", {"percent": value, "country": "DE"}).verdict == "deny"


@pytest.mark.parametrize(
    "rule",
    [
        {"id": "a", "action": "x"},
        {"id": "a", "action": "x", "verdict": "perhaps"},
        {"id": "a", "action": "x", "verdict": "deny", "field": "n"},
        {"id": "a", "action": "x", "verdict": "deny", "field": "n", "op": "~", "value": 1},
        {"id": "a", "action": "x", "verdict": "deny", "field": "n", "op": "in", "value": 1},
        {"id": "a", "action": "x", "verdict": "deny", "fild": "n"},
        {"action": "x", "verdict": "deny"},
    ],
)
def test_a_bad_rule_stops_the_start(rule: Any) -> None:
    with pytest.raises(BadPolicy):
        gate([rule])


def test_every_fault_of_a_policy_is_named_at_once() -> None:
    with pytest.raises(BadPolicy, match=r"version is missing.*a: verdict is missing.*a: the id is given twice"):
        policy_of({"rule": [{"id": "a", "action": "x"}, {"id": "a", "action": "x", "verdict": "deny"}]})


def test_the_gate_decides_in_less_than_a_millisecond() -> None:
    rules = [{"id": f"r{n}", "action": "discount", "field": "percent", "op": ">", "value": n, "verdict": "approve"}
             for n in range(51)]  # fmt: skip
    it, taken = gate(rules), []
    for _ in range(2_000):
        # What the decision costs, not what else the machine did meanwhile.
        began = time.thread_time()
        it.decide("discount", {"percent": 30})
        taken.append(time.thread_time() - began)
    assert sorted(taken)[int(len(taken) * 0.99)] < 0.001


def test_the_gate_imports_no_model() -> None:
    tree = ast.parse(Path(p4_gate.__file__).read_text("utf-8"))
    imported = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {name.name for node in imported for name in node.names} | {getattr(node, "module", "") for node in imported}
    assert not {name for name in names if name and ("llm" in name or "openai" in name or "http" in name)}
    assert all(getattr(node, "level", 0) == 0 for node in imported)


# Children run in processes of their own, so what they do stands at module level and counts in files.
def crash_alike(folder: str) -> None:
    _count(folder)
    raise RuntimeError(f"attempt {time.time()}")


def crash_differently(folder: str) -> None:
    if _count(folder) % 2:
        raise RuntimeError("odd")
    raise ValueError("even")


def crash_once(folder: str) -> None:
    if _count(folder) == 1:
        raise RuntimeError("transient")


def live(folder: str) -> None:
    _count(folder)
    time.sleep(60)


def _count(folder: str) -> int:
    with (Path(folder) / "starts").open("a") as file:
        file.write("x")
    return len((Path(folder) / "starts").read_text())


def supervised(
    tmp_path: Path, *names: str, **options: Any
) -> tuple[Supervisor, list[tuple[str, str]], dict[str, Path]]:
    told: list[tuple[str, str]] = []
    folders = {name: tmp_path / name for name in names}
    for folder in folders.values():
        folder.mkdir()
    children = [Child(name, f"{__name__}:{name}", (str(folder),)) for name, folder in folders.items()]
    return Supervisor(children, lambda name, code, _: told.append((name, code)), **options), told, folders


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch) -> None:
    # A spawned child has to find this module under the name it has here.
    root = Path(__file__).parents[len(__name__.split(".")) - 1]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(root), os.environ.get("PYTHONPATH", "")]))


def starts(folder: Path) -> int:
    return len((folder / "starts").read_text())


def test_the_same_crash_is_not_restarted_a_third_time(tmp_path: Path) -> None:
    it, told, folders = supervised(tmp_path, "crash_alike", max_restarts=9)
    it.run(0.02)
    assert told == [("crash_alike", "same_crash")]
    assert starts(folders["crash_alike"]) == 3


def test_restarts_are_bounded_and_then_a_person_decides(tmp_path: Path) -> None:
    it, told, folders = supervised(tmp_path, "crash_differently", max_restarts=3)
    it.run(0.02)
    assert told == [("crash_differently", "max_restarts")]
    assert starts(folders["crash_differently"]) == 4


def test_a_transient_crash_is_restarted_and_siblings_keep_their_processes(tmp_path: Path) -> None:
    it, told, folders = supervised(tmp_path, "crash_once", "live", max_restarts=3)
    it.start()
    sibling = it.pids()["live"]
    until = time.monotonic() + 20
    while "crash_once" in it._running and time.monotonic() < until:
        it.watch()
        time.sleep(0.02)
    assert starts(folders["crash_once"]) == 2 and told == []
    assert it.pids() == {"live": sibling}
    it.stop()


def test_a_killed_child_is_started_again(tmp_path: Path) -> None:
    it, told, folders = supervised(tmp_path, "live", max_restarts=3)
    it.start()
    first = it.pids()["live"]
    os.kill(first, signal.SIGKILL)
    until = time.monotonic() + 20
    while it.pids().get("live", first) == first and time.monotonic() < until:
        it.watch()
        time.sleep(0.02)
    assert it.pids()["live"] != first and told == []
    it.stop()
    assert folders["live"].exists()
