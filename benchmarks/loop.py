"""Faults against signatures: what the diagnosis names when one defence of a starter is switched off.

`python benchmarks/loop.py` generates a covering sample of starters, runs each of them healthy and through every drill
that it has. `python benchmarks/loop.py FOLDER...` reads folders in which `drill --all` has left its telemetry.
Exit 1 where a fault is not named, or anything else is.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tests.loop.confusion import Cell, cells, projects
from tests.starter.combinations import covering


def shown(found: Iterable[Cell]) -> bool:
    """Prints a line for each cell; whether all are right."""
    right = True
    for cell in found:
        print(
            f"{'ok   ' if cell.right else 'WRONG'} {cell.fault:<25} {cell.verdict:<7} grade {cell.grade}, "
            f"{cell.row}; beside it {', '.join(cell.others) or 'nothing'}; "
            f"with the defence {', '.join(cell.defended) or 'nothing'}"
        )
        right &= cell.right
    return right


def main(folders: list[str]) -> int:
    if folders:
        return int(not shown(cell for folder in folders for cell in cells(folder, Path(folder))))
    with tempfile.TemporaryDirectory() as place:
        right = True
        for project in projects(covering(), Path(place)):
            print(f"{project.id}: healthy run shows {', '.join(project.healthy) or 'nothing'}")
            right &= shown(project.cells) and not project.healthy
    return int(not right)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
