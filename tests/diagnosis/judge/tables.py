"""Makes tables of outcomes for tests."""

from __future__ import annotations

import csv
from pathlib import Path

Row = dict[str, object]


def write(path: Path, rows: list[Row]) -> Path:
    columns = list(dict.fromkeys(key for row in rows for key in row)) or ["task"]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)
    return path


def trials(task: str, version: str, outcomes: str, **more: object) -> list[Row]:
    """One row for each of "10010"; 1 passes."""
    return [{"task": task, "version": version, "trial": at, "passed": o, **more} for at, o in enumerate(outcomes)]
