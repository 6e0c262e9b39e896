"""DBOS: the system database as it is, and `record` in a file beside it.

The database holds the last outcome of each step and nothing that happened inside. `record` is called in steps only:
workflow code runs again at every recovery.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dbos import DBOS

PLAIN = False
"""Whether to write what DBOS says by itself, and no more."""
FOLDER = Path()
"""Where the database and the records lie."""


def record(kind: str, **columns: Any) -> None:
    """Says what just happened, inside a step: one line, which joins the database by the workflow's id."""
    if PLAIN:
        return
    row = {"kind": kind, "ts": datetime.now(UTC).isoformat(), "request.id": DBOS.workflow_id} | columns
    line = json.dumps({f"sdb.{name}": value for name, value in row.items() if value is not None})
    with (FOLDER / "records.jsonl").open("a", encoding="utf-8") as file:
        file.write(line + "\n")


def attempt() -> int:
    """Which attempt of the step this is, from 1; the database does not say."""
    status = DBOS.step_status
    return (status.current_attempt or 0) + 1 if status else 1
