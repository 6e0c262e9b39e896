"""The drill: every fault goes wrong without its defence and is sound with it, and both leave their telemetry."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from starters.agent.drill import drills, perform, run


@pytest.mark.parametrize("fault", list(drills()))
def test_a_fault_shows_without_its_defence_and_only_then(fault: str, tmp_path: Path) -> None:
    drill = drills()[fault]
    with_it, without_it = perform(drill, tmp_path, True), perform(drill, tmp_path, False)
    assert with_it.sound, with_it.words
    assert not without_it.sound, without_it.words
    for name in ("with", "without"):
        lines = (tmp_path / fault / f"{name}.jsonl").read_text("utf-8").splitlines()
        assert lines and all(json.loads(line)["resourceSpans"] for line in lines)


def test_the_list_is_data_on_request(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert run(None, everything=False, listing=True, folder=str(tmp_path), as_json=True) == 0
    listed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert listed == [{"fault": drill.id, "switched_off": drill.title} for drill in drills().values()]


def test_a_run_is_data_on_request(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    fault = "SDB-reject-as-success"
    assert run(fault, everything=False, listing=False, folder=str(tmp_path), as_json=True) == 0
    (line,) = capsys.readouterr().out.splitlines()
    told = json.loads(line)
    assert (told["fault"], told["defended"], told["sound"]) == (fault, False, False) and "10 of 10" in told["words"]
    assert Path(told["telemetry"]).read_text("utf-8")
