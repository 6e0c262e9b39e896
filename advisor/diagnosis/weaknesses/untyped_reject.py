"""SDB-untyped-reject (S7): refusals that carry words but no code."""

from __future__ import annotations

from advisor.diagnosis.detector import CITED, Asked, Detector, Row, Signs
from advisor.diagnosis.statistics import newcombe, wilson
from advisor.diagnosis.weaknesses.decisions import CHECKS, REFUSED, whole

_TYPED = "CASE WHEN reason_code IS NOT NULL OR error_type IS NOT NULL THEN 1 ELSE 0 END"
_TOLD = "CASE WHEN COALESCE(reason_code, error_type, reason_text, error_message, text) IS NULL THEN 0 ELSE 1 END"
# A check and the reject row that follows from it are one refusal.
_REFUSALS = f"""
WITH steps AS (
    SELECT row_id, {_TYPED} AS typed, {_TOLD} AS told,
           CASE WHEN proposal_id IS NULL THEN CAST(row_id AS VARCHAR)
                ELSE CONCAT(COALESCE(request_id, ''), '/', proposal_id) END AS proposal
    FROM events
    WHERE kind = 'reject' OR ({REFUSED} AND COALESCE(decision_source, '') <> 'timeout')
),
refusals AS (
    SELECT MIN(row_id) AS row_id, MAX(typed) AS typed, MAX(told) AS told FROM steps GROUP BY proposal
)
"""
QUERIES = {
    "refusals": _REFUSALS
    + """
SELECT COUNT(*) AS refusals, SUM(told) AS told, SUM(CASE WHEN told = 1 THEN typed ELSE 0 END) AS typed FROM refusals
""",
    # The next check of the same request, agent and tool says whether a refusal helped: allowed, and not the same again.
    "next": f"""
WITH checks AS (
    SELECT {_TYPED} AS typed, CASE WHEN {REFUSED} THEN {_TOLD} ELSE 0 END AS told,
           LEAD(decision) OVER w AS next_decision,
           CASE WHEN LEAD(args_hash) OVER w = args_hash THEN 1 ELSE 0 END AS again
    FROM events
    WHERE kind IN {CHECKS} AND COALESCE(decision_source, '') <> 'timeout'
      AND request_id IN (SELECT request_id FROM events WHERE {REFUSED})
    WINDOW w AS (PARTITION BY request_id, agent_name, tool_name ORDER BY ord, row_id)
)
SELECT typed, COUNT(*) AS followed,
       SUM(CASE WHEN next_decision IN ('allow', 'approve') AND again = 0 THEN 1 ELSE 0 END) AS helped
FROM checks WHERE told = 1 AND next_decision IS NOT NULL
GROUP BY typed ORDER BY typed
""",
    "examples": _REFUSALS
    + """
, ranked AS (
    SELECT row_id, typed, ROW_NUMBER() OVER (PARTITION BY typed ORDER BY row_id) AS nth FROM refusals WHERE told = 1
)
SELECT row_id, typed FROM ranked WHERE nth <= 10 ORDER BY typed, row_id
""",
    "codes": f"""
SELECT COUNT(*) AS hidden FROM events
WHERE ({REFUSED} OR kind = 'reject') AND reason_code IS NULL AND error_type IS NULL
  AND regexp_matches(COALESCE(reason_text, error_message, text),
      '^[^a-zA-Z]*(?:[A-Z]+_[A-Z_0-9]+|[A-Z]+-?[0-9]+)\\b|\\b(?:code|error)[:= ]+[A-Z][A-Z_0-9-]+\\b')
""",
}


def read(asked: Asked) -> Signs:
    """The share of refusals with a code or an error type, against the least share; its interval decides."""
    seen = asked.one("refusals")
    told, typed = whole(seen, "told"), whole(seen, "typed")
    least, share = int(asked.thresholds["min-rejects"]), asked.thresholds["typed-share"]
    low = told > 0 and typed / told < share
    clear = low and told >= least and wilson(typed, told)[1] < share
    hidden = whole(asked.one("codes"), "hidden") if low else 0
    return Signs(
        relevant=whole(seen, "refusals"),
        usable=told,
        count=told - typed,
        unit="refusals",
        verdict="present" if clear else "possible" if low else None,
        least=least,
        said=f"{told - typed} of {told} refusals carry words but no code or error type.",
        rows=[row["row_id"] for row in asked.ask("examples")][:CITED] if low else (),
        cause=_helped(asked.ask("next")) if low else None,
        traps=[f"A code inside the text: {hidden} of {told - typed} untyped refusals hold one; they count as untyped."]
        if low
        else (),
    )


def _helped(rows: list[Row]) -> str | None:
    """Whether the next proposal was better after refusals with a code than after those without."""
    seen = {row["typed"]: (whole(row, "helped"), whole(row, "followed")) for row in rows}
    if 0 not in seen:
        return None
    good, untyped = seen[0]
    said = f"After {good} of {untyped} untyped refusals the next proposal was another one and was allowed"
    if 1 not in seen:
        return said
    low, high = newcombe(*seen[1], good, untyped)
    return f"{said}; after typed ones {seen[1][0]} of {seen[1][1]} (difference {low:.0%} to {high:.0%})"


DETECTOR = Detector("SDB-untyped-reject", QUERIES, read)
