"""P6-approval-starvation: approvals that miss their service level, so that the agent is denied by time-out."""

from __future__ import annotations

from advisor.diagnosis.detector import Asked, Detector, Row, Signs
from advisor.diagnosis.durations import span
from advisor.diagnosis.signatures.p6.approvals import APPROVALS, GATES
from advisor.diagnosis.statistics import wilson

# Open requests whose service level still runs are censored; those with none that nobody answered say nothing.
_JUDGED = (
    APPROVALS
    + f"""
, judged AS (
    SELECT approval, asked_us, asked_row, decided_us, source, decision, wait_us, due_us,
           CASE WHEN decided_us IS NOT NULL OR end_us > due_us + {{skew_us}} THEN 1 ELSE 0 END AS usable,
           CASE WHEN decided_us IS NULL AND due_us IS NOT NULL AND end_us <= due_us + {{skew_us}} THEN 1 ELSE 0 END
               AS censored,
           CASE WHEN source = 'timeout' THEN 1
                WHEN due_us IS NOT NULL AND decided_us > due_us + {{skew_us}} THEN 1
                WHEN decided_us IS NULL AND end_us > due_us + {{skew_us}} THEN 1 ELSE 0 END AS missed,
           CASE WHEN source = 'timeout' AND (decision IS NULL OR decision IN ('deny', 'reject')) THEN 1 ELSE 0 END
               AS lapsed
    FROM approvals
    WHERE withdrawn = 0 AND (source IS NULL OR source NOT IN {GATES})
)
"""
)
_HALVES = (
    _JUDGED
    + """
, waited AS (
    SELECT wait_us, CASE WHEN 2 * ROW_NUMBER() OVER (ORDER BY asked_us, approval) <= COUNT(*) OVER () THEN 1 ELSE 2 END
               AS half
    FROM judged WHERE wait_us IS NOT NULL
),
placed AS (
    SELECT half, wait_us, ROW_NUMBER() OVER (PARTITION BY half ORDER BY wait_us) AS place,
           COUNT(*) OVER (PARTITION BY half) AS many
    FROM waited
)
"""
)
QUERIES = {
    "requests": _JUDGED
    + """
SELECT COUNT(*) AS requests, SUM(usable) AS usable, SUM(censored) AS censored,
       SUM(usable * missed) AS missed, SUM(usable * lapsed) AS lapsed, COUNT(due_us) AS with_due,
       SUM(CASE WHEN source = 'human' THEN 1 ELSE 0 END) AS by_people,
       SUM(CASE WHEN usable = 1 AND decided_us IS NULL THEN 1 ELSE 0 END) AS still_open,
       (SELECT SUM(withdrawn) FROM approvals) AS withdrawn
FROM judged
""",
    "all": f"""
SELECT SUM(CASE WHEN kind = 'approval_request' AND COALESCE(approval_id, proposal_id) IS NULL THEN 1 ELSE 0 END)
           AS nameless,
       SUM(CASE WHEN kind = 'approval_decision' AND decision_source IN {GATES} THEN 1 ELSE 0 END) AS by_gates
FROM events WHERE kind IN ('approval_request', 'approval_decision')
""",
    "oldest": _JUDGED
    + """
SELECT asked_row AS row_id FROM judged WHERE usable = 1 AND missed = 1 ORDER BY asked_us, approval LIMIT 20
""",
    "sources": _JUDGED
    + """
SELECT COALESCE(source, CASE WHEN decided_us IS NULL THEN 'nobody yet' ELSE 'not named' END) AS source,
       COALESCE(decision, '-') AS decision, COUNT(*) AS requests
FROM judged WHERE usable = 1
GROUP BY COALESCE(source, CASE WHEN decided_us IS NULL THEN 'nobody yet' ELSE 'not named' END), COALESCE(decision, '-')
ORDER BY requests DESC, source, decision LIMIT 12
""",
    "waits": _JUDGED
    + """
SELECT CASE WHEN wait_us < 60000000 THEN '1: under a minute' WHEN wait_us < 600000000 THEN '2: under 10 minutes'
            WHEN wait_us < 3600000000 THEN '3: under an hour' WHEN wait_us < 86400000000 THEN '4: under a day'
            ELSE '5: a day or more' END AS wait,
       COUNT(*) AS requests, SUM(missed) AS missed
FROM judged WHERE wait_us IS NOT NULL
GROUP BY CASE WHEN wait_us < 60000000 THEN '1: under a minute' WHEN wait_us < 600000000 THEN '2: under 10 minutes'
            WHEN wait_us < 3600000000 THEN '3: under an hour' WHEN wait_us < 86400000000 THEN '4: under a day'
            ELSE '5: a day or more' END
ORDER BY wait
""",
    "trend": _HALVES
    + """
SELECT half, MAX(many) AS many, MIN(wait_us) AS median_us FROM placed WHERE place * 2 >= many GROUP BY half
ORDER BY half
""",
}


def read(asked: Asked) -> Signs:
    """Lower bounds of two shares: denied by time-out, and missed at all; without a service level only the former."""
    seen, extra = asked.one("requests"), asked.one("all")
    of, missed, lapsed = (int(seen[name] or 0) for name in ("usable", "missed", "lapsed"))
    least = int(asked.thresholds["min-requests"])
    low_lapsed, low_missed = wilson(lapsed, of)[0], wilson(missed, of)[0]
    verdict = None
    if of >= least and low_lapsed > asked.thresholds["timeout-share"]:
        verdict = "present"
    elif of >= least and seen["with_due"] and low_missed > asked.thresholds["miss-share"]:
        verdict = "likely"
    elif of >= least and not seen["with_due"] and lapsed > asked.thresholds["timeout-share-without-sla"] * of:
        verdict = "possible"
    found = verdict is not None
    requests, censored = int(seen["requests"] or 0), int(seen["censored"] or 0)
    return Signs(
        relevant=requests - censored + int(extra["nameless"] or 0),
        usable=of,
        count=missed,
        unit="requests for approval",
        verdict=verdict,  # type: ignore[arg-type]
        least=least,
        said=f"{missed} of {of} requests for approval missed their time; {lapsed} were denied by time-out.",
        rows=[row["row_id"] for row in asked.ask("oldest")] if missed else (),
        cause=_cause(seen, asked.ask("trend")) if found else None,
        traps=_traps(seen, extra, asked),
        detail={"Decisions by source": asked.ask("sources"), "Waits": asked.ask("waits")} if found else {},
    )


def _cause(seen: Row, trend: list[Row]) -> str | None:
    if not seen["by_people"]:
        return "No person decided any of them"
    if len(trend) == 2 and trend[1]["median_us"] > 2 * max(1, trend[0]["median_us"]):
        first, second = (span(row["median_us"]) for row in trend)
        return f"Waits grew: {first} in the median of the first half of requests, {second} of the second"
    if not seen["with_due"]:
        return "No request carries a service level or a deadline"
    return None


def _traps(seen: Row, extra: Row, asked: Asked) -> list[str]:
    said = [
        f"{seen['censored']} open requests were within their time when the log ended and are left out.",
        f"{seen['withdrawn'] or 0} withdrawn requests are left out.",
        f"{int(extra['by_gates'] or 0)} decisions by configuration, hook, rule or model are gates and are left out.",
    ]
    if asked.facts.off_hours:
        said.append("Off hours are declared and not taken out of the waits.")
    return said


DETECTOR = Detector("P6-approval-starvation", QUERIES, read)
