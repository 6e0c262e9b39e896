"""P5-repeat-on-resume: after a pause or crash, effects from before it happen a second time."""

from __future__ import annotations

from advisor.diagnosis.detector import Asked, Detector, Signs

_WRITE = """(args_hash IS NOT NULL AND status = 'ok' AND NOT COALESCE(is_replay, FALSE) AND compensates IS NULL
    AND (kind = 'commit' OR (kind = 'tool_call' AND side_effect IN ('write', 'external_write'))))"""
_TOOL = "COALESCE(tool_name, action_type, name, '')"
_RESUMED = """
WITH resumed AS (
    SELECT request_id FROM events
    WHERE kind IN ('restart', 'approval_decision') AND request_id IS NOT NULL AND ts_us IS NOT NULL GROUP BY request_id
)
"""
# Each successful write of a request with the number of resumes before it; a repeat has a resume since the last time.
# Only requests in which some write stands twice are looked at closely.
_REPEATS = (
    _RESUMED
    + f"""
, doubled AS (
    SELECT request_id FROM events
    WHERE kind IN ('commit', 'tool_call') AND {_WRITE} AND request_id IN (SELECT request_id FROM resumed)
    GROUP BY request_id, kind, args_hash, {_TOOL}, resource_id HAVING COUNT(*) > 1
),
marked AS (
    SELECT row_id, request_id, ord, kind, run_id, result_fp, replay_of,
           CASE WHEN kind = 'restart' THEN 1 ELSE 0 END AS restart,
           CASE WHEN kind = 'approval_decision' THEN 1 ELSE 0 END AS approval,
           CASE WHEN kind = 'compensation' AND COALESCE(status, 'ok') = 'ok' THEN 1 ELSE 0 END AS undone,
           CASE WHEN {_WRITE} THEN CONCAT(kind, '/', {_TOOL}, '/', COALESCE(resource_id, ''), '/', args_hash) END
               AS write_key
    FROM events
    WHERE kind IN ('restart', 'approval_decision', 'compensation', 'commit', 'tool_call') AND ts_us IS NOT NULL
      AND request_id IN (SELECT request_id FROM doubled)
),
counted AS (
    SELECT row_id, request_id, ord, run_id, result_fp, replay_of, write_key, restart, approval,
           SUM(restart) OVER (PARTITION BY request_id ORDER BY ord, row_id ROWS UNBOUNDED PRECEDING) AS restarts,
           SUM(approval) OVER (PARTITION BY request_id ORDER BY ord, row_id ROWS UNBOUNDED PRECEDING) AS approvals,
           SUM(undone) OVER (PARTITION BY request_id ORDER BY ord, row_id ROWS UNBOUNDED PRECEDING) AS undone,
           MAX(CASE WHEN restart + approval > 0 THEN row_id END) OVER (
               PARTITION BY request_id ORDER BY ord, row_id ROWS UNBOUNDED PRECEDING) AS resume_row
    FROM marked
),
writes AS (
    SELECT row_id, request_id, ord, run_id, result_fp, replay_of, restarts, approvals, undone, resume_row,
           ROW_NUMBER() OVER (PARTITION BY request_id, write_key ORDER BY ord, row_id) AS place,
           LAG(row_id) OVER (PARTITION BY request_id, write_key ORDER BY ord, row_id) AS first_row,
           LAG(restarts) OVER (PARTITION BY request_id, write_key ORDER BY ord, row_id) AS last_restarts,
           LAG(approvals) OVER (PARTITION BY request_id, write_key ORDER BY ord, row_id) AS last_approvals,
           LAG(undone) OVER (PARTITION BY request_id, write_key ORDER BY ord, row_id) AS last_undone,
           LAG(run_id) OVER (PARTITION BY request_id, write_key ORDER BY ord, row_id) AS last_run,
           LAG(result_fp) OVER (PARTITION BY request_id, write_key ORDER BY ord, row_id) AS last_result
    FROM counted WHERE write_key IS NOT NULL
),
repeats AS (
    SELECT row_id, request_id, ord, first_row, resume_row,
           CASE WHEN restarts > last_restarts THEN 1 ELSE 0 END AS by_restart,
           CASE WHEN undone > last_undone THEN 1 ELSE 0 END AS undone,
           CASE WHEN replay_of IS NOT NULL THEN 1 ELSE 0 END AS asked_for,
           CASE WHEN run_id IS NOT NULL AND last_run IS NOT NULL AND run_id <> last_run THEN 1 ELSE 0 END AS other_run,
           CASE WHEN result_fp IS NOT NULL AND result_fp = last_result THEN 1 ELSE 0 END AS same_result
    FROM writes WHERE place > 1 AND (restarts > last_restarts OR approvals > last_approvals)
),
shown AS (SELECT row_id, request_id, ord, first_row, resume_row, by_restart, other_run, same_result FROM repeats
          WHERE undone = 0 AND asked_for = 0)
"""
)
QUERIES = {
    "requests": _RESUMED
    + f"""
, told AS (
    SELECT request_id, SUM(CASE WHEN {_WRITE} THEN 1 ELSE 0 END) AS writes,
           SUM(CASE WHEN kind = 'commit' AND args_hash IS NULL THEN 1 ELSE 0 END) AS untold
    FROM events WHERE kind IN ('commit', 'tool_call') AND request_id IN (SELECT request_id FROM resumed)
    GROUP BY request_id
)
SELECT COUNT(*) AS relevant, SUM(CASE WHEN untold = 0 THEN 1 ELSE 0 END) AS usable FROM told WHERE writes + untold > 0
""",
    "repeats": _REPEATS
    + """
SELECT (SELECT COUNT(*) FROM shown) AS writes, COUNT(DISTINCT request_id) AS requests,
       COUNT(DISTINCT CASE WHEN by_restart = 1 THEN request_id END) AS restarted,
       COUNT(DISTINCT CASE WHEN by_restart = 1 AND other_run = 0 AND same_result = 0 THEN request_id END) AS plain,
       SUM(same_result) AS same_result, SUM(other_run) AS other_run,
       (SELECT SUM(undone) FROM repeats) AS undone, (SELECT SUM(asked_for) FROM repeats) AS asked_for
FROM shown
""",
    "rows": _REPEATS
    + """
SELECT first_row, resume_row, row_id FROM shown ORDER BY by_restart DESC, same_result, other_run, ord, row_id LIMIT 6
""",
}


def read(asked: Asked) -> Signs:
    """Writes done again after a restart; after an approval alone they are a proxy."""
    requests, seen = asked.one("requests"), asked.one("repeats")
    count, restarted = int(seen["requests"] or 0), int(seen["restarted"] or 0)
    usable = int(requests["usable"] or 0)
    verdict = "present" if seen["plain"] else "likely" if count else None
    return Signs(
        relevant=int(requests["relevant"] or 0),
        usable=usable,
        count=count,
        unit="resumed requests that write",
        verdict=verdict,  # type: ignore[arg-type]
        least=5,
        said=f"{count} of {usable} resumed requests that write did {seen['writes'] or 0} writes again with the same "
        "arguments.",
        rows=[row[name] for row in asked.ask("rows") for name in ("first_row", "resume_row", "row_id")]
        if count
        else (),
        traps=[
            f"{seen['undone'] or 0} were compensated in between, and are left out.",
            f"{seen['asked_for'] or 0} are of runs that repeat another on purpose, and are left out.",
            f"{seen['same_result'] or 0} were answered with the first one's result.",
            f"{seen['other_run'] or 0} are of another run of the request.",
        ]
        if usable
        else (),
        cap="C" if count and not restarted else None,
    )


DETECTOR = Detector("P5-repeat-on-resume", QUERIES, read)
