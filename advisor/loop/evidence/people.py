"""Step 4: who decides, who is asked and does not answer, what leaves the envelope, what is stopped or throttled."""

from __future__ import annotations

from advisor.loop.evidence.conventions import HOUR, LIMITS
from advisor.loop.evidence.effects import WRITES
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

_PERSON = (
    "kind = 'approval_decision' AND COALESCE(decision_source, 'human') = 'human' AND decision IN ('allow', 'approve')"
)
# A person decided on an action if they approved its proposal, or, where one side names none, something before it in
# the request. Both sides are grouped to one row a key before they are joined.
ACTIONS = f"""
WITH actions AS (
    SELECT row_id, request_id, proposal_id, ts_us FROM events WHERE {WRITES} AND request_id IS NOT NULL
),
by_proposal AS (
    SELECT proposal_id, MIN(ts_us) AS ts_us FROM events
    WHERE {_PERSON} AND proposal_id IS NOT NULL GROUP BY proposal_id
),
by_request AS (
    SELECT request_id, MIN(ts_us) AS ts_us, MAX(CASE WHEN proposal_id IS NULL THEN 1 ELSE 0 END) AS loose
    FROM events WHERE {_PERSON} AND request_id IS NOT NULL GROUP BY request_id
),
decided AS (
    SELECT a.row_id, a.ts_us AS at_us,
           CASE WHEN p.ts_us <= a.ts_us THEN 1
                WHEN (a.proposal_id IS NULL OR r.loose = 1) AND r.ts_us <= a.ts_us THEN 1 ELSE 0 END AS by_person
    FROM actions a
    LEFT JOIN by_proposal p ON p.proposal_id = a.proposal_id
    LEFT JOIN by_request r ON r.request_id = a.request_id
)
"""
_DECIDES = {
    "actions": ACTIONS + "SELECT COUNT(*) AS actions, SUM(by_person) AS by_person FROM decided",
    "examples": ACTIONS + "SELECT row_id FROM decided WHERE by_person = 0 ORDER BY row_id LIMIT 5",
    "decisions": f"""
SELECT COUNT(*) AS total, SUM(CASE WHEN {_PERSON} THEN 1 ELSE 0 END) AS approvals
FROM events WHERE kind = 'approval_decision'
""",
}
ASKED = """
WITH ends AS (SELECT MAX(ts_us) AS end_us FROM events),
answers AS (
    SELECT approval_id, MAX(CASE WHEN decision_source = 'timeout' THEN 1 ELSE 0 END) AS lapsed
    FROM events WHERE kind = 'approval_decision' AND approval_id IS NOT NULL GROUP BY approval_id
),
asked AS (
    SELECT approval_id, MIN(row_id) AS first_row, MIN(ts_us) AS at_us,
           MIN(ts_us + COALESCE(sla_us, {pause_us})) AS due_us
    FROM events WHERE kind = 'approval_request' AND approval_id IS NOT NULL GROUP BY approval_id
),
due AS (
    SELECT q.first_row, q.at_us,
           CASE WHEN a.approval_id IS NULL THEN 1 ELSE 0 END AS open_, COALESCE(a.lapsed, 0) AS lapsed
    FROM asked q LEFT JOIN answers a ON a.approval_id = q.approval_id
    WHERE a.approval_id IS NOT NULL OR q.due_us < (SELECT end_us FROM ends)
)
"""
_APPROVALS = {
    **seen("kind = 'approval_request'"),
    "due": ASKED + "SELECT COUNT(*) AS due, SUM(open_) AS unanswered, SUM(lapsed) AS lapsed FROM due",
    "due_rows": ASKED + "SELECT first_row AS row_id FROM due WHERE open_ = 1 OR lapsed = 1 ORDER BY first_row LIMIT 5",
}
_LIMITED = """status IN ('error', 'rejected', 'timeout') AND regexp_matches(
    LOWER(CONCAT(COALESCE(error_type, ''), ' ', COALESCE(error_message, ''))),
    'rate.?limit|too many requests|overloaded|quota exceeded|resource.?exhausted')"""
_VOLUME = {
    **seen("kind = 'throttle'"),
    "limited": f"SELECT COUNT(*) AS total FROM events WHERE {_LIMITED}",
    "limited_rows": f"SELECT row_id FROM events WHERE {_LIMITED} ORDER BY row_id LIMIT 5",
    "hours": f"""
WITH starts AS (
    SELECT request_id, MIN(ts_us) AS ts_us FROM events
    WHERE request_id IS NOT NULL AND ts_us IS NOT NULL GROUP BY request_id
),
hours AS (
    SELECT CAST(FLOOR(CAST(ts_us AS DOUBLE) / {HOUR}) AS BIGINT) AS hour, COUNT(*) AS many FROM starts
    GROUP BY CAST(FLOOR(CAST(ts_us AS DOUBLE) / {HOUR}) AS BIGINT)
)
SELECT MAX(many) AS peak, COUNT(*) AS hours, SUM(many) AS requests FROM hours
""",
}


def _decides(look: Looking) -> Observation:
    found = {**look.one("actions"), **look.one("decisions")}
    actions, approved = found["actions"], found["by_person"]
    if not actions:
        return nothing("no write names its request", found)
    if not found["total"]:
        return nothing("the log holds no decision by anyone, so those of people may stand elsewhere", found)
    share = approved / actions
    said = f"A person approved {approved} of {actions} writes ({share:.0%}) before they were made."
    if share >= LIMITS["most"]:
        strong = actions >= LIMITS["least_actions"]
        return Observation(said, "yes", strong, why="" if strong else f"{actions} writes are few", numbers=found)
    strong = share < LIMITS["half"] and actions >= LIMITS["least_actions"]
    why = "" if strong else "not all decisions need be in this log"
    return Observation(said, "no", strong, why=why, numbers=found, rows=look.rows("examples"))


def _threshold(look: Looking) -> Observation:
    found = {**look.one("actions"), **look.one("decisions")}
    actions, approved = found["actions"], found["by_person"]
    if not actions or not found["approvals"]:
        return nothing("no write and approval stand in one request", found)
    said = f"A person approved {approved} of {actions} writes before they were made."
    if 0 < approved < LIMITS["half"] * actions:
        return Observation(said, "yes", why="what the others have in common is not in the log", numbers=found)
    if approved >= LIMITS["most"] * actions:
        return Observation(said, "no", why="all of them may lie above the threshold", numbers=found)
    return nothing("the share speaks for neither", found, said)


def _approvals(look: Looking) -> Observation:
    count, due = look.one("seen"), look.one("due")
    numbers = {**due, "asked": count["total"], "requests": count["requests"]}
    if not count["total"]:
        return nothing("no approval was requested", numbers)
    said = (
        f"{in_requests(count, 'approvals requested')}; of {due['due']} that were due, "
        f"{due['unanswered']} were never answered and {due['lapsed']} lapsed."
    )
    rows = look.rows("due_rows") or look.rows("examples")
    return Observation(said, "yes", is_habit(count), why=doubt(count), numbers=numbers, rows=rows)


def _envelope(look: Looking) -> Observation:
    return _habit(look, "escalations", "no escalation is in the log; cases that fit no rule may have passed unnoticed")


def _stopped(look: Looking) -> Observation:
    return _habit(look, "cancel requests", "nobody asked to stop anything; that is rare by nature")


def _habit(look: Looking, what: str, none: str) -> Observation:
    count = look.one("seen")
    if not count["total"]:
        return nothing(none, count)
    return Observation(
        f"{in_requests(count, what)}.",
        "yes",
        is_habit(count),
        why=doubt(count),
        numbers=count,
        rows=look.rows("examples"),
    )


def _volume(look: Looking) -> Observation:
    count, limited, hours = look.one("seen"), look.one("limited")["total"], look.one("hours")
    numbers = {"throttled": count["total"], "limited": limited, "requests": hours["requests"], "peak": hours["peak"]}
    said = f"{count['total']} throttle rows and {limited} refusals for rate or load"
    if hours["hours"]:
        said += (
            f"; {hours['peak']} requests in the busiest hour, {hours['requests'] / hours['hours']:.1f} in a usual one"
        )
    said += "."
    if count["total"]:
        return Observation(said, "yes", is_habit(count), why=doubt(count), numbers=numbers, rows=look.rows("examples"))
    if limited:
        why = "a limit that was met does not show that harm would have come without it"
        return Observation(said, "yes", why=why, numbers=numbers, rows=look.rows("limited_rows"))
    return nothing("a burst that has not come yet leaves no row", numbers, said)


PROBES = (
    Probe("outside_envelope", seen("kind = 'escalation' OR decision = 'escalate'"), _envelope),
    Probe("person_decides_every_action", _DECIDES, _decides),
    Probe("stop_in_flight", seen("kind = 'cancel_request'"), _stopped),
    Probe("volume_can_overwhelm", _VOLUME, _volume),
    Probe("approval_above_threshold_only", _DECIDES, _threshold),
    Probe("planes.approval", _APPROVALS, _approvals),
)
