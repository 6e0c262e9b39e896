"""SDB-reject-crashes (S6): a proposal that does not parse ends the run."""

from __future__ import annotations

from advisor.diagnosis.detector import CITED, Asked, Detector, Signs
from advisor.diagnosis.weaknesses.decisions import whole

_TYPES = (
    "outputparserexception|outputparsererror|outputparsingerror|validationerror|jsondecodeerror|modelbehaviorerror|"
    "unexpectedmodelbehavior|convertererror|toolinvocationerror|invalidtoolcall|invalidtoolcallerror|"
    "toolinputparsingexception|tool_validate_input_error|schemaerror|structuredoutputvalidationerror|"
    "structuredoutputerror|parseerror"
)
_MESSAGES = (
    "could not parse|failed to parse|cannot parse|unable to parse|output parser|outputparserexception|jsondecodeerror|"
    "validation errors? for |invalid json|not valid json|does not match (?:the )?schema|schema validation"
)
# An error's place is where it ended: a span that started before the model call it broke on ends after it.
_ERRORS = f"""
WITH errors AS (
    SELECT row_id, request_id, agent_name, CASE WHEN error_type IS NULL THEN 0 ELSE 1 END AS typed,
           COALESCE(error_type, 'in the message') AS error_type,
           CASE WHEN end_us IS NOT NULL AND ord = ts_us THEN end_us ELSE ord END AS place
    FROM events
    WHERE kind NOT IN ('unknown', 'outcome') AND COALESCE(status, 'error') NOT IN ('ok', 'skipped') AND
          (regexp_matches(LOWER(error_type), '(?:^|[.:])(?:{_TYPES})$')
           OR (error_type IS NULL AND regexp_matches(LOWER(error_message), '{_MESSAGES}')))
),
last AS (
    SELECT request_id, COALESCE(agent_name, '') AS agent_name, MAX(place) AS place, MAX(row_id) AS last_row,
           MAX(typed) AS typed, MAX(error_type) AS error_type
    FROM errors WHERE request_id IS NOT NULL
    GROUP BY request_id, COALESCE(agent_name, '')
),
turns AS (
    SELECT request_id, COALESCE(agent_name, '') AS agent_name, MAX(ord) AS place FROM events
    WHERE kind = 'llm_call' AND request_id IN (SELECT request_id FROM last)
      AND row_id NOT IN (SELECT row_id FROM errors)
    GROUP BY request_id, COALESCE(agent_name, '')
),
latest AS (
    SELECT request_id, MAX(place) AS place FROM turns GROUP BY request_id
),
ends AS (
    SELECT request_id, MAX(CASE WHEN kind = 'outcome' THEN 1 ELSE 0 END) AS judged,
           MAX(CASE WHEN kind = 'outcome' AND status IN ('error', 'timeout', 'cancelled') THEN 1 ELSE 0 END) AS failed,
           MAX(CASE WHEN kind = 'outcome' AND status = 'ok' THEN 1 ELSE 0 END) AS succeeded,
           MAX(CASE WHEN kind <> 'outcome' AND status = 'error' THEN 1 ELSE 0 END) AS broke,
           MAX(CASE WHEN kind <> 'outcome' AND status = 'ok' THEN 1 ELSE 0 END) AS finished
    FROM events
    WHERE (kind = 'outcome' OR (kind IN ('workflow', 'agent') AND parent_span_id IS NULL
                                AND (kind = 'workflow' OR span_id IS NOT NULL)))
      AND request_id IN (SELECT request_id FROM last)
    GROUP BY request_id
),
terminal AS (
    SELECT l.request_id, MAX(l.last_row) AS last_row, MAX(l.typed) AS typed, MAX(l.error_type) AS error_type,
           MAX(CASE WHEN (CASE WHEN l.agent_name = '' THEN a.place ELSE COALESCE(t.place, a.place) END) >= l.place
                    THEN 0 ELSE 1 END) AS stopped,
           MAX(CASE WHEN e.judged = 1 THEN e.failed ELSE COALESCE(e.broke, 0) END) AS failed,
           MAX(CASE WHEN e.judged = 1 THEN e.succeeded ELSE COALESCE(e.finished, 0) END) AS succeeded
    FROM last l
    LEFT JOIN turns t ON t.request_id = l.request_id AND t.agent_name = l.agent_name
    LEFT JOIN latest a ON a.request_id = l.request_id
    LEFT JOIN ends e ON e.request_id = l.request_id
    GROUP BY l.request_id
)
"""
QUERIES = {
    "requests": """
SELECT COUNT(DISTINCT request_id) AS requests FROM events WHERE kind NOT IN ('unknown', 'log')
""",
    "errors": _ERRORS
    + """
SELECT COUNT(*) AS errors, SUM(CASE WHEN request_id IS NULL THEN 1 ELSE 0 END) AS homeless,
       COUNT(DISTINCT request_id) AS requests
FROM errors
""",
    "terminal": _ERRORS
    + """
SELECT SUM(CASE WHEN stopped = 1 AND failed = 1 AND typed = 1 THEN 1 ELSE 0 END) AS crashed,
       SUM(CASE WHEN stopped = 1 AND failed = 1 AND typed = 0 THEN 1 ELSE 0 END) AS worded,
       SUM(CASE WHEN stopped = 1 AND failed = 0 AND succeeded = 0 THEN 1 ELSE 0 END) AS unjudged,
       SUM(CASE WHEN stopped = 0 THEN 1 ELSE 0 END) AS repaired,
       SUM(CASE WHEN stopped = 1 AND failed = 0 AND succeeded = 1 THEN 1 ELSE 0 END) AS survived
FROM terminal
""",
    "worst": _ERRORS
    + """
SELECT last_row, error_type FROM terminal WHERE stopped = 1 AND succeeded = 0
ORDER BY failed DESC, typed DESC, last_row LIMIT 20
""",
}


def read(asked: Asked) -> Signs:
    """Errors of parsing or of a schema after which the agent makes no further model call, in a run that failed."""
    errors, requests = asked.one("errors"), whole(asked.one("requests"), "requests")
    homeless = whole(errors, "homeless")
    seen = asked.one("terminal") if whole(errors, "requests") else {}
    crashed, worded, unjudged, repaired, survived = (
        whole(seen, name) if seen else 0 for name in ("crashed", "worded", "unjudged", "repaired", "survived")
    )
    count = crashed or worded or unjudged
    worst = asked.ask("worst") if count else []
    traps = [f"An error thrown again after a successful repair: {repaired} requests went on after the error."]
    if survived:
        traps.append(f"{survived} requests ended well in spite of such an error.")
    ended = "the run failed" if crashed or worded else "how the run ended is not logged"
    return Signs(
        relevant=requests + homeless,
        usable=requests,
        count=count,
        unit="requests",
        verdict="present" if crashed or worded else "likely" if unjudged else None,
        said=f"In {count} of {requests} requests a parse or schema error was the last thing an agent did, and {ended}."
        if count
        else f"No request of {requests} ended with a parse or schema error.",
        rows=[row["last_row"] for row in worst][:CITED],
        cause=f"{', '.join(sorted({str(row['error_type'])[:60] for row in worst})[:5])}: thrown, not answered"
        if crashed or unjudged
        else None,
        traps=traps if whole(errors, "errors") else (),
        cap=None if crashed or not worded else "C",
    )


DETECTOR = Detector("SDB-reject-crashes", QUERIES, read)
