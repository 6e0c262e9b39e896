"""Finds the concepts that a report speaks of, where it says that one is absent, and the words that say so."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

from advisor.catalog.files import read_toml

CUES = Path(__file__).resolve().parent / "cues"
REACH = 40  # convention: characters before a word in which a negation concerns it
_ABSENT = re.compile(
    r"\b(?:no|not|never|without|cannot|lacks?|lacking|missing|fails? to|failed to|nor|neither)"
    r"(?: (?!(?:but|and|or|so|then|because|yet|while|if|when)\b)\w+){0,2} $"
)


@dataclass(frozen=True)
class Seen:
    """The concepts of one sentence: each with the words found, and the names of those said to be absent."""

    text: str
    words: Mapping[str, str]
    absent: frozenset[str]


@cache
def concepts() -> Mapping[str, re.Pattern[str]]:
    """Every concept of `cues/concepts.toml` with its compiled pattern, in the order of the file."""
    table = read_toml(CUES / "concepts.toml", "cues/concepts.toml")
    return MappingProxyType({name: re.compile(rf"\b(?:{'|'.join(words)})(?!\w)") for name, words in table.items()})


def look(sentence: str) -> Seen:
    """The concepts of one plain sentence (as `words.sentences` gives it); linear in its length."""
    words: dict[str, str] = {}
    absent: set[str] = set()
    for name, pattern in concepts().items():
        for found in pattern.finditer(sentence):
            words.setdefault(name, found.group())
            if _ABSENT.search(sentence[max(0, found.start() - REACH) : found.start()]):
                absent.add(name)
                break
    return Seen(sentence, MappingProxyType(words), frozenset(absent))
