"""A line of text as a record: its time, level and logger, its key=value pairs, and what is left as its name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import Any

from advisor.traces.generic.clock import access_time, time_of
from advisor.traces.generic.fields import LEVELS as LEVEL_FIELDS
from advisor.traces.generic.fields import SENTENCES
from advisor.traces.generic.literals import value_at
from advisor.traces.lenient import parse
from advisor.traces.records import Record

LONGEST = 8192
"""Characters of a line that are looked at."""
MOST_PAIRS = 400
MOST_LINES = 500
"""Lines of a traceback that are kept with the line that it belongs to."""
LEVELS = frozenset("TRACE DEBUG INFO NOTICE WARN WARNING ERROR ERR CRITICAL CRIT FATAL ALERT EMERGENCY PANIC".split())
_COLOUR = re.compile(r"\x1b\[[0-9;]{0,20}m")
_PAIR = re.compile(r"(?<![^\s,;\[({|])(?P<key>[A-Za-z_@][\w.@-]{0,79})=(?!=)")
_TAG = re.compile(r"\[\s*(?P<tag>[\w.:-]{1,60})\s*\]\s*")
_WORD = re.compile(r"\S+")
_NAME = re.compile(r"[\w.$/<>#:@-]+")
_SOURCE = re.compile(r"(?P<logger>[\w.$<>]{1,100}(?::[\w<>.$]{1,100}:\d{1,7})?)\s+-\s+")
_LOGGER = re.compile(r"(?P<logger>[A-Za-z_][\w.]{0,99}):\s?")
_HOST = re.compile(r"(?P<hostname>[\w.-]{1,255}) (?P<app>[\w./-]{1,100})(?:\[(?P<pid>\d{1,10})\])?: ")
_EMPTIED = re.compile(r"[\[({][\s,;|]*[\])}]")
"""Brackets that held nothing but pairs."""
_BEHIND = re.compile(r"\s\[(?P<logger>[A-Za-z_][\w.]{0,99})\]$")
_MARKS = " \t-:|,\u2014\u2013"
_EXCEPTION = re.compile(r"(?P<type>[A-Za-z_][\w.]{0,150})(?::\s(?P<message>.*))?$")
_CONTINUES = ("Traceback (most recent call last)", "During handling of", "The above exception", "Caused by:")


def records_of(lines: Iterable[Record]) -> Iterator[tuple[Record, list[str]]]:
    """Lines, each with those behind it that belong to it: indented ones, and tracebacks down to their exception."""
    held: Record | None = None
    behind: list[str] = []
    traced = False
    for record in lines:
        text = str(record.value)
        if held is not None and (text[:1] in " \t" or text.startswith(_CONTINUES)):
            traced = traced or text.startswith(_CONTINUES)
        elif held is None or not (traced and _EXCEPTION.match(text[:LONGEST])):
            if held is not None:
                yield held, behind
            held, behind, traced = record, [], text.startswith(_CONTINUES)
            continue
        else:
            traced = False
        if len(behind) < MOST_LINES:
            behind.append(text[:LONGEST])
    if held is not None:
        yield held, behind


def record_of(line: str, written: datetime | None = None) -> dict[str, Any]:
    """What a line says: `message` is what is left of it, and so is `event` where it has pairs.

    Args:
        line: The line.
        written: When the file was last written, for times without a year.
    """
    text = line[:LONGEST]
    if "\x1b" in text:
        text = _COLOUR.sub("", text)
    record: dict[str, Any] = {}
    timed = time_of(text, written)
    if timed:
        record["ts"], text = timed[0], text[timed[1] :].lstrip(_MARKS + "]")
        if found := _HOST.match(text):
            record |= {name: value for name, value in found.groupdict().items() if value}
            text = text[found.end() :]
    elif clock := access_time(text):
        record["ts"] = clock[0]
    text = _headed(record, text.strip(), bool(timed))
    text = _with_json(record, text)
    pairs, left = _paired(text)
    for key, value in pairs:
        record.setdefault(key, value)
    left = _EMPTIED.sub("", left).strip() if pairs else left.strip()
    if pairs and (found := _BEHIND.search(left)):
        record.setdefault("logger", found["logger"])
        left = left[: found.start()]
    left = left.strip(_MARKS)
    if left:
        record.setdefault("message", left)
        if pairs:
            record.setdefault("event", left)
    return record


def with_pairs(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """A logger's record, which has a level, with the key=value pairs in its message that are no fields of it."""
    for name in SENTENCES:
        said = record.get(name)
        if not isinstance(said, str) or "=" not in said or not any(field in record for field in LEVEL_FIELDS):
            continue
        pairs, left = _paired(said[:LONGEST])
        left = _EMPTIED.sub("", left).strip(_MARKS)
        if pairs and left:
            return {**dict(pairs), "event": left, **record}
    return record


def with_behind(record: dict[str, Any], behind: list[str]) -> dict[str, Any]:
    """A record with the lines behind it: in its message, and an exception as its error."""
    if not behind:
        return record
    record["message"] = "\n".join([str(record.get("message", "")), *behind])[:LONGEST]
    last = _EXCEPTION.match(behind[-1])
    if last and any(line.startswith(_CONTINUES[0]) for line in behind):
        record.setdefault("error_type", last["type"].rsplit(".", 1)[-1])
        record.setdefault("error_message", last["message"] or last["type"])
    return record


def _headed(record: dict[str, Any], text: str, timed: bool) -> str:
    """Takes the level, and the thread's or the logger's name around it, off a line."""
    end = _level(record, text, timed)
    if end:
        joined = text[end - 1 : end] == ":" and text[end : end + 1] not in (" ", "")
        text = text[end:].lstrip(" \t-:|]")
        if joined and (found := _LOGGER.match(text)):  # INFO:app.gate:denied
            record["logger"] = found["logger"]
            return text[found.end() :]
    if found := _TAG.match(text):
        record["tag"] = found["tag"]
        text = text[found.end() :]
    if (end or timed) and (found := _SOURCE.match(text)):
        record.setdefault("logger", found["logger"])
        text = text[found.end() :]
    return text


def _level(record: dict[str, Any], text: str, timed: bool) -> int:
    """Where the level ends; 0 where none stands near the start. `the last error` is none."""
    plain, separated = 0, timed
    for found in islice(_WORD.finditer(text[:160]), 8):
        word = found[0]
        head = word.partition(":")[0] if ":" in word else word
        bare = head.strip("[]()<>|,-")
        marked = bare != head or ":" in word
        if bare.upper() in LEVELS and (marked or (bare.isupper() and (separated or not plain))):
            record["level"] = bare.lower()
            if plain:
                record.setdefault("logger", text[: found.start()].strip(_MARKS + "[]()")[:100])
            return found.start() + word.index(bare) + len(bare) + (word[len(head) : len(head) + 1] == ":")
        if not bare:
            separated = True
            continue
        if not marked and not _NAME.fullmatch(bare):
            return 0
        plain += 1
        if plain > 4 or (plain > 1 and not separated):
            return 0
    return 0


def _with_json(record: dict[str, Any], text: str) -> str:
    """Takes a JSON object off a line's end."""
    at = text.find("{")
    if at < 0 or not text.endswith("}") or (at and text[at - 1] == "="):
        return text
    try:
        value = parse(text[at:].encode("utf-8", "replace"))
    except ValueError:
        return text
    if not isinstance(value, dict):
        return text
    for key, inner in value.items():
        record.setdefault(str(key), inner)
    return text[:at].rstrip()


def _paired(text: str) -> tuple[list[tuple[str, Any]], str]:
    """The key=value pairs of a line, and the text without them."""
    pairs: list[tuple[str, Any]] = []
    left: list[str] = []
    at = 0
    while len(pairs) < MOST_PAIRS and (found := _PAIR.search(text, at)):
        left.append(text[at : found.start()])
        value, at = value_at(text, found.end())
        pairs.append((found["key"], value))
    return pairs, "".join([*left, text[at:]])
