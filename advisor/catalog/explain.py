"""One entry with its neighbours: what it names and what names it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from advisor.catalog.answers import AnswersFile
from advisor.catalog.load import Catalog, shipped
from advisor.catalog.models import Entry, Signature
from advisor.catalog.relations import relations
from advisor.errors import Fault, InputError


@dataclass(frozen=True)
class Explanation:
    """An entry, the room it lives in, and its neighbours by relation as (id, title) pairs, outward and inward."""

    room: str
    entry: Entry | AnswersFile
    names: Mapping[str, tuple[tuple[str, str], ...]]
    named_by: Mapping[str, tuple[tuple[str, str], ...]]


def explain(entry_id: str, catalog: Catalog | None = None) -> Explanation:
    """Finds an entry by its id, or a signature by its number (`P1a`, `S3`, `7`), with its neighbours.

    Raises:
        InputError: There is no such entry; the nearest ids are named.
    """
    catalog = catalog or shipped()
    room, name = _find(catalog, entry_id)
    out: dict[str, dict[str, str]] = defaultdict(dict)
    back: dict[str, dict[str, str]] = defaultdict(dict)
    for each in relations(catalog):
        if each.room == room and each.source == name:
            at = next((r for r in each.target_rooms if each.target in catalog.room(r)), None)
            if at:
                out[each.kind][each.target] = catalog.room(at)[each.target].title
        elif each.target == name and room in each.target_rooms:
            back[each.kind][each.source] = catalog.room(each.room)[each.source].title
    return Explanation(
        room=room,
        entry=catalog.room(room)[name],
        names={kind: tuple(found.items()) for kind, found in out.items()},
        named_by={kind: tuple(found.items()) for kind, found in back.items()},
    )


def _find(catalog: Catalog, wanted: str) -> tuple[str, str]:
    ids: dict[str, tuple[str, str]] = {}
    for room, name, entry in catalog.entries():
        ids.setdefault(name, (room, name))
        if isinstance(entry, Signature):
            for alias in entry.number.replace("(", " ").replace(")", " ").split():
                ids.setdefault(alias, (room, name))
    found = ids.get(wanted) or {key.casefold(): value for key, value in ids.items()}.get(wanted.casefold())
    if found:
        return found
    near = get_close_matches(wanted.casefold(), [key.casefold() for key in ids], n=3, cutoff=0.5)
    shown = [key for key in ids if key.casefold() in near]
    mend = f"did you mean {' or '.join(shown)}?" if shown else "see the ids in: advisor catalog"
    raise InputError([Fault(wanted, "is no id of the knowledge base", mend)])
