"""What short sentences of loggers say: a phrase with something behind it, or what became of a tool, by its name.

`approval requested for refund` is the phrase `approval requested`; `tool get_order timed out after 30s` is a result.
"""

from __future__ import annotations

import re

TAILED = frozenset(
    """approval_request approval_decision cas cancelled compensation escalation gate_decision llm_call throttle
    timer_set timer_fire timer_cancel""".split()
)
"""Kinds whose phrases keep their meaning where something stands behind them."""
_TAIL = re.compile(r"(?<=\w)\s(?:for|on|by|after|of|in|from)\s")
_TOOL = r"(?:tool|function)(?:\scall)?:?\s(?P<quote>[`'\"]?)(?P<tool>[A-Za-z][\w.:-]{0,79}?)(?P=quote)"
_NAME = re.compile(r"\w[_.:-]\w|[a-z][A-Z]|[A-Za-z]\d|_")
_CALLED = re.compile(
    rf"(?:calling|called|invok(?:ing|ed)|execut(?:ing|ed)|running|ran|start(?:ing|ed))\s(?:the\s)?{_TOOL}(?:[\s(].*)?",
    re.IGNORECASE | re.DOTALL,
)
_NOT_CALLED = re.compile(
    rf"(?:(?:error|exception|failure)\s(?:calling|invoking|executing|running|in|from)|failed\sto\s(?:call|invoke|execute|"
    rf"run))\s(?:the\s)?{_TOOL}(?:[\s(:,].*)?",
    re.IGNORECASE | re.DOTALL,
)
_ENDED = re.compile(
    rf"{_TOOL}(?:\(.{{0,200}}?\))?\s(?:(?:has|have|was|is|call|execution)\s)?(?:"
    r"(?P<ok>succeeded|completed|finished|returned|done|ok|successful)|(?P<timeout>timed\sout|timeout)|"
    r"(?P<denied>denied|rejected|blocked|refused|not\s(?:allowed|permitted|approved))|"
    r"(?P<cancelled>cancell?ed|aborted)|(?P<error>failed|failure|errored|error|raised|crashed))(?:\W.*)?",
    re.IGNORECASE | re.DOTALL,
)
_ATTEMPT = re.compile(
    r"\b(?:attempt|retry|retrying|try|tries)\b[\s:#(]{0,3}(?P<n>\d{1,4})(?:\s?(?:/|of)\s?(?P<most>\d{1,4}))?\b(?!\s?m?s\b|\.\d)",
    re.IGNORECASE,
)
_BY = re.compile(r"\sby\s(?:the\s)?(?P<who>[\w@.+-]+)")
_NOBODY = frozenset("policy rule rules system default config configuration timeout timer hook auto automation".split())
Columns = tuple[tuple[str, str], ...]


def head(sentence: str) -> str | None:
    """A sentence up to what stands behind its phrase of two words or more; None where nothing does."""
    found = _TAIL.search(sentence)
    return sentence[: found.start()] if found and " " in sentence[: found.start()].strip() else None


def of_tool(sentence: str) -> tuple[str, Columns] | None:
    """The kind of a sentence about one tool, and what it says of it; None for other sentences."""
    if found := _CALLED.fullmatch(sentence):
        return ("tool_call", (("tool_name", found["tool"]),)) if _named(found) else None
    if found := _NOT_CALLED.fullmatch(sentence):
        return ("tool_result", (("status", "error"), ("tool_name", found["tool"]))) if _named(found) else None
    found = _ENDED.fullmatch(sentence)
    if not found or not _named(found):
        return None
    tool = ("tool_name", found["tool"])
    if found["denied"]:
        return "gate_decision", (("decision", "deny"), tool)
    return "tool_result", (("status", next(name for name in _STATES if found[name])), tool)


_STATES = ("ok", "timeout", "cancelled", "error")


def _named(found: re.Match[str]) -> bool:
    """Whether what is taken for a tool's name looks like a name: `tool registry failed` speaks of no tool."""
    return bool(found["quote"]) or _NAME.search(found["tool"]) is not None


def decider(sentence: str) -> Columns:
    """Who decided, as `approval granted by anna` has it: a person, unless it is something that decides by itself."""
    found = _BY.search(sentence)
    return (("decision_source", "human"),) if found and found["who"].lower() not in _NOBODY else ()


def tries(sentence: str) -> Columns:
    """The attempt that a sentence counts, and how many there may be: `retrying (2/5)`, `attempt 3 of 4`."""
    found = _ATTEMPT.search(sentence)
    if not found:
        return ()
    most = (("max_attempts", found["most"]),) if found["most"] else ()
    return (("attempt", found["n"]), *most)
