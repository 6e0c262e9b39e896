"""Carries a plan out: the whole of it or, after an interruption, the rest of it at the next run.

A new project is made in a folder beside its place and renamed into it. An update is first staged whole inside
`.advisor`; the journal that is written last makes it valid, and whoever finds a journal carries it out to its end. An
error on the way puts back what was there.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path

from advisor.errors import Fault, InputError
from advisor.starter.plan import WRITES, Plan
from advisor.starter.pristine import check_inside

_STAGED, _ASIDE, _JOURNAL = ".advisor/staged", ".advisor/aside", ".advisor/journal.json"


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
        else:
            _stage(plan.destination, contents, removed)
            try:
                finish(plan.destination)
            except OSError:
                _put_back(plan.destination)
                raise
    except OSError as error:
        reason = (error.strerror or "unwritable").lower()
        raise InputError(
            [Fault(str(plan.destination), f"cannot be written ({reason})", "check the folder and its rights")]
        ) from None


def finish(destination: Path) -> bool:
    """Carries out an update that was interrupted; False when there is none."""
    journal = destination / _JOURNAL
    if not journal.exists():
        (destination / f"{_JOURNAL}.part").unlink(missing_ok=True)
        for left in (_STAGED, _ASIDE):
            shutil.rmtree(destination / left, ignore_errors=True)
        return False
    steps = json.loads(journal.read_bytes())
    for path in steps["removed"]:
        target = check_inside(destination, path)
        target.unlink(missing_ok=True)
        _prune(destination, target.parent)
    for number, path in steps["written"]:
        staged, target = destination / _STAGED / str(number), check_inside(destination, path)
        if staged.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            if target.exists():
                shutil.copymode(target, staged)
            staged.replace(target)
    journal.unlink()
    for left in (_STAGED, _ASIDE):
        shutil.rmtree(destination / left, ignore_errors=True)
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


def _stage(destination: Path, contents: dict[str, bytes], removed: list[str]) -> None:
    staged, aside = destination / _STAGED, destination / _ASIDE
    for folder in (staged, aside):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    changed = [
        (path, content)
        for path, content in sorted(contents.items())
        if not (check_inside(destination, path).is_file() and (destination / path).read_bytes() == content)
    ]
    for number, (_, content) in enumerate(changed):
        each = staged / str(number)
        each.write_bytes(content)
        each.chmod(0o644)
    if not changed and not removed:
        shutil.rmtree(staged)
        shutil.rmtree(aside)
        return
    for number, path in enumerate((*(path for path, _ in changed), *removed)):
        if (destination / path).is_file():
            shutil.copy2(destination / path, aside / str(number))
    steps = {"removed": removed, "written": [(number, path) for number, (path, _) in enumerate(changed)]}
    journal = destination / f"{_JOURNAL}.part"
    with journal.open("w", encoding="utf-8") as file:
        json.dump(steps, file)
        file.flush()
        os.fsync(file.fileno())
    journal.replace(destination / _JOURNAL)


def _put_back(destination: Path) -> None:
    """Undoes an update that cannot be carried out, from what was set aside when it was staged."""
    journal = destination / _JOURNAL
    steps = json.loads(journal.read_bytes())
    for number, path in (*steps["written"], *enumerate(steps["removed"], len(steps["written"]))):
        target, aside = check_inside(destination, path), destination / _ASIDE / str(number)
        if aside.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(aside, target)
        else:
            target.unlink(missing_ok=True)
            _prune(destination, target.parent)
    journal.unlink()
    for folder in (_STAGED, _ASIDE):
        shutil.rmtree(destination / folder, ignore_errors=True)


def _prune(destination: Path, folder: Path) -> None:
    while folder != destination and folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent
