"""P5-false-conflict: conditional writes that are refused as stale although nobody else has written the row."""

from __future__ import annotations

from advisor.diagnosis.detector import Asked, Detector, Signs

_CONFLICT = r"conflict|stale|version|etag|precondition|\b(409|412)\b|mismatch|optimistic"
# Writes of one row in order; each refusal with the success before it and the one after it. Where several carry one
# time, the success stands first: what cannot be ordered is no evidence.
_REFUSED = f"""
WITH writes AS (
    SELECT row_id, resource_id, ts_us, expected_version, actual_version, new_version, status, kind, worker_id,
           COALESCE(op_id, CONCAT(request_id, '/', COALESCE(worker_id, ''))) AS writer, op_id,
           CASE WHEN kind = 'cas' AND status = 'ok' THEN 1
                WHEN kind <> 'cas' AND COALESCE(status, 'ok') = 'ok' THEN 1 ELSE 0 END AS ok,
           CASE WHEN kind = 'cas' AND (status = 'rejected' OR (status = 'error' AND regexp_matches(LOWER(CONCAT(
                    COALESCE(error_type, ''), ' ', COALESCE(error_message, ''), ' ', COALESCE(reason_code, ''), ' ',
                    COALESCE(reason_text, ''))), '{_CONFLICT}'))) THEN 1 ELSE 0 END AS refused,
           CASE WHEN kind = 'cas' AND COALESCE(status, 'unknown') IN ('timeout', 'unknown', 'pending') THEN 1 ELSE 0 END
               AS unanswered
    FROM events
    WHERE kind IN ('cas', 'state_transition', 'commit', 'override') AND resource_id IS NOT NULL AND ts_us IS NOT NULL
      AND resource_id IN (SELECT resource_id FROM events WHERE kind = 'cas' AND status IN ('rejected', 'error'))
),
ordered AS (
    SELECT row_id, resource_id, ts_us, expected_version, actual_version, new_version, writer, op_id, worker_id, ok,
           refused,
           SUM(ok) OVER (PARTITION BY resource_id ORDER BY ts_us, ok DESC, row_id ROWS UNBOUNDED PRECEDING) AS seg
    FROM writes
),
oks AS (
    SELECT resource_id, seg, MAX(new_version) AS new_version, MAX(writer) AS writer, MAX(ts_us) AS ts_us,
           MAX(expected_version) AS expected_version, MAX(row_id) AS row_id
    FROM ordered WHERE ok = 1 GROUP BY resource_id, seg
),
writers AS (
    SELECT resource_id, CASE WHEN COUNT(worker_id) = COUNT(*) AND MIN(worker_id) = MAX(worker_id) THEN 1 ELSE 0 END
               AS one_worker
    FROM writes GROUP BY resource_id
),
lost_answers AS (
    SELECT resource_id, writer, MIN(ts_us) AS ts_us FROM writes WHERE unanswered = 1 AND writer IS NOT NULL
    GROUP BY resource_id, writer
),
refusals AS (
    SELECT r.row_id, r.resource_id, r.ts_us, r.expected_version, r.actual_version, b.row_id AS before_row,
           a.row_id AS after_row, w.one_worker,
           CASE WHEN l.ts_us <= r.ts_us THEN 1 ELSE 0 END AS unanswered,
           CASE WHEN b.writer = r.writer THEN 1 ELSE 0 END AS own_before,
           CASE WHEN r.actual_version IS NOT NULL AND r.actual_version = r.expected_version THEN 1 ELSE 0 END AS same,
           CASE WHEN r.actual_version IS NOT NULL AND r.actual_version <> r.expected_version
                 AND TRY_CAST(r.actual_version AS DOUBLE) = TRY_CAST(r.expected_version AS DOUBLE)
                THEN 1 ELSE 0 END AS alike,
           CASE WHEN a.writer = r.writer AND a.expected_version = r.expected_version THEN 1 ELSE 0 END AS own_after,
           CASE WHEN b.new_version = r.expected_version AND b.writer <> r.writer
                 AND (a.ts_us IS NULL OR a.writer = r.writer OR a.ts_us - r.ts_us > 1000000 + {{skew_us}})
                THEN 1 ELSE 0 END AS current
    FROM ordered r
    LEFT JOIN oks b ON b.resource_id = r.resource_id AND b.seg = r.seg
    LEFT JOIN oks a ON a.resource_id = r.resource_id AND a.seg = r.seg + 1
    LEFT JOIN lost_answers l ON l.resource_id = r.resource_id AND l.writer = r.writer
    JOIN writers w ON w.resource_id = r.resource_id
    WHERE r.refused = 1 AND r.expected_version IS NOT NULL
),
judged AS (
    SELECT row_id, resource_id, ts_us, before_row, after_row, own_before, unanswered,
           CASE WHEN unanswered > 0 THEN 0 WHEN same = 1 OR alike = 1 OR own_after = 1 THEN 1 ELSE 0 END AS sure,
           CASE WHEN unanswered > 0 THEN 0 WHEN same = 0 AND alike = 0 AND own_after = 0 AND current = 1 THEN 1 ELSE 0
                END AS likely,
           CASE WHEN unanswered > 0 THEN 0
                WHEN same = 0 AND alike = 0 AND own_after = 0 AND current = 0 AND one_worker = 1
                     AND before_row IS NOT NULL AND actual_version IS NULL AND own_before = 0
                THEN 1 ELSE 0 END AS alone,
           alike, own_after, same
    FROM refusals
)
"""
_SUMS = ("sure", "likely", "alone", "alike", "own_after", "same", "unanswered")
QUERIES = {
    "refused": f"""
SELECT SUM(CASE WHEN resource_id IS NOT NULL AND expected_version IS NOT NULL AND ts_us IS NOT NULL THEN 1 ELSE 0 END)
           AS usable, COUNT(*) AS refused
FROM events
WHERE kind = 'cas' AND (status = 'rejected' OR (status = 'error' AND regexp_matches(LOWER(CONCAT(
    COALESCE(error_type, ''), ' ', COALESCE(error_message, ''), ' ', COALESCE(reason_code, ''), ' ',
    COALESCE(reason_text, ''))), '{_CONFLICT}')))
""",
    "judged": _REFUSED
    + """
SELECT before_row, row_id, after_row, sure + likely + alone AS found, SUM(sure) OVER () AS sure,
       SUM(likely) OVER () AS likely, SUM(alone) OVER () AS alone, SUM(sure * alike) OVER () AS alike,
       SUM(sure * own_after) OVER () AS own_after, SUM(sure * same) OVER () AS same,
       SUM(unanswered) OVER () AS unanswered
FROM judged WHERE sure + likely + alone + unanswered > 0
ORDER BY judged.sure DESC, judged.likely DESC, judged.alone DESC, ts_us, resource_id, row_id LIMIT 7
""",
}


def read(asked: Asked) -> Signs:
    """Refusals at equal versions, or that succeed unchanged when tried again; then those that no writer explains."""
    refused = asked.one("refused")
    rows = asked.ask("judged")
    seen = rows[0] if rows else dict.fromkeys(_SUMS, 0)
    sure, likely, alone = (int(seen[name] or 0) for name in ("sure", "likely", "alone"))
    count = sure + likely + alone
    verdict = "present" if sure else "likely" if likely else "possible" if alone else None
    usable = int(refused["usable"] or 0)
    causes = [
        f"{seen['alike']} compare equal numbers as text" if seen["alike"] else "",
        f"{seen['own_after']} succeeded with the same version when tried again" if seen["own_after"] else "",
        f"{seen['same']} name the very version that the row had" if seen["same"] else "",
    ]
    return Signs(
        relevant=int(refused["refused"] or 0),
        usable=usable,
        count=count,
        unit="refused writes",
        verdict=verdict,  # type: ignore[arg-type]
        least=10,
        said=f"{count} of {usable} refused writes had no other write between the version that they expected and the "
        "refusal.",
        rows=[
            row[name]
            for row in rows
            if row["found"]
            for name in ("before_row", "row_id", "after_row")
            if row[name] is not None
        ],
        cause="; ".join(part for part in causes if part) or None,
        traps=[
            f"{seen['unanswered'] or 0} follow a try of the same operation that had no answer, and are left out.",
            "A success logged within a second after the refusal counts as the other writer.",
        ]
        if usable
        else (),
        cap="C" if verdict == "possible" else None,
    )


DETECTOR = Detector("P5-false-conflict", QUERIES, read)
