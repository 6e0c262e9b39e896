"""Every reference from one entry to another, walked once: what check, graph and explain are made of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from advisor.catalog.answers import KEYS, AnswersFile
from advisor.catalog.load import Catalog
from advisor.catalog.models import (
    Crosswalk,
    Entry,
    Framework,
    Incident,
    Pattern,
    Predicate,
    Question,
    Rule,
    Signature,
)


class Relation(NamedTuple):
    """One id inside an entry: who names it, under which key, whom it names, and in which rooms that may live."""

    room: str
    source: str
    key: str
    kind: str
    target: str
    target_rooms: tuple[str, ...]


_DETECTORS = ("signatures", "weaknesses")


def relations(catalog: Catalog) -> Iterator[Relation]:
    """Every relation of every entry, in the order of rooms and files."""
    for room, name, entry in catalog.entries():
        for key, kind, target, rooms in _of(entry):
            yield Relation(room, name, key, kind, target, rooms)


_Named = Iterator[tuple[str, str, str, tuple[str, ...]]]


def _of(entry: Entry | AnswersFile) -> _Named:
    if isinstance(entry, AnswersFile):
        for key in sorted(entry.answers.model_fields_set, key=KEYS.index):
            yield f"answers.{key}", "answers", key, ("questions",)
        return
    yield from _list("references", "cites", entry.references, ("references",))
    yield from _list("readings", "read as", entry.readings, ("readings",))
    match entry:
        case Pattern():
            yield from _pattern(entry)
        case Predicate():
            yield from _rule("", "asks", entry, ("questions",))
            for at, target in enumerate(entry.decides):
                if target in {"P1", "P2", "P4", "P6"}:
                    yield f"decides.{at}", "decides", target, ("patterns",)
                elif target in {"kill_switch", "escalation", "approval", "throttling"}:
                    yield f"decides.{at}", "decides", "P6", ("patterns",)
                elif target in {"spine", "spine_alternatives"}:
                    yield f"decides.{at}", "decides", "P5", ("patterns",)
                    yield f"decides.{at}", "decides", "P3", ("patterns",)
        case Signature():
            if entry.pattern != "SDB":
                yield "pattern", "signature of", entry.pattern, ("patterns",)
        case Incident():
            yield from _list("detectors", "shows", entry.detectors, _DETECTORS)
        case Crosswalk():
            for at, row in enumerate(entry.rows):
                yield from _list(f"rows.{at}.patterns", "maps to", row.patterns, ("patterns",))
                yield from _list(f"rows.{at}.detectors", "maps to", row.detectors, _DETECTORS)
        case Question() | Framework():
            pass
        case _:
            pass


def _pattern(entry: Pattern) -> _Named:
    yield "lineage.reference", "descends from", entry.lineage.reference, ("references",)
    if entry.chosen_when:
        yield from _rule("chosen_when.", "chosen when", entry.chosen_when, ("predicates",))
    for plane, each in entry.planes.items():
        yield from _rule(f"planes.{plane}.called_for.", "plane called for", each.called_for, ("predicates",))
    if entry.if_wrong:
        yield "if_wrong", "if wrong", entry.if_wrong, _DETECTORS
    for other in entry.composes:
        yield f"composes.{other}", "composes with", other, ("patterns",)
    for other in entry.migrations:
        yield f"migrations.{other}", "migrates to", other, ("patterns",)
    for at, mode in enumerate(entry.failure_modes):
        if mode.signature:
            yield f"failure_modes.{at}.signature", "fails as", mode.signature, _DETECTORS


def _list(key: str, kind: str, targets: tuple[str, ...], rooms: tuple[str, ...]) -> _Named:
    for at, target in enumerate(targets):
        yield f"{key}.{at}", kind, target, rooms


def _rule(prefix: str, kind: str, rule: Rule, rooms: tuple[str, ...]) -> _Named:
    for part in ("all", "any", "none"):
        yield from _list(f"{prefix}{part}", kind, getattr(rule, part), rooms)
