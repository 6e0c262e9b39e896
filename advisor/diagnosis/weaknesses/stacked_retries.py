"""SDB-stacked-retries (S12): two layers or more retry the same call, so that attempts multiply."""

from __future__ import annotations

from advisor.diagnosis.detector import CITED, Asked, Detector, Signs
from advisor.diagnosis.weaknesses.decisions import whole

# A logical call: one operation of one request with the same arguments. Real stacking makes an inner layer start over,
# so some layer counts from one more than once; one layer that is logged twice does not.
_CALLS = """
WITH attempts AS (
    SELECT row_id, request_id, COALESCE(op_id, tool_name, target_system, name, kind) AS operation,
           COALESCE(args_hash, input_hash, '') AS arguments, retry_layer, attempt, status
    FROM events
    WHERE attempt IS NOT NULL AND kind NOT IN ('unknown', 'cas', 'crash', 'restart')
      AND request_id IN (SELECT request_id FROM events WHERE attempt > 1)
),
layers AS (
    SELECT request_id, operation, arguments, retry_layer, MAX(attempt) AS attempts, COUNT(*) AS logged,
           SUM(CASE WHEN attempt <= 1 THEN 1 ELSE 0 END) AS starts, MIN(row_id) AS first_row
    FROM attempts WHERE retry_layer IS NOT NULL
    GROUP BY request_id, operation, arguments, retry_layer
),
calls AS (
    SELECT request_id, operation, arguments, SUM(CASE WHEN attempts > 1 THEN 1 ELSE 0 END) AS retrying,
           SUM(logged) AS logged, MAX(starts) AS starts, MIN(first_row) AS first_row,
           CAST(MAX(attempts) AS DOUBLE) * MIN(CASE WHEN attempts > 1 THEN attempts END) AS product
    FROM layers
    GROUP BY request_id, operation, arguments
),
unlayered AS (
    SELECT request_id, operation, arguments, COUNT(*) AS logged, MAX(attempt) AS most,
           SUM(CASE WHEN attempt <= 1 THEN 1 ELSE 0 END) AS starts, MIN(row_id) AS first_row,
           SUM(CASE WHEN status IN ('error', 'timeout', 'rejected', 'denied') THEN 1 ELSE 0 END) AS failed
    FROM attempts WHERE retry_layer IS NULL AND arguments <> ''
    GROUP BY request_id, operation, arguments
)
"""
QUERIES = {
    "rows": """
SELECT COUNT(*) AS attempts,
       SUM(CASE WHEN request_id IS NOT NULL AND (retry_layer IS NOT NULL OR args_hash IS NOT NULL
                     OR input_hash IS NOT NULL) THEN 1 ELSE 0 END) AS usable
FROM events WHERE attempt IS NOT NULL AND kind NOT IN ('unknown', 'cas', 'crash', 'restart')
""",
    "calls": _CALLS
    + """
SELECT COUNT(*) AS calls, SUM(CASE WHEN retrying > 0 THEN 1 ELSE 0 END) AS retried,
       SUM(CASE WHEN retrying > 1 THEN logged ELSE 0 END) AS attempts,
       SUM(CASE WHEN retrying > 1 AND starts > 1 AND product > {amplification} THEN 1 ELSE 0 END) AS stacked,
       SUM(CASE WHEN retrying > 1 AND starts > 1 AND product <= {amplification} THEN 1 ELSE 0 END) AS mild,
       SUM(CASE WHEN retrying > 1 AND starts <= 1 THEN 1 ELSE 0 END) AS parallel,
       MAX(CASE WHEN retrying > 1 AND starts > 1 THEN product END) AS product,
       MAX(CASE WHEN retrying > 1 AND starts > 1 THEN logged END) AS logged
FROM calls
""",
    "unlayered": _CALLS
    + """
SELECT COUNT(*) AS stacked, SUM(logged) AS attempts, MAX(logged) AS logged
FROM unlayered WHERE most > 1 AND starts > 1 AND failed >= most AND logged > {amplification}
""",
    "layers": _CALLS
    + """
SELECT l.retry_layer, MAX(l.attempts) AS most_attempts, COUNT(*) AS calls
FROM layers l JOIN calls c ON c.request_id = l.request_id AND c.operation = l.operation AND c.arguments = l.arguments
WHERE c.retrying > 1 AND l.attempts > 1
GROUP BY l.retry_layer ORDER BY COUNT(*) DESC, l.retry_layer LIMIT 10
""",
    "worst": _CALLS
    + """
SELECT a.row_id FROM attempts a
JOIN (SELECT request_id, operation, arguments, product, first_row FROM calls WHERE retrying > 1
      ORDER BY product DESC, first_row LIMIT 5) c
  ON c.request_id = a.request_id AND c.operation = a.operation AND c.arguments = a.arguments
ORDER BY c.product DESC, c.first_row, a.row_id LIMIT 20
""",
    "worst_unlayered": _CALLS
    + """
SELECT a.row_id FROM attempts a
JOIN (SELECT request_id, operation, arguments, logged, first_row FROM unlayered
      WHERE most > 1 AND starts > 1 AND failed >= most ORDER BY logged DESC, first_row LIMIT 5) c
  ON c.request_id = a.request_id AND c.operation = a.operation AND c.arguments = a.arguments
ORDER BY c.logged DESC, c.first_row, a.row_id LIMIT 20
""",
}


def read(asked: Asked) -> Signs:
    """Calls that two layers retry; without layers, attempts of one call that count from one again (a proxy)."""
    rows, seen = asked.one("rows"), asked.one("calls")
    stacked, mild, parallel = (whole(seen, name) for name in ("stacked", "mild", "parallel"))
    if whole(seen, "calls"):
        count = stacked or mild or parallel
        product = int(seen["product"] or 0)
        return Signs(
            relevant=whole(rows, "attempts"),
            usable=whole(rows, "usable"),
            count=whole(seen, "attempts"),
            unit="attempts",
            verdict="present" if stacked else "likely" if mild else "possible" if parallel else None,
            said=f"{stacked + mild} calls were retried in two layers or more; budgets multiply to {product} "
            f"attempts, and {whole(seen, 'logged')} were logged."
            if stacked or mild
            else f"{whole(seen, 'retried')} of {whole(seen, 'calls')} were retried, {parallel} by several layers.",
            rows=[row["row_id"] for row in asked.ask("worst")][:CITED] if count else (),
            traps=[f"Attempts of one layer logged twice: in {parallel} calls no layer starts over."] if count else (),
            detail={"Layers that retry": asked.ask("layers")} if count else {},
        )
    found = asked.one("unlayered")
    guessed = whole(found, "stacked")
    return Signs(
        relevant=whole(rows, "attempts"),
        usable=whole(rows, "usable"),
        count=whole(found, "attempts"),
        unit="attempts",
        verdict="likely" if guessed else None,
        said=f"{guessed} calls with the same arguments counted their attempts from one more than once, up to "
        f"{whole(found, 'logged')} attempts; layers are not logged."
        if guessed
        else "No call counted its attempts from one more than once.",
        rows=[row["row_id"] for row in asked.ask("worst_unlayered")][:CITED] if guessed else (),
        cap="C",
    )


DETECTOR = Detector("SDB-stacked-retries", QUERIES, read)
