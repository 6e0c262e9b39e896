"""P5-stale-timer: a timer that fires after a person has overridden the case, and moves it anyway."""

from __future__ import annotations

from advisor.diagnosis.detector import Asked, Detector, Signs

_NOT_DONE = "('rejected', 'skipped', 'denied', 'cancelled', 'error')"
# For each fire: the last setting of its timer, the last override of its row since, and what came next: a transition
# that names the timer, any transition of the row, or (in engines that log none) the request's next action.
_FIRES = f"""
WITH suspects AS (
    SELECT timer_id FROM events
    WHERE kind IN ('timer_set', 'timer_fire') AND timer_id IS NOT NULL
      AND resource_id IN (SELECT resource_id FROM events WHERE kind = 'override')
    GROUP BY timer_id
),
fire_events AS (
    SELECT event_id, MIN(timer_id) AS timer_id FROM events
    WHERE kind = 'timer_fire' AND event_id IS NOT NULL AND timer_id IN (SELECT timer_id FROM suspects)
    GROUP BY event_id
),
own AS (
    SELECT row_id, ts_us, timer_id, resource_id, request_id, scheduled_version, status, kind AS what,
           CASE WHEN kind = 'timer_set' THEN 1 WHEN kind = 'timer_cancel' THEN 3 WHEN kind = 'timer_fire' THEN 4 END
               AS rank
    FROM events
    WHERE kind IN ('timer_set', 'timer_fire', 'timer_cancel') AND ts_us IS NOT NULL
      AND timer_id IN (SELECT timer_id FROM suspects)
    UNION ALL
    SELECT e.row_id, e.ts_us, COALESCE(f.timer_id, e.timer_id, e.caused_by), e.resource_id, e.request_id,
           NULL, e.status, e.kind, 5
    FROM events e LEFT JOIN fire_events f ON f.event_id = e.caused_by
    WHERE e.kind = 'state_transition' AND COALESCE(e.caused_by, e.timer_id) IS NOT NULL AND e.ts_us IS NOT NULL
      AND COALESCE(e.status, 'ok') NOT IN {_NOT_DONE}
      AND COALESCE(f.timer_id, e.timer_id, e.caused_by) IN (SELECT timer_id FROM suspects)
),
timed AS (
    SELECT row_id, ts_us, timer_id, resource_id, request_id, scheduled_version, status, what,
           SUM(CASE WHEN what = 'timer_set' THEN 1 ELSE 0 END) OVER (
               PARTITION BY timer_id ORDER BY ts_us, rank, row_id ROWS UNBOUNDED PRECEDING) AS armed,
           LEAD(what) OVER (PARTITION BY timer_id ORDER BY ts_us, rank, row_id) AS next_what,
           LEAD(row_id) OVER (PARTITION BY timer_id ORDER BY ts_us, rank, row_id) AS next_row
    FROM own
),
settings AS (
    SELECT timer_id, armed, MAX(ts_us) AS set_us, MAX(row_id) AS set_row, MAX(resource_id) AS resource_id,
           MAX(scheduled_version) AS scheduled_version
    FROM timed WHERE what = 'timer_set' GROUP BY timer_id, armed
),
fires AS (
    SELECT t.row_id, t.ts_us, t.timer_id, COALESCE(t.resource_id, s.resource_id) AS resource_id, t.request_id, t.status,
           s.set_us, s.set_row, COALESCE(s.scheduled_version, t.scheduled_version) AS scheduled_version,
           CASE WHEN t.next_what = 'state_transition' THEN t.next_row END AS caused_row
    FROM timed t LEFT JOIN settings s ON s.timer_id = t.timer_id AND s.armed = t.armed
    WHERE t.what = 'timer_fire'
),
cases AS (
    SELECT row_id, ts_us, resource_id, 1 AS rank, new_version, 'override' AS what FROM events
    WHERE kind = 'override' AND ts_us IS NOT NULL AND resource_id IN (SELECT resource_id FROM fires)
    UNION ALL
    SELECT row_id, ts_us, resource_id, 2, NULL, 'fire' FROM fires WHERE resource_id IS NOT NULL
    UNION ALL
    SELECT row_id, ts_us, resource_id, 3, NULL, 'transition' FROM events
    WHERE kind = 'state_transition' AND resource_id IS NOT NULL AND ts_us IS NOT NULL
      AND caused_by IS NULL AND timer_id IS NULL
      AND COALESCE(status, 'ok') NOT IN {_NOT_DONE} AND resource_id IN (SELECT resource_id FROM fires)
),
seen AS (
    SELECT row_id, ts_us, resource_id, what, new_version,
           SUM(CASE WHEN what = 'override' THEN 1 ELSE 0 END) OVER (
               PARTITION BY resource_id ORDER BY ts_us, rank, row_id ROWS UNBOUNDED PRECEDING) AS overrides,
           LEAD(what) OVER (PARTITION BY resource_id ORDER BY ts_us, rank, row_id) AS next_what,
           LEAD(row_id) OVER (PARTITION BY resource_id ORDER BY ts_us, rank, row_id) AS next_row
    FROM cases
),
overrides AS (
    SELECT resource_id, overrides, ts_us, row_id, new_version FROM seen WHERE what = 'override'
),
acts AS (
    SELECT row_id, request_id, kind,
           LEAD(kind) OVER (PARTITION BY request_id ORDER BY ord, row_id) AS next_kind,
           LEAD(row_id) OVER (PARTITION BY request_id ORDER BY ord, row_id) AS next_row
    FROM events
    WHERE kind IN ('timer_fire', 'tool_call', 'commit', 'override', 'timer_set')
      AND request_id IN (SELECT request_id FROM fires)
),
moved AS (SELECT COUNT(*) AS many FROM events WHERE kind = 'state_transition'),
judged AS (
    SELECT f.row_id, f.ts_us, f.timer_id, f.set_row, f.status, o.row_id AS override_row, o.new_version,
           f.scheduled_version, f.caused_row,
           CASE WHEN s.next_what = 'transition' THEN s.next_row END AS near_row,
           CASE WHEN m.many = 0 AND a.next_kind IN ('tool_call', 'commit') THEN a.next_row END AS act_row,
           CASE WHEN f.set_us IS NOT NULL AND o.ts_us > f.set_us THEN 1 ELSE 0 END AS overridden,
           CASE WHEN f.scheduled_version IS NULL OR o.new_version IS NULL THEN -1
                WHEN TRY_CAST(f.scheduled_version AS BIGINT) IS NOT NULL
                 AND TRY_CAST(o.new_version AS BIGINT) IS NOT NULL
                THEN CASE WHEN TRY_CAST(f.scheduled_version AS BIGINT) < TRY_CAST(o.new_version AS BIGINT)
                          THEN 1 ELSE 0 END
                WHEN f.scheduled_version <> o.new_version THEN 1 ELSE 0 END AS older
    FROM fires f
    LEFT JOIN seen s ON s.row_id = f.row_id AND s.what = 'fire'
    LEFT JOIN overrides o ON o.resource_id = s.resource_id AND o.overrides = s.overrides
    LEFT JOIN acts a ON a.row_id = f.row_id
    CROSS JOIN moved m
),
graded AS (
    SELECT row_id, ts_us, set_row, override_row, COALESCE(caused_row, near_row, act_row) AS moved_row,
           CASE WHEN overridden = 0 OR older = 0 THEN 'none'
                WHEN COALESCE(status, 'ok') IN {_NOT_DONE} THEN 'checked'
                WHEN caused_row IS NOT NULL AND older = 1 THEN 'present'
                WHEN caused_row IS NOT NULL THEN 'likely'
                WHEN act_row IS NOT NULL THEN 'action'
                WHEN near_row IS NOT NULL THEN 'near'
                ELSE 'notice' END AS grade
    FROM judged
)
"""
QUERIES = {
    "fires": """
SELECT COUNT(*) AS fires, SUM(CASE WHEN ts_us IS NOT NULL AND timer_id IN (
           SELECT timer_id FROM events WHERE kind = 'timer_set') THEN 1 ELSE 0 END) AS with_set
FROM events WHERE kind = 'timer_fire'
""",
    "graded": _FIRES
    + """
SELECT SUM(CASE WHEN grade = 'present' THEN 1 ELSE 0 END) AS present,
       SUM(CASE WHEN grade = 'likely' THEN 1 ELSE 0 END) AS likely,
       SUM(CASE WHEN grade = 'action' THEN 1 ELSE 0 END) AS action,
       SUM(CASE WHEN grade = 'near' THEN 1 ELSE 0 END) AS near,
       SUM(CASE WHEN grade = 'checked' THEN 1 ELSE 0 END) AS checked,
       SUM(CASE WHEN grade = 'notice' THEN 1 ELSE 0 END) AS notice
FROM graded
""",
    "rows": _FIRES
    + """
SELECT set_row, override_row, row_id, moved_row FROM graded WHERE grade IN ('present', 'likely', 'action', 'near')
ORDER BY CASE grade WHEN 'present' THEN 1 WHEN 'likely' THEN 2 WHEN 'action' THEN 3 ELSE 4 END, ts_us, row_id LIMIT 5
""",
}


def read(asked: Asked) -> Signs:
    """Fires of timers that an override has outdated, and that moved the case all the same."""
    fires, seen = asked.one("fires"), asked.one("graded")
    present, likely, action, near = (int(seen[name] or 0) for name in ("present", "likely", "action", "near"))
    count = present + likely + action + near
    verdict = "present" if present else "likely" if likely or action else "possible" if near else None
    checked, usable = int(seen["checked"] or 0), int(fires["with_set"] or 0)
    rows = asked.ask("rows") if count else []
    return Signs(
        relevant=int(fires["fires"]),
        usable=usable,
        count=count,
        unit="timer fires",
        verdict=verdict,  # type: ignore[arg-type]
        said=f"{count} of {usable} fires came after an override of their case without a new setting, and moved it; "
        f"{checked} such fires were skipped.",
        rows=[
            row[name]
            for row in rows
            for name in ("set_row", "override_row", "row_id", "moved_row")
            if row[name] is not None
        ],
        cause=f"{present} were set at a version that the override had replaced" if present else None,
        traps=[
            "A timer that was set again after the override is not stale, nor one set at its version.",
            f"{seen['notice'] or 0} fires after an override moved nothing and are left out.",
            f"{checked} were skipped or refused: the version is checked there.",
            "Whether the override touched another field is not shown by these rows.",
        ]
        if usable
        else (),
        cap="C" if verdict == "possible" else "B" if action and not present + likely else None,
    )


DETECTOR = Detector("P5-stale-timer", QUERIES, read)
