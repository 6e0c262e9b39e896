"""Faults against signatures: what the diagnosis names when one defence of a starter is switched off.

`python benchmarks/loop.py` generates a covering sample of starters, runs each of them healthy and through every drill
that it has. `python benchmarks/loop.py FOLDER...` reads folders in which `drill --all` has left its telemetry.
What the first prints stands in docs/loop.md (`make docs`). Exit 1 where a fault is not named, or anything else is.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tests.loop.confusion import Cell, cells, projects
from tests.starter.combinations import covering

PRINTED = Path(__file__).with_suffix(".txt")


def lines(found: Iterable[Cell]) -> Iterator[tuple[bool, str]]:
    """A line for each cell, and whether it is right."""
    for cell in found:
        yield (
            cell.right,
            f"{'ok   ' if cell.right else 'WRONG'} {cell.fault:<25} {cell.verdict:<7} grade {cell.grade}, "
            f"{cell.row}; beside it {', '.join(cell.others) or 'nothing'}; "
            f"with the defence {', '.join(cell.defended) or 'nothing'}",
        )


def covered() -> Iterator[tuple[bool, str]]:
    """The lines of a covering sample of starters."""
    with tempfile.TemporaryDirectory() as place:
        for project in projects(covering(), Path(place)):
            yield not project.healthy, f"{project.id}: the healthy run shows {', '.join(project.healthy) or 'nothing'}"
            yield from lines(project.cells)


def main(folders: list[str]) -> int:
    right, printed = True, []
    given = (line for folder in folders for line in lines(cells(folder, Path(folder))))
    for ok, line in given if folders else covered():
        print(line, flush=True)
        printed.append(line)
        right &= ok
    if not folders:
        PRINTED.write_text("\n".join(printed) + "\n", encoding="utf-8")
    return int(not right)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
