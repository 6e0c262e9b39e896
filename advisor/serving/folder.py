"""The one folder that a server reads from: paths that lead out of it, by name or by a link, are refused."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from advisor.errors import Fault, InputError
from advisor.traces.inputs import inputs


class Folder:
    """A folder, and what may be read and written in it."""

    def __init__(self, root: Path) -> None:
        """Args: root: The folder; relative paths that are given later start here."""
        self._root = root
        self._real = root.resolve()

    def path(self, given: str) -> Path:
        """A path inside the folder, whether it exists or not.

        Raises:
            InputError: It leads out of the folder.
        """
        path = self._root / given
        if "\0" in given or not path.resolve().is_relative_to(self._real):
            raise InputError([_outside(given)])
        return path

    def logs(self, given: Sequence[str]) -> list[str]:
        """Files, folders and globs, as the commands take them.

        Raises:
            InputError: One of them, or a link below it, leads out of the folder; or is no path at all.
        """
        odd = [each for each in given if each == "-" or "://" in each]
        if odd or not given:
            place = odd[0] if odd else "paths"
            raise InputError([Fault(place, "names no file", "name files, folders or globs in the served folder")])
        found = [str(self.path(each)) for each in given]
        outside = [one.name for one in inputs(found) if not one.path.resolve().is_relative_to(self._real)]
        if outside:
            raise InputError(map(_outside, outside))
        return found


def _outside(given: str) -> Fault:
    return Fault(given, "lies outside the served folder", "name a path inside it, or serve another folder with --root")
