"""Scores every entry by the rules of `cues/`: which concepts meet, in one sentence or in the whole report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from advisor.catalog.files import read_toml
from advisor.diagnosis.text.concepts import CUES, Seen

ROOMS = ("P1", "P2", "P3", "P4", "P5", "P6", "SDB", "infrastructure", "inside-model")
APART = 0.5  # convention: concepts that only meet in the report count half of those that meet in a sentence


@dataclass(frozen=True)
class Rule:
    """Concepts that must meet (`!x`: said to be absent), those that may be nowhere, and the points in one sentence."""

    names: tuple[str, ...]
    nowhere: tuple[str, ...]
    points: float


@dataclass(frozen=True)
class Entry:
    """What can be recognised: its class (`P1` ... `P6`, `SDB` or a scope), its id, and its rules."""

    room: str
    id: str
    sdb_part: str | None
    rules: tuple[Rule, ...]


@dataclass(frozen=True)
class Points:
    """What one entry scored, and the words that gave most of it."""

    entry: Entry
    total: float
    because: tuple[str, ...]


@cache
def entries() -> tuple[Entry, ...]:
    """Every entry of `cues/`, room by room in the order of `ROOMS`."""
    found = []
    for room in ROOMS:
        for name, table in read_toml(CUES / f"{room}.toml", f"cues/{room}.toml").items():
            rules = tuple(_rule(key, float(value)) for key, value in table.items() if key != "sdb_part")
            found.append(Entry(room, name, table.get("sdb_part"), rules))
    return tuple(found)


def _rule(key: str, points: float) -> Rule:
    words = key.split()
    names = tuple(word for word in words if not word.startswith("-"))
    return Rule(names, tuple(word[1:] for word in words if word.startswith("-")), points)


def score(seen: Sequence[Seen]) -> tuple[Points, ...]:
    """The points of every entry over the sentences of one report, in the order of `entries()`."""
    held: Mapping[str, frozenset[int]] = _held(seen)
    return tuple(_points(entry, seen, held) for entry in entries())


def _held(seen: Sequence[Seen]) -> Mapping[str, frozenset[int]]:
    where: dict[str, set[int]] = {}
    for at, sentence in enumerate(seen):
        for name in sentence.words:
            where.setdefault(name, set()).add(at)
        for name in sentence.absent:
            where.setdefault(f"!{name}", set()).add(at)
    return MappingProxyType({name: frozenset(at) for name, at in where.items()})


def _points(entry: Entry, seen: Sequence[Seen], held: Mapping[str, frozenset[int]]) -> Points:
    total = 0.0
    gave: list[tuple[float, tuple[str, ...]]] = []
    for rule in entry.rules:
        places = [held.get(name, frozenset[int]()) for name in rule.names]
        if not all(places) or not held.keys().isdisjoint(rule.nowhere):
            continue
        together = frozenset.intersection(*places)
        points = rule.points if together else rule.points * APART
        total += points
        chosen = min(together) if together else None
        words = tuple(
            seen[chosen if chosen is not None else min(held[name])].words[name.removeprefix("!")] for name in rule.names
        )
        gave.append((points, words))
    gave.sort(key=lambda item: -item[0])
    because = dict.fromkeys(word for _, words in gave for word in words)
    return Points(entry, total, tuple(because)[:6])
