"""The Grafana dashboards: every panel's SQL runs on this project's tables."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from starters.agent.app import build
from starters.agent.llm import Stub
from starters.agent.runtime.clock import SimulatedClock

FOLDER = Path(__file__).parent.parent / "grafana"


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.json")), ids=lambda path: path.stem)
def test_every_panel_has_sql_that_runs(path: Path, url: str) -> None:
    if not url.startswith("postgresql"):
        pytest.skip("Grafana reads the PostgreSQL database")
    it = build(url, clock=SimulatedClock(), model=Stub(script={}))
    it.flow.handle("C-1", "t", {"customer": "C-1", "amount_cents": 100})
    panels = json.loads(path.read_text("utf-8"))["panels"]
    assert panels
    for panel in panels:
        for target in panel["targets"]:
            sql = target["rawSql"].replace("$__unixEpochFrom()", "0").replace("$__unixEpochTo()", "4102444800")
            it.base.db.rows(sql.replace("%", "%%"))
    it.close()
