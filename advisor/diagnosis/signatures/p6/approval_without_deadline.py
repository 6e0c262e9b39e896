"""P6-approval-without-deadline: requests for approval that are never answered and never lapse."""

from __future__ import annotations

from advisor.diagnosis.detector import Asked, Detector, Signs
from advisor.diagnosis.durations import span
from advisor.diagnosis.signatures.p6.approvals import APPROVALS

# How long the answered ones took (95th percentile, nearest rank), and each request nobody answered with its age.
_OPEN = (
    APPROVALS
    + """
, placed AS (
    SELECT wait_us, ROW_NUMBER() OVER (ORDER BY wait_us, approval) AS place, COUNT(*) OVER () AS many
    FROM approvals WHERE wait_us IS NOT NULL AND withdrawn = 0 AND (source IS NULL OR source <> 'timeout')
),
usual AS (SELECT MIN(wait_us) AS usual_us, MAX(many) AS answered FROM placed WHERE place * 100 >= many * 95),
unanswered AS (
    SELECT a.approval, a.asked_row, a.asked_us, a.request_id, a.lapse_us, a.end_us - a.asked_us AS age_us
    FROM approvals a WHERE a.decided_us IS NULL AND a.withdrawn = 0
),
later AS (
    SELECT request_id, MAX(CASE WHEN kind = 'cancelled' THEN ts_us END) AS cancelled_us,
           MAX(CASE WHEN kind <> 'cancelled' THEN ts_us END) AS worked_us
    FROM events
    WHERE kind IN ('cancelled', 'tool_call', 'llm_call', 'commit', 'outcome')
      AND request_id IN (SELECT request_id FROM unanswered)
    GROUP BY request_id
),
open_ones AS (
    SELECT u.approval, u.asked_row, u.asked_us, u.age_us, u.lapse_us,
           CASE WHEN l.worked_us > u.asked_us THEN 1 ELSE 0 END AS went_on,
           CASE WHEN l.cancelled_us > u.asked_us THEN 1 ELSE 0 END AS cancelled,
           CASE WHEN u.age_us > {age} * 1e0 * s.usual_us + {skew_us}
                 AND (u.lapse_us IS NULL OR u.asked_us + u.age_us > u.lapse_us + {age} * 1e0 * s.usual_us + {skew_us})
                THEN 1 ELSE 0 END AS old
    FROM unanswered u CROSS JOIN usual s LEFT JOIN later l ON l.request_id = u.request_id
)
"""
)
QUERIES = {
    "open": _OPEN
    + """
SELECT COUNT(*) AS open_requests,
       SUM(CASE WHEN old = 1 AND cancelled = 0 AND went_on = 0 THEN 1 ELSE 0 END) AS hanging,
       SUM(CASE WHEN old = 1 AND cancelled = 0 AND went_on = 0 AND lapse_us IS NULL THEN 1 ELSE 0 END) AS endless,
       SUM(CASE WHEN old = 1 AND cancelled = 0 AND went_on = 1 THEN 1 ELSE 0 END) AS went_on,
       SUM(cancelled) AS cancelled, SUM(CASE WHEN old = 0 THEN 1 ELSE 0 END) AS young,
       (SELECT usual_us FROM usual) AS usual_us, (SELECT answered FROM usual) AS answered
FROM open_ones
""",
    "requests": """
SELECT COUNT(*) AS requests, COUNT(DISTINCT COALESCE(approval_id, proposal_id)) AS named,
       SUM(CASE WHEN COALESCE(approval_id, proposal_id) IS NULL OR ts_us IS NULL THEN 1 ELSE 0 END) AS nameless
FROM events WHERE kind = 'approval_request'
""",
    "oldest": _OPEN
    + """
SELECT asked_row AS row_id, CAST(age_us / 1000000 AS BIGINT) AS age_s FROM open_ones
WHERE old = 1 AND cancelled = 0 ORDER BY went_on, age_us DESC, approval LIMIT 20
""",
}


def read(asked: Asked) -> Signs:
    """Open requests far older than any that was answered; where the work went on without, it is only possible."""
    requests, seen = asked.one("requests"), asked.one("open")
    least = int(asked.thresholds["min-answered"])
    answered, named = int(seen["answered"] or 0), int(requests["named"] or 0)
    enough = answered >= least
    hanging, went_on = (int(seen[name] or 0) if enough else 0 for name in ("hanging", "went_on"))
    usable = named - (0 if enough else int(seen["open_requests"] or 0))
    rows = asked.ask("oldest") if hanging + went_on else []
    return Signs(
        relevant=named + int(requests["nameless"] or 0),
        usable=usable,
        count=hanging or went_on,
        unit="requests for approval",
        verdict="present" if hanging else "possible" if went_on else None,
        least=least,
        said=f"{hanging or went_on} of {named} requests for approval are open and older than "
        f"{asked.thresholds['age']:g} times the {span(seen['usual_us'] or 0)} in which 95 % of the {answered} answered "
        "ones were."
        if enough
        else f"Only {answered} of {named} requests were answered: too few to know how long an answer takes.",
        rows=[row["row_id"] for row in rows],
        cause=f"{seen['endless']} of {hanging} carry no deadline" if hanging and seen["endless"] else None,
        cause_rows=(),
        traps=[
            f"{seen['young'] or 0} open requests are young enough to be answered yet and are left out.",
            f"{seen['cancelled'] or 0} open requests were withdrawn with their work and are left out.",
            f"{seen['went_on'] or 0} old ones are of requests whose work went on.",
        ]
        if seen["open_requests"]
        else (),
        detail={"Open requests": rows} if rows else {},
    )


DETECTOR = Detector("P6-approval-without-deadline", QUERIES, read)
