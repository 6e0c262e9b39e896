"""Lines of the elements at one path of a JSON document where lists lie in lists, such as messages in simulations."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

EACH = "*"
"""A step of a path: every element of a list."""
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]|[^\s{}\[\]:,"]+', re.DOTALL)

Places = Mapping[tuple[int, ...], int]
"""Lines by the element's index in each list on its path."""


class _Open(NamedTuple):
    """A list or an object that is being read: how many steps of the path lead here (-1: it is off the path)."""

    is_list: bool
    depth: int
    at: tuple[int, ...]


def lines_along(text: str, *path: str) -> Places:
    """The line on which each object or list at a path starts; empty for a text of one line, and where it is no JSON.

    Args:
        text: The document.
        path: Keys, and EACH for the elements of a list.
    """
    found: dict[tuple[int, ...], int] = {}
    if "\n" not in text:
        return found
    held: list[_Open] = []
    counts: list[int] = []
    key = last = ""
    line, counted = 1, 0
    for token in _TOKEN.finditer(text):
        mark = token.group()
        if mark in "{[":
            opened = _opened(mark == "[", held, counts, key, path)
            if opened.depth == len(path):
                line, counted = line + text.count("\n", counted, token.start()), token.start()
                found[opened.at] = line
            held.append(opened)
            counts.append(0)
        elif mark in "}]":
            if not held:
                return found
            held.pop()
            counts.pop()
        elif mark == ":":
            key = last
        elif mark == ",":
            if counts:
                counts[-1] += 1
        elif mark[0] == '"':
            last = mark[1:-1]
    return found


def _opened(is_list: bool, held: list[_Open], counts: list[int], key: str, path: tuple[str, ...]) -> _Open:
    if not held:
        return _Open(is_list, 0, ())
    around = held[-1]
    on_path = 0 <= around.depth < len(path) and path[around.depth] == (EACH if around.is_list else key)
    if not on_path:
        return _Open(is_list, -1, ())
    return _Open(is_list, around.depth + 1, (*around.at, counts[-1]) if around.is_list else around.at)
