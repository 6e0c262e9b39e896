"""P5-unrestorable-state: after a pause, crash or deploy the work starts again from nothing, or cannot go on."""

from __future__ import annotations

from advisor.diagnosis.detector import Asked, Detector, Signs

_LOST = (
    r"deserial|unpickl|pickl(e|ing) error|cannot pickle|not (json )?serializable|checkpoint.{0,40}(missing|not found|"
    r"corrupt|invalid|mismatch)|(no|missing|unknown|invalid|lost) (checkpoint|session|thread|saved state|state)\b|"
    r"(state|session|thread|checkpoint) (was )?(not found|lost|missing|corrupt)|could not (restore|resume|load state)|"
    r"(failed|unable) to (restore|resume|deserialize|load (the )?(state|checkpoint|session))"
)
_HASH = "CASE WHEN kind = 'llm_call' THEN COALESCE(input_hash, args_hash) ELSE args_hash END"
_STEP = f"""(kind IN ('tool_call', 'llm_call', 'commit', 'proposal') AND {_HASH} IS NOT NULL
    AND NOT COALESCE(is_replay, FALSE) AND replay_of IS NULL)"""
_PATTERN = _LOST.replace("{", "{{").replace("}", "}}")
_GONE = f"""((status = 'error' OR kind = 'crash') AND regexp_matches(
    LOWER(CONCAT(COALESCE(error_type, ''), ' ', COALESCE(error_message, ''))), '{_PATTERN}'))"""
_KINDS = "('crash', 'restart', 'tool_call', 'llm_call', 'commit', 'proposal', 'workflow', 'agent')"
_BROKEN = f"""
WITH broken AS (
    SELECT request_id, MIN(ord) AS broke FROM events
    WHERE kind IN ('crash', 'restart') AND request_id IS NOT NULL AND ts_us IS NOT NULL GROUP BY request_id
),
doubled AS (
    SELECT request_id FROM events
    WHERE {_STEP} AND request_id IN (SELECT request_id FROM broken)
    GROUP BY request_id, kind, tool_name, agent_name, name, {_HASH} HAVING COUNT(*) > 1
    UNION
    SELECT request_id FROM events
    WHERE kind IN {_KINDS} AND {_GONE} AND request_id IN (SELECT request_id FROM broken)
)
"""
# The steps of each interrupted request with the interrupts before them, where some step stands twice. The last step
# before an interrupt may be done again; an earlier one that had ended well may not.
_STEPS = (
    _BROKEN
    + f"""
, marked AS (
    SELECT row_id, request_id, ord, kind, status,
           CASE WHEN kind IN ('crash', 'restart') THEN 1 ELSE 0 END AS broke,
           CASE WHEN kind = 'restart' AND replay_of IS NOT NULL THEN 1 ELSE 0 END AS asked_for,
           CASE WHEN {_STEP} THEN CONCAT(kind, '/', COALESCE(tool_name, ''), '/', COALESCE(agent_name, ''), '/',
                                         COALESCE(name, ''), '/', {_HASH}) END AS step,
           CASE WHEN kind = 'commit' OR side_effect IN ('write', 'external_write') THEN 1 ELSE 0 END AS writes,
           CASE WHEN {_GONE} THEN 1 ELSE 0 END AS lost
    FROM events
    WHERE kind IN {_KINDS} AND ts_us IS NOT NULL AND request_id IN (SELECT request_id FROM doubled)
),
counted AS (
    SELECT row_id, request_id, ord, status, step, writes, lost, broke, asked_for,
           SUM(broke) OVER (PARTITION BY request_id ORDER BY ord, row_id ROWS UNBOUNDED PRECEDING) AS breaks,
           SUM(asked_for) OVER (PARTITION BY request_id ORDER BY ord, row_id ROWS UNBOUNDED PRECEDING) AS asked,
           SUM(CASE WHEN step IS NULL THEN 0 ELSE 1 END) OVER (
               PARTITION BY request_id ORDER BY ord, row_id ROWS UNBOUNDED PRECEDING) AS done,
           MAX(CASE WHEN broke = 1 THEN row_id END) OVER (
               PARTITION BY request_id ORDER BY ord, row_id ROWS UNBOUNDED PRECEDING) AS break_row
    FROM marked
),
stretches AS (
    SELECT request_id, breaks, MAX(CASE WHEN step IS NULL THEN 0 ELSE done END) AS last_done FROM counted
    GROUP BY request_id, breaks
),
steps AS (
    SELECT c.row_id, c.request_id, c.ord, c.step, c.writes, c.breaks, c.asked, c.break_row, c.status, s.last_done,
           c.done,
           ROW_NUMBER() OVER (PARTITION BY c.request_id, c.step ORDER BY c.ord, c.row_id) AS place,
           LAG(c.row_id) OVER (PARTITION BY c.request_id, c.step ORDER BY c.ord, c.row_id) AS before_row,
           LAG(c.breaks) OVER (PARTITION BY c.request_id, c.step ORDER BY c.ord, c.row_id) AS before_breaks,
           LAG(c.asked) OVER (PARTITION BY c.request_id, c.step ORDER BY c.ord, c.row_id) AS before_asked,
           LAG(CASE WHEN COALESCE(c.status, 'ok') = 'ok' AND c.done < s.last_done THEN 1 ELSE 0 END) OVER (
               PARTITION BY c.request_id, c.step ORDER BY c.ord, c.row_id) AS before_done
    FROM counted c JOIN stretches s ON s.request_id = c.request_id AND s.breaks = c.breaks
    WHERE c.step IS NOT NULL
),
again AS (
    SELECT row_id, request_id, ord, writes, break_row, before_row FROM steps
    WHERE place > 1 AND breaks > before_breaks AND asked = before_asked AND before_done = 1
),
failed AS (
    SELECT row_id, request_id, ord, break_row FROM counted
    WHERE lost = 1 AND (broke = 0 AND breaks > 0 OR broke = 1 AND breaks > 1)
)
"""
)
QUERIES = {
    "requests": _BROKEN
    + f"""
, spans AS (
    SELECT request_id, MIN(CASE WHEN {_STEP} THEN ord END) AS first_step,
           MAX(CASE WHEN {_STEP} THEN ord END) AS last_step,
           MAX(ord) AS last_row
    FROM events
    WHERE kind IN ('tool_call', 'llm_call', 'commit', 'proposal', 'workflow', 'agent') AND ts_us IS NOT NULL
      AND request_id IN (SELECT request_id FROM broken)
    GROUP BY request_id
)
SELECT COUNT(*) AS relevant, SUM(CASE WHEN s.first_step < b.broke AND s.last_step > b.broke THEN 1 ELSE 0 END) AS usable
FROM spans s JOIN broken b ON b.request_id = s.request_id WHERE s.last_row > b.broke
""",
    "found": _STEPS
    + """
, sums AS (
    SELECT request_id, COUNT(*) AS again, SUM(writes) AS writes, 0 AS failed FROM again GROUP BY request_id
    UNION ALL
    SELECT request_id, 0, 0, COUNT(*) FROM failed GROUP BY request_id
),
requests AS (
    SELECT request_id, SUM(again) AS again, SUM(writes) AS writes, SUM(failed) AS failed FROM sums GROUP BY request_id
)
SELECT COUNT(*) AS found, SUM(again) AS again, SUM(failed) AS failed, SUM(writes) AS writes,
       SUM(CASE WHEN again > 1 OR writes > 0 THEN 1 ELSE 0 END) AS restarted,
       SUM(CASE WHEN failed > 0 THEN 1 ELSE 0 END) AS failing
FROM requests
""",
    "rows": _STEPS
    + """
SELECT before_row, break_row, row_id FROM again ORDER BY writes DESC, ord, row_id LIMIT 5
""",
    "failed": _STEPS + "SELECT break_row, row_id FROM failed ORDER BY ord, row_id LIMIT 5",
}


def read(asked: Asked) -> Signs:
    """Requests that repeat finished steps after an interrupt, or fail to take up their state."""
    requests, seen = asked.one("requests"), asked.one("found")
    found = int(seen["found"] or 0)
    usable = max(int(requests["usable"] or 0), found)
    restarted, failing = int(seen["restarted"] or 0), int(seen["failing"] or 0)
    rows = [row[name] for row in asked.ask("rows") for name in ("before_row", "break_row", "row_id")] if found else []
    if failing:
        rows += [row[name] for row in asked.ask("failed") for name in ("break_row", "row_id")]
    return Signs(
        relevant=max(int(requests["relevant"] or 0), usable),
        usable=usable,
        count=found,
        unit="interrupted requests",
        verdict="present" if restarted or failing else "likely" if found else None,
        least=5,
        said=f"{found} of {usable} interrupted requests started over or could not go on: {seen['again'] or 0} finished "
        f"steps were done again, {seen['failed'] or 0} times the state could not be taken up.",
        rows=rows,
        cause=f"In {failing} requests an error says that the state could not be taken up" if failing else None,
        traps=[
            "The step that the interrupt cut off may be done again, and is not counted.",
            "Recorded results that a replay returns, and runs that repeat another on purpose, are left out.",
            f"{seen['writes'] or 0} of the repeated steps write; the others may be cheap to repeat by design.",
        ]
        if usable
        else (),
    )


DETECTOR = Detector("P5-unrestorable-state", QUERIES, read)
