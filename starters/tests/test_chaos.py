"""kill -9 at random in the composed project: nothing lost, nothing doubled, nothing half done."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from starters.agent.chaos import run


@pytest.mark.parametrize(("cases", "kills"), [(12, 4), pytest.param(120, 30, marks=pytest.mark.chaos)])
def test_killed_workers_lose_and_double_nothing(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cases: int, kills: int
) -> None:
    for name in ("DATABASE_URL", "OUTSIDE_REFUSES", "LEASE_SECONDS", "LLM"):
        monkeypatch.setenv(name, os.environ.get(name, ""))
    found = run(url, tmp_path, cases=cases, kills=kills, workers=3, seed=7)
    assert found.cases == cases and found.kills >= 1
    assert found.sound, found
