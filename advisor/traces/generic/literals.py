"""Values written in a line of text: quoted words, JSON, and what Python's `repr` prints; read, never evaluated."""

from __future__ import annotations

import re
from typing import Any

LONGEST = 8192
DEEPEST = 8
_STRING = re.compile(r"""[bru]?"((?>[^"\\]+|\\.)*+)"|[bru]?'((?>[^'\\]+|\\.)*+)'""", re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_BARE = re.compile(r"[^\s,;|]*")
_PLAIN = re.compile(r"[^\s,:()\[\]{}'\"]+")
_SPACE = re.compile(r"\s*")
_CALL = re.compile(r"[A-Za-z_][\w.]{0,60}\(")
_CLOSING = {"{": "}", "[": "]", "(": ")"}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": ""}
_CONSTANTS: dict[str, Any] = {"True": True, "true": True, "False": False, "false": False, "None": None, "null": None}


def value_at(text: str, at: int) -> tuple[Any, int]:
    """The value that starts at a place of a line, and where it ends; what has no other form is text up to a space."""
    if found := _STRING.match(text, at):
        return _text(found), found.end()
    if text[at : at + 1] in _CLOSING:
        try:
            return _nested(text, at, 0)
        except ValueError:
            end = _closed(text, at)
            return (text[at:end], end) if end else _bare(text, at)
    if found := _CALL.match(text, at):
        end = _closed(text, found.end() - 1)
        if end:
            return text[at:end], end
    return _bare(text, at)


def _bare(text: str, at: int) -> tuple[str, int]:
    found = _BARE.match(text, at)
    value = found[0] if found else ""
    for opening, closing in _CLOSING.items():
        if value.endswith(closing) and opening not in value:
            value = value[: -len(closing)]
            break
    return value, at + len(value)


def _text(found: re.Match[str]) -> str:
    inside = found[1] if found[1] is not None else found[2]
    return _ESCAPE.sub(lambda escape: _ESCAPES.get(escape[1], escape[1]), inside) if "\\" in inside else inside


def _nested(text: str, at: int, depth: int) -> tuple[Any, int]:
    """A list, a tuple, an object or a set.

    Raises:
        ValueError: It is none, is not closed, or lies too deep.
    """
    closing = _CLOSING[text[at]]
    if depth >= DEEPEST:
        raise ValueError
    items: list[Any] = []
    pairs: dict[str, Any] = {}
    at = _space(text, at + 1)
    while text[at : at + 1] != closing:
        value, at = _value(text, at, depth)
        at = _space(text, at)
        if closing == "}" and text[at : at + 1] == ":":
            inner, at = _value(text, _space(text, at + 1), depth)
            pairs[str(value)] = inner
            at = _space(text, at)
        else:
            items.append(value)
        if text[at : at + 1] == ",":
            at = _space(text, at + 1)
        elif text[at : at + 1] != closing:
            raise ValueError
    return (pairs if pairs or (closing == "}" and not items) else items), at + 1


def _value(text: str, at: int, depth: int) -> tuple[Any, int]:
    if found := _STRING.match(text, at):
        return _text(found), found.end()
    if text[at : at + 1] in _CLOSING:
        return _nested(text, at, depth + 1)
    if found := _CALL.match(text, at):
        end = _closed(text, found.end() - 1)
        if end:
            return text[at:end], end
    found = _PLAIN.match(text, at)
    if not found:
        raise ValueError
    return _plain(found[0]), found.end()


def _plain(word: str) -> Any:
    if word in _CONSTANTS:
        return _CONSTANTS[word]
    for read in (int, float):
        try:
            return read(word[:60])
        except ValueError:
            continue
    return word


def _space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _closed(text: str, at: int) -> int:
    """Where the bracket that opens at a place is closed; 0 where it is not."""
    open_: list[str] = []
    while at < len(text):
        mark = text[at]
        if mark in "\"'" and (found := _STRING.match(text, at)):
            at = found.end()
            continue
        if mark in _CLOSING:
            open_.append(_CLOSING[mark])
        elif open_ and mark == open_[-1]:
            open_.pop()
            if not open_:
                return at + 1
        at += 1
    return 0
