"""P5-lost-update: two writers that read the same version of a row and both write."""

from __future__ import annotations

from advisor.diagnosis.detector import Asked, Detector, Signs

# Rows of one kind only are compared: one write may be logged as a swap and as a transition.
_GROUPS = """
WITH writes AS (
    SELECT row_id, kind, resource_id, expected_version, new_version, ts_us, COALESCE(merge_field, '') AS field,
           COALESCE(args_hash, output_hash) AS content,
           CASE WHEN op_id IS NOT NULL THEN CONCAT('o/', op_id)
                WHEN request_id IS NOT NULL THEN CONCAT('r/', request_id, '/', COALESCE(worker_id, ''))
                WHEN worker_id IS NOT NULL THEN CONCAT('w/', worker_id) END AS writer
    FROM events
    WHERE kind IN ('state_transition', 'commit', 'cas') AND resource_id IS NOT NULL AND expected_version IS NOT NULL
      AND NOT COALESCE(is_replay, FALSE)
      AND (status = 'ok' OR (status IS NULL AND kind <> 'cas'))
),
contested AS (
    SELECT kind, resource_id, expected_version FROM writes
    GROUP BY kind, resource_id, expected_version HAVING COUNT(*) > 1
),
groups AS (
    SELECT kind, resource_id, expected_version, field, COUNT(DISTINCT writer) AS writers, MIN(ts_us) AS first_us,
           MAX(ts_us) AS last_us, MIN(content) AS content, MAX(content) AS other_content,
           COUNT(content) AS with_content, COUNT(*) AS writes
    FROM writes
    WHERE writer IS NOT NULL AND resource_id IN (SELECT resource_id FROM contested)
    GROUP BY kind, resource_id, expected_version, field
    HAVING MIN(writer) < MAX(writer)
),
returned AS (
    SELECT g.kind, g.resource_id, g.expected_version, g.field
    FROM groups g JOIN writes w ON w.resource_id = g.resource_id AND w.new_version = g.expected_version
    WHERE w.ts_us > g.first_us AND w.ts_us <= g.last_us
    GROUP BY g.kind, g.resource_id, g.expected_version, g.field
),
judged AS (
    SELECT g.resource_id, g.expected_version, g.kind, g.field, g.writers, g.first_us,
           CASE WHEN r.resource_id IS NULL THEN 0 ELSE 1 END AS returned,
           CASE WHEN g.with_content = g.writes AND g.content = g.other_content THEN 1 ELSE 0 END AS equal
    FROM groups g
    LEFT JOIN returned r ON r.kind = g.kind AND r.resource_id = g.resource_id
     AND r.expected_version = g.expected_version AND r.field = g.field
)
"""
QUERIES = {
    "writes": """
SELECT COUNT(*) AS writes,
       SUM(CASE WHEN expected_version IS NOT NULL AND COALESCE(op_id, request_id, worker_id) IS NOT NULL
                THEN 1 ELSE 0 END) AS usable
FROM events
WHERE kind IN ('state_transition', 'commit', 'cas') AND resource_id IS NOT NULL AND NOT COALESCE(is_replay, FALSE)
  AND (status = 'ok' OR (status IS NULL AND kind <> 'cas'))
  AND kind IN (SELECT kind FROM events WHERE expected_version IS NOT NULL GROUP BY kind)
""",
    "lost": _GROUPS
    + """
SELECT COUNT(*) AS groups_, COUNT(DISTINCT CASE WHEN returned = 0 AND equal = 0
                                           THEN CONCAT(resource_id, '@', expected_version, '/', field) END) AS lost,
       SUM(returned) AS returned, SUM(equal) AS equal,
       COUNT(DISTINCT CASE WHEN returned = 0 AND equal = 0 AND kind = 'cas' THEN resource_id END) AS swapped
FROM judged
""",
    "rows": _GROUPS
    + """
, worst AS (
    SELECT resource_id, expected_version, kind, field, ROW_NUMBER() OVER (
        ORDER BY writers DESC, first_us, resource_id, expected_version, kind, field) AS place
    FROM judged WHERE returned = 0 AND equal = 0
)
SELECT w.row_id FROM writes w JOIN worst o
  ON o.resource_id = w.resource_id AND o.expected_version = w.expected_version AND o.kind = w.kind AND o.field = w.field
WHERE o.place <= 10 ORDER BY o.place, w.ts_us, w.row_id LIMIT 20
""",
}


def read(asked: Asked) -> Signs:
    """Versions of a row that more than one writer replaced."""
    writes, seen = asked.one("writes"), asked.one("lost")
    lost, usable = int(seen["lost"] or 0), int(writes["usable"] or 0)
    swapped = int(seen["swapped"] or 0)
    return Signs(
        relevant=int(writes["writes"] or 0),
        usable=usable,
        count=lost,
        unit="successful writes",
        verdict="present" if lost else None,
        least=20,
        said=f"{lost} versions were each replaced by more than one writer, in {usable} successful writes.",
        rows=[row["row_id"] for row in asked.ask("rows")] if lost else (),
        cause=f"On {swapped} rows even a compare-and-swap let both pass"
        if swapped
        else "The writes are not conditional on the version that was read"
        if lost
        else None,
        traps=[
            f"{seen['returned'] or 0} versions had come back in between, and are left out.",
            f"{seen['equal'] or 0} were written twice with equal content, and are left out.",
            "Writes of different fields are not compared.",
        ]
        if seen["groups_"]
        else (),
    )


DETECTOR = Detector("P5-lost-update", QUERIES, read)
