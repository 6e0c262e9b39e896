"""Settings: what an option does not say, a file says; it is named, its paths lead from it, and its faults are told."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import pytest

from advisor.catalog.files import data_room
from advisor.catalog.settings import Level
from advisor.cli.exits import FailOn
from tests.cli.contention import contended

ID = "P5-cas-contention"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository with a log in which writes collide: its finding is of medium severity and present."""
    (tmp_path / ".git").mkdir()
    contended(tmp_path / "app.jsonl")
    return tmp_path


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "advisor", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={key: value for key, value in os.environ.items() if key not in ("COLUMNS", "NO_COLOR")},
    )


def document(folder: Path, *arguments: str) -> Any:
    done = run(folder, "diagnose", "app.jsonl", "--only", ID, "--format", "json", *arguments)
    assert done.returncode in (0, 1), done.stderr
    return json.loads(done.stdout)


def test_without_a_file_nothing_is_said(project: Path) -> None:
    done = run(project, "diagnose", "app.jsonl", "--only", ID)
    assert (done.returncode, done.stderr) == (1, "")
    assert document(project)["inventory"]["settings"] is None


@pytest.mark.parametrize(
    ("file", "head"), [("advisor.toml", "[diagnose]"), ("pyproject.toml", "[tool.advisor.diagnose]")]
)
def test_an_option_wins_over_the_file_and_the_file_over_the_default(project: Path, file: str, head: str) -> None:
    (project / file).write_text(f'{head}\nfail_on = "critical"\nonly = ["{ID}"]\n')
    by_file = run(project, "diagnose", "app.jsonl")
    assert (by_file.returncode, by_file.stderr) == (0, f"Settings: {file}\n")
    assert "1 present. 0 absent" in by_file.stdout
    assert run(project, "diagnose", "app.jsonl", "--fail-on", "medium").returncode == 1
    assert "P4-slow-gate" in run(project, "diagnose", "app.jsonl", "--only", "P4-slow-gate").stdout
    without = run(project, "diagnose", "app.jsonl", "--no-config")
    assert (without.returncode, without.stderr) == (1, "")


def test_every_key_does_what_its_option_does(project: Path) -> None:
    (project / "mapping.toml").write_text(
        'schema = 1\n[[sources]]\nmatch = "*"\n[sources.fields]\nagent_name = "who"\n'
    )
    text = (project / "app.jsonl").read_text().replace("agent_name", "who").replace("renewal/1", "ana@example.com")
    (project / "app.jsonl").write_text(text)
    lines = ['mapping = "mapping.toml"', 'cache = "kept"', 'memory = "512MB"', "threads = 1", "redact = false"]
    lines += ["quiet = true", f'only = ["{ID}"]', "since = 2026-04-12T13:20:05Z", 'fail_on = "never"']
    (project / "advisor.toml").write_text("\n".join(["[diagnose]", *lines]) + "\n")
    found = run(project, "diagnose", "app.jsonl", "--format", "json")
    options = ["--mapping", "mapping.toml", "--cache", "other", "--memory", "512MB", "--threads", "1", "--no-redact"]
    options += ["--quiet", "--only", ID, "--since", "2026-04-12T13:20:05Z", "--fail-on", "never", "--no-config"]
    typed = run(project, "diagnose", "app.jsonl", "--format", "json", *options)
    assert (found.returncode, found.stderr, typed.returncode, typed.stderr) == (0, "", 0, "")
    ours, theirs = json.loads(found.stdout), json.loads(typed.stdout)
    assert ours["inventory"].pop("settings") == "advisor.toml"
    assert theirs["inventory"].pop("settings") is None
    assert ours == theirs
    assert (project / "kept").is_dir()
    assert ours["inventory"]["left_out"]["rows"] > 0
    assert "ana@example.com" in found.stdout


def test_thresholds_are_named_in_the_report_and_set_wins(project: Path) -> None:
    (project / "advisor.toml").write_text(f"[diagnose.thresholds.{ID}]\np99-retries = 9\nmin-ops = 250\n")
    thresholds = document(project)["findings"][0]
    assert (thresholds["thresholds"]["p99-retries"], thresholds["thresholds"]["min-ops"]) == (9, 250)
    shown = run(project, "diagnose", "app.jsonl", "--only", ID).stdout
    assert "p99-retries = 9 (set by you), min-ops = 250 (set by you)" in " ".join(shown.split())
    again = document(project, "--set", f"{ID}.p99-retries=3")["findings"][0]
    assert (again["thresholds"]["p99-retries"], again["thresholds"]["min-ops"]) == (3, 250)
    assert document(project, "--no-config")["findings"][0]["thresholds"]["p99-retries"] != 9


def test_paths_lead_from_the_file_and_it_is_found_from_below(project: Path) -> None:
    (project / "advisor.toml").write_text('[diagnose]\nbaseline = "ops/accepted.toml"\n')
    (project / "ops").mkdir()
    (project / "ops" / "accepted.toml").write_text(
        f'schema = 1\n[[accepted]]\nsignature = "{ID}"\nscope = ["agent=pricing"]\nverdict = "present"\n'
        'severity = "medium"\nowner = "Ana"\nreason = "the queue ships"\nexpires = 2999-01-01\n'
    )
    below = project / "ops" / "logs"
    below.mkdir()
    done = run(below, "diagnose", "../../app.jsonl", "--only", ID)
    assert (done.returncode, done.stderr) == (0, f"Settings: {project / 'advisor.toml'}\n")
    assert "Accepted by Ana until 2999-01-01" in " ".join(done.stdout.split())


def test_a_file_above_the_repository_is_not_ours(project: Path) -> None:
    (project / "advisor.toml").write_text('[diagnose]\nfail_on = "never"\n')
    inner = project / "inner"
    (inner / ".git").mkdir(parents=True)
    contended(inner / "app.jsonl")
    done = run(inner, "diagnose", "app.jsonl", "--only", ID)
    assert (done.returncode, done.stderr) == (1, "")


def test_outside_of_a_repository_only_the_folder_itself_counts(tmp_path: Path) -> None:
    (tmp_path / "advisor.toml").write_text('[diagnose]\nfail_on = "never"\n')
    below = tmp_path / "below"
    below.mkdir()
    contended(below / "app.jsonl")
    assert run(below, "diagnose", "app.jsonl", "--only", ID).returncode == 1
    assert run(tmp_path, "diagnose", "below/app.jsonl", "--only", ID).returncode == 0


def test_the_file_that_is_passed_over_is_named(project: Path) -> None:
    (project / "advisor.toml").write_text('[diagnose]\nfail_on = "never"\n')
    (project / "pyproject.toml").write_text('[tool.advisor.diagnose]\nfail_on = "low"\n')
    done = run(project, "diagnose", "app.jsonl", "--only", ID)
    assert (done.returncode, done.stderr) == (0, "Settings: advisor.toml; pyproject.toml is not read\n")


@pytest.mark.parametrize("other", ['[project]\nname = "advisor"\n', '[project\nname = "shop"\n', "", "[tool]\nx = 1\n"])
def test_a_pyproject_that_says_nothing_to_us_is_let_be(project: Path, other: str) -> None:
    (project / "pyproject.toml").write_text(other)
    done = run(project, "diagnose", "app.jsonl", "--only", ID)
    assert (done.returncode, done.stderr) == (1, "")


def test_a_file_of_any_name_and_place_can_be_given(project: Path) -> None:
    (project / "advisor.toml").write_text('[diagnose]\nfail_on = "low"\n')
    (project / "ci").mkdir()
    (project / "ci" / "quiet.toml").write_text('[diagnose]\nfail_on = "never"\n')
    done = run(project, "diagnose", "app.jsonl", "--only", ID, "--config", "ci/quiet.toml")
    assert (done.returncode, done.stderr) == (0, "Settings: ci/quiet.toml\n")


def test_a_command_takes_its_own_table_only(project: Path) -> None:
    (project / "advisor.toml").write_text('[diagnose]\nmemory = "no amount"\n[watch]\nquiet = true\n')
    answers = data_room("knowledge") / "workloads" / "contract-renewal.toml"
    watched = run(project, "watch", str(answers), "app.jsonl")
    assert watched.returncode in (0, 1)
    assert watched.stderr == ""
    diagnosed = run(project, "diagnose", "app.jsonl")
    assert (
        diagnosed.stderr == "Settings: advisor.toml\n--memory no amount: is no amount of memory; write 512MB or 2GB\n"
    )


def test_commands_that_take_no_defaults_read_no_settings(project: Path) -> None:
    (project / "advisor.toml").write_text("broken\n")
    assert run(project, "explain", ID).returncode == 0
    assert run(project, "diagnose", "--help").returncode == 0
    assert run(project, "diagnose", "app.jsonl", "--only", ID, "--no-config").returncode == 1


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("", ["advisor.toml: is empty; write the file first"]),
        ("[diagnose]\nfail-on = 'low'\n", ["diagnose.fail-on: is an unknown key; remove it or correct its name"]),
        ("[judge]\nx = 1\n", ["judge: is an unknown key; remove it or correct its name"]),
        ("[watch]\nfail_on = 'low'\n", ["watch.fail_on: is an unknown key; remove it or correct its name"]),
        ("[diagnose]\nthreads = 0\nquiet = 'no'\n", ["diagnose.threads: ", "diagnose.quiet: "]),
        (
            "[diagnose]\nonly = ['P9', 'P8']\n",
            ["'P9' is no detector; advisor catalog lists them", "'P8' is no detector"],
        ),
        ("[diagnose.thresholds.P9]\nx = 1\n", ["diagnose.thresholds.P9: 'x' is no threshold; advisor catalog lists"]),
        (
            f"[watch.thresholds.{ID}]\nx = 1\n",
            [f"watch.thresholds.{ID}: 'x' is no threshold; use one of p99-retries, alpha"],
        ),
        (f"[diagnose.thresholds.{ID}]\nmin-ops = 'many'\n", [f"diagnose.thresholds.{ID}.min-ops: "]),
        ("diagnose = 3\n", ["diagnose: "]),
        ("x\n", ["advisor.toml: is not TOML"]),
    ],
)
def test_faults_are_one_line_each_and_nothing_is_read(project: Path, text: str, faults: list[str]) -> None:
    (project / "advisor.toml").write_text(text)
    done = run(project, "diagnose", "missing.jsonl")
    assert (done.returncode, done.stdout) == (2, "")
    said = done.stderr.splitlines()
    assert len(said) == len(faults)
    for line, fault in zip(said, faults, strict=True):
        assert line.startswith("advisor.toml: "), line
        assert fault in line


def test_faults_of_a_shared_file_say_which_table(project: Path) -> None:
    (project / "pyproject.toml").write_text("[tool.advisor]\nx = 1\n")
    said = "pyproject.toml: tool.advisor: x: is an unknown key; remove it or correct its name\n"
    assert run(project, "diagnose", "app.jsonl").stderr == said
    (project / "pyproject.toml").write_text("[tool.advisor\n")
    assert run(project, "diagnose", "app.jsonl").stderr.startswith("pyproject.toml: is not TOML")


def test_a_file_that_is_given_has_to_be_there_and_to_say_something(project: Path) -> None:
    assert (
        run(project, "diagnose", "app.jsonl", "--config", "no.toml").stderr == "no.toml: no such file; check the path\n"
    )
    (project / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    done = run(project, "diagnose", "app.jsonl", "--config", "pyproject.toml")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "pyproject.toml: has no [tool.advisor]; add it, or name an advisor.toml\n"


@pytest.mark.parametrize(
    "both", [("--config", "advisor.toml", "--no-config"), ("--no-config", "--config", "advisor.toml")]
)
def test_a_file_and_no_file_cannot_both_be_asked_for(project: Path, both: tuple[str, ...]) -> None:
    (project / "advisor.toml").write_text('[diagnose]\nfail_on = "low"\n')
    done = run(project, "diagnose", "app.jsonl", *both)
    assert (done.returncode, done.stderr) == (2, "--config: stands beside --no-config; give one of them\n")


def test_a_file_can_say_every_level_of_fail_on() -> None:
    assert set(get_args(Level)) == {each.value for each in FailOn}
