"""The signatures to watch: what each line and each chosen pattern would show in production if it were wrong."""

from __future__ import annotations

from typing import NamedTuple

from advisor.catalog.load import Catalog
from advisor.catalog.models import Signature
from advisor.selection.record import DecisionRecord


class Watched(NamedTuple):
    """A catalog entry with the lines of the record that foresee it."""

    entry: Signature
    foreseen_by: str


def to_watch(record: DecisionRecord, catalog: Catalog) -> list[Watched]:
    """First what the lines foresee, then the other signatures of the chosen patterns."""
    lines: dict[str, list[str]] = {}
    for line in record.lines:
        if line.signature_if_wrong.id:
            lines.setdefault(line.signature_if_wrong.id, []).append(line.step.replace("_", " "))
    chosen = {*record.coordination, *record.control, record.spine}
    for name, entry in catalog.signatures.items():
        if entry.pattern in chosen and entry.status == "current":
            lines.setdefault(name, []).append(entry.pattern)
    every = {**catalog.signatures, **catalog.weaknesses}
    return [Watched(every[name], ", ".join(by)) for name, by in lines.items()]
