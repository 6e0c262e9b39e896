"""The faults that a generated project has to stand: each has tests, and these are collected where they run."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from advisor.starter import scaffold
from tests.starter.combinations import Combination, in_project

FAULTS: list[dict[str, Any]] = tomllib.loads(Path(__file__).with_name("acceptance.toml").read_text("utf-8"))["fault"]
NAMED = sorted({test for fault in FAULTS for test in fault["tests"]})
PROJECTS = (Combination("P5", True, True, ("kill_switch", "escalation", "approval", "throttling")),
            Combination("P3", True, True, ()))  # fmt: skip


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """What pytest collects in two projects that have every pattern between them, by file and name with parameters."""
    found: set[str] = set()
    for combination in PROJECTS:
        folder = tmp_path_factory.mktemp("acceptance") / combination.id
        scaffold(combination.answers(), folder)
        command = ("-m", "pytest", "--collect-only", "-p", "no:cacheprovider", "-m", "chaos or not chaos")
        done = in_project(folder, *command)
        assert done.returncode == 0, done.stdout[-3000:]
        found |= {line for line in done.stdout.splitlines() if line.startswith("tests/")}
    return found


def test_every_pattern_and_the_composition_have_faults() -> None:
    assert {fault["pattern"] for fault in FAULTS} == {"P1", "P2", "P3", "P4", "P5", "P6", "composition"}
    assert len({(fault["pattern"], fault["what"]) for fault in FAULTS}) == len(FAULTS)


@pytest.mark.parametrize("test", [each for each in NAMED if each.startswith("starters/")])
def test_a_named_test_runs_in_a_generated_project(test: str, collected: set[str]) -> None:
    name = test.removeprefix("starters/")
    variants = {each for each in collected if re.sub(r"\[.*", "", each) == name}
    assert variants
    if any(fault.get("databases") for fault in FAULTS if test in fault["tests"]):
        for database in ("sqlite", "postgres"):
            assert any(re.search(rf"\b{database}\b", each) for each in variants), (database, variants)


@pytest.mark.parametrize("test", [each for each in NAMED if not each.startswith("starters/")])
def test_a_named_test_of_this_repository_exists_and_is_not_skipped(test: str) -> None:
    path, _, name = test.partition("::")
    tree = ast.parse(Path(path).read_text("utf-8"))
    (found,) = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == name]
    assert not [each for each in found.decorator_list if "skip" in ast.unparse(each)]
