"""P3-duplicate-delivery: an event that is delivered again is worked on again, and its effect happens twice."""

from __future__ import annotations

from advisor.diagnosis.detector import CITED, Asked, Detector, Row, Shown, Signs

# A delivery counts where it was worked on to the end; offsets are unique in their partition only. An effect belongs to
# an event by `caused_by` and to a consumer where it names one.
_PAIRS = """
WITH consumed AS (
    SELECT row_id, ord, consumer, event_in, COALESCE(partition_key, '') AS partition_key,
           COALESCE(result_fp, output_hash) AS answer
    FROM events
    WHERE kind = 'event_consume' AND consumer IS NOT NULL AND event_in IS NOT NULL AND status = 'ok'
      AND COALESCE(is_replay, FALSE) = FALSE AND replay_of IS NULL
),
pairs AS (
    SELECT consumer, partition_key, event_in, COUNT(*) AS deliveries, MIN(row_id) AS first_row
    FROM consumed GROUP BY consumer, partition_key, event_in
),
effects AS (
    SELECT caused_by, consumer, COALESCE(tool_name, name, '') AS what, COALESCE(resource_id, '') AS resource_id,
           COALESCE(args_hash, '') AS args_hash, COUNT(*) AS times, MIN(row_id) AS first_row, MAX(row_id) AS last_row
    FROM events
    WHERE kind IN ('commit', 'event_append') AND caused_by IS NOT NULL AND COALESCE(status, 'ok') = 'ok'
      AND COALESCE(side_effect, 'unknown') NOT IN ('none', 'read') AND COALESCE(is_replay, FALSE) = FALSE
      AND (kind = 'commit' OR status = 'ok')
    GROUP BY caused_by, consumer, COALESCE(tool_name, name, ''), COALESCE(resource_id, ''), COALESCE(args_hash, '')
),
doubled AS (
    SELECT p.consumer, p.partition_key, p.event_in, p.deliveries, MAX(COALESCE(e.times, 0)) AS times,
           MIN(CASE WHEN e.times > 1 THEN e.first_row END) AS first_effect,
           MAX(CASE WHEN e.times > 1 THEN e.last_row END) AS last_effect
    FROM pairs p LEFT JOIN effects e
      ON e.caused_by = p.event_in AND (e.consumer IS NULL OR e.consumer = p.consumer)
    WHERE p.deliveries > 1
    GROUP BY p.consumer, p.partition_key, p.event_in, p.deliveries
),
logged AS (SELECT COUNT(*) AS effects FROM effects),
judged AS (
    SELECT d.*, CASE WHEN times > 1 THEN 'twice' WHEN times = 1 THEN 'once' WHEN l.effects > 0 THEN 'none'
                     ELSE 'not logged' END AS effect
    FROM doubled d CROSS JOIN logged l
)
"""
QUERIES = {
    "coverage": """
SELECT COUNT(*) AS deliveries,
       COALESCE(SUM(CASE WHEN consumer IS NOT NULL AND event_in IS NOT NULL AND status IS NOT NULL
                         THEN 1 ELSE 0 END), 0) AS usable,
       COALESCE(SUM(CASE WHEN consumer IS NOT NULL AND event_in IS NULL AND input_hash IS NOT NULL AND ts_us IS NOT NULL
                          AND status = 'ok' THEN 1 ELSE 0 END), 0) AS by_input,
       COALESCE(SUM(CASE WHEN attempt > 1 THEN 1 ELSE 0 END), 0) AS repeats
FROM events WHERE kind = 'event_consume' AND COALESCE(is_replay, FALSE) = FALSE AND replay_of IS NULL
""",
    "pairs": f"""{_PAIRS}
SELECT effect, COUNT(*) AS events, SUM(deliveries - 1) AS extra FROM judged GROUP BY effect ORDER BY effect
""",
    "worst": f"""{_PAIRS},
chosen AS (
    SELECT j.*, ROW_NUMBER() OVER (ORDER BY CASE WHEN effect = 'twice' THEN 0 WHEN effect = 'not logged' THEN 1
                                                 ELSE 2 END,
                                   deliveries DESC, consumer, partition_key, event_in) AS place
    FROM judged j
)
SELECT row_id, place, part FROM (
    SELECT c.row_id, j.place, 0 AS part
    FROM chosen j JOIN consumed c
      ON c.consumer = j.consumer AND c.partition_key = j.partition_key AND c.event_in = j.event_in
    WHERE j.place <= 5
    UNION ALL
    SELECT first_effect AS row_id, place, 1 AS part FROM chosen WHERE place <= 5 AND first_effect IS NOT NULL
    UNION ALL
    SELECT last_effect AS row_id, place, 1 AS part FROM chosen WHERE place <= 5 AND last_effect IS NOT NULL
) cited ORDER BY place, part, row_id LIMIT 20
""",
    # Without ids of events: equal inputs to one consumer soon after one another.
    "inputs": """
WITH timed AS (
    SELECT row_id, ts_us, LAG(ts_us) OVER (PARTITION BY consumer, partition_key, input_hash ORDER BY ts_us, row_id)
               AS before_us,
           ROW_NUMBER() OVER (PARTITION BY consumer, partition_key, input_hash ORDER BY ts_us, row_id) AS nth
    FROM events
    WHERE kind = 'event_consume' AND consumer IS NOT NULL AND event_in IS NULL AND input_hash IS NOT NULL
      AND ts_us IS NOT NULL AND status = 'ok' AND COALESCE(is_replay, FALSE) = FALSE AND replay_of IS NULL
),
again AS (
    SELECT row_id, COUNT(*) OVER () AS deliveries, ROW_NUMBER() OVER (ORDER BY row_id) AS place
    FROM timed WHERE nth > 1 AND ts_us - before_us <= CAST({window} * 1e6 AS BIGINT)
)
SELECT row_id, deliveries FROM again WHERE place <= 20 ORDER BY row_id
""",
}


def read(asked: Asked) -> Signs:
    """Events that one consumer finished more than once, and whether their effect happened more than once."""
    coverage = asked.one("coverage")
    if not coverage["usable"] and coverage["by_input"]:
        return _by_input(asked, coverage)
    pairs = {row["effect"]: row for row in asked.ask("pairs")} if coverage["usable"] else {}
    twice, unknown = _of(pairs, "twice"), _of(pairs, "not logged")
    harmless = _of(pairs, "once") + _of(pairs, "none")
    verdict: Shown | None = "present" if twice else "likely" if unknown else "refuted" if harmless else None
    shown = twice or unknown or harmless
    usable = int(coverage["usable"])
    return Signs(
        relevant=int(coverage["deliveries"]),
        usable=usable,
        count=twice or unknown,
        unit="deliveries",
        verdict=verdict,
        said=_said(usable, twice, unknown, harmless),
        rows=[row["row_id"] for row in asked.ask("worst")][:CITED] if shown else (),
        traps=_traps(coverage, harmless, bool(shown)),
        refuted="Each repeated delivery was finished without a second effect." if verdict == "refuted" else None,
        cap="B" if verdict == "likely" else None,
    )


def _of(pairs: dict[str, Row], effect: str) -> int:
    return int(pairs[effect]["extra"]) if effect in pairs else 0


def _said(usable: int, twice: int, unknown: int, harmless: int) -> str:
    if twice:
        return f"{twice} of {usable} deliveries repeat an event that was done, and its effect happened again."
    if unknown:
        return f"{unknown} of {usable} deliveries repeat an event that was done; effects are not logged."
    if harmless:
        return f"{harmless} of {usable} deliveries repeat an event, and none had a second effect."
    return f"None of {usable} deliveries repeats an event that its consumer had finished."


def _traps(coverage: Row, harmless: int, shown: bool) -> list[str]:
    if not shown:
        return []
    said = ["Replays, other consumers of the same event and deliveries that failed or were skipped are not counted."]
    if coverage["repeats"]:
        said.append(f"{coverage['repeats']} deliveries say that they are a second attempt or later.")
    if harmless:
        said.append(f"{harmless} repeated deliveries had no second effect.")
    return said


def _by_input(asked: Asked, coverage: Row) -> Signs:
    """The proxy: without ids two equal inputs may be two events, so this is never more than possible."""
    rows = asked.ask("inputs")
    found, usable = (int(rows[0]["deliveries"]) if rows else 0), int(coverage["by_input"])
    window = asked.thresholds["window"]
    return Signs(
        relevant=int(coverage["deliveries"]),
        usable=usable,
        count=found,
        unit="deliveries",
        verdict="possible" if found else None,
        said=f"{found} of {usable} deliveries have the same input as one within {window:g} s before, to one consumer.",
        rows=[row["row_id"] for row in rows],
        traps=["Events have no ids: equal inputs may be two events."] if found else (),
        cap="C",
    )


DETECTOR = Detector("P3-duplicate-delivery", QUERIES, read)
