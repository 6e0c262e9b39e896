"""SDB-unverified-commit (S1): outside writes without a check, checked too late, changed since, or denied."""

from __future__ import annotations

from advisor.diagnosis.detector import CITED, Asked, Detector, Signs
from advisor.diagnosis.weaknesses.decisions import ALLOWS, CHECKS, DECIDED, REFUSED, home, whole

# A tool call with an outside effect is a write too, unless the same proposal has a commit row of its own. Arguments
# are compared with those of two allow rows at most: more are versions of a proposal that was worked on.
_WRITES = f"""
WITH effects AS (
    SELECT row_id, kind, proposal_id, request_id, verification_id, policy_version, side_effect, args_hash, ord, ts_us
    FROM events
    WHERE kind IN ('commit', 'tool_call')
      AND (kind = 'commit' AND COALESCE(side_effect, 'unknown') IN ('external_write', 'unknown')
           OR kind = 'tool_call' AND side_effect = 'external_write')
      AND COALESCE(status, 'ok') IN ('ok', 'unknown', 'timeout')
),
checks AS (
    SELECT proposal_id, request_id, args_hash, ord, ts_us, CASE WHEN {ALLOWS} THEN 1 ELSE 0 END AS allows,
           CASE WHEN {REFUSED} THEN 1 ELSE 0 END AS refuses, CASE WHEN decision = 'modify' THEN 1 ELSE 0 END AS edits
    FROM events WHERE kind IN {CHECKS} AND proposal_id IN (SELECT proposal_id FROM effects)
),
shared AS (
    SELECT proposal_id FROM (SELECT proposal_id, request_id FROM checks UNION ALL
                             SELECT proposal_id, request_id FROM effects WHERE proposal_id IS NOT NULL) named
    GROUP BY proposal_id HAVING MIN(request_id) < MAX(request_id)
),
decided AS (
    SELECT proposal_id, {home("shared")} AS home, SUM(allows) AS allowed, SUM(refuses) AS refused,
           MIN(CASE WHEN allows = 1 THEN ord END) AS first_allow, MAX(CASE WHEN allows = 1 THEN ord END) AS last_allow,
           MIN(CASE WHEN allows = 1 THEN ts_us END) AS first_allow_us,
           MAX(CASE WHEN refuses = 1 THEN ord END) AS last_refusal, SUM(edits) AS edited,
           SUM(CASE WHEN allows = 1 AND args_hash IS NOT NULL THEN 1 ELSE 0 END) AS with_args,
           MIN(CASE WHEN allows = 1 THEN args_hash END) AS args,
           MAX(CASE WHEN allows = 1 THEN args_hash END) AS more_args
    FROM checks
    GROUP BY proposal_id, {home("shared")}
),
placed AS (
    SELECT row_id, kind, proposal_id, verification_id, policy_version, side_effect, args_hash, ord, ts_us,
           {home("shared")} AS home
    FROM effects
    WHERE kind = 'commit' OR proposal_id IS NULL
       OR proposal_id NOT IN (SELECT proposal_id FROM effects WHERE kind = 'commit' AND proposal_id IS NOT NULL)
),
writes AS (
    SELECT w.row_id, w.verification_id, w.policy_version,
           CASE WHEN w.side_effect = 'external_write' AND (w.proposal_id IS NOT NULL OR w.verification_id IS NOT NULL)
                THEN 1 ELSE 0 END AS usable,
           CASE WHEN d.refused > 0 AND (d.allowed = 0 OR (d.last_refusal <= w.ord AND d.last_refusal > d.last_allow))
                THEN 'denied'
                WHEN w.verification_id IN (SELECT verification_id FROM events WHERE {ALLOWS}) THEN 'verified'
                WHEN COALESCE(d.allowed, 0) = 0 THEN 'unverified'
                WHEN d.first_allow > w.ord AND (w.ts_us IS NULL OR d.first_allow_us IS NULL
                     OR d.first_allow_us > w.ts_us + {{skew_us}}) THEN 'late'
                WHEN d.with_args = d.allowed AND d.with_args <= 2 AND d.edited = 0
                     AND w.args_hash <> d.args AND w.args_hash <> d.more_args THEN 'changed'
                ELSE 'verified' END AS found
    FROM placed w LEFT JOIN decided d ON d.proposal_id = w.proposal_id AND d.home = w.home
)
"""
QUERIES = {
    "writes": _WRITES
    + """
SELECT COUNT(*) AS writes, SUM(usable) AS usable,
       SUM(CASE WHEN usable = 1 AND found = 'denied' THEN 1 ELSE 0 END) AS denied,
       SUM(CASE WHEN usable = 1 AND found = 'unverified' THEN 1 ELSE 0 END) AS unverified,
       SUM(CASE WHEN usable = 1 AND found = 'late' THEN 1 ELSE 0 END) AS late,
       SUM(CASE WHEN usable = 1 AND found = 'changed' THEN 1 ELSE 0 END) AS changed,
       SUM(CASE WHEN usable = 1 AND verification_id IS NULL THEN 1 ELSE 0 END) AS no_verification_id,
       SUM(CASE WHEN usable = 1 AND policy_version IS NULL THEN 1 ELSE 0 END) AS no_policy_version
FROM writes
""",
    "worst": _WRITES
    + """
SELECT row_id, found FROM writes WHERE usable = 1 AND found <> 'verified'
ORDER BY CASE found WHEN 'denied' THEN 0 WHEN 'changed' THEN 1 WHEN 'late' THEN 2 ELSE 3 END, row_id LIMIT 20
""",
    "checks": f"""
SELECT COUNT(*) AS checks, SUM(CASE WHEN proposal_id IS NOT NULL OR verification_id IS NOT NULL THEN 1 ELSE 0 END)
       AS keyed
FROM events WHERE {DECIDED}
""",
}
_KINDS = (("denied", "denied"), ("changed", "changed after the check"), ("late", "checked too late"))


def read(asked: Asked) -> Signs:
    """Any outside write that no earlier allow row covers; without a single check in the log, a possibility only."""
    seen, checks = asked.one("writes"), asked.one("checks")
    writes, usable = whole(seen, "writes"), whole(seen, "usable")
    if whole(checks, "checks") and not whole(checks, "keyed"):
        usable = 0
    bad = {name: whole(seen, name) for name in ("denied", "changed", "late", "unverified")} if usable else {}
    count = sum(bad.values())
    logged = whole(checks, "checks") > 0
    parts = [f"{bad[name]} {said}" for name, said in (*_KINDS, ("unverified", "without a check")) if bad.get(name)]
    told = f"{count} of {usable} outside writes were not covered by an earlier allow"
    return Signs(
        relevant=writes,
        usable=usable,
        count=count,
        unit="outside writes",
        verdict=("present" if logged else "possible") if count else None,
        said=f"{told}: {', '.join(parts)}." if parts else f"{told}.",
        rows=[row["row_id"] for row in asked.ask("worst")][:CITED] if count else (),
        cause=_cause(seen, usable) if count and logged else None,
        traps=[_unlogged(logged)] if usable else (),
        severity="critical" if bad.get("denied") or not logged else "high",
        detail={"Outside writes by finding": [{"found": name, "writes": n} for name, n in bad.items()]}
        if count
        else {},
    )


def _unlogged(logged: bool) -> str:
    if logged:
        return "Logs that leave verification rows out: the log has rows of checks."
    return "Logs that leave verification rows out: the log has no row of a check; there is none, or none is logged."


def _cause(seen: dict[str, object], usable: int) -> str:
    return (
        f"{whole(seen, 'no_verification_id')} of {usable} writes carry no verification id, "
        f"{whole(seen, 'no_policy_version')} no policy version"
    )


DETECTOR = Detector("SDB-unverified-commit", QUERIES, read, kept={_WRITES: "writes"})
