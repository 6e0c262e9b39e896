"""kill -9 at every change that an update makes to the disk: what is left is the old project or the new one."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from advisor.errors import InputError
from advisor.starter import scaffold
from advisor.starter.write import finish
from starters.agent import updating
from tests.starter.combinations import Combination, in_project
from tests.starter.test_generated_projects import package, tree
from tests.starter.test_updating import FULL, NAME, edit, file, older

NEW = Combination("P3", True, False, ("kill_switch",))
OURS_WHILE_UPDATING = (".advisor/staged/", ".advisor/aside/", ".advisor/journal.json")
THEIRS = {".git/HEAD": b"ref", ".venv/bin/python": b"\x7fELF", "agent.db": b"SQLite format 3", "agent.db-wal": b"wal",
          f"src/{NAME}/prices.py": b"PRICE = 1\n"}  # fmt: skip
CHANGES = {"os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.chmod", "os.truncate", "os.link", "os.symlink"}


def killed(work: Callable[[], Any], folder: Path, at: int) -> bool:
    """Does the work in a process of its own that is killed just before its nth change of a folder; whether it was."""
    assert threading.active_count() == 1
    child = os.fork()
    if child == 0:
        seen = [0]

        def count(event: str, arguments: tuple[Any, ...]) -> None:
            writes = event == "open" and bool((arguments[2] or 0) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
            if (writes or event in CHANGES) and str(folder) in os.fspath(arguments[0]):
                seen[0] += 1
                if seen[0] == at:
                    os.kill(os.getpid(), signal.SIGKILL)

        try:
            sys.addaudithook(count)
            work()
        except BaseException:
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert status == 0 or os.WTERMSIG(status) == signal.SIGKILL, status
    return status != 0


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project that its owners have edited and live in, made by an older tool."""
    folder = tmp_path / "x"
    scaffold(file(FULL), folder)
    older(folder, "README.md", "## Growing", "## How to grow")
    edit(folder / "README.md", "# A combination", "# Ours")
    edit(package(folder) / "runtime/p6_planes.py", "import uuid", "import uuid  # ours")
    for path, content in THEIRS.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return folder


def on_disk(folder: Path) -> dict[str, bytes]:
    return {path: content for path, content in tree(folder).items() if not path.startswith(OURS_WHILE_UPDATING)}


def copy(folder: Path, name: str) -> Path:
    shutil.rmtree(folder.parent / name, ignore_errors=True)
    return Path(shutil.copytree(folder, folder.parent / name))


@pytest.mark.parametrize("every", [11, pytest.param(1, marks=pytest.mark.slow)])
def test_it_is_the_old_project_or_the_new_one_wherever_the_kill_falls(project: Path, every: int) -> None:
    old = on_disk(project)
    scaffold(file(NEW), copy(project, "expected"))
    new = on_disk(project.parent / "expected")
    found, at = set(), 1
    while True:
        work = copy(project, "work")
        before = {path: (work / path).stat() for path in THEIRS}
        if not killed(lambda work=work: scaffold(file(NEW), work), work, at):  # type: ignore[misc]
            break
        valid = (work / updating.JOURNAL).exists()
        if not valid:
            assert on_disk(work) in (old, new), at
        # The first to come is the project itself ...
        itself = copy(work, "itself")
        done = in_project(itself, "-c", f"import {NAME}")
        assert done.returncode == 0, done.stderr
        assert on_disk(itself) == (new if valid else on_disk(work)), at
        found.add("new" if on_disk(itself) == new else "old")
        # ... or this tool again, in the folder itself; what the owners keep there was never touched.
        assert finish(work) == valid
        assert on_disk(work) == on_disk(itself), at
        for path, was in before.items():
            now = (work / path).stat()
            assert (now.st_ino, now.st_mtime_ns, now.st_mode) == (was.st_ino, was.st_mtime_ns, was.st_mode)
            assert (work / path).read_bytes() == THEIRS[path]
        scaffold(file(NEW), work)
        assert tree(work) == tree(project.parent / "expected"), at
        at += every
    assert found == {"old", "new"} and at > 100


def interrupted(project: Path) -> Path:
    """A copy of the project in which the update has become valid and nothing is in place yet."""
    for at in range(1, 1000):
        work = copy(project, "work")
        assert killed(lambda work=work: scaffold(file(NEW), work), work, at)  # type: ignore[misc]
        if (work / updating.JOURNAL).exists():
            return work
    raise AssertionError("never valid")


def test_finishing_may_be_killed_over_and_over(project: Path) -> None:
    scaffold(file(NEW), copy(project, "expected"))
    work, kills = interrupted(project), 0
    while (work / updating.JOURNAL).exists():
        kills += killed(lambda: updating.finish(work), work, 3)
    assert kills > 10 and on_disk(work) == on_disk(project.parent / "expected")


def test_any_number_of_processes_may_finish_at_once(project: Path) -> None:
    scaffold(file(NEW), copy(project, "expected"))
    work = interrupted(project)
    threads = [threading.Thread(target=updating.finish, args=(work,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert on_disk(work) == on_disk(project.parent / "expected")


def test_what_was_edited_after_the_kill_is_kept(project: Path) -> None:
    work = interrupted(project)
    edit(work / "policy.toml", "value = 15", "value = 12")
    edit(work / f"src/{NAME}/runtime/p5_state.py", "import", "# ours\nimport")
    mine = {path: (work / path).read_bytes() for path in ("policy.toml", f"src/{NAME}/runtime/p5_state.py")}
    plan = scaffold(file(NEW), work)
    assert "an interrupted update was carried out first" in plan.remarks
    assert {path: (work / path).read_bytes() for path in mine} == mine


def test_a_dry_run_says_that_an_update_was_interrupted_and_leaves_it_so(project: Path) -> None:
    work = interrupted(project)
    before = tree(work)
    plan = scaffold(file(NEW), work, dry_run=True)
    assert "an interrupted update would be carried out first" in plan.remarks and tree(work) == before


@pytest.mark.parametrize(
    ("journal", "words"),
    [
        ('[{"path": "../escaped", "source": null, "before": null}]', "leads out of the project"),
        ('[{"path": "README.md", "source": "/etc/passwd", "before": null}]', "leads out of the project"),
        ("{", "is not a journal"),
        ('["README.md"]', "is not a journal"),
    ],
)
def test_a_journal_that_is_not_ours_is_refused(project: Path, journal: str, words: str) -> None:
    (project / updating.JOURNAL).write_text(journal)
    before = tree(project)
    with pytest.raises(InputError, match=words):
        scaffold(file(NEW), project)
    assert tree(project) == before
