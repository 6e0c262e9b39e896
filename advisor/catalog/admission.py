"""Admits a user's patterns by the three questions of section 3.1 and lays a user's directory over the shipped one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from advisor.catalog.answers import KEYS
from advisor.catalog.check import check, place
from advisor.catalog.files import data_room, read_toml
from advisor.catalog.load import ROOMS, Catalog
from advisor.errors import Fault, InputError

_CONTRACT = ("input", "output", "deadline", "retry_budget", "partial_result")


class Overlay(NamedTuple):
    """A directory laid over the shipped knowledge: the catalog, what it adds, what it replaces."""

    catalog: Catalog
    added: tuple[str, ...]
    replaced: tuple[str, ...]


def overlay(folder: Path) -> Overlay:
    """Lays a user's directory over the shipped knowledge base.

    Raises:
        InputError: Every fault at once: files that do not parse, ids that do not resolve, a pattern that leaves one of
            the three questions open, or that names a failure mode which a pattern of its concern already prevents.
    """
    if not folder.is_dir():
        raise InputError([Fault(str(folder), "is not a directory", "name the folder that holds the rooms")])
    shipped = data_room("knowledge")
    catalog = Catalog(shipped, folder)
    mine = [(room, path) for room in ROOMS for path in sorted((folder / room).glob("*.toml"))]
    faults = [*_open_questions(folder), *_unadmitted(folder)] or [
        *check(catalog),
        *_already_prevented(catalog, folder),
    ]
    if not mine and not faults:
        rooms = ", ".join(ROOMS)
        faults = [Fault(str(folder), "holds no entry", f"put files into one of {rooms}")]
    if faults:
        raise InputError(faults)
    names = {f"{room}/{path.stem}": (shipped / room / path.name).exists() for room, path in mine}
    return Overlay(
        catalog, tuple(n for n, old in names.items() if not old), tuple(n for n, old in names.items() if old)
    )


def _open_questions(folder: Path) -> Iterator[Fault]:
    """The three questions of section 3.1, asked of every pattern file before anything else is."""
    for path in sorted((folder / "patterns").glob("*.toml")):
        where = f"{folder.name}/patterns/{path.name}"
        try:
            table = read_toml(path, where)
        except InputError as error:
            yield from error.faults
            continue
        if table.get("concern") not in ("Coordination", "State", "Control"):
            yield Fault(
                f"{where}: concern",
                "question 1 is open: which concern does it answer",
                'write concern = "State", "Coordination" or "Control"',
            )
        if not isinstance(table.get("prevents"), dict) or not table["prevents"]:
            mend = 'add [prevents] with <failure-mode> = "what happens without this pattern"'
            yield Fault(
                f"{where}: prevents",
                "question 2 is open: which failure mode does it prevent that no other does",
                mend,
            )
        contract = table.get("contract")
        lacking = [part for part in _CONTRACT if not (isinstance(contract, dict) and contract.get(part))]
        if lacking:
            yield Fault(
                f"{where}: contract",
                f"question 3 is open: the typed contract lacks {', '.join(lacking)}",
                "add them under [contract]",
            )


def _unadmitted(folder: Path) -> Iterator[Fault]:
    """Questions are fixed by the method: an overlay may reword them, not add any."""
    for path in sorted((folder / "questions").glob("*.toml")):
        if path.stem not in KEYS:
            yield Fault(
                f"{folder.name}/questions/{path.name}",
                "is no question of the method",
                "reword one of the existing ones",
            )


def _already_prevented(catalog: Catalog, folder: Path) -> Iterator[Fault]:
    mine = {path.stem for path in (folder / "patterns").glob("*.toml")}
    for name in sorted(mine & set(catalog.patterns)):
        pattern = catalog.patterns[name]
        for other_name, other in catalog.patterns.items():
            if other_name == name or other.concern != pattern.concern or other.status != "current":
                continue
            taken = {_plain(mode): mode for mode in other.prevents}
            for mode in pattern.prevents:
                if _plain(mode) in taken:
                    where = f"{place(catalog, 'patterns', name)}: prevents.{mode}"
                    already = f"{other_name} ({other.title}) already prevents"
                    what = f"{name} ({pattern.title}) names a failure mode that {already}"
                    yield Fault(where, what, f"use {other_name}, or name what it does not prevent")


def _plain(mode: str) -> str:
    return re.sub(r"[^a-z0-9]+", "", mode.casefold())
