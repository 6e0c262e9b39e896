"""SDB-blind-verifier (S9): a verifier that never refuses, or whose acceptance says nothing about what follows."""

from __future__ import annotations

from advisor.diagnosis.detector import CITED, Asked, Detector, Row, Signs
from advisor.diagnosis.weaknesses.decisions import OF_VERIFIER, VERIFIER, whole

ENOUGH = 30
"""Convention: requests with a known end, on each side, from which on failures are compared."""

# A verifier accepted a request if it refused nothing in it; the rest are requests in which it refused something.
_DECISIONS = f"""
WITH decisions AS (
    SELECT {VERIFIER} AS verifier, request_id, row_id,
           CASE WHEN decision IN ('deny', 'reject') THEN 1 ELSE 0 END AS refuses
    FROM events
    WHERE {OF_VERIFIER} AND decision IS NOT NULL
)
"""
QUERIES = {
    "verifiers": _DECISIONS
    + """
SELECT verifier, COUNT(*) AS decisions, SUM(refuses) AS refused, MIN(row_id) AS first_row, MAX(row_id) AS last_row
FROM decisions GROUP BY verifier
ORDER BY SUM(refuses), COUNT(*) DESC, verifier LIMIT 1000
""",
    "outcomes": _DECISIONS
    + """
, ends AS (
    SELECT request_id, MAX(CASE WHEN status IN ('error', 'timeout') THEN 1 ELSE 0 END) AS failed FROM events
    WHERE kind = 'outcome' AND request_id IS NOT NULL AND status IN ('ok', 'error', 'timeout')
    GROUP BY request_id
),
judged AS (
    SELECT verifier, request_id, MAX(refuses) AS refused FROM decisions
    WHERE verifier IS NOT NULL AND request_id IS NOT NULL GROUP BY verifier, request_id
)
SELECT j.verifier, SUM(1 - j.refused) AS accepted, SUM((1 - j.refused) * e.failed) AS accepted_failed,
       SUM(j.refused) AS rest, SUM(j.refused * e.failed) AS rest_failed
FROM judged j JOIN ends e ON e.request_id = j.request_id
GROUP BY j.verifier ORDER BY j.verifier LIMIT 1000
""",
}


def read(asked: Asked) -> Signs:
    """No refusal in as many decisions as the rule of three asks, or failures after acceptance as often as without."""
    least = int(asked.thresholds["min-decisions"])
    verifiers = asked.ask("verifiers")
    named = [row for row in verifiers if row["verifier"] is not None]
    known = [row for row in named if whole(row, "refused") or whole(row, "decisions") >= least]
    silent = [row for row in known if not whole(row, "refused")]
    ends = {row["verifier"]: row for row in asked.ask("outcomes")} if known else {}
    failing = [row for row in silent if _failed(ends.get(row["verifier"]))]
    useless = [row for row in known if row not in silent and _useless(row, ends.get(row["verifier"]), least)]
    healthy = [row for row in silent if _healthy(ends.get(row["verifier"]))]
    plain = [row for row in silent if row not in failing and row not in healthy]
    shown = [*failing, *plain, *healthy, *useless]
    return Signs(
        relevant=sum(whole(row, "decisions") for row in verifiers),
        usable=sum(whole(row, "decisions") for row in known),
        count=sum(whole(row, "decisions") for row in shown),
        unit="decisions",
        verdict="present" if failing else "likely" if plain else "possible" if shown else None,
        said=_said(shown[0], ends.get(shown[0]["verifier"])) if shown else "Every verifier seen often enough refuses.",
        rows=[row[key] for row in shown for key in ("first_row", "last_row")][:CITED],
        cause=f"{failing[0]['verifier']} accepted requests that then failed" if failing else None,
        traps=[
            f"Healthy work upstream: no request that {row['verifier']} accepted failed, so nothing may need refusing."
            for row in healthy
        ][:10],
        detail={"Verifiers": [_row(row, ends.get(row["verifier"])) for row in named[:20]]} if named else {},
    )


def _failed(end: Row | None) -> bool:
    return end is not None and whole(end, "accepted") >= ENOUGH and whole(end, "accepted_failed") > 0


def _healthy(end: Row | None) -> bool:
    return end is not None and whole(end, "accepted") >= ENOUGH and not whole(end, "accepted_failed")


def _useless(row: Row, end: Row | None, least: int) -> bool:
    """Whether requests fail at least as often after acceptance as after a refusal."""
    if end is None or whole(row, "decisions") < least or min(whole(end, "accepted"), whole(end, "rest")) < ENOUGH:
        return False
    accepted, rest = whole(end, "accepted"), whole(end, "rest")
    failed = whole(end, "accepted_failed")
    return failed > 0 and failed * rest >= whole(end, "rest_failed") * accepted


def _said(row: Row, end: Row | None) -> str:
    said = f"{row['verifier']} refused {whole(row, 'refused')} of {whole(row, 'decisions')} proposals"
    if end is None or not whole(end, "accepted"):
        return f"{said}."
    accepted = f"{whole(end, 'accepted_failed')} of {whole(end, 'accepted')} requests that it accepted failed"
    rest = f", and {whole(end, 'rest_failed')} of {whole(end, 'rest')} others" if whole(end, "rest") else ""
    return f"{said}; {accepted}{rest}."


def _row(row: Row, end: Row | None) -> Row:
    failed = f"{whole(end, 'accepted_failed')} of {whole(end, 'accepted')}" if end else "unknown"
    return {
        "verifier": row["verifier"],
        "decisions": whole(row, "decisions"),
        "refused": whole(row, "refused"),
        "accepted and failed": failed,
    }


DETECTOR = Detector("SDB-blind-verifier", QUERIES, read)
