"""P3-late-events: events behind the running maximum of event time are applied as if they were new."""

from __future__ import annotations

from advisor.diagnosis.detector import CITED, Asked, Detector, Row, Shown, Signs
from advisor.diagnosis.durations import span
from advisor.diagnosis.statistics import fisher_greater

# Order is that of consumption, per consumer and partition; replays are asked for and leave the running maximum alone.
# A log whose event times stand on appends only has the order of appending, which is not that of consumption.
_DECLARED = """
WITH declared AS (SELECT COUNT(*) AS timed FROM events WHERE kind = 'event_consume' AND event_time_us IS NOT NULL)"""
_STREAM = """
    FROM events e CROSS JOIN declared d
    WHERE e.kind = CASE WHEN d.timed > 0 THEN 'event_consume' ELSE 'event_append' END
      AND COALESCE(e.is_replay, FALSE) = FALSE AND e.event_time_us IS NOT NULL AND e.partition_key IS NOT NULL
      AND (e.consumer IS NOT NULL OR e.kind = 'event_append') AND e.ord IS NOT NULL"""
# Few rows are late: only ids pass through the window, and the late rows' columns are joined to them afterwards.
_LATE = f"""{_DECLARED},
behind AS (
    SELECT e.row_id, MAX(e.event_time_us) OVER (
               PARTITION BY e.consumer, e.partition_key ORDER BY e.ord, e.row_id
               ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) - e.event_time_us - {{skew_us}} AS behind_us{_STREAM}
),
late AS (
    SELECT c.row_id, c.ord, COALESCE(c.consumer, '') AS consumer, c.partition_key, c.request_id, c.event_in,
           c.event_time_us, c.watermark_us, c.from_state, c.to_state, b.behind_us,
           CASE WHEN c.status IN ('rejected', 'skipped', 'denied', 'error', 'timeout', 'cancelled') THEN 'refused'
                WHEN c.status = 'ok' THEN 'applied' ELSE 'not told' END AS fate
    FROM (SELECT row_id, behind_us FROM behind WHERE behind_us > {{lateness}} * 1e6) b
    JOIN events c ON c.row_id = b.row_id
),
moved AS (
    SELECT row_id, consumer, partition_key, request_id, ord, from_state, to_state FROM late
    WHERE fate = 'applied' AND to_state IS NOT NULL
    UNION ALL
    SELECT l.row_id, l.consumer, l.partition_key, l.request_id, l.ord, s.from_state, s.to_state
    FROM late l JOIN events s ON s.kind = 'state_transition' AND s.caused_by = l.event_in
                             AND s.request_id = l.request_id
    WHERE l.fate = 'applied' AND s.to_state IS NOT NULL AND COALESCE(s.status, 'ok') = 'ok'
),
states AS (
    SELECT COALESCE(consumer, '') AS consumer, partition_key, from_state, MIN(ord) AS left_at FROM events
    WHERE kind IN ('event_consume', 'event_append') AND COALESCE(is_replay, FALSE) = FALSE AND from_state <> to_state
      AND partition_key IS NOT NULL
    GROUP BY COALESCE(consumer, ''), partition_key, from_state
),
transitions AS (
    SELECT request_id, from_state, MIN(ord) AS left_at FROM events
    WHERE kind = 'state_transition' AND from_state IS NOT NULL AND from_state <> to_state AND request_id IS NOT NULL
    GROUP BY request_id, from_state
),
regressed AS (
    SELECT DISTINCT row_id FROM (
        SELECT m.row_id FROM moved m JOIN states s
          ON s.consumer = m.consumer AND s.partition_key = m.partition_key AND s.from_state = m.to_state
        WHERE s.left_at < m.ord AND m.from_state <> m.to_state
        UNION ALL
        SELECT m.row_id FROM moved m JOIN transitions t ON t.request_id = m.request_id AND t.from_state = m.to_state
        WHERE t.left_at < m.ord AND m.from_state <> m.to_state
    ) back
),
"""
QUERIES = {
    "late": _LATE
    + """
told AS (SELECT l.*, CASE WHEN r.row_id IS NOT NULL THEN 1 ELSE 0 END AS regression
         FROM late l LEFT JOIN regressed r ON r.row_id = l.row_id)
SELECT fate, regression, COUNT(*) AS events, MAX(behind_us) AS most_us,
       SUM(CASE WHEN watermark_us > event_time_us THEN 1 ELSE 0 END) AS marked, COUNT(watermark_us) AS with_mark
FROM told GROUP BY fate, regression ORDER BY fate, regression
""",
    "outcomes": _LATE
    + """
requests AS (
    SELECT request_id, MAX(had_late) AS had_late FROM (
        SELECT DISTINCT request_id, 0 AS had_late FROM events
        WHERE kind IN ('event_consume', 'event_append') AND request_id IS NOT NULL
        UNION ALL
        SELECT DISTINCT request_id, 1 AS had_late FROM late WHERE fate = 'applied' AND request_id IS NOT NULL
    ) either GROUP BY request_id
),
results AS (
    SELECT request_id, MAX(CASE WHEN status = 'ok' THEN 0 ELSE 1 END) AS failed FROM events
    WHERE kind = 'outcome' AND request_id IS NOT NULL AND status IS NOT NULL
      AND status NOT IN ('unknown', 'pending', 'skipped', 'cancelled')
    GROUP BY request_id
)
SELECT q.had_late, o.failed, COUNT(*) AS requests
FROM requests q JOIN results o ON o.request_id = q.request_id
GROUP BY q.had_late, o.failed ORDER BY q.had_late, o.failed
""",
    "worst": _LATE
    + """
chosen AS (
    SELECT consumer, partition_key, ord,
           ROW_NUMBER() OVER (ORDER BY regression DESC, applied DESC, behind_us DESC, row_id) AS place
    FROM (
        SELECT l.*, CASE WHEN l.fate = 'applied' THEN 1 ELSE 0 END AS applied,
               CASE WHEN g.row_id IS NOT NULL THEN 1 ELSE 0 END AS regression
        FROM late l LEFT JOIN regressed g ON g.row_id = l.row_id
    ) told
),
before AS (
    SELECT c.place, r.row_id, r.ord, ROW_NUMBER() OVER (PARTITION BY c.place ORDER BY r.ord DESC, r.row_id DESC) AS back
    FROM chosen c JOIN events r
      ON COALESCE(r.consumer, '') = c.consumer AND r.partition_key = c.partition_key AND r.ord <= c.ord
    WHERE c.place <= 5 AND r.kind IN ('event_consume', 'event_append') AND COALESCE(r.is_replay, FALSE) = FALSE
)
SELECT row_id FROM before WHERE back <= 4 ORDER BY place, ord, row_id LIMIT 20
""",
    "coverage": f"""{_DECLARED},
counts AS (SELECT COUNT(*) AS rows_ FROM events e CROSS JOIN declared d
           WHERE e.kind = CASE WHEN d.timed > 0 THEN 'event_consume' ELSE 'event_append' END
             AND COALESCE(e.is_replay, FALSE) = FALSE),
streams AS (SELECT COUNT(*) AS events{_STREAM} GROUP BY e.consumer, e.partition_key),
totals AS (SELECT COALESCE(SUM(events), 0) AS placed,
                  COALESCE(SUM(CASE WHEN events > 1 THEN events ELSE 0 END), 0) AS usable FROM streams)
SELECT n.rows_, d.timed, t.placed, t.usable FROM counts n CROSS JOIN declared d CROSS JOIN totals t
""",
}


def read(asked: Asked) -> Signs:
    """Events behind the running maximum: refused ones show a watermark at work, applied ones are judged by effect."""
    coverage = asked.one("coverage")
    rows, timed, usable = (int(coverage[name] or 0) for name in ("rows_", "timed", "usable"))
    fact = asked.facts.lateness_us
    stated = {} if fact is None else {"lateness": fact / 1_000_000}
    late = asked.ask("late", **stated) if usable else []
    applied, refused = _sum(late, "applied"), _sum(late, "refused")
    not_told = _sum(late, "not told")
    regressions = sum(int(row["events"]) for row in late if row["regression"])
    p_value, harm = _harm(asked.ask("outcomes", **stated)) if applied else (None, "")
    effect = regressions > 0 or (p_value is not None and p_value < asked.thresholds["alpha"])
    verdict: Shown | None = "present" if applied and effect else "possible" if applied or not_told else None
    return Signs(
        relevant=usable + (rows - int(coverage["placed"])),
        usable=usable,
        count=applied + not_told,
        unit="events consumed" if timed else "events appended",
        verdict=verdict if timed or verdict is None else "possible",
        least=2,
        said=_said(late, usable, regressions, harm),
        rows=[row["row_id"] for row in asked.ask("worst", **stated)][:CITED] if verdict else (),
        cause=_cause(late) if verdict else None,
        traps=_traps(refused, not_told, timed),
        strength=max(0.5, 1 - p_value) if verdict == "present" and not regressions and p_value is not None else 1.0,
        p_value=p_value,
        cap=None if timed else "D",
    )


def _sum(late: list[Row], fate: str) -> int:
    return sum(int(row["events"]) for row in late if row["fate"] == fate)


def _harm(rows: list[Row]) -> tuple[float | None, str]:
    """Fisher's p of failure among requests with a late event against those without, and the counts in words."""
    cells = {(row["had_late"], row["failed"]): int(row["requests"]) for row in rows}
    a, b, c, d = (cells.get(cell, 0) for cell in ((1, 1), (1, 0), (0, 1), (0, 0)))
    if not a + b or not c + d:
        return None, ""
    return fisher_greater(a, b, c, d), f"; {a} of {a + b} requests with one failed, {c} of {c + d} without"


def _said(late: list[Row], usable: int, regressions: int, harm: str) -> str:
    total = sum(int(row["events"]) for row in late)
    if not total:
        return f"None of {usable} events came behind a later one of its partition."
    most = span(max(int(row["most_us"]) for row in late))
    back = f", {regressions} set a state back" if regressions else ""
    return (
        f"{total} of {usable} events came behind the running maximum of event time, {most} at most: "
        f"{_sum(late, 'applied')} were applied{back}, {_sum(late, 'refused')} refused{harm}."
    )


def _cause(late: list[Row]) -> str | None:
    applied = [row for row in late if row["fate"] == "applied"]
    marked, with_mark = (sum(int(row[name] or 0) for row in applied) for name in ("marked", "with_mark"))
    if marked:
        return f"{marked} were applied although their watermark lies past their event time"
    return "No late event that was applied carries a watermark" if applied and not with_mark else None


def _traps(refused: int, not_told: int, timed: int) -> list[str]:
    said = [
        "Order is that of consumption within one consumer and partition, not of the file, and replays are left out; "
        "the measured clock skew is allowed for."
    ]
    if refused:
        said.append(f"{refused} late events were refused, as they should be.")
    if not_told:
        said.append(f"{not_told} late events do not say whether they were applied.")
    if not timed:
        said.append("Event times stand on appends only: the order of appending is not that of consumption.")
    return said


DETECTOR = Detector("P3-late-events", QUERIES, read)
