"""The DBOS engine under kill -9: its workers die, and the rows say that nothing was lost, doubled or left half done."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import starters.agent as package
from starters.agent import outside
from starters.agent.app import build

pytest.importorskip("dbos")


def test_killed_executors_lose_and_double_nothing(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    schema = f"dbos_{os.getpid()}_{abs(hash(url)) % 10**8}"
    settings = {"DATABASE_URL": url, "LEASE_SECONDS": "1", "LLM": "stub", "DBOS_SCHEMA": schema,
                "OUTSIDE_REFUSES": "mail.send:3", "DBOS_LOG_LEVEL": "CRITICAL"}  # fmt: skip
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    it = build(url)
    for number in range(9):
        it.spine.open(f"C-{number}", "t", {"customer": f"C-{number}", "amount_cents": 1_000})
    command = [sys.executable, "-m", package.__name__, "worker", "--every", "0.1"]
    killed, until = 0, time.monotonic() + 90
    # On SQLite one process; on PostgreSQL two, the second under another executor's name.
    many = 2 if it.base.db.postgres else 1
    workers: list[subprocess.Popen[bytes]] = []
    try:
        while it.spine.unfinished() and time.monotonic() < until:
            workers = [worker for worker in workers if worker.poll() is None]
            while len(workers) < many:
                environment = {**os.environ, "EXECUTOR_ID": f"pod-{killed}-{len(workers)}"}
                workers.append(subprocess.Popen(command, env=environment))
            time.sleep(1.5)
            if killed < 4 and it.spine.unfinished():
                os.kill(workers[0].pid, signal.SIGKILL)
                killed += 1
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
    effects = outside.effects()
    assert it.spine.unfinished() == []
    assert len({effect["key"] for effect in effects}) == len(effects)
    for case in it.spine.cases():
        mine = {effect["tool"] for effect in effects if effect["key"].startswith(f"{case.id}:")}
        undone = {tool for tool in mine if tool.endswith(".revert")}
        assert case.state in ("done", "compensated", "refused")
        assert (case.state == "done") == (not undone and bool(mine))
    it.close()
