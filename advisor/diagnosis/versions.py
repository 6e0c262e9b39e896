"""Which versions of model, prompt, policy and code the rows name, when; and how far workers' clocks are apart."""

from __future__ import annotations

from typing import Any

from advisor.traces.table import Events

NAMED = ("model_version", "prompt_version", "policy_version", "code_version", "retrieval_index_version")
MOST = 50


def versions(table: Events) -> list[dict[str, Any]]:
    """Each version: what of, its name, first and last seen (us), rows; at most MOST of each, by first seen."""
    found: list[dict[str, Any]] = []
    for column in NAMED:
        if column in table.present:
            found += table.query(
                f"SELECT '{column}' AS of, {column} AS version, MIN(ts_us) AS first_us, MAX(ts_us) AS last_us, "
                f"COUNT(*) AS rows_ FROM events WHERE {column} IS NOT NULL GROUP BY {column} "
                f"ORDER BY first_us, version LIMIT {MOST}"
            )
    return found


def skew(table: Events) -> int:
    """Clock skew in microseconds: the 99th percentile, by nearest rank, of how far children start before parents.

    Zero where no span names both worker and parent.
    """
    if not {"worker_id", "parent_span_id", "span_id", "ts_us"} <= set(table.present):
        return 0
    row = table.query(
        """
        WITH parents AS (
            SELECT span_id, worker_id, ts_us FROM events
            WHERE span_id IN (
                SELECT parent_span_id FROM events WHERE parent_span_id IS NOT NULL GROUP BY parent_span_id)
        ),
        early AS (
            SELECT p.ts_us - c.ts_us AS us
            FROM events c JOIN parents p ON p.span_id = c.parent_span_id
            WHERE c.worker_id <> p.worker_id AND p.ts_us > c.ts_us
        ),
        ranked AS (SELECT us, ROW_NUMBER() OVER (ORDER BY us) AS place, COUNT(*) OVER () AS many FROM early)
        SELECT MIN(us) AS us FROM ranked WHERE place * 100 >= many * 99
        """
    )[0]
    return int(row["us"] or 0)
