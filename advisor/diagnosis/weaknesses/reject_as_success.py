"""SDB-reject-as-success (S2): a refusal that reached the model with the status of success."""

from __future__ import annotations

from advisor.diagnosis.detector import CITED, Asked, Detector, Row, Signs
from advisor.diagnosis.weaknesses.decisions import ALLOWS, CHECKS, REFUSED, home, whole
from advisor.diagnosis.weaknesses.wording import CLAIMS, REFUSES, SPOKEN, said
from advisor.traces.facts import READS

# A result is a tool_result row, or a call's own row in a file that has none. A commit that did not take effect, and a
# reject row, refuse as well as a check does.
_RESULTS = f"""
WITH answers AS (
    SELECT row_id, request_id, proposal_id, tool_name, ord, status, side_effect, source_format,
           LOWER(LEFT(text, 120)) AS head,
           CASE WHEN result_fp IS NULL AND error_type IS NULL AND error_message IS NULL AND text IS NULL
                THEN 1 ELSE 0 END AS empty
    FROM events
    WHERE kind IN ('tool_result', 'tool_call') AND (kind = 'tool_result' OR ((status IS NOT NULL OR text IS NOT NULL)
          AND file NOT IN (SELECT DISTINCT file FROM events WHERE kind = 'tool_result')))
),
checks AS (
    SELECT row_id, request_id, proposal_id, tool_name, ord,
           CASE WHEN {REFUSED} OR kind = 'reject' OR (kind = 'commit' AND status IN ('rejected', 'denied', 'error'))
                THEN 1 ELSE 0 END AS refuses,
           CASE WHEN {ALLOWS} OR (kind = 'commit' AND status = 'ok') THEN 1 ELSE 0 END AS allows
    FROM events WHERE (kind IN {CHECKS} OR kind IN ('reject', 'commit')) AND proposal_id IS NOT NULL
),
refusals AS (
    SELECT row_id, request_id, proposal_id, tool_name, ord, refuses, allows FROM checks
    WHERE proposal_id IN (SELECT proposal_id FROM checks WHERE refuses = 1)
),
shared AS (
    SELECT proposal_id FROM (SELECT proposal_id, request_id FROM refusals UNION ALL SELECT proposal_id, request_id
        FROM answers WHERE proposal_id IN (SELECT proposal_id FROM refusals)) named
    GROUP BY proposal_id HAVING MIN(request_id) < MAX(request_id)
),
refused AS (
    SELECT proposal_id, {home("shared")} AS home, MIN(CASE WHEN refuses = 1 THEN row_id END) AS refusal,
           MIN(CASE WHEN refuses = 1 THEN tool_name END) AS tool_name,
           MAX(CASE WHEN refuses = 1 THEN tool_name END) AS last_tool_name
    FROM refusals
    GROUP BY proposal_id, {home("shared")}
    HAVING SUM(allows) = 0 OR MAX(CASE WHEN refuses = 1 THEN ord END) > MAX(CASE WHEN allows = 1 THEN ord END)
),
placed AS (
    SELECT row_id, request_id, proposal_id, tool_name, ord, status, side_effect, source_format, head, empty,
           {home("shared")} AS home
    FROM answers
),
results AS (
    SELECT a.row_id, a.request_id, a.ord, a.status, a.source_format, a.empty, r.refusal,
           CASE WHEN r.proposal_id IS NULL THEN 0 ELSE 1 END AS refused,
           CASE WHEN COALESCE(a.status, 'ok') = 'ok' AND COALESCE(a.side_effect, 'unknown') NOT IN ('none', 'read')
                     AND regexp_matches(a.head, '{REFUSES}')
                     AND (a.side_effect IS NOT NULL OR a.tool_name IS NULL
                          OR NOT regexp_matches(LOWER(a.tool_name), '{READS}')) THEN 1 ELSE 0 END AS worded
    FROM placed a LEFT JOIN refused r ON r.proposal_id = a.proposal_id AND r.home = a.home
        -- One proposal may call several tools: the refusal of one says nothing of another's result.
        AND (r.tool_name IS NULL OR a.tool_name IS NULL OR a.tool_name IN (r.tool_name, r.last_tool_name))
)
"""
# The next thing that an agent says after a refusal, in the request: all results between two texts belong to the second.
_BELIEVED = (
    _RESULTS
    + f"""
, suspects AS (
    SELECT row_id, request_id, ord, status, refused, refusal FROM results
    WHERE request_id IS NOT NULL AND ((refused = 1 AND status = 'ok') OR (refused = 0 AND worded = 1))
),
turns AS (
    SELECT row_id, request_id, ord, status, refused, refusal, 1 AS suspect, 0 AS spoken, 0 AS believes FROM suspects
    UNION ALL
    SELECT row_id, request_id, ord, NULL, 0, NULL, 0, 1, CASE WHEN {said(CLAIMS)} THEN 1 ELSE 0 END
    FROM events
    WHERE {SPOKEN} AND text IS NOT NULL AND request_id IN (SELECT request_id FROM suspects)
),
numbered AS (
    SELECT row_id, request_id, status, refused, refusal, suspect, spoken, believes,
           SUM(spoken) OVER (PARTITION BY request_id ORDER BY ord, row_id ROWS BETWEEN UNBOUNDED PRECEDING
                             AND CURRENT ROW) - spoken AS turn
    FROM turns
),
answered AS (
    SELECT row_id, status, refused, refusal, suspect, MAX(believes) OVER (PARTITION BY request_id, turn) AS believed,
           MAX(CASE WHEN spoken = 1 THEN row_id END) OVER (PARTITION BY request_id, turn) AS claim
    FROM numbered
)
"""
)
QUERIES = {
    "results": _RESULTS
    + """
SELECT COUNT(*) AS results, SUM(refused) AS refused,
       SUM(CASE WHEN refused = 1 AND status IS NOT NULL THEN 1 ELSE 0 END) AS with_status,
       SUM(CASE WHEN refused = 1 AND status = 'ok' THEN 1 ELSE 0 END) AS as_success,
       SUM(CASE WHEN refused = 0 THEN worded ELSE 0 END) AS worded,
       SUM(CASE WHEN source_format = 'openai_agents' AND status = 'ok' AND empty = 1 AND refused = 0 THEN 1 ELSE 0
           END) AS silent,
       SUM(CASE WHEN source_format = 'openai_agents' AND empty = 0 THEN 1 ELSE 0 END) AS voiced
FROM results
""",
    "silent": _RESULTS
    + """
SELECT row_id FROM results
WHERE source_format = 'openai_agents' AND status = 'ok' AND empty = 1 AND refused = 0 ORDER BY row_id LIMIT 20
""",
    "refused": _RESULTS
    + """
SELECT row_id, refusal FROM results WHERE refused = 1 AND status = 'ok' ORDER BY row_id LIMIT 10
""",
    "believed": _BELIEVED
    + """
SELECT refused, CASE WHEN status = 'ok' THEN 1 ELSE 0 END AS told_ok, SUM(believed) AS believed
FROM answered WHERE suspect = 1
GROUP BY refused, CASE WHEN status = 'ok' THEN 1 ELSE 0 END
ORDER BY refused DESC, CASE WHEN status = 'ok' THEN 1 ELSE 0 END DESC
""",
    "claims": _BELIEVED
    + """
SELECT row_id, refusal, claim FROM answered WHERE suspect = 1 AND believed = 1 AND claim IS NOT NULL
ORDER BY refused DESC, row_id LIMIT 7
""",
}


def read(asked: Asked) -> Signs:
    """Denials joined to results of success; else refusing texts that the agent took for success."""
    seen = asked.one("results")
    refused, worded = whole(seen, "as_success"), whole(seen, "worded")
    turns = asked.ask("believed") if refused or worded else []
    believed = {(row["refused"], row["told_ok"]): whole(row, "believed") for row in turns}
    taken = asked.ask("claims") if any(believed.values()) else []
    data = "Text that mentions a rejection as data: {} results begin with a refusal, {} of them were taken for done."
    if refused:
        claimed = sum(many for (by_check, _), many in believed.items() if by_check)
        return Signs(
            relevant=whole(seen, "refused"),
            usable=whole(seen, "with_status"),
            count=refused,
            unit="refused calls",
            verdict="present",
            said=f"{refused} of {whole(seen, 'with_status')} refused calls came back with the status of success; after "
            f"{claimed} of them the agent's next text says that it was done.",
            rows=list(dict.fromkeys(_ids([*taken, *asked.ask("refused")], "refusal", "row_id")))[:CITED],
            cause=f"after {claimed} of them the agent says that it was done" if claimed else None,
            cause_rows=_ids(taken, "claim"),
            severity="critical" if claimed else None,
        )
    told, untold = believed.get((0, 1), 0), believed.get((0, 0), 0)
    if told or untold:
        of = "carry the status of success" if told else "carry no status"
        return Signs(
            relevant=worded,
            usable=worded,
            count=told or untold,
            unit="results that begin with a refusal",
            verdict="likely" if told else "possible",
            said=f"{told or untold} of {worded} results whose text refuses {of}, and the agent's next text says that "
            "it was done.",
            rows=_ids(taken, "refusal", "row_id", "claim"),
            traps=[data.format(worded, told + untold)],
            severity="critical" if told else None,
            cap="C" if told else "D",
        )
    if whole(seen, "silent") and whole(seen, "voiced"):
        silent = whole(seen, "silent")
        return Signs(
            relevant=silent + whole(seen, "voiced"),
            usable=silent + whole(seen, "voiced"),
            count=silent,
            unit="finished calls",
            verdict="possible",
            said=f"{silent} finished calls hold neither output nor error, as a call does whose approval was rejected.",
            rows=_ids(asked.ask("silent"), "row_id"),
            cap="D",
        )
    tested = whole(seen, "refused")
    return Signs(
        relevant=tested or whole(seen, "results"),
        usable=whole(seen, "with_status"),
        count=0,
        unit="refused calls" if tested else "tool results",
        said=f"{tested} refused calls were told as refusals."
        if tested
        else "No refusal was seen, so none was misread.",
        traps=[data.format(worded, 0)] if worded else (),
    )


def _ids(rows: list[Row], *columns: str) -> list[int]:
    return [row[column] for row in rows for column in columns if row[column] is not None]


DETECTOR = Detector("SDB-reject-as-success", QUERIES, read)
