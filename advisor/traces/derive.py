"""What follows from rows taken together: results joined to calls, starts to ends, facts filled in, copies left out."""

from __future__ import annotations

from collections.abc import Iterable

from advisor.traces.columns import by_name
from advisor.traces.mapping import LogMapping, Pair, side_effects
from advisor.traces.table import EventTable

RESULT_COLUMNS = ("status", "result_fp", "text", "end_us", "duration_us", "error_type", "error_message", "error_fp")
"""What a result says of its call."""
WORK = ("delegation", "agent", "workflow")


def needed(mapping: LogMapping, kinds: Iterable[str]) -> set[str]:
    """Columns that the steps of this module fill, beside those that some source fills."""
    columns: set[str] = set()
    if "tool_result" in set(kinds):
        columns |= {*RESULT_COLUMNS, "tool_call_id", "request_id", "trace_id", "ts_us"}
    if any(tool.side_effect for tool in mapping.facts.tools.values()):
        columns |= {"side_effect", "tool_name"}
    if mapping.facts.agents:
        columns |= {"agent_role", "agent_name", "deadline_us", "ts_us"}
    if mapping.facts.approval_sla_ms is not None:
        columns.add("sla_us")
    for pair in mapping.pairs:
        columns |= {"ts_us", "end_us", "duration_us", "status", *(by_name()[name].stored for name in pair.on)}
    return columns


def derive(table: EventTable, mapping: LogMapping, kinds: Iterable[str]) -> int:
    """Runs every step.

    Returns:
        How many rows were copies of another by the source's own id, and were left out.
    """
    copies = leave_copies_out(table)
    for pair in mapping.pairs:
        _join(table, pair)
    if "tool_result" in set(kinds):
        join_results(table)
    _facts(table, mapping)
    return copies


def leave_copies_out(table: EventTable) -> int:
    """Deletes rows that repeat another's source id with the same kind, name, time and place in its request."""
    if "event_id" not in table.present:
        return 0
    same = [
        name
        for name in ("event_id", "kind", "name", "ts_us", "request_id", "trace_id", "seq", "attempt", "action_id")
        if name in table.present
    ]
    keys = ", ".join(same)
    deleted = table.con.execute(
        f"DELETE FROM stored WHERE rowid IN (SELECT row_at FROM (SELECT rowid AS row_at, ROW_NUMBER() OVER ("
        f"PARTITION BY {keys} ORDER BY rowid) AS copy FROM stored WHERE event_id IS NOT NULL AND kind <> 'unknown')"
        " WHERE copy > 1)"
    ).fetchone()
    return int(deleted[0]) if deleted else 0


def join_results(table: EventTable) -> None:
    """Gives each tool call the outcome that its result row holds: the nth result of an id to its nth call."""
    order = "seq, ts_us, rowid" if "seq" in table.present else "ts_us, rowid"
    numbered = (
        "SELECT rowid AS at, *, COALESCE(request_id, trace_id, '') AS unit, ROW_NUMBER() OVER (PARTITION BY "
        f"COALESCE(request_id, trace_id, ''), tool_call_id ORDER BY {order}) AS nth FROM stored "
        "WHERE kind = '{kind}' AND tool_call_id IS NOT NULL"
    )
    ends = "COALESCE(c.end_us, r.ts_us)"
    table.con.execute(
        f"""
        UPDATE stored SET
            status = j.status, result_fp = j.result_fp, text = j.text, end_us = j.end_us, duration_us = j.duration_us,
            error_type = j.error_type, error_message = j.error_message, error_fp = j.error_fp
        FROM (
            SELECT c.at, COALESCE(c.status, r.status) AS status, COALESCE(c.result_fp, r.result_fp) AS result_fp,
                   COALESCE(c.text, r.text) AS text, {ends} AS end_us,
                   COALESCE(c.duration_us, {ends} - c.ts_us) AS duration_us,
                   COALESCE(c.error_type, r.error_type) AS error_type,
                   COALESCE(c.error_message, r.error_message) AS error_message,
                   COALESCE(c.error_fp, r.error_fp) AS error_fp
            FROM ({numbered.format(kind="tool_call")}) c
            JOIN ({numbered.format(kind="tool_result")}) r
              ON r.unit = c.unit AND r.tool_call_id = c.tool_call_id AND r.nth = c.nth
        ) j
        WHERE stored.rowid = j.at
        """
    )


def _join(table: EventTable, pair: Pair) -> None:
    """Closes each start row with the first end row after it that agrees on the columns of the pair."""
    on = [by_name()[name].stored for name in pair.on]
    equal = " AND ".join(f"e.{name} = s.{name}" for name in on)
    table.con.execute(
        f"""
        UPDATE stored SET end_us = j.end_us, duration_us = j.end_us - stored.ts_us,
                          status = COALESCE(stored.status, j.status)
        FROM (
            SELECT s.rowid AS at, MIN(e.ts_us) AS end_us, MIN(e.status) AS status
            FROM stored s JOIN stored e ON {equal} AND e.ts_us >= s.ts_us
            WHERE s.name = ? AND e.name = ?
            GROUP BY s.rowid
        ) j
        WHERE stored.rowid = j.at
        """,
        [pair.start, pair.end],
    )


def _facts(table: EventTable, mapping: LogMapping) -> None:
    run = table.con.execute
    for tool, effect in side_effects(mapping):
        run("UPDATE stored SET side_effect = ? WHERE tool_name = ? AND side_effect IS NULL", [effect, tool])
    for name, agent in mapping.facts.agents.items():
        if agent.role:
            run("UPDATE stored SET agent_role = ? WHERE agent_name = ? AND agent_role IS NULL", [agent.role, name])
        if agent.deadline_ms is not None:
            where = f"agent_name = ? AND deadline_us IS NULL AND kind IN {WORK}"
            run(f"UPDATE stored SET deadline_us = ts_us + ? WHERE {where}", [round(agent.deadline_ms * 1000), name])
    if mapping.facts.approval_sla_ms is not None:
        sla = round(mapping.facts.approval_sla_ms * 1000)
        run("UPDATE stored SET sla_us = ? WHERE kind = 'approval_request' AND sla_us IS NULL", [sla])
