"""What a run of `advisor scaffold` will do, file by file, before anything is written."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Action = Literal[
    "add", "update", "merge", "conflict", "new", "remove", "unchanged", "kept", "orphan", "deleted", "yours"
]
ACTIONS: dict[Action, str] = {
    "add": "written",
    "update": "replaced; you had not changed it",
    "merge": "merged with your changes",
    "conflict": "merged; the conflicts are marked, look for <<<<<<<",
    "new": "left alone; the new version lies beside it as .new",
    "remove": "removed; the record no longer asks for it and you had not changed it",
    "unchanged": "as it is",
    "kept": "left alone; only you have changed it",
    "orphan": "left alone; the record no longer asks for it, but you changed or import it",
    "deleted": "stays deleted",
    "yours": "yours; never written again",
}
WRITES: frozenset[Action] = frozenset({"add", "update", "merge", "conflict", "new"})


@dataclass(frozen=True)
class Step:
    """What happens to one path.

    Attributes:
        path: The file, from the project's folder.
        action: One of `ACTIONS`.
        content: What is written, where something is (for `new`: beside the file).
    """

    path: str
    action: Action
    content: bytes | None = None

    @property
    def target(self) -> str:
        """The path that is written."""
        return f"{self.path}.new" if self.action == "new" else self.path


@dataclass(frozen=True)
class Plan:
    """Everything that one run does.

    Attributes:
        destination: The project's folder.
        fresh: Whether the folder is written for the first time.
        steps: One per file, in the order of paths.
        remarks: What the user should know besides.
    """

    destination: Path
    fresh: bool
    steps: tuple[Step, ...]
    remarks: tuple[str, ...] = ()

    @property
    def conflicts(self) -> tuple[str, ...]:
        """Files that a person has to look at."""
        return tuple(step.target for step in self.steps if step.action in ("conflict", "new"))
