"""What starters emit is what the diagnosis reads: healthy runs are quiet, and each drill shows its signature."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from advisor.catalog.answers import read_answers
from advisor.cli.app import run
from advisor.starter import scaffold
from starters.agent.drill import drills, perform
from tests.starter.combinations import in_project
from tests.starter.test_generated_projects import REQUEST, WORKLOADS, package

FOUND = {"present", "likely"}
# These take seconds, because they wait, start processes or write a hot row some hundred times.
LONG = {"P1-shadow-retries", "P4-crash-loop", "P4-slow-gate", "P5-cas-contention", "P5-lost-update"}


def diagnosis(log: Path, tmp_path: Path) -> dict[str, Any]:
    assert run(["diagnose", str(log), "--format", "json", "-o", str(tmp_path / "found.json"), "--quiet"]) in (0, 1)
    found: dict[str, Any] = json.loads((tmp_path / "found.json").read_text("utf-8"))
    return found


@pytest.mark.parametrize("fault", [pytest.param(name, marks=[pytest.mark.slow] * (name in LONG)) for name in drills()])
def test_a_drill_shows_its_signature_at_grade_a_and_only_without_the_defence(fault: str, tmp_path: Path) -> None:
    for defended in (True, False):
        perform(drills()[fault], tmp_path, defended)
        found = diagnosis(tmp_path / fault / f"{'with' if defended else 'without'}.jsonl", tmp_path)
        verdict = next(each["verdict"] for each in found["findings"] if each["signature"] == fault)
        assert (verdict in FOUND) == (not defended), (defended, verdict)
        if not defended:
            assert found["assessability"][fault]["grade"] == "A"
        assert found["inventory"]["bad_rows"] == 0


@pytest.mark.parametrize("path", WORKLOADS, ids=[path.stem for path in WORKLOADS])
def test_a_healthy_run_of_a_starter_shows_no_finding(path: Path, tmp_path: Path) -> None:
    scaffold(read_answers(path), tmp_path / "x")
    name = package(tmp_path / "x").name
    for number in range(3):
        done = in_project(tmp_path / "x", "-m", name, "run", f"C-{number}", REQUEST.replace("C-1", f"C-{number}"))
        assert done.returncode == 0, done.stderr
    found = diagnosis(tmp_path / "x" / "telemetry.jsonl", tmp_path)
    assert [(each["signature"], each["verdict"]) for each in found["findings"] if each["verdict"] in FOUND] == []
    assert found["inventory"]["rows"] > 30 and found["inventory"]["coverage"]["request_id"] > 0.95
