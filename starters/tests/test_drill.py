"""The drill: every fault goes wrong without its defence and is sound with it, and both leave their telemetry."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from starters.agent.drill import drills, perform


@pytest.mark.parametrize("fault", list(drills()))
def test_a_fault_shows_without_its_defence_and_only_then(fault: str, tmp_path: Path) -> None:
    drill = drills()[fault]
    with_it, without_it = perform(drill, tmp_path, True), perform(drill, tmp_path, False)
    assert with_it.sound, with_it.words
    assert not without_it.sound, without_it.words
    for name in ("with", "without"):
        lines = (tmp_path / fault / f"{name}.jsonl").read_text("utf-8").splitlines()
        assert lines and all(json.loads(line)["resourceSpans"] for line in lines)
