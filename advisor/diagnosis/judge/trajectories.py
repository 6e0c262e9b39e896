"""Outcomes inside benchmark result files: tau-bench's list of runs, and tau2-bench's simulations."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from advisor.errors import Fault, InputError

# How tau2-bench says that a run ended without an answer; the words are those that the causes recognise.
_ENDINGS = {"max_steps": "max steps reached", "too_many_errors": "too many tool errors", "agent_error": "agent error"}
PASSED = 1.0 - 1e-6
"""Both benchmarks count a reward of one as passed."""


def rows(path: Path) -> list[dict[str, Any]]:
    """A JSON document's runs as outcome rows; a list of outcome objects is passed on as it is.

    Raises:
        InputError: The document is not JSON, or holds no runs of a known form.
    """
    try:
        document: Any = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise InputError([Fault(str(path), f"is not JSON ({error})", "correct it")]) from None
    runs = document.get("simulations") if isinstance(document, dict) else document
    if not isinstance(runs, list) or not runs or not all(isinstance(run, dict) for run in runs):
        mend = "pass a table of outcomes, tau-bench's list of runs or tau2-bench's results"
        raise InputError([Fault(str(path), "holds no list of runs", mend)])
    if isinstance(document, dict):
        info = document.get("info")
        return [_simulation(run, info if isinstance(info, dict) else {}, path) for run in runs]
    if "reward" in runs[0] and "task_id" in runs[0]:
        return [_run(run, path) for run in runs]
    return runs


def _run(run: dict[str, Any], path: Path) -> dict[str, Any]:
    return {
        "task": run.get("task_id"),
        "version": path.stem,
        "trial": run.get("trial"),
        "passed": _passed(run.get("reward")),
    }


def _simulation(run: dict[str, Any], info: dict[str, Any], path: Path) -> dict[str, Any]:
    agent, environment = info.get("agent_info") or {}, info.get("environment_info") or {}
    reward = (run.get("reward_info") or {}).get("reward")
    passed = _passed(reward)
    duration = run.get("duration")
    return {
        "task": run.get("task_id"),
        "version": agent.get("llm") or path.stem,
        "trial": run.get("trial"),
        "passed": passed,
        "group": environment.get("domain_name"),
        "error": None if passed else _ENDINGS.get(str(run.get("termination_reason"))),
        "latency_ms": duration * 1000 if isinstance(duration, int | float) else None,
        "time": run.get("start_time"),
    }


def _passed(reward: Any) -> bool | None:
    return reward >= PASSED if isinstance(reward, int | float) and not isinstance(reward, bool) else None
