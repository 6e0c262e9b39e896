"""Scaffolding again: what the owners wrote is kept, what we wrote is brought up to date, and nothing is half done."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from pathlib import Path

import pytest

from advisor.errors import InputError
from advisor.starter import scaffold
from advisor.starter.merge import merge
from tests.starter.combinations import Combination, covering, in_project
from tests.starter.test_generated_projects import package, tree

FULL = covering()[0]
NAME = "renewals"


def file(combination: Combination = FULL):  # type: ignore[no-untyped-def]
    return combination.answers().model_copy(update={"id": NAME})


@pytest.fixture
def project(tmp_path: Path) -> Path:
    scaffold(file(), tmp_path / "x")
    return tmp_path / "x"


def older(project: Path, path: str, old: str, new: str) -> None:
    """Makes a file what an older version of the tool would have written: on disk and in the pristine copy."""
    target = project / path
    text = target.read_text("utf-8")
    assert old in text
    target.write_text(text.replace(old, new), "utf-8")
    base = project / ".advisor/base.zip"
    with zipfile.ZipFile(base) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    files[path] = target.read_bytes()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    base.write_bytes(buffer.getvalue())


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def actions(plan) -> dict[str, str]:  # type: ignore[no-untyped-def]
    return {step.path: step.action for step in plan.steps}


def test_again_with_nothing_changed_changes_nothing(project: Path) -> None:
    before = tree(project)
    plan = scaffold(file(), project)
    assert tree(project) == before
    assert set(actions(plan).values()) == {"unchanged", "yours"}


def test_an_edit_and_an_update_of_the_same_file_are_merged(project: Path) -> None:
    older(project, "README.md", "## Growing", "## How to grow")
    edit(project / "README.md", "# A combination", "# Ours")
    plan = scaffold(file(), project)
    text = (project / "README.md").read_text("utf-8")
    assert text.startswith("# Ours") and "## Growing" in text and "How to grow" not in text
    assert actions(plan)["README.md"] == "merge"
    scaffold(file(), project)
    assert (project / "README.md").read_text("utf-8") == text


def test_a_conflict_is_marked_and_named(project: Path) -> None:
    older(project, "README.md", "## Growing", "## How to grow")
    edit(project / "README.md", "## How to grow", "## Our growth")
    plan = scaffold(file(), project)
    text = (project / "README.md").read_text("utf-8")
    assert "<<<<<<< yours" in text and "## Our growth" in text and "## Growing" in text
    assert plan.conflicts == ("README.md",)


def test_without_git_the_new_version_lies_beside_the_owners(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    older(project, "README.md", "## Growing", "## How to grow")
    edit(project / "README.md", "# A combination", "# Ours")
    mine = (project / "README.md").read_bytes()
    monkeypatch.setattr(shutil, "which", lambda name: None)
    plan = scaffold(file(), project)
    assert (project / "README.md").read_bytes() == mine
    assert b"## Growing" in (project / "README.md.new").read_bytes()
    assert plan.conflicts == ("README.md.new",)


def test_what_only_the_owners_changed_is_theirs_and_what_they_deleted_stays_deleted(project: Path) -> None:
    edit(project / "policy.toml", "value = 15", "value = 12")
    (project / "compose.yaml").unlink()
    (project / "notes.txt").write_text("ours")
    plan = scaffold(file(), project)
    assert "value = 12" in (project / "policy.toml").read_text("utf-8")
    assert not (project / "compose.yaml").exists() and (project / "notes.txt").read_text() == "ours"
    assert actions(plan)["policy.toml"] == "kept" and actions(plan)["compose.yaml"] == "deleted"


def test_the_workload_is_never_written_again(project: Path) -> None:
    workload = package(project) / "workload.py"
    older(project, f"src/{NAME}/workload.py", "YOURS", "THEIRS")
    mine = workload.read_bytes()
    scaffold(file(Combination("P3", False, False, ())), project)
    assert workload.read_bytes() == mine


def test_a_pattern_that_the_record_no_longer_asks_for_goes_where_it_was_untouched(project: Path) -> None:
    edit(package(project) / "runtime/p6_planes.py", "import uuid", "import uuid  # ours")
    plan = scaffold(file(Combination("P3", True, True, ())), project)
    assert not (package(project) / "runtime/p5_state.py").exists()
    assert not (project / "tests/test_p5_faults.py").exists()
    assert "# ours" in (package(project) / "runtime/p6_planes.py").read_text("utf-8")
    assert (package(project) / "runtime/p3_events.py").exists()
    assert actions(plan)[f"src/{NAME}/runtime/p6_planes.py"] == "orphan"


@pytest.mark.parametrize("new", [Combination("none", False, False, ()), Combination("P3", False, False, FULL.planes)],
                         ids=["everything leaves", "another spine"])  # fmt: skip
def test_a_project_whose_record_changed_still_runs_with_the_owners_workload(project: Path, new: Combination) -> None:
    scaffold(file(new), project)
    request = '{"customer": "C-1", "amount_cents": 10000}'
    done = in_project(project, "-m", NAME, "run", "C-1", request)
    assert done.returncode == 0 and "C-1  done" in done.stdout, done.stderr


def test_parts_are_added_to_a_small_project(tmp_path: Path) -> None:
    scaffold(file(Combination("none", False, False, (), p4=False)), tmp_path / "x")
    scaffold(file(), tmp_path / "x")
    done = in_project(tmp_path / "x", "-m", NAME, "run", "C-1", '{"customer": "C-1", "amount_cents": 10000}')
    assert done.returncode == 0 and "C-1  done" in done.stdout, done.stderr


def test_a_dry_run_writes_nothing(project: Path, tmp_path: Path) -> None:
    before = tree(project)
    plan = scaffold(file(Combination("P3", True, False, ())), project, dry_run=True)
    assert tree(project) == before and "remove" in actions(plan).values()
    scaffold(file(), tmp_path / "new", dry_run=True)
    assert not (tmp_path / "new").exists()


def test_a_folder_that_is_not_ours_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "thesis.txt").write_text("years of work")
    with pytest.raises(InputError, match="was not written by advisor scaffold"):
        scaffold(file(), tmp_path / "x")
    assert tree(tmp_path / "x") == {"thesis.txt": b"years of work"}
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="is not a folder"):
        scaffold(file(), tmp_path / "file")


def test_another_workloads_project_is_refused(project: Path) -> None:
    with pytest.raises(InputError, match="holds the project renewals"):
        scaffold(file().model_copy(update={"id": "other"}), project)


def test_a_link_that_leads_out_of_the_project_is_refused(project: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "README.md").write_text("not yours")
    (project / "README.md").unlink()
    (project / "README.md").symlink_to(outside / "README.md")
    with pytest.raises(InputError, match="leads out of the project"):
        scaffold(file(), project)
    assert (outside / "README.md").read_text() == "not yours"


@pytest.mark.parametrize("name", ["../escaped", "/tmp/escaped-by-advisor", "a/../../escaped", "..\\escaped"])
def test_a_pristine_copy_that_escapes_is_refused(project: Path, name: str) -> None:
    with zipfile.ZipFile(project / ".advisor/base.zip", "a") as archive:
        archive.writestr(name, "x")
    before = tree(project)
    with pytest.raises(InputError, match="leads out of the project"):
        scaffold(file(), project)
    assert tree(project) == before


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04"])
def test_a_broken_pristine_copy_is_refused(project: Path, content: bytes) -> None:
    (project / ".advisor/base.zip").write_bytes(content)
    with pytest.raises(InputError, match="cannot be read"):
        scaffold(file(), project)


def test_an_interrupted_creation_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(self: Path, target: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "rename", stop)
    with pytest.raises(KeyboardInterrupt):
        scaffold(file(), tmp_path / "x")
    assert list(tmp_path.iterdir()) == []


def test_an_error_while_writing_puts_back_what_was_there(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old, replace, count = tree(project), Path.replace, [0]

    def failing(self: Path, target: Path) -> Path:
        count[0] += 1
        if count[0] == 10:
            raise OSError(28, "No space left on device")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", failing)
    with pytest.raises(InputError, match="no space left"):
        scaffold(file(Combination("P3", True, False, ())), project)
    monkeypatch.undo()
    assert tree(project) == old


def test_the_manifest_names_what_was_written(project: Path) -> None:
    manifest = json.loads((project / ".advisor/manifest.json").read_text("utf-8"))
    assert manifest["id"] == NAME and "README.md" in manifest["files"]


@pytest.mark.parametrize(
    ("base", "mine", "new", "action"),
    [
        (None, None, b"n", "add"),
        (b"b", b"b", b"n", "update"),
        (b"b", b"m", b"b", "kept"),
        (b"b", b"n", b"n", "unchanged"),
        (b"b", None, b"n", "deleted"),
        (b"b", b"b", None, "remove"),
        (b"b", b"m", None, "orphan"),
        (None, b"m", b"n", "new"),
        (b"\0b", b"\0m", b"\0n", "new"),
        (b"a\nb\nc\n", b"A\nb\nc\n", b"a\nb\nC\n", "merge"),
        (b"a\n", b"m\n", b"n\n", "conflict"),
    ],
)
def test_each_way_that_three_versions_of_a_file_can_differ(
    base: bytes | None, mine: bytes | None, new: bytes | None, action: str
) -> None:
    assert merge("f", base, mine, new).action == action
