"""The full matrix: every combination is linted, imported, and takes a request twice; many pass all their tests."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from advisor.catalog.models import PLANES
from advisor.starter import scaffold
from tests.starter.combinations import Combination, covering, every, in_project
from tests.starter.test_generated_projects import package

pytestmark = pytest.mark.slow

TWICE = """
import json, os, sys
os.environ["TELEMETRY_FILE"] = ""
from {package}.app import build
from {package} import outside
request = {{"customer": "C-1", "amount_cents": 10000}}
project = build()
first = project.flow.handle("C-1", "t", request)
assert first.final, first
before = outside.effects()
project.close()
project = build()
assert project.flow.handle("C-1", "t", request) == first
assert outside.effects() == before and before
project.base.audit.seal()
assert project.base.audit.verify().unbroken
if project.kill_switch:
    project.kill_switch.throw("*", "ann", "test")
    assert project.flow.handle("C-2", "t", {{**request, "customer": "C-2"}}).state == "stopped"
    assert outside.effects() == before
project.close()
"""


@pytest.mark.parametrize("combination", list(every()), ids=lambda each: each.id)
def test_a_combination_imports_and_takes_a_request_twice(combination: Combination, tmp_path: Path) -> None:
    scaffold(combination.answers(), tmp_path / "x")
    lint = in_project(tmp_path / "x", "-m", "ruff", "check", "-q", "--no-cache", ".")
    assert lint.returncode == 0, lint.stdout[-3000:]
    done = in_project(tmp_path / "x", "-c", TWICE.format(package=package(tmp_path / "x").name))
    assert done.returncode == 0, done.stderr[-3000:]


TYPED = [
    Combination(spine, p1, p2, planes)
    for spine, p1, p2, planes in itertools.product(("P5", "P3", "none"), (True, False), (True, False), ((), PLANES))
]


@pytest.mark.parametrize("combination", TYPED, ids=lambda each: each.id)
def test_a_combination_passes_its_own_strict_type_check(combination: Combination, tmp_path: Path) -> None:
    scaffold(combination.answers(), tmp_path / "x")
    done = in_project(tmp_path / "x", "-m", "mypy", "--cache-dir", str(tmp_path.parent / "mypy"))
    assert done.returncode == 0, done.stdout[-3000:]


@pytest.mark.parametrize("combination", covering(), ids=lambda each: each.id)
def test_a_combination_passes_all_its_own_tests(combination: Combination, tmp_path: Path) -> None:
    scaffold(combination.answers(), tmp_path / "x")
    done = in_project(tmp_path / "x", "-m", "pytest", "-q", "-p", "no:cacheprovider", timeout_s=900)
    assert done.returncode == 0, done.stdout[-3000:]
