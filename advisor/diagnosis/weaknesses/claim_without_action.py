"""SDB-claim-without-action (S10): an agent says that it did something, and no result in its request shows it."""

from __future__ import annotations

from advisor.diagnosis.detector import CITED, Asked, Detector, Signs
from advisor.diagnosis.weaknesses.decisions import whole
from advisor.diagnosis.weaknesses.wording import ERRED, HEDGES, OWN_CLAIM, SPOKEN
from advisor.traces.facts import READS

# A call may have had an effect unless it is declared to have none, is named after reading, or failed (in words, too);
# only what began before the claim counts. The LIKEs spare most texts the patterns.
_CLAIMS = f"""
WITH spoken AS (
    SELECT row_id, request_id, ord, LOWER(text) AS text FROM events
    WHERE {SPOKEN} AND text IS NOT NULL AND
          (text LIKE '%I %' OR text LIKE '%I_ve %' OR text LIKE '%e have %' OR text LIKE '%e_ve %'
           OR LOWER(text) LIKE '%successfully%')
),
claims AS (
    SELECT row_id, request_id, ord, CASE WHEN request_id IS NULL THEN 0 ELSE 1 END AS placed,
           CASE WHEN regexp_matches(text, 'already|previously|earlier|last time') THEN 1 ELSE 0 END AS earlier
    FROM spoken
    WHERE regexp_matches(text, '{OWN_CLAIM}') AND NOT regexp_matches(text, '{HEDGES}')
),
acts AS (
    SELECT request_id, MIN(ord) AS first_act, SUM(CASE WHEN ord IS NULL THEN 1 ELSE 0 END) AS unplaced FROM events
    WHERE kind IN ('tool_call', 'tool_result', 'commit', 'delegation')
      AND request_id IN (SELECT request_id FROM claims)
      AND COALESCE(status, 'ok') IN ('ok', 'pending', 'unknown')
      AND NOT COALESCE(regexp_matches(LOWER(LEFT(text, 40)), '{ERRED}'), FALSE)
      AND COALESCE(side_effect, 'unknown') NOT IN ('none', 'read')
      AND (side_effect IS NOT NULL OR tool_name IS NULL OR NOT regexp_matches(LOWER(tool_name), '{READS}'))
    GROUP BY request_id
),
judged AS (
    SELECT c.row_id, c.placed, c.earlier, CASE WHEN a.request_id IS NOT NULL AND
           (a.unplaced > 0 OR c.ord IS NULL OR a.first_act <= c.ord) THEN 1 ELSE 0 END AS acted
    FROM claims c LEFT JOIN acts a ON a.request_id = c.request_id
)
"""
QUERIES = {
    "texts": f"""
SELECT COUNT(*) AS texts FROM events WHERE {SPOKEN} AND text IS NOT NULL
""",
    "claims": _CLAIMS
    + """
SELECT COUNT(*) AS claims, SUM(placed) AS placed,
       SUM(CASE WHEN placed = 1 AND acted = 0 AND earlier = 0 THEN 1 ELSE 0 END) AS empty,
       SUM(CASE WHEN placed = 1 AND acted = 0 THEN earlier ELSE 0 END) AS earlier
FROM judged
""",
    "empty": _CLAIMS
    + """
SELECT row_id FROM judged WHERE placed = 1 AND acted = 0 AND earlier = 0 ORDER BY row_id LIMIT 20
""",
}


def read(asked: Asked) -> Signs:
    """Claims of a finished action with no successful call before them that could have done it: a hint in text.

    A log in which no text was recognised as a claim excludes nothing: claims have more words than are known here.
    """
    texts, seen = asked.one("texts"), asked.one("claims")
    empty, claims, placed = (whole(seen, name) for name in ("empty", "claims", "placed"))
    return Signs(
        relevant=claims,
        usable=placed,
        count=empty,
        unit="texts that claim an action",
        verdict="possible" if empty else None,
        said=f"{empty} of {placed} texts that claim a finished action follow no successful call that could be it."
        if claims
        else f"None of {whole(texts, 'texts')} texts of agents was recognised as a claim of a finished action.",
        rows=[row["row_id"] for row in asked.ask("empty")][:CITED] if empty else (),
        traps=[f"Reports of earlier actions: {whole(seen, 'earlier')} such texts speak of an earlier time: left out."]
        if claims
        else (),
        cap="D",
    )


DETECTOR = Detector("SDB-claim-without-action", QUERIES, read)
