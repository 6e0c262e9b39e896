"""The command line: what people do with a project day by day, in processes of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import starters.agent as package
from starters.agent.app import build

ROOT = Path(package.__file__).parents[len(package.__name__.split("."))]
REQUEST = '{"customer": "C-1", "amount_cents": 10000}'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'state.db'}")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    return tmp_path


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", package.__name__, "--by", "ann", *arguments], capture_output=True, text=True, check=False
    )


def test_a_request_is_run_shown_and_listed(folder: Path) -> None:
    done = command("run", "C-1", REQUEST)
    assert done.returncode == 0 and done.stdout.startswith("C-1  done"), done.stderr
    assert "committed" in command("show", "C-1").stdout
    assert "C-1  done" in command("list").stdout
    assert command("audit", "verify").stdout.startswith("unbroken")


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "C-1", "[]"),
        ("run", "C-1", "{"),
        ("show", "nobody"),
        ("settle", "x", "retry"),
        ("drill", "--fault", "x"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_exit_code_2(folder: Path, arguments: tuple[str, ...]) -> None:
    done = command(*arguments)
    assert done.returncode == 2 and done.stderr.count("\n") == 1 and "Traceback" not in done.stderr


def test_planes_are_worked_from_the_command_line_or_said_to_be_absent(folder: Path) -> None:
    it = build()
    planes = {"kill": it.kill_switch, "throttle": it.throttling}
    it.close()
    for name, plane in planes.items():
        done = (
            command(name, "tenant:default")
            if name == "kill"
            else command(name, "default", "--cap", "actions", "--per-day", "3")
        )
        assert done.returncode == (0 if plane else 2), done.stderr
        assert plane or "ADR.md says why" in done.stderr
    if planes["kill"]:
        assert "stopped" in command("run", "C-1", REQUEST).stdout
        assert command("restore", "tenant:default").returncode == 0
        assert "C-1  done" in command("list").stdout
    if planes["throttle"]:
        assert "of 3" in command("throttle", "default").stdout


def test_a_killed_worker_is_started_again_by_its_supervisor(folder: Path) -> None:
    running = subprocess.Popen(
        [sys.executable, "-m", package.__name__, "worker", "--processes", "2", "--every", "0.1"], start_new_session=True
    )
    try:
        first = _children(running.pid, 2)
        os.kill(first[0], signal.SIGKILL)
        until = time.monotonic() + 20
        while first[0] in _children(running.pid, 2) and time.monotonic() < until:
            time.sleep(0.1)
        again = _children(running.pid, 2)
        assert first[1] in again and first[0] not in again
        it = build()
        it.spine.open("C-1", "t", {"customer": "C-1", "amount_cents": 10_000})
        while it.spine.unfinished() and time.monotonic() < until + 20:
            time.sleep(0.1)
        assert it.spine.unfinished() == []
        it.close()
    finally:
        os.killpg(running.pid, signal.SIGKILL)
        running.wait()


def _children(parent: int, wanted: int) -> list[int]:
    """The workers under a supervisor, oldest first; the interpreter's own resource tracker is none."""
    if not Path("/proc").is_dir():
        pytest.skip("needs /proc")
    until = time.monotonic() + 20
    while True:
        found = []
        for path in Path("/proc").glob("[0-9]*"):
            try:
                status = (path / "stat").read_text().rpartition(")")[2].split()
                command_line = (path / "cmdline").read_bytes()
            except OSError:
                continue
            if status[1] == str(parent) and b"spawn_main" in command_line and status[0] != "Z":
                found.append(int(path.name))
        if len(found) >= wanted or time.monotonic() > until:
            return sorted(found)
        time.sleep(0.1)
