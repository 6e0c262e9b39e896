"""What an error text says about whose failure it is: the infrastructure's, or the model's and the runtime's own.

The patterns are RE2 (they run inside DuckDB), and are matched against the lower-cased text; the first kind that matches
counts. They were written from the wording of providers' error classes, and are ours.
"""

from __future__ import annotations

import re
from typing import NamedTuple


class Cause(NamedTuple):
    """A kind of error: its name, a pattern, and whether it is the infrastructure's."""

    kind: str
    pattern: str
    infrastructure: bool


CAUSES: tuple[Cause, ...] = (
    Cause("rate limit", r"rate.?limit|too many requests|\b429\b|quota|throttl|overloaded|\b529\b|capacity", True),
    Cause(
        "context overflow",
        r"context.?(length|window|overflow|size|limit)|maximum context|prompt.?(is.)?too.?long|too many (input )?tokens"
        r"|input.?too.?long",
        False,
    ),
    Cause(
        "exhausted turns",
        r"max(imum)?.?(number of )?.?(turns|steps|iterations|rounds)|(turn|step|iteration|recursion).?limit"
        r"|out of (turns|steps)|too many (turns|steps)",
        False,
    ),
    Cause(
        "malformed tool arguments",
        r"(malformed|invalid|bad|unparseable).{0,20}(tool|function|argument|json|call)|json.?decode"
        r"|(tool|function|argument).{0,30}(malformed|invalid|parse|validation|schema)|output.?parser|validation.?error",
        False,
    ),
    Cause(
        "authentication",
        r"\b40[13]\b|unauthori[sz]ed|unauthenticated|authentication|api.?key|permission.?denied|forbidden|entitle"
        r"|not have access|billing|credit balance|insufficient.?(funds|credits?|balance)",
        True,
    ),
    Cause(
        "unknown model",
        r"model.{0,60}(not.?found|does not exist|unknown|not supported|not available|decommission|deprecated|retired)"
        r"|(unknown|invalid|no such|unsupported|bad).{0,12}model|\b404\b",
        True,
    ),
    Cause(
        "provider error",
        r"\b50[0234]\b|internal.?server.?error|bad.?gateway|service.?(temporarily.?)?unavailable|gateway.?time.?out"
        r"|server.?error|upstream",
        True,
    ),
    Cause(
        "transport",
        r"connection|econn|network|\bdns\b|name resolution|\bssl\b|\btls\b|broken.?pipe|socket|remote end closed"
        r"|read.?time|connect.?time|api.?timeout|request timed.?out|incomplete.?read|peer closed|protocol.?error",
        True,
    ),
    Cause("harness time-out", r"time.?out|timed.?out|wall.?clock|time limit|deadline", True),
)
OTHER = "other"


def kind_sql(column: str) -> str:
    """A SQL expression that gives the kind of an error text; NULL where there is no text."""
    text = f"lower({column})"
    cases = " ".join(f"WHEN regexp_matches({text}, '{cause.pattern}') THEN '{cause.kind}'" for cause in CAUSES)
    return f"CASE WHEN {column} IS NULL THEN NULL {cases} ELSE '{OTHER}' END"


INFRASTRUCTURE: tuple[str, ...] = tuple(cause.kind for cause in CAUSES if cause.infrastructure)


def fingerprint_sql(column: str) -> str:
    """A SQL expression for an error's fingerprint: its first line, numbers, ids and quoted text masked."""
    first = f"regexp_extract(trim({column}), '^[^\\n]*')"
    ids = f"regexp_replace({first}, '[0-9a-fA-F]{{8,}}(-[0-9a-fA-F]{{4,}})*|0x[0-9a-fA-F]+', '#', 'g')"
    quoted = f"""regexp_replace({ids}, '"[^"]*"|''[^'']*''', '#', 'g')"""
    return f"left(regexp_replace({quoted}, '[0-9]+', '#', 'g'), 160)"


def kind_of(text: str) -> str:
    """The kind of one error text, as `kind_sql` would give it."""
    lowered = text.lower()
    return next((cause.kind for cause in CAUSES if re.search(cause.pattern, lowered)), OTHER)


def is_infrastructure(text: str) -> bool:
    """Whether an error text is the infrastructure's."""
    return kind_of(text) in INFRASTRUCTURE


def is_unknown_model(text: str) -> bool:
    """Whether a provider says that it has no such model."""
    return kind_of(text) == "unknown model"
