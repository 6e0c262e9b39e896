"""The GitHub Action, run step by step as a runner does, in a workspace that is not ours."""

from __future__ import annotations

import json
import os
import re
import runpy
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.contention import contended

ROOT = Path(__file__).resolve().parents[2]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
SCRIPT = runpy.run_path(str(ROOT / ".github" / "action" / "diagnose.py"), run_name="script")


@dataclass(frozen=True)
class Done:
    """What a step left behind: its ending, its outputs, the job's summary."""

    code: int
    said: str
    outputs: dict[str, str]
    summary: str


def runs(step: dict[str, Any], workspace: Path, temp: Path, action: Path = ROOT, **inputs: str) -> Done:
    """Runs one step of the action with inputs, the others at their defaults."""
    values = {name: str(each.get("default", "")) for name, each in ACTION["inputs"].items()} | inputs
    known = {f"inputs.{name.replace('_', '-')}": value for name, value in values.items()}
    known["steps.python.outputs.python-path"] = sys.executable
    env = {name: re.sub(r"\$\{\{ (\S+) \}\}", lambda m: known[m[1]], text) for name, text in step["env"].items()}
    files = {name: temp / name.lower() for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    for file in files.values():
        file.touch()
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
        cwd=workspace,
        env=os.environ
        | env
        | {name: str(file) for name, file in files.items()}
        | {"RUNNER_TEMP": str(temp), "GITHUB_ACTION_PATH": str(action)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    outputs = dict(line.split("=", 1) for line in files["GITHUB_OUTPUT"].read_text().splitlines())
    return Done(done.returncode, done.stdout, outputs, files["GITHUB_STEP_SUMMARY"].read_text())


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "work space"
    (folder / "logs").mkdir(parents=True)
    (folder / ".git").mkdir()
    contended(folder / "logs" / "app.jsonl")
    return folder


@pytest.fixture
def temp(tmp_path: Path) -> Path:
    """A runner's folder for temporary files, in which the installing step has been: here it is our own environment."""
    folder = tmp_path / "runner temp"
    (folder / "advisor" / "bin").mkdir(parents=True)
    python = folder / "advisor" / "bin" / "python"
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    return folder


def diagnose(workspace: Path, temp: Path, **inputs: str) -> Done:
    return runs(ACTION["runs"]["steps"][-1], workspace, temp, **inputs)


def test_the_action_is_of_a_form_that_runners_take() -> None:
    assert set(ACTION) == {"name", "description", "branding", "inputs", "outputs", "runs"}
    assert ACTION["runs"]["using"] == "composite"
    for step in ACTION["runs"]["steps"]:
        assert ("uses" in step) != ("run" in step)
        assert "uses" in step or step["shell"] == "bash"
        assert "${{" not in step.get("run", ""), "an input would be pasted into a script"
    assert all(each["description"] for each in [*ACTION["inputs"].values(), *ACTION["outputs"].values()])
    assert [name for name, each in ACTION["inputs"].items() if each.get("required")] == ["logs"]


def test_every_input_reaches_the_command_and_every_output_is_set() -> None:
    given = {re.sub(r"\$\{\{ inputs\.(\S+) \}\}", r"\1", text) for text in ACTION["runs"]["steps"][-1]["env"].values()}
    assert given == {"logs", *SCRIPT["OPTIONS"]} == set(ACTION["inputs"]) - {"package", "python-version"}


def test_findings_fail_the_step_and_are_handed_on(workspace: Path, temp: Path) -> None:
    done = diagnose(workspace, temp, logs="logs/*.jsonl\n")
    assert done.code == 1
    assert done.outputs["exit-code"] == "1"
    assert "P5-cas-contention" in done.said
    assert done.summary == Path(done.outputs["md"]).read_text() + "\n"
    assert done.summary.startswith("# Diagnosis: ")
    (run,) = json.loads(Path(done.outputs["sarif"]).read_text())["runs"]
    assert "P5-cas-contention" in {each["ruleId"] for each in run["results"]}
    assert json.loads(Path(done.outputs["json"]).read_text())["schema"] == "advisor/diagnosis/1"
    assert Path(done.outputs["html"]).read_text().startswith("<!doctype html>")
    wanted = {re.search(r"outputs\.(\S+) ", each["value"])[1] for each in ACTION["outputs"].values()}  # type: ignore[index]
    assert wanted <= set(done.outputs)


def test_inputs_are_options_and_the_settings_of_the_repository_count(workspace: Path, temp: Path) -> None:
    assert diagnose(workspace, temp, logs="logs", fail_on="critical").code == 0
    (workspace / "advisor.toml").write_text('[diagnose]\nfail_on = "never"\n')
    silent = diagnose(workspace, temp, logs="logs")
    assert (silent.code, "Settings: advisor.toml" in silent.said) == (0, True)
    assert diagnose(workspace, temp, logs="logs", fail_on="low").code == 1
    record = str(ROOT / "knowledge" / "workloads" / "contract-renewal.toml")
    assert "The record against these logs" in diagnose(workspace, temp, logs="logs", record=record).summary


def test_several_logs_stand_on_lines_of_their_own(workspace: Path, temp: Path) -> None:
    contended(workspace / "logs" / "more of it.jsonl", agent="billing", start=1_776_100_000)
    done = diagnose(workspace, temp, logs="  logs/app.jsonl\n\nlogs/more of it.jsonl\n")
    assert "Read 2 files" in done.said


def test_what_cannot_work_is_said_on_the_page_too(workspace: Path, temp: Path) -> None:
    done = diagnose(workspace, temp, logs="logs/none.jsonl")
    assert (done.code, done.outputs) == (2, {"exit-code": "2"})
    assert "logs/none.jsonl: no such file" in done.said
    assert done.summary == "`advisor diagnose` could not work (exit 2); the step's log says why.\n"


def test_inputs_run_no_commands_and_are_no_options(workspace: Path, temp: Path) -> None:
    done = diagnose(workspace, temp, logs='$(touch made)"; touch made; "\n--version', fail_on="low --version")
    assert done.code == 2
    assert not (workspace / "made").exists()
    assert "--version" in diagnose(workspace, temp, logs="--version").said


def test_rows_of_a_log_cannot_command_the_runner(workspace: Path, temp: Path) -> None:
    log = workspace / "logs" / "app.jsonl"
    log.write_text(log.read_text().replace("renewal/1", "::add-mask::on"))
    said = diagnose(workspace, temp, logs="logs").said
    stopped = re.match(r"::stop-commands::(\w{32})\n", said)
    assert stopped
    assert said.endswith(f"::{stopped[1]}::\n")
    assert "::add-mask::on" in said[stopped.end() : -len(f"::{stopped[1]}::\n")]
    assert diagnose(workspace, temp, logs="logs").said.splitlines()[0] != said.splitlines()[0]


def test_a_report_that_is_too_long_for_the_page_is_cut_and_says_so(tmp_path: Path) -> None:
    report = tmp_path / "report.md"
    report.write_text("# Diagnosis\n" + "ä" * 99 + "\n" + "a line of it\n" * 100_000, encoding="utf-8")
    text = SCRIPT["summary"](report, 1)
    assert len(text.encode()) < 1 << 20
    assert text.startswith("# Diagnosis\n")
    assert text.endswith("\na line of it\n\nCut here; the output `report` is the whole of it.\n\n")
    report.write_text("# Diagnosis\n")
    assert SCRIPT["summary"](report, 1) == "# Diagnosis\n\n"


@pytest.mark.slow
def test_all_of_its_steps_from_a_clean_clone(workspace: Path, tmp_path: Path) -> None:
    clone, temp = tmp_path / "clone", tmp_path / "temp"
    temp.mkdir()
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    install, run = ACTION["runs"]["steps"][1:]
    installed = runs(install, workspace, temp, clone)
    assert installed.code == 0, installed.said
    done = runs(run, workspace, temp, clone, logs="logs")
    assert done.code == 1
    assert Path(done.outputs["sarif"]).is_relative_to(temp)
