"""Three-way merge of one file: what we wrote last time, what it is now, what we would write today."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from advisor.starter.plan import Step


def merge(path: str, base: bytes | None, mine: bytes | None, new: bytes | None) -> Step:
    """What happens to a file.

    Args:
        path: The file.
        base: What was generated last time; None when it was not.
        mine: What stands there now; None when nothing does.
        new: What is generated now; None when nothing is.
    """
    if new is None:
        if mine is None:
            return Step(path, "deleted")
        return Step(path, "remove" if mine == base else "orphan")
    if mine is None:
        return Step(path, "add", new) if base is None else Step(path, "deleted")
    if mine == new:
        return Step(path, "unchanged")
    if base is None:
        return Step(path, "new", new)
    if mine == base:
        return Step(path, "update", new)
    if new == base:
        return Step(path, "kept")
    return _merged(path, base, mine, new)


def _merged(path: str, base: bytes, mine: bytes, new: bytes) -> Step:
    git = shutil.which("git")
    if git is None:
        return Step(path, "new", new)
    with tempfile.TemporaryDirectory(prefix="advisor-merge-") as folder:
        names = {"yours": mine, "as generated before": base, "as generated now": new}
        paths = []
        for number, content in enumerate(names.values()):
            each = Path(folder, str(number))
            each.write_bytes(content)
            paths.append(str(each))
        labels = [part for name in names for part in ("-L", name)]
        done = subprocess.run(
            [git, "merge-file", "-p", "--diff3", *labels, *paths], capture_output=True, check=False, cwd=folder
        )
    # The exit code counts conflicts; what is above 127 says that git could not merge (a binary file, say).
    if done.returncode < 0 or done.returncode > 127:
        return Step(path, "new", new)
    if done.returncode == 0 and done.stdout == mine:
        return Step(path, "kept")
    return Step(path, "conflict" if done.returncode else "merge", done.stdout)
