"""P5-cas-contention: operations that retry compare-and-swap more than three times at the 99th percentile."""

from __future__ import annotations

from advisor.diagnosis.detector import CITED, Asked, Detector, Signs
from advisor.diagnosis.statistics import at_least

# An operation is an op_id; without one, the tries of one request on one row by one worker up to the try that succeeds.
_TRIES = """
WITH tries AS (
    SELECT row_id, resource_id, request_id, expected_version, status, ts_us, attempt, llm_in_window, op_id,
           COALESCE(op_id, CONCAT(
               COALESCE(request_id, ''), '/', COALESCE(resource_id, ''), '/', COALESCE(worker_id, ''), '/',
               CAST(COALESCE(SUM(CASE WHEN status = 'ok' THEN 1 ELSE 0 END) OVER (
                   PARTITION BY request_id, resource_id, worker_id ORDER BY ord, row_id
                   ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS VARCHAR))) AS operation
    FROM events
    WHERE kind = 'cas'
),
operations AS (
    SELECT operation, MIN(resource_id) AS resource_id, MIN(request_id) AS request_id, MIN(row_id) AS first_row,
           CASE WHEN MAX(attempt) > COUNT(*) THEN MAX(attempt) ELSE COUNT(*) END - 1 AS retries,
           COUNT(DISTINCT expected_version) AS versions, COUNT(expected_version) AS with_version,
           MAX(CASE WHEN llm_in_window THEN 1 ELSE 0 END) AS model_inside
    FROM tries
    GROUP BY operation
)
"""
QUERIES = {
    "operations": _TRIES
    + """
SELECT COUNT(*) AS operations, SUM(CASE WHEN retries > {p99_retries} THEN 1 ELSE 0 END) AS over,
       SUM(CASE WHEN retries > {p99_retries} AND model_inside = 1 THEN 1 ELSE 0 END) AS over_model,
       SUM(CASE WHEN retries > {p99_retries} AND with_version > 1 AND versions = 1 THEN 1 ELSE 0 END) AS over_blind
FROM operations
""",
    "rows": _TRIES
    + """
SELECT resource_id, COUNT(*) AS operations, COUNT(DISTINCT request_id) AS requests, MAX(retries) AS most_retries
FROM operations WHERE retries > {p99_retries}
GROUP BY resource_id ORDER BY operations DESC, resource_id LIMIT 5
""",
    "worst": _TRIES
    + """
SELECT t.row_id FROM tries t JOIN operations o ON o.operation = t.operation
WHERE o.retries > {p99_retries}
ORDER BY o.retries DESC, o.operation, t.row_id LIMIT 20
""",
    "coverage": """
SELECT COUNT(*) AS tries,
       SUM(CASE WHEN (op_id IS NOT NULL OR (request_id IS NOT NULL AND resource_id IS NOT NULL))
                 AND status IS NOT NULL THEN 1 ELSE 0 END) AS usable
FROM events WHERE kind = 'cas'
""",
}


def read(asked: Asked) -> Signs:
    """The exact form of "more than three times at p99": are more than one percent of operations over the limit?"""
    coverage, seen = asked.one("coverage"), asked.one("operations")
    limit, least = int(asked.thresholds["p99-retries"]), int(asked.thresholds["min-ops"])
    operations, over = int(seen["operations"] or 0), int(seen["over"] or 0)
    usable = operations if coverage["usable"] == coverage["tries"] else int(coverage["usable"] or 0)
    p_value = at_least(over, operations, 0.01)
    fired = over > 0 and p_value < asked.thresholds["alpha"]
    rows = asked.ask("rows") if over else []
    one_request = [row for row in rows if row["requests"] == 1 and row["operations"] > 1]
    return Signs(
        relevant=max(operations, usable),
        usable=usable,
        count=over,
        unit="operations",
        verdict="present" if fired else None,
        # A few slow operations among too few to tell: neither shown nor excluded.
        least=least,
        said=f"{over} of {operations} operations retried more than {limit} times (exact p = {p_value:.2g}).",
        rows=[row["row_id"] for row in asked.ask("worst")][:CITED] if over else (),
        cause=_cause(over, int(seen["over_model"] or 0), int(seen["over_blind"] or 0)) if fired else None,
        traps=[
            f"All conflicts on {row['resource_id']} lie within one request: duplicates of one delivery?"
            for row in one_request
        ],
        strength=max(0.5, 1 - p_value) if fired else 1.0,
        p_value=p_value,
        detail={"Rows that workflows race for": rows} if rows else {},
    )


def _cause(over: int, model: int, blind: int) -> str:
    said = [
        f"{model} of {over} have a model call between read and write" if model else "",
        f"{blind} of {over} tried again with the version that had just failed" if blind else "",
    ]
    return "; ".join(part for part in said if part) or "Several operations race for the same rows"


DETECTOR = Detector("P5-cas-contention", QUERIES, read)
