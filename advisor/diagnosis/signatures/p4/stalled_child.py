"""P4-stalled-child: a child that has gone silent for good while its record says running."""

from __future__ import annotations

from advisor.diagnosis.detector import Asked, Detector, Signs

_RUNNING = "('running', 'in_progress', 'in progress', 'active', 'started', 'working', 'busy', 'alive')"
_OVER = """(kind IN ('outcome', 'cancelled', 'crash', 'escalation')
    OR (kind IN ('agent', 'workflow', 'delegation', 'consume_result', 'tool_result')
        AND status IN ('ok', 'error', 'timeout', 'cancelled', 'rejected', 'denied', 'skipped'))
    OR LOWER(COALESCE(to_state, '')) IN ('done', 'completed', 'complete', 'finished', 'failed', 'stopped', 'cancelled',
        'canceled', 'terminated', 'closed', 'succeeded', 'success', 'dead', 'exited'))"""

# The last sign of life of each child, how often it used to tick, and what its record said last.
_CHILDREN = f"""
WITH ticks AS (
    SELECT child_id, ts_us, ROW_NUMBER() OVER (PARTITION BY child_id ORDER BY ts_us, row_id) AS place,
           ts_us - LAG(ts_us) OVER (PARTITION BY child_id ORDER BY ts_us, row_id) AS gap_us
    FROM events WHERE kind = 'ok_tick' AND child_id IS NOT NULL AND ts_us IS NOT NULL
),
gaps AS (
    SELECT child_id, gap_us, ROW_NUMBER() OVER (PARTITION BY child_id ORDER BY gap_us) AS place,
           COUNT(*) OVER (PARTITION BY child_id) AS many
    FROM ticks WHERE place > 1
),
usual AS (
    SELECT child_id, MIN(gap_us) AS usual_us, MAX(many) AS gaps FROM gaps WHERE place * 2 >= many GROUP BY child_id
),
lives AS (
    SELECT child_id, MAX(GREATEST(ts_us, COALESCE(end_us, ts_us))) AS last_us,
           MAX(CASE WHEN kind = 'ok_tick' THEN row_id END) AS last_tick,
           MAX(CASE WHEN {_OVER} THEN GREATEST(ts_us, COALESCE(end_us, ts_us)) END) AS over_us,
           MAX(CASE WHEN kind = 'restart' THEN ts_us END) AS restart_us,
           MAX(CASE WHEN LOWER(to_state) IN {_RUNNING} THEN ts_us END) AS running_us,
           MAX(CASE WHEN to_state IS NOT NULL THEN ts_us END) AS state_us,
           MAX(CASE WHEN kind IN ('tool_call', 'llm_call') AND end_us IS NULL THEN ts_us END) AS call_us,
           MAX(CASE WHEN kind = 'ok_tick' THEN ts_us END) AS tick_us,
           MAX(CASE WHEN kind = 'approval_request' THEN ts_us END) AS asked_us,
           MAX(CASE WHEN kind = 'approval_decision' THEN ts_us END) AS decided_us
    FROM events
    WHERE child_id IS NOT NULL AND ts_us IS NOT NULL
      AND child_id IN (SELECT child_id FROM events WHERE kind = 'ok_tick')
    GROUP BY child_id
),
silent AS (
    SELECT l.child_id, u.usual_us, l.last_tick, (SELECT MAX(ts_us) FROM events) - l.last_us AS silence_us, l.last_us,
           CASE WHEN l.over_us >= COALESCE(l.restart_us, l.over_us) THEN 1 ELSE 0 END AS over_,
           CASE WHEN l.running_us IS NOT NULL AND l.running_us = l.state_us THEN 1 ELSE 0 END AS says_running,
           CASE WHEN l.call_us >= l.tick_us THEN 1 ELSE 0 END AS in_call,
           CASE WHEN l.asked_us IS NOT NULL AND COALESCE(l.decided_us, 0) < l.asked_us THEN 1 ELSE 0 END AS waits
    FROM lives l JOIN usual u ON u.child_id = l.child_id
    WHERE u.gaps >= 3
),
judged AS (
    SELECT child_id, usual_us, last_tick, silence_us, last_us, over_, says_running, in_call, waits,
           CASE WHEN over_ = 0 AND silence_us > {{ticks}} * usual_us + {{skew_us}} THEN 1 ELSE 0 END AS quiet
    FROM silent
)
"""
QUERIES = {
    "children": _CHILDREN
    + """
SELECT (SELECT COUNT(*) FROM lives) AS children, COUNT(*) AS usable,
       SUM(CASE WHEN quiet = 1 AND waits = 0 THEN 1 ELSE 0 END) AS stalled,
       SUM(CASE WHEN quiet = 1 AND waits = 0 AND in_call = 0 AND says_running = 1 THEN 1 ELSE 0 END) AS says_running,
       SUM(CASE WHEN quiet = 1 AND waits = 0 AND in_call = 0 THEN 1 ELSE 0 END) AS outside,
       SUM(CASE WHEN quiet = 1 AND waits = 1 THEN 1 ELSE 0 END) AS waiting,
       SUM(CASE WHEN quiet = 1 AND waits = 0 AND in_call = 1 THEN 1 ELSE 0 END) AS in_call, SUM(over_) AS ended
FROM judged
""",
    "nameless": "SELECT COUNT(*) AS many FROM events WHERE kind = 'ok_tick' AND (child_id IS NULL OR ts_us IS NULL)",
    "rows": _CHILDREN
    + """
SELECT last_tick AS row_id, child_id, CAST(silence_us / 1000000 AS BIGINT) AS silent_s,
       CAST(usual_us / 1000000 AS BIGINT) AS usual_s
FROM judged WHERE quiet = 1 AND waits = 0
ORDER BY in_call, says_running DESC, silence_us DESC, child_id LIMIT 20
""",
    "states": f"""
SELECT row_id FROM events WHERE child_id IS NOT NULL AND LOWER(to_state) IN {_RUNNING}
  AND child_id IN (SELECT child_id FROM events WHERE kind = 'ok_tick') ORDER BY ts_us DESC, row_id LIMIT 10
""",
    # Without ticks: a child that began, never ended, and whose host was restarted after its last sign of life.
    "lost": f"""
WITH begun AS (
    SELECT child_id, MAX(ts_us) AS last_us, MIN(row_id) AS row_id, MAX(worker_id) AS worker_id,
           COUNT(DISTINCT worker_id) AS workers, MAX(CASE WHEN {_OVER} OR end_us IS NOT NULL THEN 1 ELSE 0 END) AS over_
    FROM events WHERE child_id IS NOT NULL AND ts_us IS NOT NULL AND kind <> 'restart'
    GROUP BY child_id
),
hosts AS (
    SELECT worker_id, MAX(ts_us) AS restart_us, MAX(row_id) AS restart_row FROM events
    WHERE kind IN ('restart', 'crash') AND worker_id IS NOT NULL AND child_id IS NULL
    GROUP BY worker_id
)
SELECT b.row_id, h.restart_row, COUNT(*) OVER () AS lost, (SELECT COUNT(*) FROM begun) AS children,
       (SELECT SUM(over_) FROM begun) AS ended
FROM begun b JOIN hosts h ON h.worker_id = b.worker_id AND h.restart_us > b.last_us
WHERE b.over_ = 0 AND b.workers = 1 AND b.child_id NOT IN (
    SELECT child_id FROM events WHERE kind = 'restart' AND child_id IS NOT NULL)
ORDER BY b.last_us, b.child_id LIMIT 10
""",
}


def read(asked: Asked) -> Signs:
    """Children whose last silence is far longer than their ticks were apart, and whose end nothing records."""
    seen, nameless = asked.one("children"), int(asked.one("nameless")["many"])
    if not seen["children"] and not nameless:
        return _lost(asked)
    of, stalled = int(seen["usable"] or 0), int(seen["stalled"] or 0)
    says_running, outside = int(seen["says_running"] or 0), int(seen["outside"] or 0)
    verdict = None
    if says_running:
        verdict = "present"
    elif stalled:
        # Where ends are logged, an end that is missing means something.
        verdict = "likely" if outside and seen["ended"] else "possible"
    rows = asked.ask("rows") if stalled else []
    states = [row["row_id"] for row in asked.ask("states")] if says_running else []
    return Signs(
        relevant=int(seen["children"]) + (1 if nameless else 0),
        usable=of,
        count=stalled,
        unit="children with ticks",
        verdict=verdict,  # type: ignore[arg-type]
        said=f"{stalled} of {of} children have been silent for more than {asked.thresholds['ticks']:g} of their usual "
        f"intervals when the log ends, and nothing says that they ended.",
        rows=[row["row_id"] for row in rows][:14] + states[:6],
        cause=f"The record of {says_running} says running" if says_running else None,
        cause_rows=states,
        traps=[
            f"{seen['in_call']} went silent inside a call that has not ended.",
            f"{seen['waiting']} wait for a person and are left out.",
            f"{seen['ended']} ended, and are left out.",
        ]
        if of
        else (),
        detail={
            "Silent children": [{name: row[name] for name in ("child_id", "silent_s", "usual_s")} for row in rows[:10]]
        }
        if rows
        else {},
    )


def _lost(asked: Asked) -> Signs:
    rows = asked.ask("lost")
    first = rows[0] if rows else {"lost": 0, "children": 0, "ended": 0}
    lost, children = int(first["lost"]), int(first["children"])
    return Signs(
        relevant=children,
        usable=children if rows else 0,
        count=lost,
        unit="children",
        verdict=("likely" if first["ended"] else "possible") if rows else None,
        said=f"{lost} of {children} children began, never ended, and lost their host." if rows else "No child ticks.",
        rows=[row[name] for row in rows for name in ("row_id", "restart_row")],
        cap="C",
    )


DETECTOR = Detector("P4-stalled-child", QUERIES, read)
