"""Effects: writes outside, peers that write, and writes that are left in part or undone."""

from __future__ import annotations

from advisor.loop.evidence.conventions import LIMITS
from advisor.loop.evidence.observation import (
    AGENT,
    Looking,
    Observation,
    Probe,
    cases_of,
    doubt,
    in_requests,
    is_habit,
    nothing,
    seen,
)

WRITES = "kind IN ('tool_call', 'commit') AND side_effect IN ('write', 'external_write')"
_EFFECTS = {
    **seen(WRITES),
    "declared": """
SELECT COUNT(*) AS total, SUM(CASE WHEN kind = 'commit' THEN 1 ELSE 0 END) AS commits,
       SUM(CASE WHEN side_effect IS NOT NULL AND side_effect <> 'unknown' THEN 1 ELSE 0 END) AS declared,
       SUM(CASE WHEN side_effect = 'external_write' THEN 1 ELSE 0 END) AS outside
FROM events WHERE kind IN ('tool_call', 'commit')
""",
}
BY_REQUEST = f"""
    SELECT request_id, MIN(row_id) AS first_row, MIN(ts_us) AS at_us,
           COUNT(DISTINCT CASE WHEN {AGENT} THEN agent_name END) AS agents,
           SUM(CASE WHEN status = 'ok' THEN 1 ELSE 0 END) AS done,
           SUM(CASE WHEN status IN ('error', 'timeout') THEN 1 ELSE 0 END) AS failed
    FROM events WHERE {WRITES} AND request_id IS NOT NULL
    GROUP BY request_id
"""
_PEERS = {
    "peers": f"""
SELECT COUNT(*) AS requests, SUM(CASE WHEN agents > 0 THEN 1 ELSE 0 END) AS named,
       SUM(CASE WHEN agents > 1 THEN 1 ELSE 0 END) AS peers
FROM ({BY_REQUEST}) writes
""",
    "undone": "SELECT COUNT(*) AS total FROM events WHERE kind = 'compensation'",
    "examples": f"SELECT first_row AS row_id FROM ({BY_REQUEST}) writes WHERE agents > 1 ORDER BY first_row LIMIT 5",
}
_PARTIAL_WRITES = {
    **seen("kind = 'compensation'"),
    "torn": f"""
SELECT COUNT(*) AS requests, SUM(CASE WHEN done > 0 AND failed > 0 THEN 1 ELSE 0 END) AS torn
FROM ({BY_REQUEST}) writes
""",
    "torn_rows": f"""
SELECT first_row AS row_id FROM ({BY_REQUEST}) writes WHERE done > 0 AND failed > 0 ORDER BY first_row LIMIT 5
""",
}
_PARTIAL_RESULTS = {
    **seen("kind IN ('merge', 'merge_field') AND partial"),
    "merges": "SELECT COUNT(partial) AS total FROM events WHERE kind IN ('merge', 'merge_field')",
}


def _effects(look: Looking) -> Observation:
    count, all_ = look.one("seen"), look.one("declared")
    numbers = {**all_, "writes": count["total"], "requests": count["requests"]}
    if count["total"]:
        said = f"{in_requests(count, 'writes by tools or commits')}, {all_['outside']} of them declared external."
        return Observation(said, "yes", is_habit(count), why=doubt(count), numbers=numbers, rows=look.rows("examples"))
    if all_["commits"]:
        said = f"{all_['commits']} commits, none of which says what it writes to."
        return Observation(said, "yes", why="a commit may stay inside the system", numbers=numbers)
    if not all_["total"] or all_["declared"] < LIMITS["covered"] * all_["total"]:
        return nothing("no tool call or commit says what it writes", numbers)
    why = "suggestions that a person acts on count too, and no log shows them"
    return Observation(
        f"{all_['declared']} tool calls are declared, none of them writes.", "no", why=why, numbers=numbers
    )


def _peers(look: Looking) -> Observation:
    found, undone = look.one("peers"), look.one("undone")["total"]
    numbers = {**found, "compensations": undone}
    if not found["requests"]:
        return nothing("no write names its request", numbers)
    if not found["peers"]:
        if found["named"] < LIMITS["covered"] * found["requests"]:
            return nothing("most writes name no agent", numbers)
        said = f"In each of {found['requests']} requests that write, one agent does."
        return Observation(said, "no", why="one agent may still write to several systems", numbers=numbers)
    said = (
        f"In {found['peers']} of {found['requests']} requests that write, several agents do; "
        f"{undone} compensations ran."
    )
    often = found["peers"] >= LIMITS["few"] and found["peers"] >= LIMITS["often"] * found["requests"]
    why = "" if undone else "nothing shows that their writes must stand or fall together"
    if not often:
        why = "so few may be odd ones"
    return Observation(said, "yes", not why, why=why, numbers=numbers, rows=look.rows("examples"))


def _partial_results(look: Looking) -> Observation:
    count, merges = look.one("seen"), look.one("merges")["total"]
    if not merges:
        return nothing("no merge says whether it was partial")
    numbers = {"merges": merges, "partial": count["total"], "requests": count["requests"]}
    if not count["total"]:
        said = f"None of {merges} merges was partial."
        return nothing("peers that never failed do not show what would be done without them", numbers, said)
    said = f"{count['total']} of {merges} merges went on with part of the results."
    strong = is_habit(count) and count["total"] >= LIMITS["often"] * merges
    return Observation(said, "yes", strong, why=doubt(count), numbers=numbers, rows=look.rows("examples"))


def _partial_writes(look: Looking) -> Observation:
    count, torn = look.one("seen"), look.one("torn")
    numbers = {"compensations": count["total"], "requests": torn["requests"], "torn": torn["torn"]}
    if not count["total"] and not torn["torn"]:
        return nothing("no compensation ran, and no request shows some writes done and others failed", numbers)
    said = (
        f"{count['total']} compensations ran in {cases_of(count)} requests; in {torn['torn']} of {torn['requests']} "
        "requests that write, some writes were done and others failed."
    )
    rows = look.rows("examples") or look.rows("torn_rows")
    return Observation(said, "yes", why="what a partial write costs is not in a log", numbers=numbers, rows=rows)


PROBES = (
    Probe("external_side_effects", _EFFECTS, _effects),
    Probe("peers_with_side_effects", _PEERS, _peers),
    Probe("partial_result_useful", _PARTIAL_RESULTS, _partial_results),
    Probe("partial_write_costly", _PARTIAL_WRITES, _partial_writes),
)
