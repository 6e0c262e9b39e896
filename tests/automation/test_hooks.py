"""The pre-commit hooks: which files they take, and what their commands say of sound ones and of broken ones."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.cli.run import advisor

ROOT = Path(__file__).resolve().parents[2]
HOOKS = {each["id"]: each for each in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))}
SOUND = ROOT / "knowledge" / "workloads" / "contract-renewal.toml"


def run(hook: str, *arguments: Path) -> subprocess.CompletedProcess[str]:
    program, *fixed = shlex.split(HOOKS[hook]["entry"])
    assert program == "advisor"
    return advisor(*fixed, *map(str, arguments))


@pytest.mark.parametrize(
    ("path", "taken"),
    [
        ("answers.toml", True),
        ("decisions/renewal.answers.toml", True),
        ("decisions/answers-2026.toml", True),
        ("answers/notes.toml", False),
        ("pyproject.toml", False),
        ("answers.toml.bak", False),
    ],
)
def test_which_files_are_answers(path: str, taken: bool) -> None:
    assert bool(re.search(HOOKS["advisor-records"]["files"], path)) is taken


def test_sound_answers_pass_and_every_fault_of_broken_ones_is_told(tmp_path: Path) -> None:
    assert run("advisor-records", SOUND, SOUND).returncode == 0
    broken = [tmp_path / "a-answers.toml", tmp_path / "b-answers.toml"]
    for path in broken:
        path.write_text(SOUND.read_text().replace('duration = "days"', 'duration = "aeons"'))
    done = run("advisor-records", SOUND, *broken)
    assert (done.returncode, done.stdout) == (2, "")
    assert [line.split(":")[0] for line in done.stderr.splitlines()] == [str(path) for path in broken]


def test_patterns_of_our_own_are_checked_beside_the_shipped_ones(tmp_path: Path) -> None:
    assert run("advisor-catalog").returncode == 0
    (tmp_path / "patterns").mkdir()
    (tmp_path / "patterns" / "X1.toml").write_text('id = "X2"\n')
    done = run("advisor-catalog", tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "X1.toml" in done.stderr


@pytest.mark.slow
def test_pre_commit_installs_and_runs_them_from_a_clone(tmp_path: Path) -> None:
    pre_commit = [sys.executable, "-m", "pre_commit"]
    if subprocess.run([*pre_commit, "--version"], capture_output=True, check=False).returncode:
        pytest.skip("pre-commit is not installed")
    clone, project = tmp_path / "clone", tmp_path / "project"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    subprocess.run(["git", "init", "--quiet", str(project)], check=True)
    shutil.copy(SOUND, project / "answers.toml")
    subprocess.run(["git", "add", "."], cwd=project, check=True)
    tried = [*pre_commit, "try-repo", str(clone), "advisor-records", "--all-files"]
    env = os.environ | {"PRE_COMMIT_HOME": str(tmp_path / "kept")}
    passed = subprocess.run(tried, cwd=project, env=env, capture_output=True, text=True, check=False)
    assert passed.returncode == 0, passed.stdout + passed.stderr
    (project / "answers.toml").write_text('schema = 1\nid = "a"\n')
    failed = subprocess.run(tried, cwd=project, env=env, capture_output=True, text=True, check=False)
    assert failed.returncode == 1
    assert "answers.toml: title: is missing; add title" in failed.stdout
