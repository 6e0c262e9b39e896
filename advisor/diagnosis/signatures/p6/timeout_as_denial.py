"""P6-timeout-as-denial: approvals that nobody answered, recorded as if a person had decided them."""

from __future__ import annotations

from advisor.diagnosis.detector import Asked, Detector, Row, Signs
from advisor.diagnosis.signatures.p6.approvals import APPROVALS
from advisor.diagnosis.statistics import at_least

# A clock decides at the deadline or just after it; a person in a hurry before it.
_HUMAN = (
    APPROVALS
    + """
, human AS (
    SELECT approval, asked_row, decided_row, decided_us, decision, person, wait_us, lapse_us,
           CAST(ROUND(CAST(wait_us AS DOUBLE) / GREATEST({tolerance} * 1e6, 1)) AS BIGINT) AS bucket,
           CASE WHEN decided_us >= lapse_us AND decided_us - lapse_us <= {tolerance} * 1e6 + {skew_us}
                THEN 1 ELSE 0 END AS at_deadline,
           CASE WHEN lapse_us - asked_us > 0
                THEN LEAST(1.0, ({tolerance} * 1e6 + {skew_us}) / CAST(lapse_us - asked_us AS DOUBLE)) END AS chance
    FROM approvals
    WHERE source = 'human' AND withdrawn = 0
)
"""
)
QUERIES = {
    "at_deadline": _HUMAN
    + """
SELECT COUNT(*) AS decisions, COUNT(lapse_us) AS with_deadline, SUM(at_deadline) AS at_deadline,
       SUM(CASE WHEN at_deadline = 1 AND person IS NULL THEN 1 ELSE 0 END) AS by_nobody,
       COUNT(person) AS by_named, MAX(chance) AS chance
FROM human
""",
    "equal": _HUMAN
    + """
SELECT bucket, COUNT(*) AS decisions, COUNT(DISTINCT decision) AS outcomes, SUM(CASE WHEN person IS NULL THEN 1 ELSE 0
       END) AS by_nobody
FROM human WHERE lapse_us IS NULL AND wait_us >= {tolerance} * 1e7
GROUP BY bucket ORDER BY decisions DESC, bucket LIMIT 1
""",
    "all": """
SELECT SUM(CASE WHEN decision_source = 'human' THEN 1 ELSE 0 END) AS by_people,
       SUM(CASE WHEN decision_source = 'timeout' OR (decision_source IS NULL AND status = 'timeout')
                THEN 1 ELSE 0 END) AS by_clock
FROM events WHERE kind = 'approval_decision'
""",
    "rows": _HUMAN
    + "SELECT asked_row, decided_row FROM human WHERE at_deadline = 1 ORDER BY decided_us, approval LIMIT 10",
    "equal_rows": _HUMAN
    + """
, many AS (SELECT bucket, COUNT(*) AS decisions FROM human
           WHERE lapse_us IS NULL AND wait_us >= {tolerance} * 1e7 GROUP BY bucket),
placed AS (SELECT bucket, ROW_NUMBER() OVER (ORDER BY decisions DESC, bucket) AS place FROM many)
SELECT h.asked_row, h.decided_row FROM human h JOIN placed p ON p.bucket = h.bucket AND p.place = 1
WHERE h.lapse_us IS NULL ORDER BY h.decided_us, h.approval LIMIT 10
""",
}
LEAST = 10
"""Convention: the fewest decisions with a deadline from which none at the deadline may be called absent."""
CHANCE = 0.001
"""Convention: how unlikely by chance so many decisions in the moment after the deadline must be."""


def read(asked: Asked) -> Signs:
    """Decisions by a person in the moment after the deadline; without deadlines, waits of one and the same length."""
    seen, every = asked.one("at_deadline"), asked.one("all")
    least, by_people = int(asked.thresholds["min-decisions"]), int(every["by_people"] or 0)
    of = int(seen["with_deadline"] or 0)
    if not of:
        return _equal(asked, seen, by_people, least)
    count = int(seen["at_deadline"] or 0)
    p_value = at_least(count, of, min(0.5, float(seen["chance"] or 0.5)))
    shown = "present" if count >= least and p_value < CHANCE else "possible" if p_value < 0.05 else None
    return Signs(
        relevant=by_people,
        usable=of,
        count=count,
        unit="decisions by a person",
        verdict=shown,  # type: ignore[arg-type]
        least=LEAST,
        said=f"{count} of {of} decisions by a person fall in the {asked.thresholds['tolerance']:g} s after the "
        "deadline.",
        rows=_pairs(asked.ask("rows")) if count else (),
        cause=_cause(seen, count),
        traps=[
            "Decisions just before the deadline are people's, and are not counted.",
            f"{int(every['by_clock'] or 0)} time-outs are recorded as such.",
        ],
        p_value=p_value if count else None,
    )


def _cause(seen: Row, count: int) -> str | None:
    nobody = int(seen["by_nobody"] or 0)
    if not count or not nobody or not seen["by_named"]:
        return None
    return f"{nobody} of {count} name no person, while {seen['by_named']} decisions do"


def _equal(asked: Asked, seen: Row, by_people: int, least: int) -> Signs:
    """The proxy: nobody's patience is equal to the second."""
    of = int(seen["decisions"] or 0)
    most = (asked.ask("equal") or [{"bucket": 0, "decisions": 0}])[0]
    count, share = int(most["decisions"]), asked.thresholds["equal-share"]
    found = count >= max(5, least) and count >= share * of
    seconds = most["bucket"] * asked.thresholds["tolerance"]
    return Signs(
        relevant=max(by_people, of),
        usable=0 if not found else of,
        count=count if found else 0,
        unit="decisions by a person",
        verdict="likely" if found else None,
        least=LEAST,
        said=f"{count} of {of} decisions by a person came after the same wait of {seconds:g} s."
        if found
        else "No request carries a deadline, and no wait is repeated often enough.",
        rows=_pairs(asked.ask("equal_rows")) if found else (),
        cap="C",
    )


def _pairs(rows: list[Row]) -> list[int]:
    return [row[name] for row in rows for name in ("asked_row", "decided_row")]


DETECTOR = Detector("P6-timeout-as-denial", QUERIES, read)
