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
_ABSENT = re.compile(
    r"(?:no|not|never|without|cannot|lacks?|lacking|missing|fails? to|failed to|nor|neither)(?: \w+){0,2} $"
)


@dataclass(frozen=True)
class Seen:
    """The concepts of one sentence: each with the words found, and the names of those said to be absent."""

    words: Mapping[str, str]
    absent: frozenset[str]

    def holds(self, name: str) -> bool:
        """Whether a concept is in the sentence; `!x` asks for x said to be absent."""
        return name[1:] in self.absent if name.startswith("!") else name in self.words


@cache
def concepts() -> Mapping[str, re.Pattern[str]]:
    """Every concept with its compiled pattern, in the order of the file."""
    table = read_toml(CUES / "concepts.toml", "cues/concepts.toml")
    return MappingProxyType({name: re.compile(rf"\b(?:{'|'.join(words)})(?!\w)") for name, words in table.items()})


def look(sentence: str) -> Seen:
    """The concepts of one plain sentence (as `words.sentences` gives it); linear in its length."""
    words: dict[str, str] = {}
    absent: set[str] = set()
    for name, pattern in concepts().items():
        for found in pattern.finditer(sentence):
            words.setdefault(name, found.group())
            if _ABSENT.search(sentence, max(0, found.start() - 40), found.start()):
                absent.add(name)
                break
    return Seen(MappingProxyType(words), frozenset(absent))
