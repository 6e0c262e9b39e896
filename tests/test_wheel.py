"""A wheel built from a clean clone and installed into an empty environment does the same work as the checkout."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def _run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run([str(c) for c in command], cwd=cwd, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_the_wheel_does_what_the_checkout_does(tmp_path: Path) -> None:
    clone, elsewhere = tmp_path / "clone", tmp_path / "elsewhere"
    elsewhere.mkdir()
    _run("git", "clone", "--quiet", ROOT, clone, cwd=tmp_path)
    _run(sys.executable, "-m", "build", "--wheel", "--outdir", tmp_path / "dist", clone, cwd=tmp_path)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    rooms = ("advisor/knowledge/", "advisor/reports/", "advisor/starters/")
    shipped = {name.removeprefix("advisor/") for name in names if name.startswith(rooms)}
    expected = _run("git", "ls-files", "knowledge", "reports", "starters", cwd=clone).split()
    assert shipped == set(expected)
    assert not any(name.startswith(("knowledge/", "reports/", "starters/", "tests/", "docs/")) for name in names)
    _run(sys.executable, "-m", "venv", tmp_path / "env", cwd=tmp_path)
    binary = tmp_path / "env" / "bin"
    _run(binary / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", wheel, cwd=elsewhere)
    answers = clone / "knowledge" / "workloads" / "contract-renewal.toml"
    for arguments in (
        ["--version"],
        ["recommend", answers],
        ["recommend", answers, "--format", "html"],
        ["recommend", answers, "--format", "markdown"],
        ["recommend", answers, "--format", "json"],
        ["explain", "P5"],
        ["catalog"],
        ["catalog", "check"],
        ["catalog", "graph", "--as", "json"],
        ["interview", "--template"],
    ):
        here = _run(sys.executable, "-m", "advisor", *arguments, cwd=clone)
        there = _run(binary / "advisor", *arguments, cwd=elsewhere)
        assert there == here, arguments
        assert there
