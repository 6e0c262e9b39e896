"""Steps 1 and 2: how long a unit of work lasts, whether it pauses, and what changes meanwhile."""

from __future__ import annotations

from advisor.loop.evidence.conventions import DAY, HOUR, LIMITS, MINUTE, SECOND
from advisor.loop.evidence.observation import REQUEST, Looking, Observation, Probe, nothing

# Gaps are looked for only in requests that are longer than a pause: in most logs that leaves few rows to sort.
SPANS = f"""
WITH spans AS (
    SELECT request_id, MIN(row_id) AS first_row, MIN(ts_us) AS at_us, COUNT(*) AS many,
           MAX(CASE WHEN end_us > ts_us THEN end_us ELSE ts_us END) - MIN(ts_us) AS us,
           MAX(CASE WHEN kind = 'outcome' OR (kind IN ('workflow', 'agent') AND end_us IS NOT NULL)
               THEN 1 ELSE 0 END) AS ended
    FROM events WHERE {REQUEST}
    GROUP BY request_id
),
timed AS (SELECT request_id, first_row, at_us, us, ended FROM spans WHERE us > 0 OR many > 1)
"""
GAPS = (
    SPANS
    + f""",
long AS (SELECT request_id FROM timed WHERE us > {{pause_us}}),
points AS (
    SELECT request_id, row_id, ts_us AS instant FROM events
    WHERE {REQUEST} AND request_id IN (SELECT request_id FROM long)
    UNION ALL
    SELECT request_id, row_id, end_us AS instant FROM events
    WHERE {REQUEST} AND end_us > ts_us AND request_id IN (SELECT request_id FROM long)
),
gaps AS (
    SELECT request_id, row_id, instant,
           CASE WHEN ROW_NUMBER() OVER (PARTITION BY request_id ORDER BY instant, row_id) > 1
                THEN instant - LAG(instant) OVER (PARTITION BY request_id ORDER BY instant, row_id) END AS us
    FROM points
),
paused AS (
    SELECT request_id, MAX(us) AS us, MAX(instant) AS resumed FROM gaps WHERE us > {{pause_us}} GROUP BY request_id
)
"""
)
_DURATION = {
    "durations": SPANS
    + """,
ranked AS (
    SELECT us, ended, ROW_NUMBER() OVER (ORDER BY us, request_id) AS place, COUNT(*) OVER () AS many FROM timed
)
SELECT COUNT(*) AS requests, SUM(ended) AS ended, MAX(us) AS longest,
       MIN(CASE WHEN place * 2 >= many THEN us END) AS p50, MIN(CASE WHEN place * 100 >= many * 95 THEN us END) AS p95
FROM ranked
""",
    "examples": SPANS + "SELECT first_row AS row_id FROM timed ORDER BY us DESC, request_id LIMIT 5",
}
_GATHERED = """(e.kind IN ('approval_decision', 'override', 'event_consume', 'reconcile')
    OR (e.kind IN ('tool_call', 'commit') AND e.side_effect IN ('write', 'external_write')))"""
CHANGED = """
    SELECT request_id, COUNT(DISTINCT policy_version) AS policies, COUNT(DISTINCT retrieval_index_version) AS indexes,
           MIN(row_id) AS first_row, MIN(ts_us) AS at_us
    FROM events WHERE request_id IS NOT NULL AND (policy_version IS NOT NULL OR retrieval_index_version IS NOT NULL)
    GROUP BY request_id
"""
# One text for all that is asked about pauses, so that one run of it answers three probes.
_MEANWHILE = (
    GAPS
    + f"""
SELECT (SELECT COUNT(*) FROM timed) AS requests, (SELECT SUM(ended) FROM timed) AS ended,
       (SELECT COUNT(*) FROM paused) AS paused, (SELECT MAX(us) FROM paused) AS longest,
       (SELECT COUNT(DISTINCT e.request_id) FROM events e JOIN paused p ON p.request_id = e.request_id
        WHERE e.ts_us < p.resumed AND {_GATHERED}) AS gathered,
       COUNT(*) AS versioned, SUM(CASE WHEN policies > 1 OR indexes > 1 THEN 1 ELSE 0 END) AS changed
FROM ({CHANGED}) versions WHERE request_id IN (SELECT request_id FROM paused)
"""
)
_PAUSES = {
    "pauses": _MEANWHILE,
    "examples": GAPS
    + """
SELECT g.row_id FROM gaps g JOIN paused p ON p.request_id = g.request_id AND p.us = g.us
ORDER BY g.us DESC, g.request_id, g.row_id LIMIT 5
""",
}
_LOST = {
    "pauses": _MEANWHILE,
    "examples": GAPS
    + f"""
SELECT e.row_id FROM events e JOIN paused p ON p.request_id = e.request_id
WHERE e.ts_us < p.resumed AND {_GATHERED} ORDER BY e.row_id LIMIT 5
""",
}
_WORLD = {
    "changed": f"""
SELECT COUNT(*) AS requests, SUM(CASE WHEN policies > 1 OR indexes > 1 THEN 1 ELSE 0 END) AS changed
FROM ({CHANGED}) versions
""",
    "examples": f"""
SELECT first_row AS row_id FROM ({CHANGED}) versions WHERE policies > 1 OR indexes > 1 ORDER BY first_row LIMIT 5
""",
}
_WORLD_AT_PAUSES = {
    "pauses": _MEANWHILE,
    "examples": GAPS
    + f"""
SELECT first_row AS row_id FROM ({CHANGED}) versions
WHERE (policies > 1 OR indexes > 1) AND request_id IN (SELECT request_id FROM paused) ORDER BY first_row LIMIT 5
""",
}
SESSIONS = "most ids are those of sessions or conversations, which may hold idle time between units of work"


def length(us: float) -> str:
    """A duration as people say it."""
    for unit, name in ((DAY, "days"), (HOUR, "hours"), (MINUTE, "minutes")):
        if us >= unit:
            return f"{us / unit:.1f} {name}"
    return f"{us / SECOND:.1f} seconds"


def duration_answer(us: float) -> str:
    """The answer about durations that one unit of work of this length speaks for."""
    for limit, answer in (("minute_us", "seconds"), ("hour_us", "minutes"), ("day_us", "hours")):
        if us < LIMITS[limit]:
            return answer
    return "days"


def _duration(look: Looking) -> Observation:
    found = look.one("durations")
    many = found["requests"]
    if not many:
        return nothing("no request has two instants to measure between")
    said = (
        f"{many} requests last {length(found['p50'])} at the median, {length(found['p95'])} at the 95th percentile, "
        f"{length(found['longest'])} at most."
    )
    weak = SESSIONS if look.ground.sessions > LIMITS["half"] else ""
    if many < LIMITS["least_requests"]:
        weak = f"{many} requests are few"
    return Observation(
        said=said,
        shows=duration_answer(found["p50"]),
        strong=not weak,
        tail=duration_answer(found["p95"]),
        why=weak,
        numbers={**found, "window_us": look.ground.window_us},
        rows=look.rows("examples"),
    )


def _pauses(look: Looking) -> Observation:
    found = look.one("pauses")
    many, paused, window = found["requests"], found["paused"], look.ground.window_us
    if not many:
        return nothing("no request has two instants to measure between")
    if paused:
        share = paused / many
        said = (
            f"{paused} of {many} requests ({share:.0%}) stand still for over an hour, {length(found['longest'])} "
            "at the longest."
        )
        weak = ""
        if share < LIMITS["often"] or paused < LIMITS["few"] or many < LIMITS["least_requests"]:
            weak = f"{paused} of {many} requests may be odd ones"
        elif look.ground.sessions > LIMITS["half"]:
            weak = SESSIONS
        return Observation(said, "yes", not weak, why=weak, numbers=found, rows=look.rows("examples"))
    said = f"None of {many} requests stands still for over an hour; the log covers {length(window)}."
    if window < 2 * LIMITS["pause_us"]:
        return nothing(f"the log covers {length(window)}: an hour's pause would hardly fit", found, said)
    weak = ""
    if many < LIMITS["least_requests"] or window < LIMITS["day_us"]:
        weak = "so short a log may have missed it"
    elif found["ended"] < LIMITS["covered"] * many:
        weak = "the log does not show that the requests came to their ends"
    return Observation(said, "no", not weak, why=weak, numbers=found)


def _lost(look: Looking) -> Observation:
    found = look.one("pauses")
    if not found["gathered"]:
        return nothing("no request pauses after it took effects or received an answer", found)
    said = f"{found['gathered']} of {found['paused']} requests that pause had taken effects or received answers before."
    why = "whether these can be read back from other systems is not in a log"
    return Observation(said, "yes", why=why, numbers=found, rows=look.rows("examples"))


def _world_meanwhile(look: Looking) -> Observation:
    found = look.one("pauses")
    return _changed(look, {"requests": found["versioned"], "changed": found["changed"]})


def _world(look: Looking) -> Observation:
    return _changed(look, look.one("changed"))


def _changed(look: Looking, found: dict[str, int]) -> Observation:
    if not found["requests"]:
        return nothing("no row names a version of policy or retrieval index")
    if not found["changed"]:
        said = f"{found['requests']} requests each saw one version of policy and index."
        return nothing("other data may have changed without a row", found, said)
    said = f"{found['changed']} of {found['requests']} requests saw policy or index change under way."
    many = found["changed"] >= LIMITS["few"] and found["changed"] >= LIMITS["often"] * found["requests"]
    why = "" if many else "so few may be odd ones"
    return Observation(said, "yes", many, why=why, numbers=found, rows=look.rows("examples"))


PROBES = (
    Probe("duration", _DURATION, _duration),
    Probe("world_changes_during_unit", _WORLD, _world),
    Probe("pauses_or_external_waits", _PAUSES, _pauses),
    Probe("state_not_reconstructible", _LOST, _lost),
    Probe("world_changes_during_pause", _WORLD_AT_PAUSES, _world_meanwhile),
)
