"""P6-ignored-kill: work that starts after the kill switch was thrown.

Two clocks tell. By the wall clock, work that starts more than the grace after a cancel in whose scope it lies. By
cause, where a workflow's own sequence orders everything: work scheduled after the worker had seen the cancel, at any
distance, in that run or in one that goes on from it. A cancel that names a request covers it; one that names none, or
all, covers its environment and tenant (a blank covers any). A row that enables again ends the cancel, as does a new
root or a person's next message in that request.
"""

from __future__ import annotations

from advisor.diagnosis.detector import Asked, Detector, Row, Signs
from advisor.diagnosis.durations import span

_NARROW = "(child_id IS NOT NULL OR tool_call_id IS NOT NULL OR approval_id IS NOT NULL OR timer_id IS NOT NULL)"
"""A cancel of one child, call, approval or timer is no kill switch."""
_UNPLACED = """(request_id IS NULL AND LOWER(COALESCE(cancel_scope, '')) IN ('agent', 'call', 'child', 'request', 'run',
    'session', 'task', 'thread', 'tool', 'turn', 'worker', 'workflow'))"""
"""A cancel of something that the row does not name."""
_ENABLES = """(kind IN ('override', 'cancel_request')
    AND (LOWER(COALESCE(to_state, '')) = 'enabled' OR COALESCE(decision, '') = 'allow'))"""
_SCOPE = "LOWER(COALESCE(cancel_scope, ''))"
_GLOBAL = f"""(request_id IS NULL OR {_SCOPE} IN ('all', 'global') OR ({_SCOPE} = 'tenant' AND tenant IS NOT NULL)
    OR ({_SCOPE} = 'environment' AND environment IS NOT NULL))"""
_WORK = """(kind IN ('llm_call', 'tool_call', 'commit') AND NOT COALESCE(cleanup, FALSE) AND compensates IS NULL
    AND COALESCE(status, 'ok') NOT IN ('rejected', 'denied', 'cancelled', 'skipped'))"""
_AGAIN = """((kind = 'message' AND (LOWER(agent_name) = 'user' OR agent_role = 'human'))
    OR (kind = 'workflow' AND parent_span_id IS NULL))"""

# Rows of one scope in order, `stop` 1 for a cancel and -1 for what ends it; a work row stands in each scope that covers
# it. Within a stretch without an end the first cancel is the one that counts.
_AFTER = f"""
controls AS (
    SELECT row_id, ts_us, request_id, environment, tenant, CASE WHEN {_ENABLES} THEN -1 ELSE 1 END AS stop,
           CASE WHEN {_GLOBAL} THEN 1 ELSE 0 END AS everywhere
    FROM events
    WHERE (kind = 'cancel_request' OR {_ENABLES}) AND ts_us IS NOT NULL AND NOT {_NARROW}
      AND NOT {_UNPLACED}
),
first_global AS (SELECT MIN(ts_us) AS ts_us FROM controls WHERE everywhere = 1 AND stop = 1),
workers AS (
    SELECT row_id, ts_us, request_id, COALESCE(environment, '') AS environment, COALESCE(tenant, '') AS tenant,
           CASE WHEN kind = 'commit' OR COALESCE(side_effect, '') IN ('write', 'external_write') THEN 1 ELSE 0 END
               AS writes
    FROM events
    WHERE {_WORK} AND ts_us > (SELECT ts_us FROM first_global)
),
places AS (SELECT environment, tenant FROM workers GROUP BY environment, tenant),
scoped AS (
    SELECT row_id, ts_us, stop, 0 AS writes, CONCAT('r/', request_id) AS scope FROM controls WHERE everywhere = 0
    UNION ALL
    SELECT c.row_id, c.ts_us, c.stop, 0, CONCAT('g/', p.environment, '/', p.tenant)
    FROM controls c JOIN places p
      ON (c.environment IS NULL OR c.environment = p.environment) AND (c.tenant IS NULL OR c.tenant = p.tenant)
    WHERE c.everywhere = 1
    UNION ALL
    SELECT row_id, ts_us, 0, writes, CONCAT('g/', environment, '/', tenant) FROM workers
    UNION ALL
    SELECT row_id, ts_us, CASE WHEN {_WORK} THEN 0 ELSE -1 END,
           CASE WHEN kind = 'commit' OR COALESCE(side_effect, '') IN ('write', 'external_write') THEN 1 ELSE 0 END,
           CONCAT('r/', request_id)
    FROM events
    WHERE ({_WORK} OR {_AGAIN}) AND ts_us IS NOT NULL
      AND request_id IN (SELECT request_id FROM controls WHERE everywhere = 0 AND stop = 1)
),
stretched AS (
    SELECT row_id, ts_us, stop, writes, scope,
           SUM(CASE WHEN stop = -1 THEN 1 ELSE 0 END) OVER (
               PARTITION BY scope ORDER BY ts_us, stop, row_id ROWS UNBOUNDED PRECEDING) AS stretch
    FROM scoped
),
after AS (
    SELECT row_id, ts_us, stop, writes, scope, stretch,
           MIN(CASE WHEN stop = 1 THEN ts_us END) OVER (
               PARTITION BY scope, stretch ORDER BY ts_us, stop, row_id ROWS UNBOUNDED PRECEDING) AS cancel_us
    FROM stretched
)
"""
# The first cancel of a run in its sequence, the first task that saw it, and the work scheduled after that: in the same
# run, or in one that goes on from it (continued as new), whose root has a parent. The nth root of a request that has
# none starts its nth chain of runs.
_SEEN = f"""
runs AS (
    SELECT request_id, COALESCE(run_id, '') AS run,
           MIN(CASE WHEN kind = 'cancel_request' AND NOT {_ENABLES} THEN seq END) AS cancel_seq,
           MIN(CASE WHEN kind = 'cancel_request' AND NOT {_ENABLES} THEN ts_us END) AS cancel_us,
           MAX(CASE WHEN kind = 'cancelled' THEN seq END) AS ended_seq
    FROM events
    WHERE kind IN ('cancel_request', 'cancelled') AND seq_scope = 'workflow' AND seq IS NOT NULL
      AND request_id IS NOT NULL AND NOT {_NARROW}
    GROUP BY request_id, COALESCE(run_id, '')
),
checks AS (
    SELECT r.request_id, r.run, r.cancel_us, r.ended_seq, MIN(e.seq) AS check_seq, MIN(e.ts_us) AS check_us,
           MIN(e.row_id) AS check_row
    FROM runs r JOIN events e
      ON e.kind = 'cancel_check' AND e.request_id = r.request_id AND COALESCE(e.run_id, '') = r.run
     AND e.seq_scope = 'workflow' AND e.seq > r.cancel_seq
    GROUP BY r.request_id, r.run, r.cancel_us, r.ended_seq
),
chains AS (
    SELECT request_id, COALESCE(run_id, '') AS run, ROW_NUMBER() OVER (PARTITION BY request_id ORDER BY ts_us, row_id)
               AS place,
           SUM(CASE WHEN parent_span_id IS NULL THEN 1 ELSE 0 END) OVER (
               PARTITION BY request_id ORDER BY ts_us, row_id ROWS UNBOUNDED PRECEDING) AS chain
    FROM events
    WHERE kind = 'workflow' AND seq_scope = 'workflow' AND span_id = run_id AND ts_us IS NOT NULL
      AND request_id IN (SELECT request_id FROM runs)
),
told AS (
    SELECT a.request_id, a.chain, MIN(a.place) AS place, MIN(c.cancel_us) AS cancel_us, MIN(c.check_row) AS check_row
    FROM checks c JOIN chains a ON a.request_id = c.request_id AND a.run = c.run
    GROUP BY a.request_id, a.chain
),
seen AS (
    SELECT e.row_id, e.ts_us, c.request_id, c.cancel_us, c.check_row,
           CASE WHEN c.ended_seq > e.seq THEN 1 ELSE 0 END AS wound_up,
           CASE WHEN e.kind = 'commit' OR COALESCE(e.side_effect, '') IN ('write', 'external_write') THEN 1 ELSE 0 END
               AS writes
    FROM checks c JOIN events e
      ON e.request_id = c.request_id AND COALESCE(e.run_id, '') = c.run AND e.seq > c.check_seq
    WHERE e.seq_scope = 'workflow' AND {_WORK.replace("(kind", "(e.kind")}
    UNION ALL
    SELECT e.row_id, e.ts_us, t.request_id, t.cancel_us, t.check_row, CASE WHEN r.ended_seq > e.seq THEN 1 ELSE 0 END,
           CASE WHEN e.kind = 'commit' OR COALESCE(e.side_effect, '') IN ('write', 'external_write') THEN 1 ELSE 0 END
    FROM told t JOIN chains b ON b.request_id = t.request_id AND b.chain = t.chain AND b.place > t.place
    JOIN events e ON e.request_id = b.request_id AND COALESCE(e.run_id, '') = b.run
    LEFT JOIN runs r ON r.request_id = b.request_id AND r.run = b.run
    WHERE e.seq_scope = 'workflow' AND {_WORK.replace("(kind", "(e.kind")}
)
"""
# Each piece of work once: late by the clock, after the worker saw the cancel, or both.
_FOUND = f"""
WITH {_AFTER}, {_SEEN},
both_ways AS (
    SELECT row_id, cancel_us, CASE WHEN scope LIKE 'r/%' THEN scope ELSE 'g' END AS cancelled, ts_us - cancel_us AS us,
           writes, 1 AS late, 0 AS knew, 0 AS wound_up
    FROM after WHERE stop = 0 AND ts_us - cancel_us > {{grace}} * 1e6 + {{skew_us}}
    UNION ALL
    SELECT row_id, cancel_us, CONCAT('r/', request_id), ts_us - cancel_us, writes, 0, 1, wound_up FROM seen
),
found AS (
    SELECT row_id, MIN(cancel_us) AS cancel_us, MIN(cancelled) AS cancelled, MAX(us) AS us, MAX(writes) AS writes,
           MAX(late) AS late, MAX(knew) AS knew, MAX(wound_up) AS wound_up
    FROM both_ways GROUP BY row_id
)
"""
QUERIES = {
    "cancels": f"""
WITH {_AFTER}
SELECT (SELECT COUNT(*) FROM events WHERE kind = 'cancel_request' AND NOT {_ENABLES}) AS cancels,
       COUNT(DISTINCT CONCAT(CASE WHEN everywhere = 1 THEN 'g' ELSE CONCAT('r/', request_id) END, '@', ts_us))
           AS usable
FROM controls WHERE stop = 1
""",
    "found": _FOUND
    + """
SELECT COUNT(*) AS work, COUNT(DISTINCT CONCAT(cancelled, '@', cancel_us)) AS ignored, SUM(late) AS late,
       SUM(knew) AS knew, SUM(writes) AS writes, MAX(us) AS longest_us, MIN(us) AS shortest_us,
       SUM(CASE WHEN late = 1 AND NOT (knew = 1 AND wound_up = 1 AND writes = 0) THEN 1 ELSE 0 END) AS plain,
       SUM(CASE WHEN late = 1 OR wound_up = 0 OR writes = 1 THEN 1 ELSE 0 END) AS strong,
       SUM(CASE WHEN knew = 1 AND writes = 1 AND wound_up = 0 THEN 1 ELSE 0 END) AS knew_writes,
       SUM(wound_up) AS wound_up
FROM found
""",
    "rows": _FOUND
    + """
SELECT f.row_id, f.cancel_us, f.cancelled FROM found f ORDER BY f.writes DESC, f.us DESC, f.row_id LIMIT 14
""",
    "cancel_rows": _FOUND
    + """
, ignored AS (SELECT cancel_us FROM found GROUP BY cancel_us)
SELECT c.row_id FROM controls c WHERE c.stop = 1 AND c.ts_us IN (SELECT cancel_us FROM ignored)
ORDER BY c.ts_us, c.row_id LIMIT 6
""",
    "checks": _FOUND
    + "SELECT check_row AS row_id FROM seen GROUP BY check_row, cancel_us ORDER BY cancel_us, check_row LIMIT 6",
    "latency": f"""
WITH {_AFTER},
stops AS (
    SELECT scope, stretch, MAX(CASE WHEN stop = 0 THEN ts_us - cancel_us ELSE 0 END) AS us
    FROM after WHERE cancel_us IS NOT NULL GROUP BY scope, stretch
),
placed AS (SELECT us, ROW_NUMBER() OVER (ORDER BY us) AS place, COUNT(*) OVER () AS many FROM stops)
SELECT MAX(many) AS stops, SUM(CASE WHEN us = 0 THEN 1 ELSE 0 END) AS no_work_after,
       CAST(MIN(CASE WHEN place * 2 >= many THEN us END) / 1000 AS BIGINT) AS median_ms,
       CAST(MIN(CASE WHEN place * 100 >= many * 95 THEN us END) / 1000 AS BIGINT) AS p95_ms,
       CAST(MAX(us) / 1000 AS BIGINT) AS longest_ms
FROM placed
""",
    "excused": f"""
WITH {_AFTER},
firsts AS (
    SELECT request_id, MIN(ts_us) AS cancel_us FROM controls WHERE everywhere = 0 AND stop = 1 GROUP BY request_id
)
SELECT SUM(CASE WHEN COALESCE(e.cleanup, FALSE) OR e.compensates IS NOT NULL THEN 1 ELSE 0 END) AS cleaning,
       SUM(CASE WHEN e.status IN ('rejected', 'denied', 'cancelled', 'skipped') THEN 1 ELSE 0 END) AS refused,
       (SELECT COUNT(*) FROM controls WHERE stop = -1) AS enabled
FROM events e JOIN firsts f ON f.request_id = e.request_id
WHERE e.kind IN ('tool_call', 'commit', 'llm_call') AND e.ts_us > f.cancel_us
""",
    # No cancel was logged, but a status says that the request was cancelled.
    "proxy": """
WITH marked AS (
    SELECT row_id, request_id, COALESCE(end_us, ts_us) AS ts_us FROM events
    WHERE request_id IS NOT NULL AND ts_us IS NOT NULL AND child_id IS NULL AND tool_call_id IS NULL
      AND approval_id IS NULL AND timer_id IS NULL AND action_id IS NULL
      AND (kind = 'cancelled' OR (kind = 'workflow' AND parent_span_id IS NULL AND status = 'cancelled'))
),
"""
    f"""
scoped AS (
    SELECT row_id, ts_us, 1 AS stop, request_id FROM marked
    UNION ALL
    SELECT row_id, ts_us, CASE WHEN {_WORK} THEN 0 ELSE -1 END, request_id FROM events
    WHERE ({_WORK} OR {_AGAIN}) AND ts_us IS NOT NULL AND request_id IN (SELECT request_id FROM marked)
),
stretched AS (
    SELECT row_id, ts_us, stop, request_id, SUM(CASE WHEN stop = -1 THEN 1 ELSE 0 END) OVER (
        PARTITION BY request_id ORDER BY ts_us, stop, row_id ROWS UNBOUNDED PRECEDING) AS stretch
    FROM scoped
),
after AS (
    SELECT row_id, ts_us, stop, request_id, MIN(CASE WHEN stop = 1 THEN ts_us END) OVER (
        PARTITION BY request_id, stretch ORDER BY ts_us, stop, row_id ROWS UNBOUNDED PRECEDING) AS cancel_us
    FROM stretched
)
SELECT row_id, request_id, cancel_us, ts_us - cancel_us AS us,
       (SELECT COUNT(DISTINCT request_id) FROM marked) AS requests,
       COUNT(*) OVER () AS work, (SELECT COUNT(DISTINCT a.request_id) FROM after a
        WHERE a.stop = 0 AND a.ts_us - a.cancel_us > {{grace}} * 1e6 + {{skew_us}}) AS ignored
FROM after WHERE stop = 0 AND ts_us - cancel_us > {{grace}} * 1e6 + {{skew_us}}
ORDER BY us DESC, row_id LIMIT 14
""",
    "marked": """
SELECT COUNT(DISTINCT request_id) AS requests FROM events
WHERE request_id IS NOT NULL AND child_id IS NULL AND tool_call_id IS NULL AND approval_id IS NULL
  AND timer_id IS NULL AND action_id IS NULL
  AND (kind = 'cancelled' OR (kind = 'workflow' AND parent_span_id IS NULL AND status = 'cancelled'))
""",
}


def read(asked: Asked) -> Signs:
    """Work after the cancel by the clock or by cause; where no cancel is logged, work after a status of cancelled."""
    cancels = asked.one("cancels")
    if not cancels["cancels"]:
        return _proxy(asked)
    seen = asked.one("found")
    work, ignored = int(seen["work"] or 0), int(seen["ignored"] or 0)
    verdict = None
    if seen["plain"] or seen["knew_writes"]:
        verdict = "present"
    elif work:
        verdict = "likely" if seen["strong"] else "possible"
    latency = asked.one("latency")
    rows = [*asked.ask("cancel_rows"), *asked.ask("rows")] if work else []
    usable = int(cancels["usable"] or 0)
    return Signs(
        relevant=max(usable, int(cancels["cancels"])),
        usable=usable,
        count=ignored,
        unit="cancels",
        verdict=verdict,  # type: ignore[arg-type]
        said=_said(seen, ignored, usable),
        rows=[row["row_id"] for row in rows],
        cause=f"{seen['knew']} of {work} were scheduled after the worker had seen the cancel" if seen["knew"] else None,
        cause_rows=[row["row_id"] for row in asked.ask("checks")] if seen["knew"] else (),
        traps=_traps(asked.one("excused"), seen),
        severity=None if seen["writes"] or not work else "high",
        detail={"How long work went on after each cancel": [latency]} if latency["stops"] else {},
    )


def _said(seen: Row, ignored: int, usable: int) -> str:
    if not seen["work"]:
        return f"No work started after any of {usable} cancels beyond the grace."
    work = "1 piece of work was" if seen["work"] == 1 else f"{seen['work']} pieces of work were"
    return (
        f"After {ignored} of {usable} cancels {work} started, the last "
        f"{span(seen['longest_us'])} after it; {seen['writes']} of them write."
    )


def _traps(excused: Row, seen: Row) -> list[str]:
    said = [
        f"{excused['cleaning'] or 0} rows of clean-up and compensation are left out.",
        f"{excused['refused'] or 0} calls that were refused or cancelled are obedience, and left out.",
        f"{excused['enabled']} rows enabled work again.",
        "Work begun before the cancel is left out.",
    ]
    if seen["wound_up"]:
        said.append(f"{seen['wound_up']} pieces of work came before the run ended as cancelled: clean-up?")
    return said


def _proxy(asked: Asked) -> Signs:
    rows, requests = asked.ask("proxy"), int(asked.one("marked")["requests"] or 0)
    first = rows[0] if rows else {"ignored": 0, "work": 0, "us": 0}
    return Signs(
        relevant=requests,
        usable=requests,
        count=int(first["ignored"]),
        unit="cancelled requests",
        verdict="likely" if rows else None,
        said=f"{first['ignored']} of {requests} cancelled requests went on: {first['work']} pieces of work, the last "
        f"{span(first['us'])} after the status."
        if rows
        else f"No work started after any of {requests} requests was cancelled.",
        rows=[row["row_id"] for row in rows],
        traps=("No cancel is logged; a status of cancelled stands for it.",),
        cap="B",
    )


DETECTOR = Detector("P6-ignored-kill", QUERIES, read)
