"""P5-cas-contention: operations that retry compare-and-swap more than three times at the 99th percentile."""

from __future__ import annotations

from advisor.diagnosis.detector import CITED, Asked, Detector, Row, Signs
from advisor.diagnosis.statistics import at_least

# An operation is an op_id on one row in one request; without an op_id, the tries of one request on one row by one
# worker up to the try that succeeds. Retries are told by the attempt's number where it counts, else by the tries.
_TRIES = """
WITH tries AS (
    SELECT row_id, resource_id, request_id, '' AS worker_id, op_id, 0 AS turn, expected_version, ts_us, attempt,
           llm_in_window, duration_us
    FROM events WHERE kind = 'cas' AND op_id IS NOT NULL
    UNION ALL
    SELECT row_id, resource_id, request_id, COALESCE(worker_id, ''), NULL,
           SUM(CASE WHEN status = 'ok' THEN 1 ELSE 0 END) OVER (
               PARTITION BY request_id, resource_id, worker_id ORDER BY ord, row_id ROWS UNBOUNDED PRECEDING)
           - CASE WHEN status = 'ok' THEN 1 ELSE 0 END,
           expected_version, ts_us, attempt, llm_in_window, duration_us
    FROM events
    WHERE kind = 'cas' AND op_id IS NULL AND request_id IS NOT NULL AND resource_id IS NOT NULL
),
operations AS (
    SELECT op_id, request_id, resource_id, worker_id, turn,
           CASE WHEN COUNT(attempt) = COUNT(*) AND (MIN(attempt) < MAX(attempt) OR COUNT(*) = 1 OR MAX(attempt) > 1)
                THEN GREATEST(MAX(attempt), 1) ELSE COUNT(*) END - 1 AS retries,
           CASE WHEN COUNT(expected_version) > 1 AND MIN(expected_version) = MAX(expected_version) THEN 1 ELSE 0 END
               AS blind,
           MAX(CASE WHEN llm_in_window THEN 1 ELSE 0 END) AS model_inside,
           MAX(CASE WHEN duration_us > {window} * 1e6 THEN 1 ELSE 0 END) AS long_window
    FROM tries
    GROUP BY op_id, request_id, resource_id, worker_id, turn
),
over_limit AS (
    SELECT op_id, request_id, resource_id, worker_id, turn, retries, blind, model_inside, long_window
    FROM operations WHERE retries > {p99_retries}
),
hot AS (
    SELECT resource_id, COUNT(DISTINCT request_id) AS requests, COUNT(request_id) AS with_request,
           COUNT(*) AS operations
    FROM operations
    WHERE resource_id IN (SELECT resource_id FROM over_limit)
    GROUP BY resource_id
)
"""
QUERIES = {
    "operations": _TRIES
    + """
SELECT (SELECT COUNT(*) FROM operations) AS operations, COUNT(*) AS over_, SUM(o.model_inside) AS over_model,
       SUM(o.long_window) AS over_long,
       SUM(o.blind) AS over_blind,
       SUM(CASE WHEN h.operations > 1 AND h.with_request = h.operations AND h.requests = 1 THEN 1 ELSE 0 END)
           AS over_alone
FROM over_limit o LEFT JOIN hot h ON h.resource_id = o.resource_id
""",
    "rows": _TRIES
    + """
SELECT o.resource_id, COUNT(*) AS slow_operations, MAX(h.operations) AS operations, MAX(h.requests) AS requests,
       MAX(o.retries) AS most_retries
FROM over_limit o JOIN hot h ON h.resource_id = o.resource_id
GROUP BY o.resource_id ORDER BY slow_operations DESC, o.resource_id LIMIT 5
""",
    "worst": _TRIES
    + """
, worst AS (
    SELECT op_id, request_id, resource_id, worker_id, turn, retries,
           ROW_NUMBER() OVER (ORDER BY retries DESC, op_id, request_id, resource_id, worker_id, turn) AS place
    FROM over_limit
)
SELECT t.row_id
FROM tries t JOIN worst o
  ON COALESCE(o.op_id, '') = COALESCE(t.op_id, '') AND COALESCE(o.request_id, '') = COALESCE(t.request_id, '')
 AND COALESCE(o.resource_id, '') = COALESCE(t.resource_id, '') AND o.worker_id = t.worker_id AND o.turn = t.turn
WHERE o.place <= 10
ORDER BY o.place, t.attempt, t.ts_us, t.row_id LIMIT 20
""",
    "coverage": """
SELECT COUNT(*) AS tries,
       SUM(CASE WHEN (op_id IS NOT NULL OR (request_id IS NOT NULL AND resource_id IS NOT NULL))
                 AND (status IS NOT NULL OR (op_id IS NOT NULL AND attempt IS NOT NULL)) THEN 1 ELSE 0 END) AS usable
FROM events WHERE kind = 'cas'
""",
}


def read(asked: Asked) -> Signs:
    """The exact form of "more than three times at p99": are more than one percent of operations over the limit?"""
    coverage, seen = asked.one("coverage"), asked.one("operations")
    limit, least = int(asked.thresholds["p99-retries"]), int(asked.thresholds["min-ops"])
    operations, over = int(seen["operations"] or 0), int(seen["over_"] or 0)
    tries, good = int(coverage["tries"] or 0), int(coverage["usable"] or 0)
    p_value = at_least(over, operations, 0.01)
    fired = over > 0 and p_value < asked.thresholds["alpha"]
    rows = asked.ask("rows") if over else []
    alone = int(seen["over_alone"] or 0)
    verdict = ("refuted" if alone == over else "present") if fired else None
    return Signs(
        # Operations stand for tries: unusable tries count in proportion.
        relevant=operations if good == tries else max(operations, operations * tries // max(1, good)),
        usable=operations,
        count=over,
        unit="operations",
        verdict=verdict,  # type: ignore[arg-type]
        # A few slow operations among too few to tell: neither shown nor excluded.
        least=least,
        said=f"{over} of {operations} operations retried more than {limit} times (exact p = {p_value:.2g}).",
        rows=[row["row_id"] for row in asked.ask("worst")][:CITED] if over else (),
        cause=_cause(over, seen, rows) if verdict == "present" else None,
        traps=[
            f"{alone} of {over} are on rows that one request alone works on: one delivery competing with itself.",
            "Retries are counted by operation, and a first try is no retry.",
        ]
        if over
        else (),
        refuted="All conflicts lie within one request each: a message was delivered twice"
        if verdict == "refuted"
        else None,
        strength=max(0.5, 1 - p_value) if fired else 1.0,
        p_value=p_value,
        detail={"Rows that workflows race for": rows} if rows else {},
    )


def _cause(over: int, seen: Row, rows: list[Row]) -> str:
    hottest = rows[0] if rows else None
    said = [
        f"{hottest['slow_operations']} of {over} are on {hottest['resource_id']}, where {hottest['requests']} requests "
        "compete"
        if hottest and hottest["requests"] > 1
        else "",
        f"{seen['over_model']} of {over} have a model call between read and write" if seen["over_model"] else "",
        f"{seen['over_long']} of {over} held the row open for longer than the window" if seen["over_long"] else "",
        f"{seen['over_blind']} of {over} tried again with the version that had just failed"
        if seen["over_blind"]
        else "",
    ]
    return "; ".join(part for part in said if part) or "Several operations race for the same rows"


DETECTOR = Detector("P5-cas-contention", QUERIES, read)
