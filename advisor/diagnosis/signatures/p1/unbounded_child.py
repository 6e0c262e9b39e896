"""P1-unbounded-child: the orchestrator waits for one sub-agent far beyond its siblings, or for ever."""

from __future__ import annotations

from advisor.diagnosis.detector import CITED, Asked, Detector, Row, Shown, Signs
from advisor.diagnosis.durations import span
from advisor.traces.facts import Facts

# Children are delegations; a log without any has the agents that some span called.
_CHILDREN = """
WITH declared AS (SELECT COUNT(*) AS delegations FROM events WHERE kind = 'delegation'),
children AS (
    SELECT e.row_id, e.request_id, COALESCE(e.parent_span_id, '') AS parent,
           COALESCE(e.agent_name, e.child_id) AS agent, e.ts_us, COALESCE(e.end_us, e.ts_us + e.duration_us) AS stop_us,
           COALESCE(e.duration_us, e.end_us - e.ts_us) AS took_us,
           COALESCE(e.deadline_us, e.ts_us + e.timeout_us) AS deadline_us, e.status
    FROM events e CROSS JOIN declared d
    WHERE e.kind IN ('delegation', 'agent')
      AND (e.kind = 'delegation'
           OR (d.delegations = 0 AND COALESCE(e.agent_role, 'sub_agent') <> 'orchestrator'
               AND (e.parent_span_id IS NOT NULL OR e.agent_role IN ('sub_agent', 'worker', 'peer'))))
      AND e.request_id IS NOT NULL AND e.ts_us IS NOT NULL AND COALESCE(e.agent_name, e.child_id) IS NOT NULL
      AND COALESCE(e.is_replay, FALSE) = FALSE
),
families AS (
    SELECT request_id, parent, COUNT(*) AS members, COUNT(took_us) AS ended, MIN(took_us) AS least_us,
           MAX(took_us) AS most_us, COUNT(CASE WHEN took_us IS NOT NULL THEN deadline_us END) AS bounded
    FROM children GROUP BY request_id, parent
)
"""
# Few families can hold a suspect, and only those are ordered. The siblings' median is the nearest rank over the others:
# a child ten times as slow stands above it, so leaving it out only shortens the list by one. A child that began after
# all siblings had ended was called after them, not beside them.
_SUSPECTS = (
    _CHILDREN
    + """,
odd AS (
    SELECT request_id, parent, ended FROM families
    WHERE members > ended OR (most_us >= {floor} * 1e6 AND most_us > {ratio} * 1e0 * least_us)
),
ranked AS (
    SELECT c.*, o.ended, CASE WHEN c.took_us IS NULL THEN 1 ELSE 0 END AS open_,
           ROW_NUMBER() OVER (PARTITION BY c.request_id, c.parent, CASE WHEN c.took_us IS NULL THEN 1 ELSE 0 END
                              ORDER BY c.took_us, c.row_id) AS at_rank
    FROM children c JOIN odd o ON o.request_id = c.request_id AND o.parent = c.parent
),
medians AS (
    SELECT request_id, parent,
           MAX(CASE WHEN open_ = 0 AND at_rank = CAST(FLOOR(ended / 2.0) AS BIGINT) THEN took_us END) AS others_us,
           MAX(CASE WHEN open_ = 0 AND at_rank = CAST(CEIL(ended / 2.0) AS BIGINT) THEN took_us END) AS all_us,
           MAX(CASE WHEN open_ = 0 AND at_rank < ended THEN stop_us END) AS siblings_stop_us
    FROM ranked GROUP BY request_id, parent
),
whole AS (SELECT MAX(ts_us) AS last_us FROM events),
waiting AS (
    SELECT r.row_id, r.request_id, r.agent, r.ts_us, r.stop_us, r.took_us, r.deadline_us, r.open_, r.status,
           r.ended - 1 + r.open_ AS siblings, m.siblings_stop_us,
           CASE WHEN r.open_ = 1 THEN m.all_us ELSE m.others_us END AS median_us,
           CASE WHEN r.open_ = 1 THEN w.last_us - r.ts_us ELSE r.took_us END AS waited_us
    FROM ranked r JOIN medians m ON m.request_id = r.request_id AND m.parent = r.parent CROSS JOIN whole w
),
candidates AS (
    SELECT w.* FROM waiting w
    WHERE waited_us >= {floor} * 1e6
      AND ((siblings >= {siblings} AND median_us > 0 AND waited_us > {ratio} * 1e0 * median_us
            AND ts_us < siblings_stop_us)
           OR (open_ = 1 AND siblings < {siblings}))
      AND (open_ = 0 OR status IS NULL OR status IN ('pending', 'unknown'))
),
usual AS (
    SELECT agent, took_us AS usual_us, runs FROM (
        SELECT c.agent, c.took_us, ROW_NUMBER() OVER (PARTITION BY c.agent ORDER BY c.took_us, c.row_id) AS at_rank,
               COUNT(*) OVER (PARTITION BY c.agent) AS runs
        FROM children c JOIN (SELECT DISTINCT agent FROM candidates) a ON a.agent = c.agent
        WHERE c.took_us IS NOT NULL
    ) ordered WHERE at_rank = CAST(CEIL(runs / 2.0) AS BIGINT)
),
slow AS (
    SELECT s.*, CASE WHEN siblings >= {siblings} THEN 1 ELSE 0 END AS compared,
           CASE WHEN COALESCE(u.runs, 0) >= {siblings} AND waited_us <= {ratio} * 1e0 * u.usual_us THEN 1 ELSE 0
           END AS usual_size, CASE WHEN COALESCE(u.runs, 0) > {siblings} THEN 1 ELSE 0 END AS usual_known,
           CASE WHEN deadline_us IS NULL THEN 'none'
                WHEN open_ = 0 AND stop_us - deadline_us <= 1000000 THEN 'kept'
                WHEN open_ = 0 AND stop_us - deadline_us <= {skew_us} THEN 'kept'
                ELSE 'passed' END AS deadline
    FROM candidates s LEFT JOIN usual u ON u.agent = s.agent
),
around AS (
    SELECT s.row_id,
           MAX(CASE WHEN e.kind IN ('approval_request', 'approval_decision') AND e.ts_us >= s.ts_us
                     AND (s.stop_us IS NULL OR e.ts_us <= s.stop_us) THEN 1 ELSE 0 END) AS person,
           MAX(CASE WHEN (e.kind IN ('merge', 'outcome', 'commit') OR (e.agent_role = 'orchestrator'
                          AND e.kind NOT IN ('agent', 'workflow')))
                     AND COALESCE(e.agent_name, '') <> s.agent AND e.ts_us > COALESCE(s.siblings_stop_us, s.ts_us)
                     AND (s.stop_us IS NULL OR e.ts_us < s.stop_us) THEN 1 ELSE 0 END) AS went_on,
           MAX(CASE WHEN e.kind = 'outcome' OR (e.kind IN ('workflow', 'agent')
                          AND COALESCE(e.end_us, e.ts_us + e.duration_us) > s.ts_us
                          AND (e.agent_role = 'orchestrator' OR e.kind = 'workflow'
                               OR (e.agent_role IS NULL AND e.span_id IS NOT NULL AND e.parent_span_id IS NULL)))
                    THEN 1 ELSE 0 END) AS closed
    FROM slow s JOIN events e ON e.request_id = s.request_id AND e.row_id <> s.row_id
    GROUP BY s.row_id
),
judged AS (
    SELECT s.*, COALESCE(a.person, 0) AS person,
           CASE WHEN COALESCE(a.went_on, 0) = 1 OR (s.open_ = 1 AND COALESCE(a.closed, 0) = 1) THEN 1 ELSE 0
           END AS went_on
    FROM slow s LEFT JOIN around a ON a.row_id = s.row_id
)
"""
)
QUERIES = {
    "groups": _SUSPECTS
    + """
SELECT agent, open_, compared, usual_size, usual_known, deadline, person, went_on, COUNT(*) AS children,
       MAX(CAST(FLOOR(waited_us / 1000000.0) AS BIGINT)) AS longest_s
FROM judged GROUP BY agent, open_, compared, usual_size, usual_known, deadline, person, went_on
ORDER BY children DESC, agent, open_, compared, usual_size, usual_known, deadline, person, went_on LIMIT 5000
""",
    "worst": _SUSPECTS
    + """
SELECT row_id, agent, open_, compared, usual_size, deadline, person, went_on,
       CAST(FLOOR(waited_us / 1000.0) AS BIGINT) AS waited_ms, CAST(FLOOR(median_us / 1000.0) AS BIGINT) AS siblings_ms
FROM judged ORDER BY open_ DESC, waited_us DESC, row_id LIMIT 200
""",
    "coverage": _CHILDREN
    + """
SELECT (SELECT COUNT(*) FROM events e CROSS JOIN declared d
        WHERE e.kind IN ('delegation', 'agent') AND (e.kind = 'delegation' OR (d.delegations = 0
              AND COALESCE(e.agent_role, 'sub_agent') <> 'orchestrator'
              AND (e.parent_span_id IS NOT NULL OR e.agent_role IN ('sub_agent', 'worker', 'peer'))))) AS relevant,
       COALESCE(SUM(ended), 0) AS ended,
       COALESCE(SUM(CASE WHEN ended - 1 >= {siblings} THEN ended ELSE bounded END), 0) AS judged
FROM families
""",
}


def read(asked: Asked) -> Signs:
    """Children that never end while their request stays open, or that outlast their siblings many times."""
    coverage = asked.one("coverage")
    # Where no child ever ends, ends are not logged, and a missing one says nothing.
    groups = asked.ask("groups") if coverage["ended"] else []
    excuses = {"detached": 0, "person": 0, "usual size": 0, "deadline kept": 0, "parent went on": 0}
    counted: list[Row] = []
    for row in groups:
        excuse = _excuse(row, asked.facts)
        if excuse:
            excuses[excuse] += int(row["children"])
        else:
            counted.append(row)
    hanging = [row for row in counted if row["open_"] and row["compared"]]
    lone = [row for row in counted if row["open_"] and not row["compared"]]
    overran = [row for row in counted if not row["open_"] and row["deadline"] == "passed"]
    found = _many(counted)
    # Work of an agent that the log knows too little of may just be large.
    sized = [row for row in counted if row["open_"] or row["usual_known"]]
    verdict: Shown | None = "present" if hanging or overran else "likely" if sized else "possible" if counted else None
    refuting = excuses["parent went on"] + excuses["deadline kept"]
    if not counted and refuting and not _many(groups) - refuting:
        verdict = "refuted"
    worst = [row for row in asked.ask("worst") if not _excuse(row, asked.facts)] if found else []
    return Signs(
        relevant=int(coverage["relevant"]),
        usable=int(coverage["judged"]) + _many([*hanging, *lone]),
        count=found,
        unit="delegations",
        verdict=verdict,
        said=_said(counted, int(coverage["ended"]), int(asked.thresholds["ratio"])),
        rows=[row["row_id"] for row in worst][:CITED],
        cause=_cause(counted) if found else None,
        traps=[f"{many} slow or open children are excused: {_EXCUSES[why]}." for why, many in excuses.items() if many],
        refuted="The parent went on while the child worked, or a deadline ended the child."
        if verdict == "refuted"
        else None,
        cap="C" if lone and len(lone) == len(counted) else None,
        detail={"Children that took too long": _table(worst)} if found else {},
    )


_EXCUSES = {
    "detached": "declared as detached",
    "person": "a person was asked meanwhile",
    "usual size": "no longer than this agent's work usually is",
    "deadline kept": "a deadline bounded them",
    "parent went on": "the parent went on without them",
}


def _excuse(row: Row, facts: Facts) -> str | None:
    if row["agent"] in facts.detached:
        return "detached"
    if row["person"]:
        return "person"
    if row["went_on"]:
        return "parent went on"
    if row["deadline"] == "kept":
        return "deadline kept"
    return "usual size" if row["usual_size"] else None


def _many(rows: list[Row]) -> int:
    return sum(int(row["children"]) for row in rows)


def _said(counted: list[Row], ended: int, ratio: int) -> str:
    if not counted:
        return f"None of {ended} delegations that ended took {ratio} times its siblings' median; none was left open."
    open_ = _many([row for row in counted if row["open_"]])
    longest = span(max(int(row["longest_s"]) for row in counted) * 1e6)
    return (
        f"{open_} delegations never ended and {_many(counted) - open_} took more than {ratio} times their siblings' "
        f"median; the longest wait is {longest}."
    )


def _cause(counted: list[Row]) -> str | None:
    without = _many([row for row in counted if row["deadline"] == "none"])
    passed = _many([row for row in counted if row["deadline"] == "passed"])
    parts = [
        f"{without} had no deadline" if without else "",
        f"{passed} had a deadline that nobody enforced" if passed else "",
    ]
    return "; ".join(part for part in parts if part) or None


def _table(worst: list[Row]) -> list[Row]:
    return [
        {"agent": row["agent"], "waited ms": row["waited_ms"], "siblings' median ms": row["siblings_ms"]}
        for row in worst[:5]
    ]


DETECTOR = Detector("P1-unbounded-child", QUERIES, read)
