"""Outcomes and per-call evaluations out of a log's events, by day: what trend and momentum are told from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from advisor.diagnosis.reliability.days import Cell, Counted
from advisor.traces.values import moment

Query = Callable[[str], list[dict[str, Any]]]
DAY_US = 86_400_000_000

# A request's version is that of its outcome, else of its latest model call by name.
_CELLS = """
WITH called AS (
    SELECT request_id, MAX(model_version) AS model_version FROM events
    WHERE kind = 'llm_call' AND request_id IS NOT NULL GROUP BY request_id
),
ended AS (
    SELECT o.ts_us, o.status, COALESCE(o.model_version, c.model_version, 'not said') AS version
    FROM events o LEFT JOIN called c ON c.request_id = o.request_id
    WHERE o.kind = 'outcome' AND o.status IS NOT NULL AND o.status NOT IN ('pending', 'skipped', 'unknown')
)
SELECT CAST(FLOOR(CAST(ts_us AS DOUBLE) / 86400000000) AS BIGINT) AS day, version,
       SUM(CASE WHEN status = 'ok' THEN 1 ELSE 0 END) AS passed, COUNT(*) AS ran
FROM ended WHERE ts_us IS NOT NULL
GROUP BY CAST(FLOOR(CAST(ts_us AS DOUBLE) / 86400000000) AS BIGINT), version ORDER BY day, version
"""
# The same task or input tried more than once on one version: what sigma is told from.
_REPEATS = """
WITH called AS (
    SELECT request_id, MAX(model_version) AS model_version FROM events
    WHERE kind = 'llm_call' AND request_id IS NOT NULL GROUP BY request_id
)
SELECT SUM(CASE WHEN o.status = 'ok' THEN 1 ELSE 0 END) AS passed, COUNT(*) AS ran
FROM events o LEFT JOIN called c ON c.request_id = o.request_id
WHERE o.kind = 'outcome' AND COALESCE(o.task, o.input_hash) IS NOT NULL AND o.status IS NOT NULL
  AND o.status NOT IN ('pending', 'skipped', 'unknown')
GROUP BY COALESCE(o.task, o.input_hash), COALESCE(o.model_version, c.model_version, 'not said')
HAVING COUNT(*) > 1 ORDER BY passed, ran
"""
_UNTIMED = "SELECT COUNT(*) AS many FROM events WHERE kind = 'outcome' AND status IS NOT NULL AND ts_us IS NULL"
_CALLS = """
WITH judged AS (
    SELECT CAST(FLOOR(CAST(ts_us AS DOUBLE) / 86400000000) AS BIGINT) AS day,
           CASE WHEN status IN ('ok', 'error', 'rejected', 'denied', 'timeout')
                THEN CASE WHEN status = 'ok' THEN 1 ELSE 0 END
                WHEN LOWER(eval_label) IN ('pass', 'passed', 'true', 'correct', 'good', 'ok', 'yes') THEN 1
                WHEN LOWER(eval_label) IN ('fail', 'failed', 'false', 'incorrect', 'bad', 'no') THEN 0
                WHEN eval_score IN (0, 1) THEN CAST(eval_score AS BIGINT) END AS passed
    FROM events WHERE kind = 'evaluation' AND ts_us IS NOT NULL
)
SELECT day, SUM(passed) AS passed, COUNT(passed) AS ran FROM judged WHERE passed IS NOT NULL GROUP BY day ORDER BY day
"""
_PER_REQUEST = """
WITH calls AS (
    SELECT request_id, MIN(ts_us) AS ts_us, COUNT(*) AS calls FROM events
    WHERE kind = 'llm_call' AND request_id IS NOT NULL AND ts_us IS NOT NULL GROUP BY request_id
)
SELECT CAST(FLOOR(CAST(ts_us AS DOUBLE) / 86400000000) AS BIGINT) AS day, SUM(calls) AS calls, COUNT(*) AS requests
FROM calls GROUP BY CAST(FLOOR(CAST(ts_us AS DOUBLE) / 86400000000) AS BIGINT) ORDER BY day
"""


class Daily(NamedTuple):
    """Days counted from 1970 (UTC) with a count and what it is out of."""

    days: tuple[int, ...]
    counts: tuple[int, ...]
    of: tuple[int, ...]


def outcomes(query: Query) -> Counted | None:
    """Outcomes by day and version; None where no outcome has a time."""
    rows = query(_CELLS)
    if not rows:
        return None
    start = int(rows[0]["day"])
    cells = tuple(Cell(int(r["day"]) - start, str(r["version"]), int(r["passed"]), int(r["ran"])) for r in rows)
    first = moment(start * 86_400_000_000).date().isoformat()
    repeats = tuple((int(r["passed"]), int(r["ran"])) for r in query(_REPEATS))
    return Counted(cells, first, int(query(_UNTIMED)[0]["many"]), repeats)


def evaluations(query: Query) -> Daily:
    """Per-call evaluations that passed or failed, by day."""
    rows = query(_CALLS)
    return Daily(*(tuple(int(r[name]) for r in rows) for name in ("day", "passed", "ran")))


def calls_per_request(query: Query) -> Daily:
    """Model calls, and the requests that they belong to, by day of the request's first call."""
    rows = query(_PER_REQUEST)
    return Daily(*(tuple(int(r[name]) for r in rows) for name in ("day", "calls", "requests")))
