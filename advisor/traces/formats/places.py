"""The lines of a document's elements, where they lie in lists inside lists."""

from __future__ import annotations

import re
from collections.abc import Iterator

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]|[^\s{}\[\]:,"]+', re.DOTALL)


def starts(text: str, *keys: str) -> Iterator[int]:
    """The line on which each object or list starts that stands in a list under one of `keys`, in document order.

    Elements of other kinds are passed over. Ends early where the text is no JSON.
    """
    if not text:
        return
    held: list[tuple[str, str]] = []
    name = last = ""
    line, counted = 1, 0
    for token in _TOKEN.finditer(text):
        mark = token.group()
        if mark == ":":
            name = last
        elif mark in "{[":
            if held and held[-1][0] == "[" and held[-1][1] in keys:
                line, counted = line + text.count("\n", counted, token.start()), token.start()
                yield line
            held.append((mark, name if not held or held[-1][0] == "{" else ""))
            name = ""
        elif mark in "}]":
            if not held:
                return
            held.pop()
        elif mark[0] == '"':
            last = mark[1:-1]
