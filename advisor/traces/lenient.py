"""The JSON values of a line: as they stand, or as far as they can be saved, with what was wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import orjson

from advisor.traces.lines import Note
from advisor.traces.records import Record

SAVED_UP_TO = 1 << 20
"""Longer lines that are no JSON are not searched for what can be saved."""
_COMMA = re.compile(r'"(?>[^"\\]+|\\.)*+"|,(?=\s*[}\]])', re.DOTALL)
_DECODER = json.JSONDecoder(strict=False)


def parse(line: bytes) -> Any:
    """One JSON value; NaN and infinities, which Python's loggers write, are accepted.

    Raises:
        ValueError: It is not JSON, or nested too deeply.
    """
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError as error:
        try:
            return json.loads(line)
        except RecursionError:
            raise ValueError("is nested too deeply") from None
        except UnicodeDecodeError:
            raise ValueError("is not UTF-8") from None
        except ValueError:
            raise ValueError(f"is not JSON ({error.msg})") from None


def json_lines(numbered: Iterator[tuple[int, bytes]], bad: Note) -> Iterator[Record]:
    """Each line's JSON values; what is wrong with a line is noted, and so is what a lenient reading made of it."""
    for number, line in numbered:
        if not line or line.isspace():
            continue
        try:
            values, wrong = values_of(line)
        except ValueError as error:
            bad(number, str(error))
            continue
        if wrong:
            bad(number, wrong)
        for value in values:
            yield Record(number, value)


def values_of(line: bytes) -> tuple[list[Any], str]:
    """A line's values, and what is wrong with the line (empty: nothing).

    Raises:
        ValueError: Nothing can be saved.
    """
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        try:
            return _saved(line, error.msg)
        except RecursionError:
            raise ValueError("is nested too deeply") from None
    return [value], _given_twice(line, value)


def _given_twice(line: bytes, value: Any) -> str:
    """Says which key an object has twice: JSON's parsers keep the last one without a word."""
    try:
        written = orjson.dumps(value)
    except TypeError:
        return ""
    # Text inside strings looks the same on both sides, so that a difference can only come from keys.
    if line.count(b'":') + line.count(b'" :') <= written.count(b'":') + written.count(b'" :'):
        return ""
    twice: list[str] = []

    def keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for key, inner in pairs:
            if key in made and key not in twice:
                twice.append(key)
            made[key] = inner
        return made

    try:
        json.loads(line, object_pairs_hook=keys)
    except (ValueError, RecursionError):
        return ""
    return f"has the key {twice[0][:60]!r} twice; the last value was taken" if twice else ""


def _saved(line: bytes, why: str) -> tuple[list[Any], str]:
    if len(line) > SAVED_UP_TO:
        return [parse(line)], ""
    wrong: list[str] = []
    try:
        text = line.decode()
    except UnicodeDecodeError:
        text = line.decode("utf-8", "replace")
        wrong.append("is not UTF-8; replaced what cannot be read")
    if "\0" in text and (text[0] == "\0" or text[-1] == "\0"):
        text = text.strip("\0 \t\r")
        wrong.append("is padded with NUL characters")
    text = text.lstrip("\ufeff")
    if not text:
        raise ValueError("holds only NUL characters")
    for attempt in (_strict, _controls, _commas, _several):
        try:
            values, said = attempt(text)
        except ValueError:
            continue
        for at, value in enumerate(values):
            try:
                orjson.dumps(value)
            except TypeError as error:
                if "surrogates" in str(error):
                    values[at] = _whole(value)
                    wrong.append("holds half a character; replaced it")
        return values, "; ".join([*wrong, *([said] if said else [])])
    raise ValueError(f"is not JSON ({why})")


def _strict(text: str) -> tuple[list[Any], str]:
    return [json.loads(text)], ""


def _controls(text: str) -> tuple[list[Any], str]:
    return [json.loads(text, strict=False)], "holds control characters that are not escaped"


def _commas(text: str) -> tuple[list[Any], str]:
    mended = _COMMA.sub(lambda found: "" if found[0] == "," else found[0], text)
    return [json.loads(mended, strict=False)], "has a comma before a closing bracket"


def _several(text: str) -> tuple[list[Any], str]:
    values: list[Any] = []
    at = 0
    while at < len(text):
        try:
            value, at = _DECODER.raw_decode(text, at)
        except ValueError:
            break
        values.append(value)
        while at < len(text) and text[at] in " \t\r,":
            at += 1
    if not values or not all(isinstance(value, dict) for value in values):
        raise ValueError
    if at < len(text):
        return values, f"breaks off after {len(values)} JSON value{'s' if len(values) > 1 else ''}"
    return values, f"has {len(values)} JSON values on a line" if len(values) > 1 else "has text behind its JSON value"


def _whole(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return [_whole(inner) for inner in value]
    if isinstance(value, dict):
        return {_whole(key): _whole(inner) for key, inner in value.items()}
    return value
