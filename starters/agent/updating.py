"""Carries out what an interrupted `advisor scaffold` has left undone, before any other module of the project is read.

An update first lies whole in `.advisor/staged`, beside copies of what it replaces in `.advisor/aside`. The journal, which
appears by one rename, makes it valid: before that moment the project is the old one, and from then on the new one. Its
files are put into place one by one, so a kill can stop in the middle. Whoever comes first then goes on from there: the
next `advisor scaffold`, or this package when it is imported.
"""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path
from typing import Any

JOURNAL, STAGED, ASIDE = ".advisor/journal.json", ".advisor/staged", ".advisor/aside"


def finish(project: Path) -> bool:
    """Carries the journal out to its end; False when there is none. Any number of processes may do it at once."""
    try:
        text = (project / JOURNAL).read_bytes()
    except OSError:
        return False
    import json

    for step in json.loads(text):
        # A file that is not there any more is a step that was carried out already, here or by another process.
        with contextlib.suppress(FileNotFoundError):
            _carry_out(project, step)
    (project / JOURNAL).unlink(missing_ok=True)
    for left in (STAGED, ASIDE):
        shutil.rmtree(project / left, ignore_errors=True)
    return True


def _carry_out(project: Path, step: dict[str, Any]) -> None:
    """One step: `path` becomes `source`, or goes where there is no source.

    What somebody has edited since the update was planned (it differs from `before`) stays, the new version beside it.
    """
    target = project / step["path"]
    # Touch nothing where the step was carried out already, so that every run, however short, gets further.
    if not (project / (step["source"] or step["path"])).exists():
        return
    edited = False
    if "before" in step:
        before = (project / step["before"]).read_bytes() if step["before"] else None
        edited = before != (target.read_bytes() if target.is_file() else None)
    if step["source"] is None:
        if not edited:
            target.unlink()
        return
    source = project / step["source"]
    if edited and source.exists():
        target = target.with_name(f"{target.name}.new")
    target.parent.mkdir(parents=True, exist_ok=True)
    source.replace(target)
