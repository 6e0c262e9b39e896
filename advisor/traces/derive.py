"""What follows from rows taken together: results joined to calls, starts to ends, facts filled in, copies left out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from advisor.traces.columns import PROVENANCE, by_name
from advisor.traces.mapping import LogMapping, Pair, side_effects
from advisor.traces.table import EventTable
from advisor.traces.told_twice import join_tellings

RESULT_COLUMNS = ("status", "result_fp", "text", "end_us", "duration_us", "error_type", "error_message", "error_fp")
"""What a result says of its call."""
WORK = ("delegation", "agent", "workflow")
CALLS = ("llm_call", "tool_call", "tool_result", "retrieval", "embedding", *WORK)
"""Kinds of row that have failed where they carry an error and say nothing of their state."""
_BY_AGENTS = ("llm_call", "tool_call", "retrieval", "embedding")
"""Kinds of row that an agent does."""
_DEEPEST = 64
"""Spans that are climbed at most from a call to its agent; a circle of parents ends there, too."""
_OWN = frozenset([*PROVENANCE, "ts_us", "kind", "name", "event_id", "observed_us", "end_us", "duration_us", "seq"])
"""Columns that an end row keeps for itself."""
_SHIPPING = frozenset([*PROVENANCE, "observed_us", "status_raw"])
"""Columns in which copies may differ."""
GUESSING = ("json_lines", "csv", "text", "parquet")
"""Source formats whose fields' meaning is guessed or mapped."""


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
        columns |= {"ts_us", "end_us", "duration_us", "status", "name", *(by_name()[name].stored for name in pair.on)}
    return columns


def derive(table: EventTable, mapping: LogMapping, kinds: Iterable[str]) -> int:
    """Runs every step.

    Returns:
        How many rows were copies of another by the source's own id, or told of it again, and were left out.
    """
    copies = leave_copies_out(table) + join_tellings(table)
    spread_requests(table)
    spread_agents(table)
    for pair in mapping.pairs:
        join_pair(table, pair)
    if "tool_result" in set(kinds):
        join_results(table)
    name_approvals(table)
    _say_errors(table)
    _say_decisions(table)
    _facts(table, mapping)
    return copies


def leave_copies_out(table: EventTable) -> int:
    """Deletes rows that are another's copy: the same source id, and every other column the same.

    Where a log was shipped from, when, and on which line it stands may differ. Where ids are guessed and rows have no
    place in time, two equal lines may be two events, and both stay.
    """
    here = set(table.present)
    if "event_id" not in here:
        return 0
    keys = [name for name in table.present if name not in _SHIPPING]
    placed = " OR ".join([f"{name} IS NOT NULL" for name in ("ts_us", "seq") if name in here] or ["FALSE"])
    alike = f"event_id IS NOT NULL AND kind <> 'unknown' AND ({placed} OR source_format NOT IN {GUESSING})"
    deleted = table.con.execute(
        f"""
        DELETE FROM stored WHERE rowid IN (
            SELECT copied FROM (
                SELECT rowid AS copied, ROW_NUMBER() OVER (PARTITION BY {_listed(keys)} ORDER BY rowid) AS nth
                FROM stored
                WHERE {alike} AND event_id IN (
                    SELECT event_id FROM stored WHERE {alike} GROUP BY event_id HAVING COUNT(*) > 1
                )
            )
            WHERE nth > 1
        )
        """
    ).fetchone()
    return int(deleted[0]) if deleted else 0


def spread_requests(table: EventTable) -> None:
    """Gives the rows of a trace the request that another row of it names, where all that name one name the same.

    A conversation's id often stands on the root span alone; a row that only fell back to its trace follows it.
    """
    if not {"trace_id", "request_id"} <= set(table.present):
        return
    source = "request_id_source" in table.present
    fell_back = "request_id IS NULL" + (" OR request_id_source = 'trace_id'" if source else "")
    own = "request_id IS NOT NULL" + (" AND COALESCE(request_id_source, '') <> 'trace_id'" if source else "")
    lost = table.con.execute(f"SELECT 1 FROM stored WHERE trace_id IS NOT NULL AND ({fell_back}) LIMIT 1").fetchone()
    if lost is None:
        return
    said = ", request_id_source = named.source" if source else ""
    table.con.execute(
        f"UPDATE stored SET request_id = named.request_id{said} FROM ("
        f"SELECT trace_id, MIN(request_id) AS request_id{', MIN(request_id_source) AS source' if source else ''} "
        f"FROM stored WHERE trace_id IS NOT NULL AND {own} GROUP BY trace_id HAVING COUNT(DISTINCT request_id) = 1"
        f") named WHERE stored.trace_id = named.trace_id AND ({fell_back.replace('request_id', 'stored.request_id')})"
    )


def spread_agents(table: EventTable) -> None:
    """Gives calls inside an agent's span the agent's name, the nearest one's above; one that has a name keeps it."""
    here = set(table.present)
    if not {"span_id", "parent_span_id", "agent_name"} <= here:
        return
    lost = f"kind IN {_BY_AGENTS} AND agent_name IS NULL AND parent_span_id IS NOT NULL"
    agents = "kind = 'agent' AND agent_name IS NOT NULL AND span_id IS NOT NULL"
    if not all(table.query(f"SELECT 1 FROM stored WHERE {some} LIMIT 1") for some in (agents, lost)):
        return
    trace = "COALESCE(trace_id, '')" if "trace_id" in here else "''"
    table.con.execute(
        f"""
        WITH RECURSIVE spans AS MATERIALIZED (
            SELECT {trace} AS trace, span_id, MIN(parent_span_id) AS above,
                   MIN(CASE WHEN kind = 'agent' THEN agent_name END) AS agent
            FROM stored WHERE span_id IS NOT NULL GROUP BY ALL
        ),
        walk AS (
            SELECT rowid AS at, {trace} AS trace, parent_span_id AS above, CAST(NULL AS VARCHAR) AS agent, 0 AS steps
            FROM stored WHERE {lost}
            UNION ALL
            SELECT w.at, w.trace, s.above, s.agent, w.steps + 1
            FROM walk w JOIN spans s ON s.trace = w.trace AND s.span_id = w.above
            WHERE w.agent IS NULL AND w.steps < {_DEEPEST}
        )
        UPDATE stored SET agent_name = w.agent FROM walk w WHERE stored.rowid = w.at AND w.agent IS NOT NULL
        """
    )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _order(table: EventTable) -> str:
    """The source's own sequence, then time, then what rows say, so that the order of lines decides last."""
    here = set(table.present)
    wanted = ("seq", "ts_us", "event_id", "span_id", "attempt", "status", "args_hash", "result_fp", "text")
    return ", ".join([*(name for name in wanted if name in here), "rowid"])


def join_results(table: EventTable) -> None:
    """Gives each tool call the outcome that its result row holds: the nth result of an id to its nth call."""
    numbered = (
        "SELECT rowid AS at, *, COALESCE(request_id, trace_id, '') AS unit, ROW_NUMBER() OVER (PARTITION BY "
        f"COALESCE(request_id, trace_id, ''), tool_call_id ORDER BY {_order(table)}) AS nth FROM stored "
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


def name_approvals(table: EventTable) -> None:
    """Gives approvals of an application's own log that name none an id: a request's nth asked is its nth decided."""
    if not {"request_id", "kind"} <= set(table.present):
        return
    named = [f"{name} IS NULL" for name in ("approval_id", "proposal_id", "tool_call_id") if name in table.present]
    kinds = "('approval_request', 'approval_decision')"
    lost = " AND ".join([f"kind IN {kinds} AND request_id IS NOT NULL AND source_format IN {GUESSING}", *named])
    if table.con.execute(f"SELECT 1 FROM stored WHERE {lost} LIMIT 1").fetchone() is None:
        return
    table.extend(["approval_id"])
    nth = f"ROW_NUMBER() OVER (PARTITION BY request_id, kind ORDER BY {_order(table)})"
    table.con.execute(
        "UPDATE stored SET approval_id = CONCAT(j.request_id, '#', j.nth) FROM (SELECT rowid AS at, request_id, "
        f"{nth} AS nth FROM stored WHERE {lost}) j WHERE stored.rowid = j.at"
    )


def join_pair(table: EventTable, pair: Pair) -> None:
    """Closes each start row with the end row that belongs to it, and gives it what only the end row says.

    In one sorted pass: the level of a start is the number of starts open behind it, that of an end the number open
    before it. Among rows of one level starts and ends alternate, so that the next row of a start's level is its end.
    An end row that was of its start's kind becomes a `log`, for the work is one row now.
    """
    on = [f'"{by_name()[name].stored}"' for name in pair.on]
    keys = ", ".join(on)
    filled = [name for name in table.present if name not in _OWN]
    carried = "".join(f', LEAD("{name}") OVER levels AS "{name}"' for name in filled)
    given = "".join(f', "{name}" = COALESCE(stored."{name}", j."{name}")' for name in filled)
    run = table.con.execute
    run(
        f"""
        CREATE OR REPLACE TEMP TABLE paired AS
        WITH marked AS (
            SELECT *, rowid AS p_at, CASE WHEN name = ? THEN 1 ELSE -1 END AS p_side
            FROM stored
            WHERE name IN (?, ?) AND kind <> 'unknown' AND {" AND ".join(f"{name} IS NOT NULL" for name in on)}
        ), counted AS (
            SELECT *, SUM(p_side) OVER (PARTITION BY {keys} ORDER BY ts_us NULLS LAST, p_at) AS p_open FROM marked
        ), levelled AS (
            SELECT *, CASE WHEN p_side = 1 THEN p_open ELSE p_open + 1 END AS p_level FROM counted
        )
        SELECT p_at, p_side, kind, LEAD(p_at) OVER levels AS p_end, LEAD(p_side) OVER levels AS p_next,
               LEAD(kind) OVER levels AS p_kind, LEAD(ts_us) OVER levels AS p_closed{carried}
        FROM levelled
        WINDOW levels AS (PARTITION BY {keys}, p_level ORDER BY ts_us NULLS LAST, p_at)
        """,
        [pair.start, pair.start, pair.end],
    )
    closed = "j.p_side = 1 AND j.p_next = -1"
    run(
        f"""
        UPDATE stored SET end_us = COALESCE(stored.end_us, j.p_closed),
            duration_us = COALESCE(stored.duration_us, j.p_closed - stored.ts_us){given}
        FROM paired j WHERE stored.rowid = j.p_at AND {closed}
        """
    )
    run(f"UPDATE stored SET kind = 'log' FROM paired j WHERE stored.rowid = j.p_end AND {closed} AND j.kind = j.p_kind")
    run("DROP TABLE paired")


def _say_errors(table: EventTable) -> None:
    """Calls that carry an error and no state have failed; in logs of an application's own only."""
    errors = [f"{name} IS NOT NULL" for name in ("error_type", "error_message") if name in table.present]
    if errors and "status" in table.present:
        table.con.execute(
            f"UPDATE stored SET status = 'error' WHERE status IS NULL AND ({' OR '.join(errors)}) "
            f"AND kind IN {CALLS} AND source_format IN {GUESSING}"
        )


def _say_decisions(table: EventTable) -> None:
    """A gate that an application's own log says was denied or rejected, by its status alone, has decided so."""
    if "status" in table.present:
        gates = f"kind = 'gate_decision' AND status IN ('denied', 'rejected') AND source_format IN {GUESSING}"
        if table.query(f"SELECT 1 FROM stored WHERE {gates} LIMIT 1"):
            table.extend(["decision"])
            table.con.execute(f"UPDATE stored SET decision = 'deny' WHERE decision IS NULL AND {gates}")


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
