"""The operational lens: latency, how much was under way at once, errors, retries."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Query = Callable[[str], list[dict[str, Any]]]
TIMED = ("llm_call", "tool_call", "gate_decision", "retrieval", "delegation", "agent", "workflow")

REQUESTS = """
SELECT request_id, MIN(ts_us) AS start_us,
       MAX(CASE WHEN end_us > ts_us THEN end_us ELSE ts_us END) AS end_us, COUNT(*) AS rows_
FROM events WHERE request_id IS NOT NULL AND ts_us IS NOT NULL AND kind <> 'unknown'
GROUP BY request_id
"""
"""Each request from its first row to its last end."""

# Nearest-rank quantiles: the smallest value that at least the share of values does not exceed. Millions of values are
# counted by the millisecond, and only those of the milliseconds in which a quantile lies are put in order.
_LATENCY = """
WITH timed AS (
    SELECT kind AS what, duration_us AS us, duration_us - duration_us % 1000 AS ms FROM events
    WHERE duration_us >= 0 AND kind IN ({kinds})
    UNION ALL
    SELECT 'request' AS what, end_us - start_us AS us, end_us - start_us - (end_us - start_us) % 1000 AS ms
    FROM ({requests}) r
),
counted AS (SELECT what, ms, COUNT(*) AS n FROM timed GROUP BY what, ms),
summed AS (
    SELECT what, ms, n, SUM(n) OVER (PARTITION BY what ORDER BY ms) AS upto, SUM(n) OVER (PARTITION BY what) AS many
    FROM counted
),
near AS (
    SELECT what, ms, upto - n AS before, many FROM summed
    WHERE (upto * 2 >= many AND (upto - n) * 2 < many) OR (upto * 20 >= many * 19 AND (upto - n) * 20 < many * 19)
),
ranked AS (
    SELECT t.what, t.us, n.many,
           n.before + ROW_NUMBER() OVER (PARTITION BY t.what, t.ms ORDER BY t.us) AS place
    FROM timed t JOIN near n ON n.what = t.what AND n.ms = t.ms
)
SELECT what, MAX(many) AS many, MIN(CASE WHEN place * 2 >= many THEN us END) AS p50_us,
       MIN(CASE WHEN place * 20 >= many * 19 THEN us END) AS p95_us
FROM ranked GROUP BY what ORDER BY what
"""
_UNDER_WAY = """
WITH steps AS (
    SELECT start_us AS us, 1 AS step FROM ({requests}) a
    UNION ALL
    SELECT end_us AS us, -1 AS step FROM ({requests}) b
),
depth AS (SELECT us, SUM(step) OVER (ORDER BY us, step DESC ROWS UNBOUNDED PRECEDING) AS open_ FROM steps)
SELECT MAX(open_) AS most FROM depth
"""
_RATES = """
SELECT COUNT(*) AS rows_, SUM(CASE WHEN status IS NOT NULL THEN 1 ELSE 0 END) AS with_status,
       SUM(CASE WHEN status IN ('error', 'timeout') THEN 1 ELSE 0 END) AS failed,
       SUM(CASE WHEN attempt IS NOT NULL THEN 1 ELSE 0 END) AS with_attempt,
       SUM(CASE WHEN attempt > 1 THEN 1 ELSE 0 END) AS retried,
       SUM(CASE WHEN duration_us IS NOT NULL THEN 1 ELSE 0 END) AS with_duration
FROM events WHERE kind IN ({kinds}, 'commit', 'cas')
"""
_WAITING = """
SELECT SUM(CASE WHEN kind = 'throttle' THEN 1 ELSE 0 END) AS throttled,
       SUM(CASE WHEN kind = 'approval_request' THEN 1 ELSE 0 END) AS approvals_asked,
       SUM(CASE WHEN kind = 'approval_decision' THEN 1 ELSE 0 END) AS approvals_decided
FROM events WHERE kind IN ('throttle', 'approval_request', 'approval_decision')
"""


def look(query: Query) -> dict[str, Any]:
    """Latency in milliseconds by kind and per request, the most requests open at once, error and retry rates."""
    kinds = ", ".join(f"'{kind}'" for kind in TIMED)
    rates = query(_RATES.format(kinds=kinds))[0]
    waiting = query(_WAITING)[0]
    rows = rates["rows_"] or 0
    return {
        "latency_ms": {
            row["what"]: {"n": int(row["many"]), "p50": _ms(row["p50_us"]), "p95": _ms(row["p95_us"])}
            for row in query(_LATENCY.format(kinds=kinds, requests=REQUESTS))
        },
        "most_requests_open": query(_UNDER_WAY.format(requests=REQUESTS))[0]["most"],
        "error_rate": _share(rates["failed"], rates["with_status"]),
        "retry_rate": _share(rates["retried"], rates["with_attempt"]),
        "throttled": waiting["throttled"] or 0,
        "approvals_waiting": (waiting["approvals_asked"] or 0) - (waiting["approvals_decided"] or 0),
        "coverage": {
            "duration_ms": _share(rates["with_duration"], rows),
            "status": _share(rates["with_status"], rows),
            "attempt": _share(rates["with_attempt"], rows),
        },
    }


def _ms(us: Any) -> float | None:
    return None if us is None else round(int(us) / 1000, 3)


def _share(part: Any, whole: Any) -> float | None:
    return round((part or 0) / whole, 4) if whole else None
