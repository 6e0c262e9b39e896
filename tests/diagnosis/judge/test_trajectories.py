"""Benchmark result files as rows of outcomes: which reward passes, what ended a run, and what is left empty."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from advisor.diagnosis.judge.trajectories import PASSED, rows

NOTHING = {"task": None, "version": "results", "trial": None, "passed": None, "group": None}
NOTHING |= {"error": None, "latency_ms": None, "time": None}


def read(tmp_path: Path, document: object) -> list[dict[str, Any]]:
    path = tmp_path / "results.json"
    path.write_text(json.dumps(document))
    return rows(path)


@pytest.mark.parametrize(
    ("run", "row"),
    [
        ({}, {}),
        ({"task_id": "8", "trial": 2, "start_time": "2026-01-01"}, {"task": "8", "trial": 2, "time": "2026-01-01"}),
        ({"duration": 1.5}, {"latency_ms": 1500.0}),
        ({"duration": 2}, {"latency_ms": 2000}),
        ({"duration": "2"}, {}),
        ({"reward_info": None}, {}),
        ({"reward_info": {"reward": 1}, "termination_reason": "max_steps"}, {"passed": True}),
        ({"reward_info": {"reward": PASSED}}, {"passed": True}),
        ({"reward_info": {"reward": 0.999}}, {"passed": False}),
        ({"reward_info": {"reward": True}}, {}),
        ({"reward_info": {"reward": "1"}}, {}),
        ({"termination_reason": "user_stop"}, {}),
        ({"termination_reason": "max_steps"}, {"error": "max steps reached"}),
        ({"termination_reason": "too_many_errors"}, {"error": "too many tool errors"}),
        (
            {"reward_info": {"reward": 0.0}, "termination_reason": "agent_error"},
            {"passed": False, "error": "agent error"},
        ),
    ],
)
def test_a_simulation_of_tau2_bench(tmp_path: Path, run: dict[str, Any], row: dict[str, Any]) -> None:
    assert read(tmp_path, {"simulations": [run]}) == [NOTHING | row]


@pytest.mark.parametrize(
    ("info", "row"),
    [
        (None, {}),
        ("airline", {}),
        ({"agent_info": None, "environment_info": None}, {}),
        ({"agent_info": {"llm": "m"}, "environment_info": {"domain_name": "d"}}, {"version": "m", "group": "d"}),
        ({"agent_info": {"llm": ""}}, {}),
    ],
)
def test_tau2_bench_names_its_model_and_domain_once(tmp_path: Path, info: object, row: dict[str, Any]) -> None:
    assert read(tmp_path, {"info": info, "simulations": [{}, {}]}) == [NOTHING | row] * 2


def test_runs_of_tau_bench_and_rows_that_are_outcomes_already(tmp_path: Path) -> None:
    runs = [{"task_id": 1, "trial": 3, "reward": 1.0, "info": {}}, {"task_id": 2, "reward": 0.5}, {"trial": 1}]
    assert read(tmp_path, runs) == [
        {"task": 1, "version": "results", "trial": 3, "passed": True},
        {"task": 2, "version": "results", "trial": None, "passed": False},
        {"task": None, "version": "results", "trial": 1, "passed": None},
    ]
    for already in ({"task": "a", "reward": 1.0}, {"task_id": "a", "passed": 1}):
        assert read(tmp_path, [already]) == [already]
