"""Reads the rooms of `knowledge/` into frozen models: every fault of every file at once, each room on first use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from pydantic import ValidationError

from advisor.catalog.answers import AnswersFile
from advisor.catalog.files import data_room, read_toml
from advisor.catalog.models import (
    Crosswalk,
    Entry,
    Framework,
    Frozen,
    Incident,
    Pattern,
    Predicate,
    Question,
    Reading,
    Reference,
    Signature,
)
from advisor.errors import Fault, InputError

ROOMS: Mapping[str, type[Entry] | type[AnswersFile]] = MappingProxyType(
    {
        "patterns": Pattern,
        "questions": Question,
        "predicates": Predicate,
        "signatures": Signature,
        "weaknesses": Signature,
        "workloads": AnswersFile,
        "incidents": Incident,
        "frameworks": Framework,
        "references": Reference,
        "readings": Reading,
        "crosswalks": Crosswalk,
    }
)

M = TypeVar("M", bound=Frozen)


class Catalog:
    """The knowledge base as mappings from id to entry, one attribute a room.

    A room is read when it is first asked for. An overlay's files are laid over the shipped ones: a file of the same
    name replaces the shipped entry, any other adds one.

    Raises (on reading a room):
        InputError: Every fault of every file of that room.
    """

    def __init__(self, *roots: Path) -> None:
        """Args: roots: Folders of rooms, later ones laid over earlier ones."""
        self.roots = roots

    @cached_property
    def version(self) -> str:
        """The version of the shipped knowledge base, `YYYY.MM.N`."""
        return str(read_toml(self.roots[0] / "knowledge.toml")["version"])

    @cached_property
    def patterns(self) -> Mapping[str, Pattern]:  # noqa: D102
        return self._room("patterns", Pattern)

    @cached_property
    def questions(self) -> Mapping[str, Question]:
        """The interview's questions in the method's order."""
        room = self._room("questions", Question)
        return MappingProxyType(dict(sorted(room.items(), key=lambda item: item[1].order)))

    @cached_property
    def predicates(self) -> Mapping[str, Predicate]:
        """The method's predicates in its order."""
        room = self._room("predicates", Predicate)
        return MappingProxyType(dict(sorted(room.items(), key=lambda item: item[1].order)))

    @cached_property
    def signatures(self) -> Mapping[str, Signature]:  # noqa: D102
        return self._room("signatures", Signature)

    @cached_property
    def weaknesses(self) -> Mapping[str, Signature]:  # noqa: D102
        return self._room("weaknesses", Signature)

    @cached_property
    def workloads(self) -> Mapping[str, AnswersFile]:  # noqa: D102
        return self._room("workloads", AnswersFile)

    @cached_property
    def incidents(self) -> Mapping[str, Incident]:  # noqa: D102
        return self._room("incidents", Incident)

    @cached_property
    def frameworks(self) -> Mapping[str, Framework]:  # noqa: D102
        return self._room("frameworks", Framework)

    @cached_property
    def references(self) -> Mapping[str, Reference]:  # noqa: D102
        return self._room("references", Reference)

    @cached_property
    def readings(self) -> Mapping[str, Reading]:  # noqa: D102
        return self._room("readings", Reading)

    @cached_property
    def crosswalks(self) -> Mapping[str, Crosswalk]:  # noqa: D102
        return self._room("crosswalks", Crosswalk)

    def room(self, name: str) -> Mapping[str, Any]:
        """One room by its folder's name (`KeyError` if there is none)."""
        if name not in ROOMS:
            raise KeyError(name)
        return getattr(self, name)  # type: ignore[no-any-return]

    def entries(self) -> Iterator[tuple[str, str, Entry | AnswersFile]]:
        """Every entry as (room, id, entry), rooms and ids in order."""
        for name in ROOMS:
            for entry_id, entry in self.room(name).items():
                yield name, entry_id, entry

    def _room(self, name: str, model: type[M]) -> Mapping[str, M]:
        read: dict[str, M] = {}
        faults: list[Fault] = []
        for root in self.roots:
            for path in sorted((root / name).glob("*.toml"), key=lambda p: p.name):
                try:
                    read[path.stem] = parse(path, model, f"{root.name}/{name}/{path.name}")
                except InputError as error:
                    faults += error.faults
        if faults:
            raise InputError(faults)
        return MappingProxyType(read)


def parse(path: Path, model: type[M], place: str) -> M:
    """One file as one entry; every fault in it at once (`InputError`), a name that is not its id included."""
    table = read_toml(path, place)
    try:
        entry = model.model_validate(table)
    except ValidationError as error:
        raise InputError(model_faults(error, place)) from None
    if entry.id != path.stem:  # type: ignore[attr-defined]
        found = entry.id  # type: ignore[attr-defined]
        raise InputError([Fault(f"{place}: id", f"is {found!r}, not the file's name", f'write id = "{path.stem}"')])
    return entry


def model_faults(error: ValidationError, place: str) -> list[Fault]:
    """A pydantic error as faults: file and key, what was found, what is wanted."""
    faults = []
    for item in error.errors(include_url=False):
        key = ".".join(str(part) for part in item["loc"]) or "(file)"
        if item["type"] == "extra_forbidden":
            faults.append(Fault(f"{place}: {key}", "is an unknown key", "remove it or correct its name"))
        elif item["type"] == "missing":
            faults.append(Fault(f"{place}: {key}", "is missing", "add it"))
        else:
            message = item["msg"].removeprefix("Value error, ")
            what, _, mend = message.partition("; ")
            shown = repr(item["input"])
            shown = shown if len(shown) <= 60 else shown[:57] + "..."
            faults.append(Fault(f"{place}: {key}", f"{what} (found {shown})", mend or "correct the value"))
    return faults


@cache
def shipped() -> Catalog:
    """The knowledge base that comes with this package."""
    return Catalog(data_room("knowledge"))
