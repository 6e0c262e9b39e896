"""Step 3: whether work splits, whether sub-tasks run side by side, and what merges their results."""

from __future__ import annotations

from advisor.loop.evidence.conventions import LIMITS
from advisor.loop.evidence.observation import AGENT, Looking, Observation, Probe, nothing

# Handing over is a delegation, or the work of an agent that is declared a sub-agent or peer. Several names that call
# models may be steps taken one after another, which is no split.
SPLITS = f"""
    SELECT request_id, MIN(row_id) AS first_row, MIN(ts_us) AS at_us,
           COUNT(DISTINCT CASE WHEN kind = 'llm_call' AND {AGENT} THEN agent_name END) AS agents,
           SUM(CASE WHEN kind = 'delegation' THEN 1 ELSE 0 END) AS delegations,
           SUM(CASE WHEN kind = 'delegation' OR agent_role IN ('sub_agent', 'peer') THEN 1 ELSE 0 END) AS handed,
           SUM(CASE WHEN kind = 'delegation' AND declared_by = 'guess' THEN 1 ELSE 0 END) AS guessed
    FROM events WHERE request_id IS NOT NULL AND (kind = 'delegation' OR agent_name IS NOT NULL)
    GROUP BY request_id
"""
SPLIT = "(handed > 0 OR agents > 1)"
_WORK = {
    "splits": f"""
SELECT COUNT(*) AS named, SUM(CASE WHEN {SPLIT} THEN 1 ELSE 0 END) AS split,
       SUM(CASE WHEN handed > 0 THEN 1 ELSE 0 END) AS handed, SUM(delegations) AS delegations,
       MAX(agents) AS most_agents, SUM(CASE WHEN handed > 0 AND guessed = handed THEN 1 ELSE 0 END) AS guessed
FROM ({SPLITS}) splits
""",
    "examples": f"""
SELECT first_row AS row_id FROM ({SPLITS}) splits WHERE {SPLIT}
ORDER BY handed DESC, agents DESC, first_row LIMIT 5
""",
}
TASKS = """
WITH tasks AS (
    SELECT request_id, row_id, ts_us,
           MAX(end_us) OVER (PARTITION BY request_id ORDER BY ts_us, row_id
                             ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS busy_until,
           COUNT(*) OVER (PARTITION BY request_id) AS many
    FROM events WHERE kind = 'delegation' AND request_id IS NOT NULL AND ts_us IS NOT NULL AND end_us > ts_us
),
beside AS (
    SELECT request_id, MIN(row_id) AS first_row, MIN(ts_us) AS at_us,
           MAX(CASE WHEN ts_us < busy_until THEN 1 ELSE 0 END) AS beside
    FROM tasks WHERE many > 1
    GROUP BY request_id
)
"""
_INDEPENDENT = {
    "beside": TASKS + "SELECT COUNT(*) AS requests, SUM(beside) AS beside FROM beside",
    "examples": TASKS + "SELECT first_row AS row_id FROM beside WHERE beside = 1 ORDER BY first_row LIMIT 5",
}
UNDER = """
    SELECT m.row_id, MIN(m.ts_us) AS at_us, COUNT(c.row_id) AS calls
    FROM (SELECT row_id, span_id, ts_us FROM events WHERE kind = 'merge' AND span_id IS NOT NULL) m
    LEFT JOIN (SELECT row_id, parent_span_id FROM events WHERE kind = 'llm_call' AND parent_span_id IS NOT NULL) c
      ON c.parent_span_id = m.span_id
    GROUP BY m.row_id
"""
_MERGE = {
    "merges": f"SELECT COUNT(*) AS merges, SUM(CASE WHEN calls > 0 THEN 1 ELSE 0 END) AS by_model FROM ({UNDER}) u",
    "examples": f"SELECT row_id FROM ({UNDER}) u WHERE calls > 0 ORDER BY row_id LIMIT 5",
}


def _work(look: Looking) -> Observation:
    found = look.one("splits")
    if not found["named"]:
        return nothing("no row names an agent or a delegation", found)
    if not found["split"]:
        said = f"In each of {found['named']} requests one agent at most calls models, and none hands work over."
        return Observation(said, "no", why="a split inside one agent leaves no row", numbers=found)
    share = found["handed"] / found["named"]
    said = (
        f"{found['handed']} of {found['named']} requests ({share:.0%}) hand work to sub-agents or peers, "
        f"{found['split'] - found['handed']} more name several agents that call models."
    )
    why = ""
    if not found["handed"]:
        why = "several agents may be steps taken one after another"
    elif 2 * found["guessed"] > found["handed"]:
        why = "most of these rows were taken for it by their names alone"
    elif found["handed"] < LIMITS["few"] or share < LIMITS["often"]:
        why = "so few may be odd ones"
    return Observation(said, "yes", not why, why=why, numbers=found, rows=look.rows("examples"))


def _independent(look: Looking) -> Observation:
    found = look.one("beside")
    many = found["requests"]
    if not many:
        return nothing("no request shows two delegations with start and end", found)
    said = f"In {found['beside']} of {many} requests with several delegations, some run side by side."
    if found["beside"] >= LIMITS["half"] * many:
        strong = many >= LIMITS["least_requests"]
        why = "" if strong else f"{many} requests are few"
        return Observation(said, "yes", strong, why=why, numbers=found, rows=look.rows("examples"))
    return Observation(said, "no", why="what runs in turn may still be independent", numbers=found)


def _merge(look: Looking) -> Observation:
    found = look.one("merges")
    if not found["merges"]:
        return nothing("no merge is logged as a span", found)
    said = f"{found['by_model']} of {found['merges']} merges have a model call under them."
    if found["by_model"]:
        why = "that a model merges does not show that code could not"
        return Observation(said, "no", why=why, numbers=found, rows=look.rows("examples"))
    return Observation(said, "yes", found["merges"] >= LIMITS["few"], numbers=found)


PROBES = (
    Probe("work_splits", _WORK, _work),
    Probe("independent_subtasks", _INDEPENDENT, _independent),
    Probe("deterministic_merge", _MERGE, _merge),
)
