"""The loop, closed: a fault of a starter is named by its signature, nothing else is, and a healthy run shows none."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.loop.confusion import projects
from tests.starter.combinations import Combination, covering

QUICK = covering()[1]


@pytest.mark.parametrize(
    "combination",
    [pytest.param(each, id=each.id, marks=[pytest.mark.slow] * (each != QUICK)) for each in covering()],
)
def test_a_fault_shows_its_signature_alone_and_a_healthy_run_none(combination: Combination, tmp_path: Path) -> None:
    (project,) = projects([combination], tmp_path)
    assert project.healthy == ()
    assert [cell for cell in project.cells if not cell.right] == []
    patterns = {cell.fault.split("-")[0] for cell in project.cells}
    assert {combination.spine} - {"none"} <= patterns
    assert ("P1" in patterns, "P2" in patterns) == (combination.p1, combination.p2)


def test_the_covering_sample_injects_each_of_the_twelve(tmp_path: Path) -> None:
    from advisor.catalog.load import shipped
    from starters.agent.drill import drills

    twelve = {name for name, entry in shipped().signatures.items() if entry.status == "current"}
    assert len(twelve) == 12
    assert twelve <= set(drills())
    assert {each.spine for each in covering()} == {"P5", "P3", "none"}
