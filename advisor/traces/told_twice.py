"""Claude Code tells of one call in its session file, in its events and in its spans: one row is kept of them."""

from __future__ import annotations

from advisor.traces.columns import PROVENANCE
from advisor.traces.fast.expressions import quoted
from advisor.traces.table import EventTable

TELEMETRY, SESSION = "claude_code_otel", "claude_code_session"
_SHARED = {
    "tool_call_id": ("tool_call", "gate_decision", "approval_request", "approval_decision"),
    "event_id": ("llm_call",),
    "run_id": ("message", "cancel_request"),
}
"""The id that both sides write, by the kinds of rows that carry it: a call's, the API request's, the prompt's."""
_KEPT = frozenset([*PROVENANCE, "kind", "ts_us", "seq", "seq_scope"])
"""Columns in which the row that is kept is left as it is: what it is, where it stands and in what order."""


def join_tellings(table: EventTable) -> int:
    """Keeps one row of what is told several times, filled from the others; the session comes before spans and events.

    Rows are joined by ids of their source within one session, the nth of one telling to the nth of another. What has no
    such id, as an event of a version that did not write it yet, stays as it is.

    Returns:
        How many rows were left out.
    """
    here = set(table.present)
    if not {"request_id", "ts_us"} <= here or not table.query(
        f"SELECT 1 FROM stored WHERE source_format = '{TELEMETRY}' LIMIT 1"
    ):
        return 0
    table.extend(["span_id", "agent_name", *_SHARED])
    ids = [f"WHEN kind IN ({', '.join(map(quoted, kinds))}) THEN {name}" for name, kinds in _SHARED.items()]
    filled = [name for name in table.present if name not in _KEPT]
    given = ", ".join(f'arg_min("{name}", telling) FILTER ("{name}" IS NOT NULL) AS "{name}"' for name in filled)
    table.con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE tellings AS
        WITH told AS (
            SELECT *, rowid AS place, CASE {" ".join(ids)} END AS id,
                   CASE WHEN source_format = '{SESSION}' THEN 1 WHEN span_id IS NOT NULL THEN 2 ELSE 3 END AS telling
            FROM stored
            WHERE source_format IN ('{SESSION}', '{TELEMETRY}') AND request_id IS NOT NULL
              AND (kind <> 'message' OR agent_name = 'user')
        ), numbered AS (
            SELECT *, ROW_NUMBER() OVER (
                PARTITION BY request_id, kind, id, telling ORDER BY ts_us NULLS LAST, place) AS nth
            FROM told WHERE id IS NOT NULL
        )
        SELECT arg_min(place, telling) AS kept, LIST(place) AS places, {given}
        FROM numbered GROUP BY request_id, kind, id, nth HAVING COUNT(*) > 1
        """
    )
    fill = ", ".join(f'"{name}" = COALESCE(stored."{name}", t."{name}")' for name in filled)
    table.con.execute(f"UPDATE stored SET {fill} FROM tellings t WHERE stored.rowid = t.kept")
    deleted = table.con.execute(
        "DELETE FROM stored WHERE rowid IN (SELECT place FROM (SELECT UNNEST(places) AS place, kept FROM tellings) "
        "WHERE place <> kept)"
    ).fetchone()
    table.con.execute("DROP TABLE tellings")
    return int(deleted[0]) if deleted else 0
