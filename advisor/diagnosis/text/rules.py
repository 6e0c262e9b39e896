"""Scores every entry: the rules of `cues/` (which concepts meet, and how closely) and the catalog's own phrases."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from types import MappingProxyType

from advisor.catalog.files import read_toml
from advisor.catalog.load import Catalog
from advisor.catalog.models import SdbPart
from advisor.diagnosis.text.concepts import CUES, Seen
from advisor.diagnosis.text.words import sentences

ROOMS = ("P1", "P2", "P3", "P4", "P5", "P6", "SDB", "infrastructure", "inside-model")
APART = 0.5  # convention: concepts in neighbouring sentences count half of those in one sentence
NEAR = 5  # convention: sentences that are neighbours; those of the title neighbour all
PHRASE = 0.5  # convention: points for one phrase of an entry's lexicon
PHRASES = 2  # convention: phrases that count


@dataclass(frozen=True)
class Rule:
    """Concepts that must meet (`!x`: said to be absent), those that may be nowhere, and the points in one sentence."""

    names: tuple[str, ...]
    nowhere: tuple[str, ...]
    points: float


@dataclass(frozen=True)
class Entry:
    """What can be recognised: its class (`P1` to `P6`, `SDB` or a scope), its id, its rules and its phrases."""

    room: str
    id: str
    signature: str | None
    sdb_part: SdbPart | None
    rules: tuple[Rule, ...]
    phrases: re.Pattern[str] | None


@dataclass(frozen=True)
class Points:
    """What one entry scored, and the words that gave it, those that gave most first."""

    entry: Entry
    total: float
    because: tuple[str, ...]


def entries(catalog: Catalog) -> tuple[Entry, ...]:
    """Every entry of `cues/` in the order of `ROOMS`, then those of the catalog that have phrases alone."""
    known = {**catalog.signatures, **catalog.weaknesses}
    found: list[Entry] = []
    for (room, name), rules in _rules().items():
        entry = known.pop(name, None)
        if entry is None:
            found.append(Entry(room, name, None, None, rules, None))
        else:
            found.append(Entry(entry.pattern, name, name, entry.sdb_part, rules, _phrases(entry.lexicon)))
    for name, entry in known.items():
        found.append(Entry(entry.pattern, name, name, entry.sdb_part, (), _phrases(entry.lexicon)))
    return tuple(found)


def score(seen: Sequence[Seen], head: int, known: Iterable[Entry]) -> tuple[Points, ...]:
    """The points of every entry over the sentences of one report, of which the first `head` are its title."""
    held = _held(seen)
    return tuple(_points(entry, seen, held, head) for entry in known)


@cache
def _rules() -> Mapping[tuple[str, str], tuple[Rule, ...]]:
    found = {}
    for room in ROOMS:
        for name, table in read_toml(CUES / f"{room}.toml", f"cues/{room}.toml").items():
            found[room, name] = tuple(_rule(key, float(value)) for key, value in table.items())
    return MappingProxyType(found)


def _rule(key: str, points: float) -> Rule:
    words = key.split()
    names = tuple(word for word in words if not word.startswith("-"))
    return Rule(names, tuple(word[1:] for word in words if word.startswith("-")), points)


def _phrases(lexicon: Sequence[str]) -> re.Pattern[str] | None:
    plain = [re.escape(" ".join(sentences(phrase))) for phrase in lexicon]
    return re.compile(rf"\b(?:{'|'.join(plain)})(?!\w)") if plain else None


def _held(seen: Sequence[Seen]) -> Mapping[str, tuple[int, ...]]:
    where: dict[str, list[int]] = {}
    for at, sentence in enumerate(seen):
        for name in sentence.words:
            where.setdefault(name, []).append(at)
        for name in sentence.absent:
            where.setdefault(f"!{name}", []).append(at)
    return MappingProxyType({name: tuple(at) for name, at in where.items()})


def _points(entry: Entry, seen: Sequence[Seen], held: Mapping[str, tuple[int, ...]], head: int) -> Points:
    gave: list[tuple[float, tuple[str, ...]]] = []
    for rule in entry.rules:
        places = [held.get(name, ()) for name in rule.names]
        if not all(places) or not held.keys().isdisjoint(rule.nowhere):
            continue
        at, share = _meeting(places, head)
        if share:
            words = tuple(seen[i].words[name.removeprefix("!")] for i, name in zip(at, rule.names, strict=True))
            gave.append((rule.points * share, words))
    gave += [(PHRASE, (phrase,)) for phrase in _said(entry, seen)]
    gave.sort(key=lambda item: -item[0])
    because = dict.fromkeys(word for _, words in gave for word in words)
    return Points(entry, sum(points for points, _ in gave), tuple(because))


def _meeting(places: Sequence[tuple[int, ...]], head: int) -> tuple[tuple[int, ...], float]:
    """Where concepts meet and what that counts: 1 in one sentence, `APART` in neighbouring ones, 0 further off."""
    together = frozenset(places[0]).intersection(*places[1:])
    if together:
        return (min(together),) * len(places), 1.0
    last = [at[0] if at[0] < head else None for at in places]
    fixed = {which for which, at in enumerate(last) if at is not None}
    if len(fixed) == len(places):
        return tuple(at[0] for at in places), APART
    moving = [[(i, which) for i in at] for which, at in enumerate(places) if which not in fixed]
    for i, which in sorted(chain(*moving)):
        last[which] = i
        at = [each for each in last if each is not None]
        if len(at) == len(last) and i - min(each for w, each in enumerate(at) if w not in fixed) < NEAR:
            return tuple(at), APART
    return (), 0.0


def _said(entry: Entry, seen: Sequence[Seen]) -> tuple[str, ...]:
    if entry.phrases is None:
        return ()
    said: dict[str, None] = {}
    for sentence in seen:
        said |= dict.fromkeys(entry.phrases.findall(sentence.text))
    return tuple(said)[:PHRASES]
