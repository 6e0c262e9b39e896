"""P2-dirty-compensation: compensations ran, and the state outside is still not clean."""

from __future__ import annotations

from advisor.diagnosis.detector import CITED, Asked, Detector, Row, Shown, Signs

# An action's key is `action_id` on commits and `compensates` on compensations; a saga is a saga_id, else a request.
_ACTIONS = """
WITH parts AS (
    SELECT row_id, ord, kind, status, resource_id,
           COALESCE(saga_id, request_id) AS saga, request_id,
           CASE WHEN kind = 'commit' THEN action_id ELSE compensates END AS action,
           COALESCE(ts_us, ord) AS start_us, COALESCE(end_us, ts_us + duration_us, ts_us, ord) AS stop_us,
           CASE WHEN side_effect IN ('none', 'read') THEN 0 ELSE 1 END AS effect
    FROM events
    WHERE kind IN ('commit', 'compensation') AND COALESCE(saga_id, request_id) IS NOT NULL
),
sagas AS (
    SELECT saga, MIN(request_id) AS request_id, MIN(ord) AS first_undo, MAX(ord) AS last_undo
    FROM parts WHERE kind = 'compensation' GROUP BY saga
),
numbered AS (
    SELECT p.*, s.first_undo FROM parts p JOIN sagas s ON s.saga = p.saga WHERE p.action IS NOT NULL
),
gathered AS (
    SELECT saga, action, MIN(row_id) AS row_id,
           MAX(CASE WHEN kind = 'commit' THEN 1 ELSE 0 END) AS logged,
           MAX(CASE WHEN kind = 'commit' AND status = 'ok' AND effect = 1 THEN 1 ELSE 0 END) AS landed,
           MAX(CASE WHEN kind = 'commit' AND status = 'ok' AND effect = 1 AND ord < first_undo THEN 1 ELSE 0 END)
               AS landed_before,
           MIN(CASE WHEN kind = 'commit' AND status = 'ok' AND effect = 1 THEN start_us END) AS start_us,
           MIN(CASE WHEN kind = 'commit' AND status = 'ok' AND effect = 1 THEN stop_us END) AS stop_us,
           MIN(CASE WHEN kind = 'commit' THEN resource_id END) AS resource_id,
           SUM(CASE WHEN kind = 'compensation' THEN 1 ELSE 0 END) AS tries,
           SUM(CASE WHEN kind = 'compensation' AND status = 'ok' THEN 1 ELSE 0 END) AS undone,
           MIN(CASE WHEN kind = 'compensation' AND status = 'ok' THEN ord END) AS undone_at,
           MAX(CASE WHEN kind = 'compensation'
                     AND status IN ('error', 'timeout', 'rejected', 'denied', 'cancelled') THEN ord END) AS failed_at,
           MAX(CASE WHEN kind = 'compensation'
                     AND COALESCE(status, '') NOT IN ('error', 'timeout', 'rejected', 'denied', 'cancelled')
                    THEN ord END) AS other_at
    FROM numbered
    GROUP BY saga, action
),
actions AS (
    SELECT g.*, CASE WHEN failed_at IS NOT NULL AND (other_at IS NULL OR failed_at > other_at) THEN 1 ELSE 0
           END AS last_failed
    FROM gathered g
),
"""
# An action was undone too early if one that had ended before it began was undone before it: a sweep over ends and
# starts, so that peers that ran side by side are never compared; a shared resource orders them by their landing.
_JUDGED = (
    _ACTIONS
    + """
points AS (
    SELECT saga, action, stop_us AS at_us, 1 AS is_end, undone_at FROM actions WHERE landed = 1 AND undone > 0
    UNION ALL
    SELECT saga, action, start_us AS at_us, 0 AS is_end, undone_at FROM actions WHERE landed = 1 AND undone > 0
),
swept AS (
    SELECT saga, action, is_end, undone_at,
           MIN(CASE WHEN is_end = 1 THEN undone_at END) OVER (
               PARTITION BY saga ORDER BY at_us, is_end, action ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
           ) AS earlier_undone
    FROM points
),
shared AS (
    SELECT saga, action, undone_at,
           MIN(undone_at) OVER (
               PARTITION BY saga, resource_id ORDER BY stop_us, undone_at DESC, action
               ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
           ) AS earlier_undone
    FROM actions WHERE landed = 1 AND undone > 0 AND resource_id IS NOT NULL
),
forward AS (
    SELECT DISTINCT saga, action FROM (
        SELECT saga, action FROM swept WHERE is_end = 0 AND earlier_undone < undone_at
        UNION ALL
        SELECT saga, action FROM shared WHERE earlier_undone < undone_at
    ) either
),
checks AS (
    SELECT s.saga, r.status, r.row_id, ROW_NUMBER() OVER (PARTITION BY s.saga ORDER BY r.ord DESC, r.row_id DESC) AS nth
    FROM sagas s JOIN events r ON r.kind = 'reconcile' AND (r.saga_id = s.saga)
    WHERE r.status IS NOT NULL AND r.status NOT IN ('unknown', 'pending', 'skipped') AND r.ord >= s.first_undo
    UNION ALL
    SELECT s.saga, r.status, r.row_id, ROW_NUMBER() OVER (PARTITION BY s.saga ORDER BY r.ord DESC, r.row_id DESC) AS nth
    FROM sagas s JOIN events r ON r.kind = 'reconcile' AND r.saga_id IS NULL AND r.request_id = s.request_id
    WHERE r.status IS NOT NULL AND r.status NOT IN ('unknown', 'pending', 'skipped') AND r.ord >= s.first_undo
),
checked AS (
    SELECT saga, MAX(CASE WHEN status = 'ok' THEN 0 ELSE 1 END) AS dirty, MAX(row_id) AS check_row
    FROM checks WHERE nth = 1 GROUP BY saga
),
judged AS (
    SELECT a.saga, SUM(a.logged) AS logged, SUM(a.landed) AS landed,
           SUM(CASE WHEN a.landed_before = 1 AND a.tries = 0 THEN 1 ELSE 0 END) AS missing,
           SUM(CASE WHEN a.landed = 1 AND a.tries > 0 AND a.undone = 0 AND a.last_failed = 0 THEN 1 ELSE 0 END)
               AS unsettled,
           SUM(a.last_failed) AS failed,
           SUM(CASE WHEN a.undone > 1 THEN 1 ELSE 0 END) AS twice,
           SUM(CASE WHEN f.action IS NOT NULL THEN 1 ELSE 0 END) AS forward,
           SUM(CASE WHEN a.logged = 1 AND a.landed = 0 AND a.undone > 0 THEN 1 ELSE 0 END) AS unknown_undone,
           MAX(c.dirty) AS dirty, MAX(c.check_row) AS check_row, MIN(a.row_id) AS row_id
    FROM actions a
    LEFT JOIN forward f ON f.saga = a.saga AND f.action = a.action
    LEFT JOIN checked c ON c.saga = a.saga
    GROUP BY a.saga
)
"""
)
QUERIES = {
    "sagas": f"""{_JUDGED},
flagged AS (
    SELECT missing, failed, twice, forward, unknown_undone, unsettled,
           CASE WHEN dirty = 1 THEN 'dirty' WHEN dirty = 0 THEN 'clean' ELSE 'not checked' END AS state,
           CASE WHEN missing > 0 OR failed > 0 THEN 1 ELSE 0 END AS unclean,
           CASE WHEN twice > 0 OR forward > 0 THEN 1 ELSE 0 END AS careless
    FROM judged WHERE logged > 0
)
SELECT state, unclean, careless, COUNT(*) AS sagas, SUM(missing) AS missing, SUM(failed) AS failed,
       SUM(twice) AS twice, SUM(forward) AS forward, SUM(unknown_undone) AS unknown_undone,
       SUM(unsettled) AS unsettled
FROM flagged GROUP BY state, unclean, careless ORDER BY state, unclean, careless
""",
    "worst": f"""{_JUDGED},
chosen AS (
    SELECT j.*, ROW_NUMBER() OVER (
        ORDER BY COALESCE(dirty, 0) DESC, missing + failed DESC, twice + forward DESC, saga) AS place
    FROM judged j WHERE logged > 0 AND (missing > 0 OR failed > 0 OR twice > 0 OR forward > 0 OR dirty = 1)
),
cited AS (
    SELECT c.place, n.row_id, n.ord, 0 AS part FROM chosen c JOIN numbered n ON n.saga = c.saga WHERE c.place <= 5
    UNION ALL
    SELECT c.place, c.check_row AS row_id, NULL AS ord, 1 AS part FROM chosen c
    WHERE c.place <= 5 AND c.check_row IS NOT NULL
)
SELECT d.row_id, d.place, d.part, d.ord, c.saga, c.missing, c.failed, c.twice, c.forward, c.dirty
FROM cited d JOIN chosen c ON c.place = d.place
ORDER BY d.place, d.part, d.ord, d.row_id LIMIT 100
""",
    "coverage": """
SELECT COUNT(DISTINCT COALESCE(saga_id, request_id)) AS sagas,
       COALESCE(SUM(CASE WHEN COALESCE(saga_id, request_id) IS NULL THEN 1 ELSE 0 END), 0) AS homeless,
       COALESCE(SUM(CASE WHEN status IS NULL OR compensates IS NULL THEN 1 ELSE 0 END), 0) AS vague
FROM events WHERE kind = 'compensation'
""",
}


def read(asked: Asked) -> Signs:
    """A saga is wrong where a check says so, an effect was not undone, or undoing ran twice or forward."""
    coverage, groups = asked.one("coverage"), asked.ask("sagas")
    usable = sum(int(row["sagas"]) for row in groups)
    wrong = [row for row in groups if row["unclean"] or row["careless"] or row["state"] == "dirty"]
    dirty = [row for row in wrong if row["state"] == "dirty"]
    unchecked = [row for row in wrong if row["state"] == "not checked"]
    cleaned = [row for row in wrong if row["state"] == "clean"]
    unclean = [row for row in unchecked if row["unclean"]]
    verdict: Shown | None = (
        "present" if dirty else "likely" if unclean else "possible" if unchecked else "refuted" if cleaned else None
    )
    shown = cleaned if verdict == "refuted" else [*dirty, *unchecked]
    careless = _sum(shown, "twice") + _sum(shown, "forward")
    worst = asked.ask("worst") if shown else []
    return Signs(
        relevant=max(usable, int(coverage["sagas"])) + int(coverage["homeless"]),
        usable=max(_sum(shown, "sagas"), usable - int(coverage["vague"])),
        count=_sum(shown, "sagas"),
        unit="sagas with compensations",
        verdict=verdict,
        said=_said(shown, usable, _sum(dirty, "sagas")),
        rows=[row["row_id"] for row in worst][:CITED],
        cause=f"{_sum(shown, 'twice')} actions were undone twice and {_sum(shown, 'forward')} in forward order"
        if careless
        else None,
        traps=_traps(groups, cleaned),
        refuted="A check after the compensations found the state clean." if verdict == "refuted" else None,
        severity=None if dirty else "high",
        detail={"Sagas that are not clean": _table(worst)} if shown else {},
    )


def _sum(rows: list[Row], name: str) -> int:
    return sum(int(row[name] or 0) for row in rows)


def _table(worst: list[Row]) -> list[Row]:
    names = ("saga", "missing", "failed", "twice", "forward")
    state = {0: "clean", 1: "dirty", None: "not checked"}
    by_place = {row["place"]: {name: row[name] for name in names} | {"state": state[row["dirty"]]} for row in worst}
    return [by_place[place] for place in sorted(by_place)]


def _said(shown: list[Row], usable: int, dirty: int) -> str:
    if not shown:
        return f"{usable} sagas ran compensations; each landed effect was undone once, the last first."
    parts = {
        "found not clean by a check": dirty,
        "landed effects without a compensation": _sum(shown, "missing"),
        "compensations that failed in the end": _sum(shown, "failed"),
        "actions undone twice": _sum(shown, "twice"),
        "actions undone after an earlier one": _sum(shown, "forward"),
    }
    listed = ", ".join(f"{many} {what}" for what, many in parts.items() if many)
    return f"{_sum(shown, 'sagas')} of {usable} sagas with compensations: {listed}."


def _traps(groups: list[Row], cleaned: list[Row]) -> list[str]:
    unknown, unsettled = _sum(groups, "unknown_undone"), _sum(groups, "unsettled")
    said = ["Order was compared only between effects that followed one another or share a resource."]
    if unknown:
        said.append(f"{unknown} compensations undid actions whose effect is not known: right, and not counted.")
    if unsettled:
        said.append(
            f"{unsettled} effects have compensations without an outcome: an attempt is no proof, none is counted."
        )
    if cleaned:
        said.append(f"{_sum(cleaned, 'sagas')} sagas look wrong, and a later check found them clean.")
    return said


DETECTOR = Detector("P2-dirty-compensation", QUERIES, read)
