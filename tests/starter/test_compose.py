"""What compose.yaml starts, started without containers: its workers' own command against a real PostgreSQL."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from advisor.starter import scaffold
from starters.tests.conftest import _binaries, _Server
from tests.starter.combinations import Combination, in_project
from tests.starter.test_generated_projects import REQUEST, package


@pytest.fixture(scope="module")
def server() -> Iterator[_Server]:
    binaries = _binaries()
    if binaries is None:
        pytest.skip("no PostgreSQL programs")
    made = _Server(binaries)
    yield made
    made.stop()


def test_its_workers_share_the_cases_of_its_database(server: _Server, tmp_path: Path) -> None:
    scaffold(Combination("P5", True, True, ("kill_switch",)).answers(), tmp_path / "x")
    text = (tmp_path / "x" / "compose.yaml").read_text("utf-8")
    found = re.search(r"pip install -q -e '\.\[(\w+)\]' && exec python (-m \w+ worker)\"", text)
    replicas = re.search(r"replicas: (\d)", text)
    assert found and replicas
    # The extra that the container installs is one that the project has.
    assert f"\n{found[1]} = [" in (tmp_path / "x" / "pyproject.toml").read_text("utf-8")
    settings = {"DATABASE_URL": server.url("public"), "LLM": "stub", "OUTSIDE_FILE": str(tmp_path / "outside.db")}
    name = package(tmp_path / "x").name
    opening = (
        f"from {name}.app import build\nit = build()\n"
        "for n in range(6):\n"
        f"    it.spine.open(f'C-{{n}}', 't', {{**{REQUEST}, 'customer': f'C-{{n}}'}})\n"
    )
    opened = in_project(tmp_path / "x", "-c", opening, **settings)
    assert opened.returncode == 0, opened.stderr
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": "src", "PYTHONDONTWRITEBYTECODE": "1", **settings}
    command = [sys.executable, *found[2].split()]
    workers = [subprocess.Popen(command, cwd=tmp_path / "x", env=environment) for _ in range(int(replicas[1]))]
    try:
        until, listed = time.monotonic() + 60, ""
        while listed.count("  done  ") < 6 and time.monotonic() < until:
            time.sleep(0.5)
            listed = in_project(tmp_path / "x", "-m", name, "list", **settings).stdout
        assert listed.count("  done  ") == 6, listed
        assert [worker.poll() for worker in workers] == [None] * len(workers)
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
    assert in_project(tmp_path / "x", "-m", name, "audit", "verify", **settings).stdout.startswith("unbroken")
