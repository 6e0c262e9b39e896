"""Checks the knowledge base as a whole: every fault of every file at once, each with its file and key."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from advisor.catalog.answers import KEYS
from advisor.catalog.load import ROOMS, Catalog
from advisor.catalog.relations import Relation, relations
from advisor.errors import Fault, InputError

# These are what people come for; every other entry must be reached from one of them.
ROOTS = (
    "patterns",
    "questions",
    "predicates",
    "signatures",
    "weaknesses",
    "workloads",
    "incidents",
    "frameworks",
    "readings",
    "crosswalks",
)


# The six patterns of section 3; each says how it composes with each other one.
PAPER = frozenset({"P1", "P2", "P3", "P4", "P5", "P6"})


def check(catalog: Catalog) -> list[Fault]:
    """Every fault of a catalog: files that do not parse, ids that do not resolve, entries that nothing reaches.

    Faults of single files come first; relations are checked once every file parses, for a missing entry would
    otherwise be reported again at each place that names it.
    """
    faults: list[Fault] = [*_strangers(catalog)]
    for room in ROOMS:
        try:
            catalog.room(room)
        except InputError as error:
            faults += error.faults
    if faults:
        return faults
    known = list(relations(catalog))
    return [*_unresolved(catalog, known), *_unreached(catalog, known), *_orders(catalog), *_complete(catalog)]


def place(catalog: Catalog, room: str, name: str) -> str:
    """How faults name an entry's file: with the topmost folder that holds it."""
    holder = next(
        (root for root in reversed(catalog.roots) if (root / room / f"{name}.toml").exists()),
        catalog.roots[0],
    )
    return f"{holder.name}/{room}/{name}.toml"


def _strangers(catalog: Catalog) -> Iterator[Fault]:
    for root in catalog.roots:
        for path in sorted(root.iterdir()):
            where = f"{root.name}/{path.name}"
            if path.is_dir() and path.name not in ROOMS:
                yield Fault(where, "is no room of the knowledge base", f"use one of {', '.join(ROOMS)}")
            elif path.is_file() and path.name != "knowledge.toml":
                yield Fault(where, "lies outside every room", "move it into one")
            elif path.is_dir():
                for inside in sorted(path.iterdir()):
                    if inside.suffix != ".toml" or not inside.is_file():
                        yield Fault(f"{where}/{inside.name}", "is not an entry", "one entry a file, named <id>.toml")


def _unresolved(catalog: Catalog, known: list[Relation]) -> Iterator[Fault]:
    for each in known:
        if not any(each.target in catalog.room(room) for room in each.target_rooms):
            where = f"{place(catalog, each.room, each.source)}: {each.key}"
            rooms = " or ".join(each.target_rooms)
            yield Fault(where, f"names {each.target!r}, which is not in {rooms}", "correct the id or add the entry")


def _unreached(catalog: Catalog, known: list[Relation]) -> Iterator[Fault]:
    reached = {(room, each.target) for each in known for room in each.target_rooms}
    for room in (room for room in ROOMS if room not in ROOTS):
        for name in catalog.room(room):
            if (room, name) not in reached:
                yield Fault(place(catalog, room, name), "is reached by nothing", "refer to it, or remove it")
    asked = {each.target for each in known if each.room == "predicates" and each.kind == "asks"}
    for name, question in catalog.questions.items():
        if not question.choices and name not in asked:
            yield Fault(place(catalog, "questions", name), "is asked by no predicate", "add a predicate over it")


def _orders(catalog: Catalog) -> Iterator[Fault]:
    for room in ("questions", "predicates"):
        counts = Counter(entry.order for entry in catalog.room(room).values())
        for name, entry in catalog.room(room).items():
            if counts[entry.order] > 1:
                yield Fault(
                    f"{place(catalog, room, name)}: order",
                    f"{entry.order} is used twice",
                    "give each its own",
                )


def _complete(catalog: Catalog) -> Iterator[Fault]:
    for key in KEYS:
        if key not in catalog.questions:
            yield Fault(f"questions/{key}.toml", "is missing: every answer has a question", "add it")
    for name in catalog.questions:
        if name not in KEYS:
            yield Fault(place(catalog, "questions", name), "asks for an answer that no step reads", "remove it")
    for name in sorted(PAPER & set(catalog.patterns)):
        for other in sorted(PAPER):
            if other != name and other not in catalog.patterns[name].composes:
                where = f"{place(catalog, 'patterns', name)}: composes.{other}"
                yield Fault(where, "is missing", f"say how {name} composes with {other}")
