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
# The steps of each interrupted request with the interrupts before them. The last step before an interrupt may be done
# again; an earlier one that had ended well may not.
_STEPS = f"""
WITH broken AS (
    SELECT request_id FROM events
    WHERE kind IN ('crash', 'restart') AND request_id IS NOT NULL AND ts_us IS NOT NULL GROUP BY request_id
),
marked AS (
    SELECT row_id, request_id, ord, kind, status, replay_of,
           CASE WHEN kind IN ('crash', 'restart') THEN 1 ELSE 0 END AS broke,
           CASE WHEN kind = 'restart' AND replay_of IS NOT NULL THEN 1 ELSE 0 END AS asked_for,
           CASE WHEN kind NOT IN ('crash', 'restart') AND {_HASH} IS NOT NULL AND NOT COALESCE(is_replay, FALSE)
                     AND replay_of IS NULL
                THEN CONCAT(kind, '/', COALESCE(tool_name, agent_name, name, ''), '/', {_HASH}) END AS step,
           CASE WHEN kind = 'commit' OR side_effect IN ('write', 'external_write') THEN 1 ELSE 0 END AS writes,
           CASE WHEN (status = 'error' OR kind = 'crash') AND regexp_matches(LOWER(CONCAT(COALESCE(error_type, ''), ' ',
                     COALESCE(error_message, ''))), '{_LOST.replace("{", "{{").replace("}", "}}")}')
                THEN 1 ELSE 0 END AS lost
    FROM events
    WHERE kind IN ('crash', 'restart', 'tool_call', 'llm_call', 'commit', 'proposal', 'workflow', 'agent')
      AND ts_us IS NOT NULL AND request_id IN (SELECT request_id FROM broken)
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
),
requests AS (
    SELECT c.request_id, MAX(c.breaks) AS breaks,
           MAX(CASE WHEN c.breaks > 0 AND c.broke = 0 THEN 1 ELSE 0 END) AS went_on,
           MAX(CASE WHEN c.breaks = 0 AND c.step IS NOT NULL THEN 1 ELSE 0 END) AS before,
           MAX(CASE WHEN c.breaks > 0 AND c.step IS NOT NULL THEN 1 ELSE 0 END) AS after
    FROM counted c GROUP BY c.request_id
),
sums AS (
    SELECT r.request_id, r.went_on, r.before, r.after, COALESCE(a.again, 0) AS again, COALESCE(a.writes, 0) AS writes,
           COALESCE(f.failed, 0) AS failed
    FROM requests r
    LEFT JOIN (SELECT request_id, COUNT(*) AS again, SUM(writes) AS writes FROM again GROUP BY request_id) a
      ON a.request_id = r.request_id
    LEFT JOIN (SELECT request_id, COUNT(*) AS failed FROM failed GROUP BY request_id) f ON f.request_id = r.request_id
)
"""
QUERIES = {
    "requests": _STEPS
    + """
SELECT SUM(went_on) AS relevant, SUM(CASE WHEN before = 1 AND after = 1 OR failed > 0 THEN 1 ELSE 0 END) AS usable,
       SUM(CASE WHEN again > 0 OR failed > 0 THEN 1 ELSE 0 END) AS found, SUM(again) AS again, SUM(failed) AS failed,
       SUM(CASE WHEN again > 1 OR writes > 0 THEN 1 ELSE 0 END) AS restarted,
       SUM(CASE WHEN failed > 0 THEN 1 ELSE 0 END) AS failing, SUM(writes) AS writes
FROM sums
""",
    "rows": _STEPS
    + """
SELECT before_row, break_row, row_id FROM again ORDER BY writes DESC, ord, row_id LIMIT 5
""",
    "failed": _STEPS + "SELECT break_row, row_id FROM failed ORDER BY ord, row_id LIMIT 5",
}


def read(asked: Asked) -> Signs:
    """Requests that repeat finished steps after an interrupt, or fail to take up their state."""
    seen = asked.one("requests")
    found, usable = int(seen["found"] or 0), int(seen["usable"] or 0)
    restarted, failing = int(seen["restarted"] or 0), int(seen["failing"] or 0)
    rows = [row[name] for row in asked.ask("rows") for name in ("before_row", "break_row", "row_id")] if found else []
    if failing:
        rows += [row[name] for row in asked.ask("failed") for name in ("break_row", "row_id")]
    return Signs(
        relevant=max(int(seen["relevant"] or 0), usable),
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
