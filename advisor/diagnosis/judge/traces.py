"""Outcomes inside traces: what ended how, on which task and version, as rows of an outcomes table."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from advisor.errors import Fault, InputError
from advisor.traces.load import load

# A trial's version is that of its outcome, else of its request's model calls; where neither names one, the file.
_OUTCOMES = """
WITH called AS (
    SELECT request_id, MAX(model_version) AS model_version FROM events
    WHERE kind = 'llm_call' AND request_id IS NOT NULL GROUP BY request_id
)
SELECT o.row_id, o.file, o.line, o.task, COALESCE(o.model_version, c.model_version) AS version,
       COALESCE(o.trial, o.run_id, o.request_id) AS trial, o.status, COALESCE(o.error_message, o.error_type) AS error,
       o.output_hash, o.duration_us, o.ts_us
FROM events o LEFT JOIN called c ON c.request_id = o.request_id
WHERE o.kind = 'outcome' AND o.task IS NOT NULL
ORDER BY o.row_id
"""
_DECIDED = {"ok": "true", "error": "false", "timeout": "false", "rejected": "false", "denied": "false"}


def outcomes(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Each outcome of a trace with the line it stands on.

    An outcome that neither passed nor failed has no `passed`, which the reading of the table names as a fault.

    Raises:
        InputError: The file is no log, or none of its outcomes names its task.
    """
    table = load([str(path)]).table
    rows = table.query(_OUTCOMES)
    if not rows:
        mend = "log each run's end as an outcome with task (sdb.task.id), status and the model's version"
        raise InputError([Fault(str(path), "holds no outcome that names its task", mend)])
    for row in rows:
        line = table.place(row)[1]
        yield (
            line,
            {
                "task": row["task"],
                "version": row["version"] or path.stem,
                "trial": row["trial"] or str(line),
                "passed": _DECIDED.get(row["status"]),
                "error": None if row["status"] == "ok" else row["error"],
                "output_hash": row["output_hash"],
                "latency_ms": None if row["duration_us"] is None else row["duration_us"] / 1000,
                "time": None if row["ts_us"] is None else row["ts_us"] / 1_000_000,
            },
        )
