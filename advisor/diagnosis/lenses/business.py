"""The business lens: how many units of work were opened, produced, sent, closed, failed and escalated."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

Query = Callable[[str], list[dict[str, Any]]]

STAGES: Mapping[str, str] = {
    "opened": "kind <> 'unknown'",
    "produced": "kind IN ('proposal', 'llm_call', 'merge')",
    "sent": "kind = 'commit' AND (status IS NULL OR status = 'ok')",
    "closed": "kind = 'outcome' AND status = 'ok'",
    "failed": "kind = 'outcome' AND status IN ('error', 'timeout', 'cancelled')",
    "escalated": "kind = 'escalation'",
}
"""Our reading where the user says nothing: what a request must hold to have reached a stage."""


def look(query: Query, states: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Requests that reached each stage; a stage whose states the user named is told by those alone."""
    columns = []
    for stage, condition in STAGES.items():
        named = ", ".join("'" + state.replace("'", "''") + "'" for state in states.get(stage, ()))
        wanted = f"(to_state IN ({named}) OR name IN ({named}))" if named else condition
        columns.append(f"COUNT(DISTINCT CASE WHEN {wanted} THEN request_id END) AS {stage}")
    row = query(
        f"SELECT {', '.join(columns)}, COUNT(*) AS rows_, COUNT(request_id) AS with_id "
        "FROM events WHERE kind <> 'unknown'"
    )[0]
    outcomes = query("SELECT COUNT(DISTINCT request_id) AS many FROM events WHERE kind = 'outcome'")[0]["many"]
    ended = "closed" in states or "failed" in states
    return {
        "funnel": {stage: int(row[stage] or 0) for stage in STAGES},
        "stages_named_by_user": sorted(stage for stage in STAGES if states.get(stage)),
        "coverage": {
            "request_id": round(row["with_id"] / row["rows_"], 4) if row["rows_"] else None,
            "outcome": None if ended or not row["opened"] else round(outcomes / row["opened"], 4),
        },
    }
