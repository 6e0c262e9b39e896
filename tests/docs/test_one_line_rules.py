"""The figures of "where one line does as well": they are of the lines that the benchmark has, and can be had again."""

from __future__ import annotations

import importlib
import json
import random
import sys
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
FIGURES = json.loads((BENCHMARKS / "one_line_rules.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def rules() -> ModuleType:
    sys.path.insert(0, str(BENCHMARKS))
    try:
        return importlib.import_module("one_line_rules")
    finally:
        sys.path.remove(str(BENCHMARKS))


def test_the_figures_are_of_the_lines_that_are_there(rules: ModuleType) -> None:
    assert {id: f"SELECT 1 FROM {line}" for id, line in rules.CAREFUL.items()} == {
        id: each["careful"] for id, each in FIGURES.items()
    }
    assert list(rules.FIRST) == list(FIGURES)


@pytest.mark.parametrize("id", [id for id, each in FIGURES.items() if each["logs"]["faulty"]["of"]])
def test_a_drawn_log_alarms_whom_the_figures_say(id: str, rules: ModuleType) -> None:
    for name, faulty in (("healthy", False), ("faulty", True)):
        told = rules.alarms(rules.table_of(rules.SIMULATED[id](random.Random(f"{id}/0"), faulty)), {id})[id]
        kept = FIGURES[id]["logs"][name]
        for who, raised in told.items():
            assert (kept[who] > 0) if raised else (kept[who] < kept["of"]), (name, who)
