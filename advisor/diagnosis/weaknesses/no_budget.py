"""SDB-no-budget (S5): a few requests cost many times the median, and nothing in the log caps them."""

from __future__ import annotations

from advisor.diagnosis.detector import CITED, Asked, Detector, Row, Shown, Signs
from advisor.diagnosis.weaknesses.decisions import whole

# Nearest rank: the p-th percentile of n requests is the one at place ceil(n * p / 100). A stratum is the agent whose
# name comes first among a request's.
_REQUESTS = """
WITH requests AS (
    SELECT request_id, COUNT(*) AS turns, SUM(COALESCE(input_tokens, 0) + COALESCE(output_tokens, 0)) AS tokens,
           COALESCE(MIN(agent_name), '') AS stratum, MIN(row_id) AS first_row
    FROM events WHERE kind = 'llm_call' AND request_id IS NOT NULL
    GROUP BY request_id
)
"""
_RANKED = """
, ranked AS (
    SELECT {of} AS stratum, turns, tokens,
           CAST(CEIL(CAST(COUNT(*) OVER (PARTITION BY {of}) * 50 AS DOUBLE) / 100) AS BIGINT) AS middle,
           CAST(CEIL(CAST(COUNT(*) OVER (PARTITION BY {of}) * 99 AS DOUBLE) / 100) AS BIGINT) AS high,
           ROW_NUMBER() OVER (PARTITION BY {of} ORDER BY turns) AS by_turns,
           ROW_NUMBER() OVER (PARTITION BY {of} ORDER BY tokens) AS by_tokens
    FROM requests
),
middled AS (
    SELECT stratum, turns, tokens, MAX(CASE WHEN by_turns = middle THEN turns END) OVER s AS turns_p50,
           MAX(CASE WHEN by_turns = high THEN turns END) OVER s AS turns_p99,
           MAX(CASE WHEN by_tokens = middle THEN tokens END) OVER s AS tokens_p50,
           MAX(CASE WHEN by_tokens = high THEN tokens END) OVER s AS tokens_p99
    FROM ranked
    WINDOW s AS (PARTITION BY stratum)
)
SELECT stratum, COUNT(*) AS requests, MAX(turns_p50) AS turns_p50, MAX(turns_p99) AS turns_p99,
       MAX(tokens_p50) AS tokens_p50, MAX(tokens_p99) AS tokens_p99,
       SUM(CASE WHEN turns > {ratio} * turns_p50 THEN 1 ELSE 0 END) AS turns_over,
       SUM(CASE WHEN tokens > {ratio} * tokens_p50 THEN 1 ELSE 0 END) AS tokens_over
FROM middled GROUP BY stratum ORDER BY COUNT(*) DESC, stratum LIMIT 50
"""
_LIMITS = (
    "max.?turns|max.?iter|max.?steps|recursion.?limit|graphrecursion|budget|too.?many.?(?:turns|steps)|usagelimit|"
    "usage.?limit|quota.?exceeded"
)
QUERIES = {
    "calls": """
SELECT COUNT(*) AS calls, SUM(CASE WHEN request_id IS NOT NULL THEN 1 ELSE 0 END) AS usable,
       SUM(CASE WHEN max_attempts IS NOT NULL THEN 1 ELSE 0 END) AS capped
FROM events WHERE kind = 'llm_call'
""",
    "whole": _REQUESTS + _RANKED.replace("{of}", "''"),
    "strata": _REQUESTS + _RANKED.replace("{of}", "stratum"),
    "dearest": _REQUESTS
    + """
SELECT first_row, request_id, turns, tokens FROM requests ORDER BY tokens DESC, turns DESC, request_id LIMIT 10
""",
    "longest": _REQUESTS
    + """
SELECT first_row, request_id, turns, tokens FROM requests ORDER BY turns DESC, tokens DESC, request_id LIMIT 10
""",
    "caps": f"""
SELECT row_id FROM events
WHERE (kind IN ('agent', 'workflow', 'outcome', 'delegation') AND max_attempts IS NOT NULL)
   OR (kind IN ('agent', 'workflow', 'outcome', 'llm_call', 'throttle', 'reject', 'escalation', 'cancelled', 'log')
       AND (regexp_matches(LOWER(error_type), '{_LIMITS}') OR regexp_matches(LOWER(status_raw), '{_LIMITS}')
            OR regexp_matches(LOWER(reason_code), '{_LIMITS}')))
ORDER BY row_id LIMIT 20
""",
    "bypassed": """
SELECT row_id FROM events
WHERE kind = 'log' AND name = 'permission_mode_changed'
  AND regexp_matches(LOWER(to_state), 'bypass|dontask|dont.ask|yolo')
ORDER BY row_id LIMIT 20
""",
}


def read(asked: Asked) -> Signs:
    """The 99th percentile of turns or tokens of a request, against the median; a cap in the log refutes it."""
    seen = asked.one("calls")
    ratio, least = asked.thresholds["ratio"], int(asked.thresholds["min-requests"])
    found = asked.ask("whole")
    requests = whole(found[0], "requests") if found else 0
    by, most = _most(found[0]) if found else ("turns", 0.0)
    skewed = requests >= least and most > ratio
    strata = [row for row in asked.ask("strata") if whole(row, "requests") >= least] if skewed else []
    mixed = skewed and bool(strata) and all(_most(row)[1] <= ratio for row in strata)
    caps = [row["row_id"] for row in asked.ask("caps")] if skewed else []
    capped = bool(caps) or whole(seen, "capped") > 0
    bypassed = [row["row_id"] for row in asked.ask("bypassed")]
    worst = asked.ask("dearest" if by == "tokens" else "longest") if skewed else []
    return Signs(
        relevant=requests + whole(seen, "calls") - whole(seen, "usable"),
        usable=requests,
        count=whole(found[0], f"{by}_over") if skewed else 0,
        unit="requests",
        verdict=_verdict(skewed, capped, mixed, bool(bypassed)),
        least=least,
        said=f"The 99th percentile of {by} per request is {most:.1f} times the median, over {requests} requests."
        + (" Permission prompts were switched off." if bypassed else ""),
        rows=[*bypassed[:5], *(row["first_row"] for row in worst)][:CITED],
        cause="No limit on turns, attempts or cost ends a request in this log" if skewed and not capped else None,
        traps=_traps(strata, mixed, ratio) if skewed else (),
        refuted="The log shows a cap on requests" if skewed and capped else None,
        detail={"Requests that cost most": [_shown(row) for row in worst[:5]]} if worst else {},
    )


def _verdict(skewed: bool, capped: bool, mixed: bool, bypassed: bool) -> Shown | None:
    """That nothing caps a request is silence: likely at most, unless the log shows that prompts were switched off."""
    if not skewed:
        return "possible" if bypassed else None
    return "refuted" if capped else "possible" if mixed else "present" if bypassed else "likely"


def _most(row: Row) -> tuple[str, float]:
    """Which of turns and tokens lies further apart, and how far: the 99th percentile over the median."""
    both = {by: whole(row, f"{by}_p99") / max(1, whole(row, f"{by}_p50")) for by in ("tokens", "turns")}
    if not whole(row, "tokens_p50"):
        return "turns", both["turns"]
    by = max(("tokens", "turns"), key=both.__getitem__)
    return by, both[by]


def _traps(strata: list[Row], mixed: bool, ratio: float) -> list[str]:
    if mixed:
        return [f"Heavy tasks: within each agent's requests the ratio stays at or below {ratio:g}."]
    within = max((_most(row)[1] for row in strata), default=0.0)
    return [f"Heavy tasks: within one agent's requests the ratio is still {within:.1f}."] if strata else []


def _shown(row: Row) -> Row:
    return {"request": row["request_id"], "turns": row["turns"], "tokens": whole(row, "tokens")}


DETECTOR = Detector("SDB-no-budget", QUERIES, read)
