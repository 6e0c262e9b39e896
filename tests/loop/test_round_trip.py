"""From answers to a starter, from its run to logs, and back to answers: what comes back is what went in."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from advisor.catalog.answers import read_answers
from advisor.loop.evidence import infer
from advisor.selection import recommend
from advisor.starter import scaffold
from advisor.traces.load import load
from tests.starter.combinations import in_project
from tests.starter.test_generated_projects import REQUEST, WORKLOADS, package

ROOT = Path(__file__).resolve().parents[2]
RENEWAL = ROOT / "knowledge" / "workloads" / "contract-renewal.toml"
STAND_IN = {"duration"}
"""What a starter's scripted run cannot have in common with the workload: it is over in milliseconds."""


def inferred(log: Path) -> dict[str, str]:
    return dict(infer(load([str(log)]).table).answers)


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(each, id=each.stem, marks=[pytest.mark.slow] * (each.stem != "billing-assist"))
        for each in WORKLOADS
    ],
)
def test_a_starters_healthy_run_gives_its_answers_back(path: Path, tmp_path: Path) -> None:
    file = read_answers(path)
    scaffold(file, tmp_path / "x")
    name = package(tmp_path / "x").name
    for number in range(22):
        done = in_project(tmp_path / "x", "-m", name, "run", f"C-{number}", REQUEST.replace("C-1", f"C-{number}"))
        assert done.returncode == 0, done.stderr
    given, found = file.answers.model_dump(), inferred(tmp_path / "x" / "telemetry.jsonl")
    said = {key: (answer, given[key]) for key, answer in found.items() if key not in STAND_IN}
    assert {key: pair for key, pair in said.items() if pair[0] != pair[1]} == {}
    assert "external_side_effects" in said
    assert ("work_splits" in said) == ("P1" in recommend(file).coordination)


def test_the_reference_application_gives_back_how_long_it_lasts_and_pauses_too(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "starters.reference", str(tmp_path / "x"), "--customers", "60"]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    given, found = read_answers(RENEWAL).answers.model_dump(), inferred(tmp_path / "x/simulation/telemetry.jsonl")
    assert {key: answer for key, answer in found.items() if answer != given[key]} == {}
    assert {"duration", "pauses_or_external_waits", "external_side_effects", "work_splits"} <= set(found)
    assert len(found) >= 7
