"""P4-crash-loop: a child that is restarted again and again, and dies of the same fault each time."""

from __future__ import annotations

from advisor.diagnosis.detector import Asked, Detector, Row, Signs

_TRANSIENT = (
    r"time.?out|timed out|deadline exceeded|\b(429|502|503|504|529)\b|rate.?limit|too many requests|overloaded|"
    r"connection (reset|refused|aborted)|econnre(set|fused)|unavailable|temporar(y|ily)"
)
# A run is a child's consecutive crashes of one fault in one version of the code; a success or an escalation ends it.
_RUNS = f"""
WITH limits AS (
    SELECT child_id, MIN(max_attempts) AS allowed FROM events
    WHERE kind IN ('crash', 'restart') AND child_id IS NOT NULL AND max_attempts IS NOT NULL
    GROUP BY child_id
),
suspects AS (
    SELECT c.child_id
    FROM events c LEFT JOIN limits l ON l.child_id = c.child_id
    WHERE c.kind = 'crash' AND c.error_fp IS NOT NULL AND c.child_id IS NOT NULL
    GROUP BY c.child_id, c.error_fp
    HAVING COUNT(*) > COALESCE(MIN(l.allowed), {{max_restarts}})
),
marked AS (
    SELECT row_id, child_id, ts_us, kind, error_fp, error_type, code_version,
           CASE WHEN kind = 'crash' THEN 'crash' WHEN kind = 'escalation' THEN 'escalation' ELSE 'success' END AS what,
           CASE WHEN regexp_matches(LOWER(CONCAT(COALESCE(error_type, ''), ' ', COALESCE(error_fp, ''), ' ',
                                                 COALESCE(error_message, ''))), '{_TRANSIENT}')
                THEN 1 ELSE 0 END AS transient
    FROM events
    WHERE child_id IS NOT NULL AND ts_us IS NOT NULL
      AND ((kind = 'crash' AND error_fp IS NOT NULL) OR kind = 'escalation'
           OR (kind = 'ok_tick' AND COALESCE(status, 'ok') = 'ok')
           OR (kind IN ('outcome', 'workflow', 'agent', 'delegation', 'consume_result') AND status = 'ok'))
      AND child_id IN (SELECT child_id FROM suspects)
),
ordered AS (
    SELECT row_id, child_id, ts_us, what, error_fp, error_type, code_version, transient,
           SUM(CASE WHEN what = 'crash' THEN 0 ELSE 1 END) OVER (
               PARTITION BY child_id ORDER BY ts_us, what, row_id ROWS UNBOUNDED PRECEDING) AS resets,
           CASE WHEN ROW_NUMBER() OVER (PARTITION BY child_id ORDER BY ts_us DESC, what DESC, row_id DESC) = 1
                THEN 'end'
                ELSE LEAD(what) OVER (PARTITION BY child_id ORDER BY ts_us, what, row_id) END AS next_what,
           LEAD(code_version) OVER (PARTITION BY child_id ORDER BY ts_us, what, row_id) AS next_version
    FROM marked
),
crashes AS (
    SELECT row_id, child_id, ts_us, CONCAT(COALESCE(error_type, ''), '|', error_fp) AS fault, code_version,
           transient, resets, next_what, next_version,
           ROW_NUMBER() OVER (PARTITION BY child_id ORDER BY ts_us, row_id) AS place,
           LAG(CONCAT(COALESCE(error_type, ''), '|', error_fp)) OVER (PARTITION BY child_id ORDER BY ts_us, row_id)
               AS last_fault,
           LAG(resets) OVER (PARTITION BY child_id ORDER BY ts_us, row_id) AS last_resets,
           LAG(code_version) OVER (PARTITION BY child_id ORDER BY ts_us, row_id) AS last_version
    FROM ordered WHERE what = 'crash'
),
numbered AS (
    SELECT row_id, child_id, ts_us, fault, code_version, transient, next_what, next_version,
           SUM(CASE WHEN place > 1 AND last_fault = fault AND last_resets = resets
                     AND COALESCE(last_version, code_version, '') = COALESCE(code_version, last_version, '')
                    THEN 0 ELSE 1 END) OVER (
               PARTITION BY child_id ORDER BY ts_us, row_id ROWS UNBOUNDED PRECEDING) AS run
    FROM crashes
),
runs AS (
    SELECT n.child_id, run, fault, COUNT(*) AS crashes, MIN(ts_us) AS first_us, MAX(ts_us) AS last_us,
           MAX(transient) AS transient, COALESCE(MIN(l.allowed), {{max_restarts}}) AS allowed,
           MAX(CASE WHEN next_what = 'escalation' THEN 1 ELSE 0 END) AS escalated,
           MAX(CASE WHEN next_what = 'success' THEN 1 ELSE 0 END) AS recovered,
           MAX(CASE WHEN next_what = 'success' AND next_version = code_version THEN 1 ELSE 0 END) AS unchanged
    FROM numbered n LEFT JOIN limits l ON l.child_id = n.child_id GROUP BY n.child_id, run, fault
),
children AS (SELECT COUNT(DISTINCT child_id) AS children FROM events WHERE child_id IS NOT NULL),
loops AS (
    SELECT child_id, run, fault, crashes, first_us, last_us, transient, escalated, recovered, unchanged FROM runs
    WHERE crashes > allowed AND NOT (escalated = 1 AND crashes <= allowed + 1)
),
windows AS (SELECT fault, MIN(first_us) AS first_us, MAX(last_us) AS last_us FROM loops GROUP BY fault),
outages AS (
    SELECT w.fault, COUNT(DISTINCT e.child_id) AS hit
    FROM windows w JOIN events e
      ON CONCAT(COALESCE(e.error_type, ''), '|', e.error_fp) = w.fault AND e.ts_us BETWEEN w.first_us AND w.last_us
    WHERE e.kind = 'crash' AND e.error_fp IS NOT NULL
    GROUP BY w.fault
),
judged AS (
    SELECT l.child_id, l.run, l.fault, l.crashes, l.first_us, l.last_us, l.transient, l.escalated, l.recovered,
           l.unchanged,
           CASE WHEN c.children >= {{outage_children}} AND o.hit >= {{shared_outage}} * c.children THEN 1 ELSE 0 END
               AS shared
    FROM loops l JOIN outages o ON o.fault = l.fault CROSS JOIN children c
)
"""
QUERIES = {
    "children": """
SELECT COUNT(DISTINCT child_id) AS children,
       COUNT(DISTINCT CASE WHEN error_fp IS NOT NULL AND ts_us IS NOT NULL THEN child_id END) AS usable,
       SUM(CASE WHEN child_id IS NULL THEN 1 ELSE 0 END) AS nameless
FROM events WHERE kind = 'crash'
""",
    "loops": _RUNS
    + """
SELECT COUNT(DISTINCT child_id) AS children, MAX(crashes) AS longest,
       COUNT(DISTINCT CASE WHEN transient = 0 AND shared = 0 AND recovered = 0 THEN child_id END) AS plain,
       COUNT(DISTINCT CASE WHEN transient = 1 THEN child_id END) AS transient,
       COUNT(DISTINCT CASE WHEN shared = 1 THEN child_id END) AS shared,
       COUNT(DISTINCT CASE WHEN recovered = 1 THEN child_id END) AS recovered,
       COUNT(DISTINCT CASE WHEN unchanged = 1 AND transient = 0 THEN child_id END) AS unchanged,
       COUNT(DISTINCT CASE WHEN escalated = 0 THEN child_id END) AS unescalated,
       (SELECT COUNT(*) FROM runs WHERE escalated = 1 AND crashes = allowed + 1) AS handed
FROM judged
""",
    "worst": _RUNS
    + """
SELECT j.child_id, SUBSTR(j.fault, 1, 120) AS fault, j.crashes,
       CAST((j.last_us - j.first_us) / 1000000 AS BIGINT) AS over_s
FROM judged j ORDER BY j.crashes DESC, j.child_id, j.run LIMIT 5
""",
    "rows": _RUNS
    + """
, longest AS (
    SELECT child_id, run, crashes,
           ROW_NUMBER() OVER (ORDER BY transient + shared + recovered, crashes DESC, child_id, run) AS place
    FROM judged
)
SELECT n.row_id FROM numbered n JOIN longest l ON l.child_id = n.child_id AND l.run = n.run
WHERE l.place <= 3 ORDER BY l.place, n.ts_us, n.row_id LIMIT 20
""",
    # Engines that keep only the attempt's number, the failure before it and the last one.
    "attempts": f"""
WITH last_tries AS (
    SELECT COALESCE(request_id, trace_id) AS unit, tool_call_id, MAX(attempt) AS attempt, MIN(error_type) AS error_type,
           MAX(error_type) AS other_type, MIN(row_id) AS row_id,
           MAX(CASE WHEN kind = 'tool_call' THEN COALESCE(status, '') ELSE '' END) AS status,
           MAX(CASE WHEN regexp_matches(LOWER(CONCAT(COALESCE(error_type, ''), ' ', COALESCE(error_message, ''))),
                                        '{_TRANSIENT}') THEN 1 ELSE 0 END) AS transient
    FROM events
    WHERE attempt > {{max_restarts}} AND tool_call_id IS NOT NULL AND COALESCE(request_id, trace_id) IS NOT NULL
      AND seq_scope = 'workflow'
    GROUP BY COALESCE(request_id, trace_id), tool_call_id
)
SELECT row_id, attempt, transient, status, COUNT(*) OVER () AS calls,
       SUM(CASE WHEN error_type IS NOT NULL AND error_type = other_type AND status <> 'ok' AND transient = 0
                THEN 1 ELSE 0 END) OVER () AS looping,
       CASE WHEN error_type IS NOT NULL AND error_type = other_type AND status <> 'ok' AND transient = 0
            THEN 1 ELSE 0 END AS loops
FROM last_tries ORDER BY loops DESC, attempt DESC, row_id LIMIT 20
""",
    # Engines that give up by themselves say so; a crash may also carry the count of restarts before it.
    "gave_up": """
SELECT row_id, COUNT(*) OVER () AS many,
       CASE WHEN status_raw IN ('MAX_RECOVERY_ATTEMPTS_EXCEEDED', 'RETRIES_EXCEEDED') THEN 1 ELSE 0 END AS told
FROM events
WHERE kind = 'crash' AND (restart_count > {max_restarts}
      OR status_raw IN ('MAX_RECOVERY_ATTEMPTS_EXCEEDED', 'RETRIES_EXCEEDED'))
ORDER BY told DESC, ts_us, row_id LIMIT 20
""",
}


def read(asked: Asked) -> Signs:
    """Runs of equal crashes beyond the restarts that are allowed; without crash rows, what engines keep of attempts."""
    children = asked.one("children")
    if not children["usable"]:
        return _attempts(asked, int(children["children"] or 0) + int(children["nameless"] or 0))
    seen, limit = asked.one("loops"), int(asked.thresholds["max-restarts"])
    counted = asked.ask("gave_up")
    if counted and not seen["children"]:
        return _counted(counted, int(children["children"]))
    looping, plain, of = int(seen["children"] or 0), int(seen["plain"] or 0), int(children["usable"])
    refuted = looping > 0 and int(seen["unchanged"]) == looping
    verdict = "present" if plain else "refuted" if refuted else "possible" if looping else None
    return Signs(
        relevant=int(children["children"]) + (1 if children["nameless"] else 0),
        usable=of,
        count=looping,
        unit="children that crashed",
        verdict=verdict,  # type: ignore[arg-type]
        said=f"{looping} of {of} children that crashed died of one fault more than {limit} times in a row"
        + (f", up to {seen['longest']} times." if looping else "."),
        rows=[row["row_id"] for row in asked.ask("rows")] if looping else (),
        cause=f"No escalation follows for {seen['unescalated']} of {looping}"
        if plain and seen["unescalated"]
        else None,
        traps=_traps(seen),
        refuted="The same version of the code succeeded later: the fault was transient"
        if verdict == "refuted"
        else None,
        detail={"Longest runs of one fault": asked.ask("worst")} if looping else {},
    )


def _traps(seen: Row) -> list[str]:
    handed = int(seen["handed"] or 0)
    said = [
        f"{seen['transient']} look transient (time-outs, rate limits, overload).",
        f"{seen['shared']} share their fault with so many children that it is an outage.",
        f"{seen['recovered']} succeeded later.",
        "A new version of the code starts a new run.",
    ]
    return [*said, *([f"{handed} runs were handed over when the restarts were used up."] if handed else [])]


def _counted(rows: list[Row], children: int) -> Signs:
    """Where the restarts are counted and not logged one by one, so that their faults cannot be compared."""
    many = int(rows[0]["many"])
    return Signs(
        relevant=max(children, many),
        usable=max(children, many),
        count=many,
        unit="children that crashed",
        verdict="present" if rows[0]["told"] else "likely",
        said=f"{many} crashes came after more restarts than are allowed.",
        rows=[row["row_id"] for row in rows],
        traps=("Restarts are counted, not logged one by one: whether each died of the same fault is not shown.",),
        cap="B",
    )


def _attempts(asked: Asked, crashed: int) -> Signs:
    tries = asked.ask("attempts")
    looping, calls = (int(tries[0]["looping"]), int(tries[0]["calls"])) if tries else (0, 0)
    return Signs(
        relevant=calls + crashed,
        usable=calls,
        count=looping,
        unit="calls with more attempts than are allowed",
        verdict="likely" if looping else None,
        # What failed before is not kept: that no loop is seen says nothing.
        least=calls + 1,
        said=f"{looping} of {calls} calls that were tried more than {asked.thresholds['max-restarts']:g} times failed "
        "with the same type of error before and after.",
        rows=[row["row_id"] for row in tries if row["loops"]],
        traps=("Only the attempt's number, the failure before it and the last one are kept.",),
        cap="B",
    )


DETECTOR = Detector("P4-crash-loop", QUERIES, read)
