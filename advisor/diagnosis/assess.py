"""What a log allows: for each detector the columns that it needs, those that are missing, and the evidence grade.

A need is `kind:<kind>` (rows of that kind; `kind:any` of whichever), `<kind>.<column>` (a column on rows of that kind)
or `<column>` (on rows of the entry's kinds, or on any). Alternatives stand behind `|`; one behind `@C` is a proxy of
that grade at best.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from advisor.catalog.models import Signature
from advisor.diagnosis.detector import Grade
from advisor.diagnosis.findings import Assessability
from advisor.traces.columns import by_name, stored
from advisor.traces.formats import formats
from advisor.traces.table import Events

Row = dict[str, Any]
GRADES: tuple[Grade, ...] = ("A", "B", "C", "D")
CAPS: Mapping[str, float] = {"A": 0.95, "B": 0.85, "C": 0.55, "D": 0.30}
STRAY = 0.05
"""Convention: rows that are fewer than this share of what a detector looks at do not lower its grade."""
_BY = {"emitter": "A", "mapping": "B", "guess": "C"}
_SKIP = {"row_id", "file", "line", "source_format", "declared_by", "kind"}


class Coverage:
    """How often each column is filled, by kind, format and who declared the kind; one pass over the table."""

    def __init__(self, table: Events) -> None:
        """Counts."""
        self.names = [name for name in stored() if name not in _SKIP and table.options(name)]
        counts = ", ".join(f'COUNT("{name}") AS "{name}"' for name in self.names)
        self.rows: list[Row] = table.query(
            "SELECT kind, source_format, declared_by, COUNT(*) AS rows_"
            f"{', ' + counts if counts else ''} FROM events GROUP BY kind, source_format, declared_by"
            " ORDER BY kind, source_format, declared_by"
        )
        self._formats = {one.id: one.grade for one in formats()}

    def of(self, kinds: Iterable[str] | None) -> list[Row]:
        """The counts for these kinds, or for all but unreadable rows."""
        wanted = None if kinds is None else set(kinds)
        return [row for row in self.rows if (row["kind"] != "unknown" if wanted is None else row["kind"] in wanted)]

    def share(self, column: str, kinds: Iterable[str] | None) -> float:
        """The share of rows of these kinds that fill a column (its public name); 0 where there are no rows."""
        rows = self.of(kinds)
        total = sum(row["rows_"] for row in rows)
        known = by_name().get(column)
        filled = sum(row.get(known.stored if known else column, 0) for row in rows)
        return filled / total if total else 0.0

    def shares(self) -> dict[str, float]:
        """The share of rows that fill each column that any row fills, by public name."""
        total = sum(row["rows_"] for row in self.of(None)) or 1
        named = {by_name()[name].name if name in by_name() else name: name for name in self.names}
        return {public: round(sum(row[n] for row in self.of(None)) / total, 4) for public, n in named.items()}

    def grade(self, entry: Signature, kinds: Iterable[str] | None) -> Grade | Literal["none"]:
        """The worst grade among the rows that a detector looks at, a few stray rows aside; none: cannot be carried."""
        counts: dict[str, int] = {}
        for row in self.of(kinds):
            found = self.of_row(entry, row)
            counts[found] = counts.get(found, 0) + int(row["rows_"])
        total = sum(counts.values())
        held: list[Any] = [grade for grade, rows in counts.items() if rows >= STRAY * total]
        return max(held, key=(*GRADES, "none").index, default="A")

    def of_row(self, entry: Signature, row: Row) -> Grade | Literal["none"]:
        """The grade of one row: who declared its kind, or else what its format allows for this entry."""
        found: Any = _BY.get(row["declared_by"])
        return found or entry.grades.get(self._formats.get(row["source_format"], ""), "none")

    def of_evidence(self, entry: Signature, rows: Iterable[Row], allowed: Assessability) -> Grade | Literal["none"]:
        """The grade of a finding that is shown: that of the rows that show it, not of all that were looked at."""
        graded: list[Any] = [self.of_row(entry, row) for row in rows]
        worst = max([allowed.cap, *graded], key=(*GRADES, "none").index) if graded else allowed.grade
        return "D" if worst == "none" else worst


def kinds_of(entry: Signature) -> list[str]:
    """The kinds of row that an entry's needs name."""
    named = [_kind(option) for need in entry.needs for option in need.split("|") if _names_a_kind(option)]
    return list(dict.fromkeys(named))


def _kind(option: str) -> str:
    return option.partition("@")[0].removeprefix("kind:").partition(".")[0]


def _names_a_kind(option: str) -> bool:
    return option.startswith("kind:") or "." in option


def assess(entry: Signature, coverage: Coverage) -> Assessability:
    """What the log allows for one entry."""
    kinds = kinds_of(entry) or None
    missing: list[str] = []
    caps: list[Any] = []
    used: list[str] = []
    for need in entry.needs:
        options = [option.partition("@") for option in need.split("|")]
        met = {name: cap or "A" for name, _, cap in options if _met(name, kinds, coverage)}
        if not met:
            missing.append(_nearest([name for name, _, _ in options], coverage))
        else:
            caps.append(min(met.values()))
            # Rows of a proxy's kind are not looked at where the log has better, so they do not lower the grade.
            used += [_kind(name) for name, cap in met.items() if cap == caps[-1] and _names_a_kind(name)]
    if missing:
        return Assessability("none", tuple(dict.fromkeys(missing)))
    cap: Any = max(caps, key=GRADES.index, default="A")
    grade: Any = max([coverage.grade(entry, used or kinds), cap], key=(*GRADES, "none").index)
    return Assessability("D" if grade == "none" else grade, (), cap)


def _nearest(names: Sequence[str], coverage: Coverage) -> str:
    """Of alternatives that a log lacks the first; a column of rows that it has, where it has none of the first's."""
    if names[0].startswith("kind:") or "." not in names[0]:
        return names[0]
    return next((name for name in names if "." in name and coverage.of([_kind(name)])), names[0])


def _met(name: str, kinds: Sequence[str] | None, coverage: Coverage) -> bool:
    if name == "kind:any":
        return bool(coverage.of(None))
    if name.startswith("kind:"):
        return bool(coverage.of([name.removeprefix("kind:")]))
    kind, dot, column = name.rpartition(".")
    return coverage.share(column, [kind] if dot else kinds) > 0


def log_next(
    entries: Iterable[Signature], found: Mapping[str, Assessability]
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Columns whose logging would unlock detectors, those that are the only thing missing counted first."""
    unlocks: dict[str, list[str]] = {}
    weight: dict[str, float] = {}
    for entry in entries:
        missing = found[entry.id].missing
        for column in missing:
            unlocks.setdefault(column, []).append(entry.id)
            weight[column] = weight.get(column, 0.0) + 1 / len(missing)
    ranked = sorted(unlocks, key=lambda column: (-weight[column], column))
    return tuple((column, tuple(unlocks[column])) for column in ranked)
