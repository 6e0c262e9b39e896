"""How results refuse and how agents claim, as patterns (RE2) over lower-case text; braces are doubled for `numbered`.

A refusal has to be the head of a result: a row of data that mentions a rejection is none. A claim is a statement that
something was done, by whoever did it; a text that also says "not", "unable" or "failed" claims nothing.
"""

from __future__ import annotations

_ACTION = (
    "(?:tool |function |api )?(?:call|use|execution|request|action|operation|command|write|update|transaction|"
    "permission|access|approval|proposal|invocation|submission|change)"
)
_REFUSED = (
    "(?:rejected|denied|refused|declined|forbidden|blocked|not (?:been )?"
    "(?:approved|permitted|allowed|authori[sz]ed|accepted))"
)
_LEAD = r"^\W*(?:(?:error|failed|failure|warning|sorry|result|response|message)\W+)?"
_STATUS = r"(?:http|status|status code|error|code|error code)\W+(?:code\W+)?4[0-9][0-9]\b"
_REASON = "(?:bad request|unauthori[sz]ed|forbidden|not found|conflict|gone|unprocessable|client error|method not)"
REFUSES = "|".join(
    (
        rf"{_LEAD}(?:the |your |this )?{_ACTION}(?: was| is| has been| were)? {_REFUSED}\b",
        rf"{_LEAD}(?:[a-z]+ )?{_REFUSED}(?:\W*$|\s*[:.,(-]|\s+(?:by|because|due)\b)",
        rf"^\W*(?:status|decision|outcome|verdict)\W+{_REFUSED}\b",
        r"^\W*the user (?:does not want|doesn.t want|rejected|declined|denied)\b",
        rf"{_LEAD}{_STATUS}",
        rf"{_LEAD}(?:[a-z]+ )?4[0-9][0-9] {_REASON}",
    )
).replace("'", "''")
"""The head of a result that refuses, HTTP's 4xx included."""

_DONE = (
    "(?:cancell?ed|refunded|booked|rebooked|reserved|created|deleted|removed|updated|changed|modified|sent|emailed|"
    "submitted|processed|transferred|paid|charged|ordered|placed|scheduled|rescheduled|recorded|saved|added|applied|"
    "issued|executed|deployed|committed|approved|activated|deactivated|enabled|disabled|upgraded|downgraded|"
    "exchanged|filed|posted|published|installed|registered|prescribed|written)"
)
_BY_ME = rf"\b(?:i|we)(?:.ve| have)?(?: now| just| successfully| also)* {_DONE}\b"
_WELL = rf"\b(?:successfully {_DONE}|{_DONE} successfully)\b"
OWN_CLAIM = f"{_BY_ME}|{_WELL}"
"""An agent says that it did something with an outside effect."""
CLAIMS = rf"{OWN_CLAIM}|\b(?:has|have)(?: now| just)? been(?: successfully)? {_DONE}\b|^(?:\W|finish|done)*{_DONE}\b"
"""An agent says that something was done, as it may after it was told so."""
HEDGES = (
    r"\b(?:not|unable|cannot|can.t|couldn.t|wasn.t|hasn.t|haven.t|didn.t|won.t|isn.t|failed|fails|failure|rejected|"
    r"denied|refused|declined|unfortunately|sorry|instead)\b"
)
"""Words with which a text claims nothing that a refusal would contradict."""

ERRED = r"^\W*(?:error|exception|failed|failure|traceback)\b"
"""The head of a result that is an error told as text."""

SPOKEN = (
    "(kind = 'llm_call' OR (kind = 'message' AND agent_name IS NOT NULL AND COALESCE(agent_role, '') <> 'human' AND"
    " LOWER(agent_name) NOT IN ('user', 'human', 'customer', 'system', 'developer', 'user_proxy', 'userproxy')))"
)
"""Rows whose text is an agent's own: never a user's."""


def said(pattern: str) -> str:
    """SQL: the text claims by this pattern, and hedges nothing."""
    return f"(regexp_matches(LOWER(text), '{pattern}') AND NOT regexp_matches(LOWER(text), '{HEDGES}'))"
