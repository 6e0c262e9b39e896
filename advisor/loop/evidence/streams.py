"""Event streams, replays and versions: what is consumed, by which model and prompt, and how rows are threaded."""

from __future__ import annotations

from advisor.loop.evidence.conventions import LIMITS
from advisor.loop.evidence.observation import (
    Looking,
    Observation,
    Probe,
    doubt,
    in_requests,
    is_habit,
    nothing,
    seen,
)


def _versions(who: str, where: str) -> str:
    """Who used several versions; `moved` where one began after another had ended, so that they did not run in parallel.

    Rows that do not say who they are of are left out.
    """
    version = "CONCAT(COALESCE(model_version, ''), ' / ', COALESCE(prompt_version, ''))"
    return f"""
WITH uses AS (
    SELECT {who} AS who, {version} AS version, MIN(row_id) AS first_row, COUNT(*) AS many,
           MIN(ts_us) AS first_us, MAX(ts_us) AS last_us
    FROM events WHERE {where} AND {who} IS NOT NULL AND (model_version IS NOT NULL OR prompt_version IS NOT NULL)
    GROUP BY {who}, {version}
),
kept AS (SELECT who, first_row, many, first_us, last_us, SUM(many) OVER (PARTITION BY who) AS total FROM uses)
SELECT who, COUNT(*) AS versions, MAX(first_row) AS row_id, MAX(total) AS total,
       MAX(CASE WHEN first_us IS NULL THEN 0 ELSE first_us END) - MIN(last_us) AS apart_us
FROM kept WHERE many >= {{canary}} * total
GROUP BY who ORDER BY versions DESC, total DESC, who LIMIT 5
"""


_PINNED = {
    "consumers": _versions("COALESCE(consumer, agent_name)", "kind IN ('event_consume', 'consume_result')"),
    "calls": _versions("agent_name", "kind = 'llm_call'"),
}
_STREAM = seen("kind IN ('event_append', 'event_consume')")
_REPLAYED = seen("is_replay OR replay_of IS NOT NULL")
_THREADED = {
    "examples": "SELECT row_id FROM events WHERE kind <> 'unknown' AND request_id IS NULL ORDER BY row_id LIMIT 5",
}


def _stream(look: Looking) -> Observation:
    count = look.one("seen")
    if not count["total"]:
        return nothing("no event is appended or consumed in the log", count)
    why = "that events flow does not show that they are the accepted truth"
    said = f"{in_requests(count, 'events appended or consumed')}."
    return Observation(said, "yes", why=why, numbers=count, rows=look.rows("examples"))


def _replayed(look: Looking) -> Observation:
    count = look.one("seen")
    if not count["total"]:
        return nothing("no replay is in the log; whether one may be asked for is not", count)
    why = doubt(count) or "that history was replayed does not show that it must be"
    return Observation(
        f"{in_requests(count, 'rows of replays')}.", "yes", why=why, numbers=count, rows=look.rows("examples")
    )


def _pinned(look: Looking) -> Observation:
    consumers = look.ask("consumers")
    uses = consumers or look.ask("calls")
    if not uses:
        return nothing("no consumer or model call names a version")
    several = [row for row in uses if row["versions"] > 1]
    total = int(max(row["total"] for row in (several or uses)))
    numbers = {"consumers": len(consumers), "most_versions": int(uses[0]["versions"]), "total": total}
    who = "consumers of events" if consumers else "callers of models"
    if not several:
        said = f"Each of the {len(uses)} busiest {who} used one version of model and prompt."
        why = "that a version did not change yet does not show that it is pinned"
        return Observation(said, "yes", why=why, numbers=numbers)
    said = (
        f"{len(several)} of the {len(uses)} busiest {who} used several versions of model or prompt, "
        f"{several[0]['who']} {several[0]['versions']} of them."
    )
    why = "" if consumers else "whether these callers consume the history is not in the log"
    if total < LIMITS["least_calls"]:
        why = f"{total} rows are few"
    elif not any(int(row["apart_us"] or 0) > 0 for row in several):
        why = "they may be used side by side, each pinned"
    rows = tuple(int(row["row_id"]) for row in several)
    return Observation(said, "no", not why, why=why, numbers=numbers, rows=rows)


def _threaded(look: Looking) -> Observation:
    ground = look.ground
    if not ground.rows:
        return nothing("the log holds no readable row")
    share = ground.with_request / ground.rows
    said = f"{ground.with_request} of {ground.rows} rows ({share:.0%}) belong to a request."
    numbers = {"rows": ground.rows, "with_request": ground.with_request}
    if share >= LIMITS["most"]:
        return Observation(
            said, "yes", is_habit({"requests": ground.requests, "total": 0, "guessed": 0}), numbers=numbers
        )
    strong = share < LIMITS["half"] and ground.rows >= LIMITS["least_actions"]
    why = "" if strong else "rows of start-up and of other programs belong to no request"
    return Observation(said, "no", strong, why=why, numbers=numbers, rows=look.rows("examples"))


PROBES = (
    Probe("event_stream_exists", _STREAM, _stream),
    Probe("history_must_replay", _REPLAYED, _replayed),
    Probe("consumers_pinned", _PINNED, _pinned),
    Probe("sequence.console", _THREADED, _threaded),
)
