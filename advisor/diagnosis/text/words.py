"""Turns a report into plain sentences: one spelling for each word, so that one pattern finds every way to write it."""

from __future__ import annotations

import re

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z][a-z])")
_NOT = re.compile(r"n['’]t\b")
_END = re.compile(r"(?<=[.!?;:])\s+|\n+|\s[-–—|]\s|\s->\s")
_JOIN = re.compile(r"[^a-z0-9.%]+")
_DOT = re.compile(r"\.(?![0-9])|(?<![0-9])\.")


def sentences(text: str) -> list[str]:
    """The sentences of a text in plain words: lower case, one space between words, joined names split.

    `subAgent`, `sub-agent` and `sub_agent` all read `sub agent`, and `doesn't` reads `does not`. Time and memory are
    linear in the text. Lines end sentences, so a list item is one.
    """
    found = (_plain(part) for part in _END.split(text))
    return [sentence for sentence in found if sentence]


def _plain(part: str) -> str:
    split = _NOT.sub(" not", _CAMEL.sub(" ", part.replace("$", " dollars "))).lower()
    return _JOIN.sub(" ", _DOT.sub(" ", split)).strip()
