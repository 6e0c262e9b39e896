"""Carries a plan out: the whole of it or nothing, whenever it is interrupted.

A new project is made in a folder beside its place and renamed into it. An update is first staged whole inside
`.advisor`; one rename of its journal makes it valid. From then on whoever comes first carries it out to its end: this
tool, or the project's own package when it is imported (`starters/agent/updating.py`, which both of them use). An error
on the way makes a journal of the way back.
"""

from __future__ import annotations

import json
import os
import runpy
import shutil
import tempfile
from pathlib import Path
from typing import Any

from advisor.catalog.files import data_room
from advisor.errors import Fault, InputError
from advisor.starter.plan import WRITES, Plan
from advisor.starter.pristine import check_inside

_ASIDE, _JOURNAL, _STAGED = ".advisor/aside", ".advisor/journal.json", ".advisor/staged"
# These go first: once they are in place, the project itself finishes what a kill interrupts.
_FIRST = ("/updating.py", "/__init__.py")


def write(plan: Plan, own: dict[str, bytes]) -> None:
    """Writes a plan and our own records of it.

    Raises:
        InputError: The folder cannot be written.
    """
    contents = {step.target: step.content or b"" for step in plan.steps if step.action in WRITES} | own
    removed = [step.path for step in plan.steps if step.action == "remove"]
    try:
        if plan.fresh:
            _create(plan.destination, contents)
        elif steps := _stage(plan.destination, contents, removed):
            _make_valid(plan.destination, steps)
            try:
                finish(plan.destination)
            except OSError:
                _make_valid(plan.destination, _way_back(plan.destination, steps))
                finish(plan.destination)
                raise
    except OSError as error:
        reason = (error.strerror or "unwritable").lower()
        raise InputError(
            [Fault(str(plan.destination), f"cannot be written ({reason})", "check the folder and its rights")]
        ) from None


def interrupted(destination: Path) -> bool:
    """Whether an update was stopped after it had become valid and before its end."""
    return (destination / _JOURNAL).exists()


def finish(destination: Path) -> bool:
    """Carries out an update that was interrupted; False when there is none.

    Raises:
        InputError: The journal is no journal of ours, or leads out of the project.
    """
    journal = destination / _JOURNAL
    if not interrupted(destination):
        _clear(destination)
        return False
    try:
        steps = json.loads(journal.read_bytes())
        paths = [step["path"] for step in steps]
        sources = [step[name] for step in steps for name in ("source", "before") if step.get(name)]
        for path in (*paths, *sources):
            check_inside(destination, path)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InputError([Fault(str(journal), "is not a journal of an update", "remove it")]) from None
    runpy.run_path(str(data_room("starters") / "agent" / "updating.py"))["finish"](destination)
    for path in paths:
        _prune(destination, (destination / path).parent)
    return True


def _create(destination: Path, contents: dict[str, bytes]) -> None:
    destination.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(dir=destination.parent, prefix=f".{destination.name}."))
    try:
        for path, content in contents.items():
            target = made / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        made.chmod(0o755)
        if destination.exists():
            destination.rmdir()
        made.rename(destination)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise


def _stage(destination: Path, contents: dict[str, bytes], removed: list[str]) -> list[dict[str, Any]]:
    """Lays out what is written and copies of what it replaces, both on disk for sure; returns the journal's steps."""
    _clear(destination)
    wanted: list[tuple[str, bytes | None]] = sorted(contents.items(), key=lambda item: _order(item[0]))
    steps: list[dict[str, Any]] = []
    for path, content in (*wanted, *((path, None) for path in removed)):
        target = check_inside(destination, path)
        now = target.read_bytes() if target.is_file() else None
        if now == content:
            continue
        number = len(steps)
        source, before = f"{_STAGED}/{number}", f"{_ASIDE}/{number}"
        mode = target.stat().st_mode & 0o777 if now is not None else 0o644
        for name, each in ((source, content), (before, now)):
            if each is not None:
                _put(destination / name, each, mode)
        steps.append({"path": path, "source": source if content is not None else None,
                      "before": before if now is not None else None})  # fmt: skip
    return steps


def _order(path: str) -> tuple[bool, bool, str]:
    return (not path.endswith(_FIRST[0]), not path.endswith(_FIRST[1]), path)


def _way_back(destination: Path, steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The steps that put back what was there, where it is not there any more."""
    back = []
    for step in steps:
        target, before = destination / step["path"], step["before"]
        now = target.read_bytes() if target.is_file() else None
        if now != ((destination / before).read_bytes() if before else None):
            back.append({"path": step["path"], "source": before})
    return back


def _make_valid(destination: Path, steps: list[dict[str, Any]]) -> None:
    part = destination / f"{_JOURNAL}.part"
    _put(part, json.dumps(steps).encode(), 0o644)
    part.replace(destination / _JOURNAL)


def _put(path: Path, content: bytes, mode: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    path.chmod(mode)


def _clear(destination: Path) -> None:
    (destination / f"{_JOURNAL}.part").unlink(missing_ok=True)
    for left in (_STAGED, _ASIDE):
        shutil.rmtree(destination / left, ignore_errors=True)


def _prune(destination: Path, folder: Path) -> None:
    while folder != destination and folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent
