"""What `advisor scaffold` did or would do, as a tree of files."""

from __future__ import annotations

import io
from collections import Counter
from pathlib import PurePosixPath

from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from advisor.errors import printable
from advisor.starter.plan import ACTIONS, WRITES, Plan, Step

_STYLES = {
    "add": "green",
    "update": "cyan",
    "merge": "cyan",
    "conflict": "bold red",
    "new": "bold yellow",
    "remove": "red",
}
_QUIET = {"unchanged", "deleted"}


def render_plan(plan: Plan, *, dry_run: bool, color: bool, width: int) -> str:
    """The plan as a tree when it is only a plan; afterwards what is worth a look, and the next commands."""
    buffer = io.StringIO()
    console = Console(
        file=buffer, force_terminal=color, no_color=not color, width=width, highlight=False, soft_wrap=True
    )
    shown = plan.steps if dry_run else [step for step in plan.steps if step.action not in _QUIET]
    if dry_run or not plan.fresh:
        console.print(_tree(plan, shown))
    for line in _summary(plan, dry_run):
        console.print(Text(line))
    return buffer.getvalue()


def _tree(plan: Plan, steps: list[Step] | tuple[Step, ...]) -> Tree:
    root = Tree(Text(f"{printable(str(plan.destination))}/"))
    folders: dict[PurePosixPath, Tree] = {PurePosixPath("."): root}
    for step in steps:
        path = PurePosixPath(step.path)
        for parent in reversed(path.parents):
            if parent not in folders:
                folders[parent] = folders[parent.parent].add(Text(f"{parent.name}/"))
        label = Text.assemble(printable(path.name), "  ", (step.action, _STYLES.get(step.action, "dim")))
        folders[path.parent].add(label)
    return root


def _summary(plan: Plan, dry_run: bool) -> list[str]:
    counts = Counter(step.action for step in plan.steps)
    lines = [f"{counts[action]:4} {action}: {words}" for action, words in ACTIONS.items() if counts[action]]
    lines += [f"look at {printable(path)}" for path in plan.conflicts]
    if dry_run:
        return [*lines, "nothing was written (--dry-run)"]
    if plan.fresh:
        place = printable(str(plan.destination))
        written = sum(step.action in WRITES for step in plan.steps)
        return [
            f"{written} files in {place}",
            "",
            "next:",
            f"  cd {place}",
            "  pip install -e '.[test]' && python -m pytest",
        ]
    return lines
