"""A line of text as a record: its time, its level, its key=value pairs, and what is left as its name."""

from __future__ import annotations

import re
from typing import Any

_TIME = re.compile(
    r"^\W{0,2}(?P<ts>\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?"
    r"|\d{10}(?:\.\d+)?|\d{13})\b\W{0,3}"
)
_LEVEL = re.compile(r"\b(?P<level>TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|CRITICAL|FATAL)\b", re.IGNORECASE)
# Values are bare words, or quoted; a quote inside is written with a backslash.
_PAIR = re.compile(
    r"""(?<![^\s,;\[({|])(?P<key>[A-Za-z_@][\w.@-]{0,79})=(?P<value>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s,;|]*)"""
)
_TAG = re.compile(r"^\[\s*(?P<tag>[\w.-]{1,60})\s*\]\s*")
LONGEST = 8192


def record_of(line: str) -> dict[str, Any]:
    """What a line says; `message` is what is left of it, `event` its first word where it has pairs."""
    text = line[:LONGEST]
    record: dict[str, Any] = {}
    if found := _TIME.match(text):
        record["ts"] = found["ts"]
        text = text[found.end() :]
    if found := _TAG.match(text):
        record["tag"] = found["tag"]
        text = text[found.end() :]
    if found := _LEVEL.search(text[:80]):
        record["level"] = found["level"].lower()
    pairs = list(_PAIR.finditer(text))
    for pair in pairs:
        value = pair["value"]
        if value[:1] in "\"'" and len(value) > 1:
            value = re.sub(r"\\(.)", r"\1", value[1:-1])
        record.setdefault(pair["key"], value)
    left = _PAIR.sub("", text)
    if found and left.lstrip().lower().startswith(record["level"]):
        left = left.lstrip()[len(record["level"]) :]
    left = left.strip(" -:|\t[]")
    if left:
        record.setdefault("message", left)
        if pairs and "event" not in record:
            record["event"] = left
    return record
