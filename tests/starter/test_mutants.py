"""Every defence that a starter claims has a test that fails when the defence is taken out."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from advisor.starter import scaffold
from tests.starter.combinations import Combination, in_project
from tests.starter.test_generated_projects import package

MUTANTS: list[dict[str, Any]] = tomllib.loads(Path(__file__).with_name("mutants.toml").read_text("utf-8"))["mutant"]
FULL = Combination("P5", True, True, ("kill_switch", "escalation", "approval", "throttling"))
EVENTS = Combination("P3", True, True, ())


def home(mutant: dict[str, Any]) -> Combination:
    return EVENTS if "/p3_" in mutant["module"] else FULL


@pytest.mark.parametrize("mutant", MUTANTS, ids=[each["id"] for each in MUTANTS])
def test_each_mutant_changes_one_place_of_its_module(mutant: dict[str, Any]) -> None:
    text = Path("starters/agent", mutant["module"]).read_text("utf-8")
    assert text.count(mutant["old"]) == 1
    compile(text.replace(mutant["old"], mutant["new"]), mutant["module"], "exec")


@pytest.mark.slow
@pytest.mark.parametrize("mutant", MUTANTS, ids=[each["id"] for each in MUTANTS])
def test_a_mutant_turns_its_test_red(mutant: dict[str, Any], tmp_path: Path) -> None:
    scaffold(home(mutant).answers(), tmp_path / "x")
    tests = [f"tests/{name}" for name in mutant["tests"]]
    command = ["-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-k", "not postgres", *tests]
    sound = in_project(tmp_path / "x", *command)
    assert sound.returncode == 0, sound.stdout[-3000:]
    module = package(tmp_path / "x") / mutant["module"]
    module.write_text(module.read_text("utf-8").replace(mutant["old"], mutant["new"]), "utf-8")
    wrong = in_project(tmp_path / "x", *command)
    # An equivalent mutant is one that a second defence holds; it says which.
    assert wrong.returncode == (0 if mutant.get("equivalent") else 1), wrong.stdout[-3000:]
