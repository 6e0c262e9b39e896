"""P1-shadow-retries: sub-agents try again after the orchestrator's deadline has passed."""

from __future__ import annotations

from collections.abc import Iterable

from advisor.diagnosis.detector import CITED, Asked, Detector, Row, Signs
from advisor.traces.facts import Facts

# The orchestrator's deadline is the smallest of its request. What a parent granted to a child anew (a later
# delegation, the first row of an agent) holds for that child, so the latest of those counts; without any deadline, the
# parent's own end does.
_LATE = """
WITH limits AS (
    SELECT request_id, agent_name, kind, agent_role, attempt, parent_span_id,
           COALESCE(deadline_us, ts_us + timeout_us) AS deadline_us,
           COALESCE(end_us, ts_us + duration_us) AS stop_us
    FROM events
    WHERE request_id IS NOT NULL AND (kind IN ('delegation', 'agent', 'workflow') OR agent_role = 'orchestrator')
      AND (deadline_us IS NOT NULL OR timeout_us IS NOT NULL OR end_us IS NOT NULL OR duration_us IS NOT NULL)
),
requests AS (
    SELECT request_id,
           MIN(CASE WHEN kind = 'workflow' OR agent_role = 'orchestrator' THEN deadline_us END) AS own_us,
           MAX(CASE WHEN kind = 'delegation' OR (kind = 'agent' AND COALESCE(attempt, 1) <= 1) THEN deadline_us END)
               AS granted_us,
           MAX(CASE WHEN kind = 'workflow' OR agent_role = 'orchestrator'
                      OR (kind = 'agent' AND parent_span_id IS NULL AND agent_role IS NULL)
                    THEN stop_us END) AS ended_us
    FROM limits GROUP BY request_id
),
children AS (
    SELECT request_id, agent_name, MAX(deadline_us) AS granted_us
    FROM limits
    WHERE agent_name IS NOT NULL AND (kind = 'delegation' OR (kind = 'agent' AND COALESCE(attempt, 1) <= 1))
      AND COALESCE(agent_role, '') <> 'orchestrator'
    GROUP BY request_id, agent_name
),
work AS (
    SELECT e.row_id, e.ord, e.ts_us, e.request_id, e.agent_name, e.tool_name, e.kind, e.attempt, e.retry_of,
           e.retry_layer, e.agent_role, e.side_effect, COALESCE(e.args_hash, e.input_hash) AS args_hash,
           r.own_us, r.ended_us,
           CASE WHEN e.kind NOT IN ('delegation', 'agent', 'workflow') AND e.deadline_us IS NOT NULL THEN e.deadline_us
                WHEN c.granted_us IS NOT NULL THEN c.granted_us ELSE r.granted_us END AS child_us
    FROM events e
    JOIN requests r ON r.request_id = e.request_id
    LEFT JOIN children c ON c.request_id = e.request_id AND c.agent_name = e.agent_name
    WHERE e.kind IN ('llm_call', 'tool_call', 'agent', 'delegation', 'retrieval', 'embedding')
      AND e.ts_us IS NOT NULL AND COALESCE(e.cleanup, FALSE) = FALSE AND COALESCE(e.is_replay, FALSE) = FALSE
      AND COALESCE(e.agent_role, '') NOT IN ('orchestrator', 'human')
),
timed AS (
    SELECT w.*,
           CASE WHEN own_us IS NOT NULL AND (child_us IS NULL OR own_us < child_us) THEN own_us
                WHEN child_us IS NOT NULL THEN child_us ELSE ended_us END AS due_us,
           CASE WHEN own_us IS NULL AND child_us IS NULL THEN 1 ELSE 0 END AS by_end,
           CASE WHEN attempt IS NOT NULL OR retry_of IS NOT NULL OR args_hash IS NOT NULL THEN 1 ELSE 0 END AS told
    FROM work w
),
late AS (
    SELECT t.*, CASE WHEN ts_us - due_us > {skew_us} AND ts_us - due_us > {skew} * 1e6 THEN 1 ELSE 0 END AS late
    FROM timed t WHERE due_us IS NOT NULL
)
"""
_FLAGGED = (
    _LATE
    + """
, counted AS (
    SELECT l.*, CASE WHEN args_hash IS NULL THEN 0 ELSE ROW_NUMBER() OVER (
               PARTITION BY l.request_id, agent_name, tool_name, kind, args_hash ORDER BY ord, row_id) - 1
           END AS earlier
    FROM late l
    JOIN (SELECT DISTINCT request_id FROM late WHERE late = 1) r ON r.request_id = l.request_id
),
flagged AS (
    SELECT c.*, CASE WHEN late = 1 AND (attempt > 1 OR retry_of IS NOT NULL) THEN 1 ELSE 0 END AS late_retry,
           CASE WHEN late = 1 AND COALESCE(attempt, 1) <= 1 AND retry_of IS NULL AND attempt IS NULL AND earlier > 0
                THEN 1 ELSE 0 END AS late_repeat,
           COALESCE(retry_layer, CASE WHEN agent_role IN ('sub_agent', 'worker', 'peer') THEN 'sub_agent' END) AS layer
    FROM counted c
)
"""
)
QUERIES = {
    "coverage": _LATE
    + """
SELECT (SELECT COUNT(*) FROM events
        WHERE kind IN ('llm_call', 'tool_call', 'agent', 'delegation', 'retrieval', 'embedding')
          AND COALESCE(cleanup, FALSE) = FALSE AND COALESCE(is_replay, FALSE) = FALSE
          AND COALESCE(agent_role, '') NOT IN ('orchestrator', 'human')) AS relevant,
       COALESCE(SUM(CASE WHEN by_end = 0 AND told = 1 THEN 1 ELSE 0 END), 0) AS with_deadline,
       COALESCE(SUM(CASE WHEN by_end = 1 AND told = 1 THEN 1 ELSE 0 END), 0) AS with_end, COALESCE(SUM(late), 0) AS late
FROM late
""",
    "groups": _FLAGGED
    + """
SELECT by_end, agent_name, tool_name, layer, COUNT(*) AS attempts,
       SUM(CASE WHEN COALESCE(attempt, 1) <= 1 AND retry_of IS NULL AND (attempt IS NOT NULL OR earlier = 0)
                THEN 1 ELSE 0 END) AS calls, SUM(late_retry) AS retries, SUM(late_repeat) AS repeats,
       SUM(late) - SUM(late_retry) - SUM(late_repeat) AS firsts,
       SUM(CASE WHEN side_effect = 'external_write' THEN late_retry + late_repeat ELSE 0 END) AS writes
FROM flagged GROUP BY by_end, agent_name, tool_name, layer
ORDER BY retries DESC, repeats DESC, agent_name, tool_name, layer, by_end LIMIT 10000
""",
    "worst": _FLAGGED
    + """
SELECT f.row_id, f.agent_name, f.tool_name, f.by_end, f.request_id FROM flagged f
WHERE late_retry + late_repeat > 0
ORDER BY by_end, CASE WHEN side_effect = 'external_write' THEN 0 ELSE 1 END, ts_us - due_us DESC, row_id LIMIT 200
""",
    "cleanup": """
SELECT COUNT(*) AS rows_ FROM events WHERE kind = 'compensation' OR cleanup
""",
}


def read(asked: Asked) -> Signs:
    """Later attempts that start after the deadline; where no request has one, after the parent's end."""
    coverage = asked.one("coverage")
    by_end = 0 if coverage["with_deadline"] else 1
    usable = int(coverage["with_end" if by_end else "with_deadline"])
    groups = [row for row in asked.ask("groups") if row["by_end"] == by_end] if coverage["late"] else []
    detached = [row for row in groups if _detached(row, asked.facts)]
    counted = [row for row in groups if not _detached(row, asked.facts)]
    attempts, repeats = _sum(counted, "retries"), _sum(_not_polled(counted, asked.facts), "repeats")
    found, firsts = attempts + repeats, _sum(counted, "firsts")
    excused = _sum(detached, "retries") + _sum(detached, "repeats")
    proxy = bool(found) and (by_end == 1 or not attempts)
    layers = _layers(counted) if found else []
    when = "their parent's end" if by_end else "the deadline"
    return Signs(
        relevant=int(coverage["relevant"]),
        usable=usable,
        count=found,
        unit="attempts",
        verdict="likely" if proxy else "present" if found else "refuted" if excused else None,
        said=f"{found} of {usable} attempts are repeats that began after {when}; so did {firsts} first attempts.",
        rows=_rows(asked, by_end) if found else (),
        cause=_cause(layers),
        traps=_traps(asked, excused, bool(coverage["late"])),
        refuted="Every late attempt belongs to work that was declared as detached." if excused and not found else None,
        cap="C" if proxy or by_end else None,
        severity="high" if _sum(counted, "writes") else None,
        detail=_detail(groups, layers) if found else {},
    )


def _detached(row: Row, facts: Facts) -> bool:
    return row["agent_name"] in facts.detached or row["tool_name"] in facts.detached


def _not_polled(rows: Iterable[Row], facts: Facts) -> list[Row]:
    return [row for row in rows if row["tool_name"] not in facts.polling]


def _sum(rows: Iterable[Row], name: str) -> int:
    return sum(int(row[name] or 0) for row in rows)


def _rows(asked: Asked, by_end: int) -> list[int]:
    late = [row for row in asked.ask("worst") if row["by_end"] == by_end and not _detached(row, asked.facts)]
    return [row["row_id"] for row in late][:CITED]


def _layers(counted: list[Row]) -> list[Row]:
    """Late attempts by the layer that made them, the busiest first."""
    by_layer: dict[str, int] = {}
    for row in counted:
        late = int(row["retries"] or 0) + int(row["repeats"] or 0)
        if row["layer"] and late:
            by_layer[row["layer"]] = by_layer.get(row["layer"], 0) + late
    ordered = sorted(by_layer.items(), key=lambda item: (-item[1], item[0]))
    return [{"layer": layer, "late attempts": many} for layer, many in ordered]


def _cause(layers: list[Row]) -> str | None:
    """Retries in any layer but the orchestrator's are loops of the sub-agents' own."""
    own = [row for row in layers if row["layer"] != "orchestrator"]
    if not own:
        return None
    named = ", ".join(f"{row['layer']} {row['late attempts']}" for row in own[:5])
    return f"Late attempts by the layer that made them: {named}"


def _traps(asked: Asked, excused: int, any_late: bool) -> list[str]:
    if not any_late:
        return []
    said = [f"{asked.one('cleanup')['rows_']} rows of compensation and clean-up were left out."]
    if excused:
        said.append(f"{excused} late attempts belong to work that was declared as detached; they are not counted.")
    said.append("Calls that began before the deadline and ended after it are not counted.")
    return said


def _detail(groups: list[Row], layers: list[Row]) -> dict[str, list[Row]]:
    attempts, calls = _sum(groups, "attempts"), _sum(groups, "calls")
    detail = {
        "Attempts in the requests with late work": [
            {"attempts": attempts, "calls": calls, "attempts per call": round(attempts / calls, 2) if calls else None}
        ]
    }
    return {**detail, **({"Layers that tried again": layers} if layers else {})}


DETECTOR = Detector("P1-shadow-retries", QUERIES, read, kept={_FLAGGED: "flagged"})
