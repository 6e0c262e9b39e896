"""What is generated: the right parts, the same bytes each time, and projects that work by themselves."""

from __future__ import annotations

import ast
import json
import tomllib
from pathlib import Path

import pytest

from advisor.catalog.answers import parse_answers, read_answers
from advisor.catalog.files import data_room
from advisor.errors import InputError
from advisor.starter import scaffold
from tests.starter.combinations import Combination, covering, every, in_project

WORKLOADS = sorted(data_room("knowledge").glob("workloads/*.toml"))
REQUEST = '{"customer": "C-1", "amount_cents": 10000}'


def tree(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def package(folder: Path) -> Path:
    return next(path.parent for path in (folder / "src").glob("*/workload.py"))


def test_the_tree_has_what_the_record_chose_and_nothing_else(tmp_path: Path) -> None:
    for combination in every():
        scaffold(combination.answers(), tmp_path / combination.id, dry_run=True)
    for combination in covering():
        folder = tmp_path / combination.id
        scaffold(combination.answers(), folder)
        modules = {path.stem for path in (package(folder) / "runtime").glob("p[0-9]_*.py")}
        chosen = {"p4_gate", "p4_supervisor"}
        chosen |= {"p1_delegation"} if combination.p1 else set()
        chosen |= {"p2_saga"} if combination.p2 else set()
        chosen |= {"P5": {"p5_state"}, "P3": {"p3_events", "p3_replay"}, "none": set()}[combination.spine]
        chosen |= {"p6_planes"} if combination.planes else set()
        assert modules == chosen
        policy = tomllib.loads((folder / "policy.toml").read_text("utf-8"))
        assert policy["default"] == ("deny" if combination.p4 else "allow")


def test_runtime_modules_are_the_starters_own_byte_for_byte(tmp_path: Path) -> None:
    scaffold(covering()[0].answers(), tmp_path / "x")
    made = package(tmp_path / "x")
    starters = data_room("starters") / "agent"
    same = [path for path in made.rglob("*.py") if (starters / path.relative_to(made)).exists()]
    assert len(same) > 20
    for path in same:
        if path.parent == made and path.name == "__init__.py":
            continue
        assert path.read_bytes() == (starters / path.relative_to(made)).read_bytes()


def test_the_same_answers_give_the_same_bytes_wherever_they_are_written(tmp_path: Path) -> None:
    file = covering()[0].answers()
    scaffold(file, tmp_path / "one")
    scaffold(file, tmp_path / "elsewhere" / "two")
    assert tree(tmp_path / "one") == tree(tmp_path / "elsewhere" / "two")
    assert not [path for path, content in tree(tmp_path / "one").items() if str(tmp_path).encode() in content]


def test_it_is_generated_in_less_than_a_second(tmp_path: Path) -> None:
    import time

    file = covering()[0].answers()
    began = time.perf_counter()
    scaffold(file, tmp_path / "x")
    assert time.perf_counter() - began < 1


def test_no_module_of_a_project_imports_this_tool(tmp_path: Path) -> None:
    scaffold(covering()[0].answers(), tmp_path / "x")
    for path in (tmp_path / "x").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [name.name for name in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            assert not {name.partition(".")[0] for name in names} & {"advisor", "starters"}, path


@pytest.mark.parametrize("path", WORKLOADS, ids=[path.stem for path in WORKLOADS])
def test_every_shipped_workload_becomes_a_project_that_runs_a_request_twice(path: Path, tmp_path: Path) -> None:
    scaffold(read_answers(path), tmp_path / "x")
    name = package(tmp_path / "x").name
    first = in_project(tmp_path / "x", "-m", name, "run", "C-1", REQUEST)
    assert first.returncode == 0 and "C-1  done" in first.stdout, first.stderr
    again = in_project(tmp_path / "x", "-m", name, "run", "C-1", REQUEST)
    assert again.stdout == first.stdout
    verified = in_project(tmp_path / "x", "-m", name, "audit", "verify")
    assert verified.returncode == 0 and verified.stdout.startswith("unbroken")


@pytest.mark.parametrize("combination", covering(), ids=lambda each: each.id)
def test_a_project_passes_its_own_composition_tests(combination: Combination, tmp_path: Path) -> None:
    scaffold(combination.answers(), tmp_path / "x")
    chosen = ["tests/test_composition.py", "tests/test_console.py"]
    done = in_project(
        tmp_path / "x", "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "sqlite or imports", *chosen
    )
    assert done.returncode == 0, done.stdout[-3000:]


@pytest.mark.parametrize("combination", covering()[:2], ids=lambda each: each.id)
def test_a_project_passes_the_fault_tests_of_its_patterns(combination: Combination, tmp_path: Path) -> None:
    scaffold(combination.answers(), tmp_path / "x")
    chosen = sorted(path.name for path in (tmp_path / "x" / "tests").glob("test_*faults.py"))
    tests = [f"tests/{name}" for name in chosen]
    done = in_project(tmp_path / "x", "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "not postgres", *tests)
    assert done.returncode == 0, done.stdout[-3000:]


def test_deferred_parts_are_left_out_and_recorded(tmp_path: Path) -> None:
    table = json.loads(covering()[0].answers().model_dump_json(by_alias=True))
    table["planes"] = {"throttling": {"status": "deferred", "until": "2027-03-31", "reason": "one tenant at launch"}}
    table["sequence"] = {"console": {"status": "deferred", "until": "2027-01-31", "reason": "an outside console"}}
    plan = scaffold(parse_answers(table, "test"), tmp_path / "x")
    assert "throttling" not in (package(tmp_path / "x") / "app.py").read_text("utf-8")
    assert not (package(tmp_path / "x") / "console.py").exists()
    assert "deferred until 2027-03-31" in (tmp_path / "x" / "ADR.md").read_text("utf-8")
    assert any("throttling until 2027-03-31" in remark for remark in plan.remarks)


def test_an_undetermined_spine_is_refused_with_the_answers_that_decide_it(tmp_path: Path) -> None:
    unknown = dict.fromkeys(
        ("world_changes_during_pause", "event_stream_exists", "state_not_reconstructible"), "unknown"
    )
    file = Combination("P5", False, False, ()).answers(**unknown)
    with pytest.raises(InputError) as refused:
        scaffold(file, tmp_path / "x")
    assert "state_not_reconstructible" in str(refused.value)
    assert not (tmp_path / "x").exists()


def test_a_cost_question_takes_the_default_and_says_so(tmp_path: Path) -> None:
    file = Combination("P5", False, False, ()).answers(world_changes_during_pause="no")
    plan = scaffold(file, tmp_path / "x")
    assert any("cost question" in remark for remark in plan.remarks)


@pytest.mark.parametrize(("given", "made"), [("7-days", "agent_7_days"), ("class", "agent_class"), ("a-b", "a_b")])
def test_the_package_is_named_after_the_workload(given: str, made: str, tmp_path: Path) -> None:
    file = covering()[3].answers().model_copy(update={"id": given})
    scaffold(file, tmp_path / "x")
    assert package(tmp_path / "x").name == made
    assert tomllib.loads((tmp_path / "x" / "pyproject.toml").read_text("utf-8"))["project"]["name"] == given


@pytest.mark.parametrize("given", ["json", "pydantic", "-x", "x-", "pytest"])
def test_a_name_that_is_no_package_or_hides_one_is_refused(given: str, tmp_path: Path) -> None:
    with pytest.raises(InputError):
        scaffold(covering()[3].answers().model_copy(update={"id": given}), tmp_path / "x")
    assert not (tmp_path / "x").exists()
