"""What a mapping file gains: each signature's evidence grade and missing columns without it and with it."""

from __future__ import annotations

from dataclasses import dataclass

from advisor.catalog.load import Catalog, shipped
from advisor.diagnosis.assess import GRADES, Coverage, assess
from advisor.diagnosis.detectors import detectors
from advisor.diagnosis.diagnose import entry_of
from advisor.diagnosis.findings import Assessability
from advisor.traces.log import Log

_ORDER = (*GRADES, "none")


@dataclass(frozen=True)
class Gain:
    """One signature's or weakness's assessability without the mapping (None: the log could not be read) and with it."""

    signature: str
    title: str
    before: Assessability | None
    after: Assessability

    @property
    def change(self) -> int:
        """Grades won (above 0) or lost."""
        before = self.before.grade if self.before else "none"
        return _ORDER.index(before) - _ORDER.index(self.after.grade)


@dataclass(frozen=True)
class Gains:
    """What changes under a mapping.

    Attributes:
        signatures: Every signature, those that gain most first.
        rows: Rows without the mapping and with it; None: the log could not be read.
        guessed: Rows of guessed kinds without the mapping and with it.
        columns: The share of rows that fill each column, without and with the mapping, where the two differ.
    """

    signatures: tuple[Gain, ...]
    rows: tuple[int | None, int]
    guessed: tuple[int | None, int]
    columns: tuple[tuple[str, float, float], ...]


def gains(before: Log | None, after: Log, catalog: Catalog | None = None) -> Gains:
    """Compares a log read without a mapping (None where it could not be) with the same log read with it."""
    known = catalog or shipped()
    then, now = Coverage(before.table) if before else None, Coverage(after.table)
    entries = [entry_of(known, id) for id in detectors()]
    found = [Gain(e.id, e.title, assess(e, then) if then else None, assess(e, now)) for e in entries]
    old, new = then.shares() if then else {}, now.shares()
    names = [name for name in {**old, **new} if old.get(name, 0.0) != new.get(name, 0.0)]
    return Gains(
        signatures=tuple(sorted(found, key=lambda gain: (-gain.change, gain.signature))),
        rows=(_rows(before) if before else None, _rows(after)),
        guessed=(_guessed(before) if before else None, _guessed(after)),
        columns=tuple((name, old.get(name, 0.0), new.get(name, 0.0)) for name in sorted(names)),
    )


def _rows(log: Log) -> int:
    return sum(file.rows for file in log.files)


def _guessed(log: Log) -> int:
    return sum(rows for rows, _, _ in log.guessed.values())
