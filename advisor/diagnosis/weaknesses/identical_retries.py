"""SDB-identical-retries (S3): one call with the same arguments and the same answer, several times in a row."""

from __future__ import annotations

from advisor.diagnosis.detector import CITED, Asked, Detector, Signs
from advisor.diagnosis.weaknesses.decisions import whole

# Attempts that a framework or an SDK declares as its own, and replays, are not the agent's repetitions: left out. A
# call without arguments or answer equals no other, so it ends a run.
_RUNS = """
WITH calls AS (
    SELECT row_id, ord, request_id, COALESCE(run_id, '') AS run_id, COALESCE(agent_name, '') AS agent_name,
           COALESCE(tool_name, '') AS tool_name, status, text,
           CASE WHEN args_hash IS NOT NULL AND COALESCE(result_fp, error_fp) IS NOT NULL THEN 1 ELSE 0 END AS whole,
           CASE WHEN args_hash IS NOT NULL AND COALESCE(result_fp, error_fp) IS NOT NULL
                THEN CONCAT(args_hash, '/', COALESCE(result_fp, error_fp)) ELSE CAST(row_id AS VARCHAR) END AS exchange
    FROM events
    WHERE kind = 'tool_call' AND request_id IS NOT NULL AND COALESCE(is_replay, FALSE) = FALSE
      AND (COALESCE(retry_layer, '') = 'llm_loop' OR (retry_layer IS NULL AND COALESCE(attempt, 1) <= 1))
),
repeated AS (
    SELECT request_id FROM calls WHERE whole = 1 GROUP BY request_id, agent_name, exchange HAVING COUNT(*) >= {run}
),
places AS (
    SELECT row_id, request_id, run_id, agent_name, tool_name, exchange, whole, status, text,
           ROW_NUMBER() OVER (PARTITION BY request_id, run_id, agent_name ORDER BY ord, row_id)
         - ROW_NUMBER() OVER (PARTITION BY request_id, run_id, agent_name, tool_name, exchange ORDER BY ord, row_id)
           AS island
    FROM calls WHERE request_id IN (SELECT request_id FROM repeated)
),
runs AS (
    SELECT request_id, run_id, agent_name, tool_name, exchange, island, COUNT(*) AS length, MIN(row_id) AS first_row,
           MAX(CASE WHEN status = 'pending' OR regexp_matches(LOWER(LEFT(text, 80)),
               '^\\W*(?:status\\W+)?(?:pending|running|queued|in.progress|processing|not ready)\\b') THEN 1 ELSE 0 END)
           AS waiting
    FROM places WHERE whole = 1
    GROUP BY request_id, run_id, agent_name, tool_name, exchange, island
    HAVING COUNT(*) >= {run}
)
"""
QUERIES = {
    "calls": """
SELECT COUNT(*) AS calls,
       SUM(CASE WHEN request_id IS NOT NULL AND args_hash IS NOT NULL AND COALESCE(result_fp, error_fp) IS NOT NULL
                THEN 1 ELSE 0 END) AS usable,
       SUM(CASE WHEN retry_layer <> 'llm_loop' OR (retry_layer IS NULL AND attempt > 1) THEN 1 ELSE 0 END) AS declared
FROM events WHERE kind = 'tool_call' AND COALESCE(is_replay, FALSE) = FALSE
""",
    "runs": _RUNS
    + """
SELECT tool_name, COUNT(*) AS runs, SUM(length) AS calls, MAX(length) AS longest, MAX(waiting) AS waiting
FROM runs GROUP BY tool_name ORDER BY MAX(length) DESC, tool_name LIMIT 1000
""",
    "worst": _RUNS
    + """
, ranked AS (
    SELECT p.row_id, p.tool_name, r.length, r.first_row,
           ROW_NUMBER() OVER (PARTITION BY r.first_row ORDER BY p.row_id) AS nth
    FROM places p JOIN runs r ON p.request_id = r.request_id AND p.run_id = r.run_id AND p.agent_name = r.agent_name
     AND p.tool_name = r.tool_name AND p.exchange = r.exchange AND p.island = r.island
)
SELECT row_id, tool_name FROM ranked WHERE nth <= 5 ORDER BY length DESC, first_row, row_id LIMIT 500
""",
}


def read(asked: Asked) -> Signs:
    """Any run of the length that no default budget allows, of a tool that does not poll."""
    seen, found = asked.one("calls"), asked.ask("runs")
    polling = [row for row in found if row["tool_name"] in asked.facts.polling]
    runs = [row for row in found if row["tool_name"] not in asked.facts.polling]
    waiting = [row["tool_name"] for row in runs if row["waiting"]]
    longest = max((int(row["longest"]) for row in runs), default=0)
    calls = sum(int(row["calls"]) for row in runs)
    shown = {row["tool_name"] for row in runs}
    all_wait = bool(runs) and len(waiting) == len(runs)
    many = sum(int(row["runs"]) for row in runs)
    said = f"{calls} calls lie in {many} run{'s' if many > 1 else ''} of equal calls with equal answers"
    traps = [
        f"Polling, as the facts declare: {row['tool_name']} ran {row['longest']} times in a row." for row in polling
    ]
    traps += [f"Polling: the repeated answer of {name} says that something is still under way." for name in waiting]
    if whole(seen, "declared"):
        traps.append(f"Attempts that the framework makes by itself: {whole(seen, 'declared')} left out.")
    return Signs(
        relevant=whole(seen, "calls"),
        usable=whole(seen, "usable"),
        count=calls,
        unit="tool calls",
        verdict=("possible" if all_wait else "present") if runs else None,
        said=f"{said}; the longest has {longest}." if runs else "No call with the same answer was repeated in a row.",
        rows=[row["row_id"] for row in asked.ask("worst") if row["tool_name"] in shown][:CITED] if runs else (),
        traps=traps[:10],
        severity="high" if longest >= asked.thresholds["run-high"] else None,
        detail={"Tools that were called again for nothing": _table(runs)} if runs else {},
    )


def _table(runs: list[dict[str, object]]) -> list[dict[str, object]]:
    return [
        {"tool": row["tool_name"] or "(unnamed)", "runs": row["runs"], "longest": row["longest"]} for row in runs[:5]
    ]


DETECTOR = Detector("SDB-identical-retries", QUERIES, read)
