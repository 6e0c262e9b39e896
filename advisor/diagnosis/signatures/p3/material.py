"""Outcomes as the user has said they are to be compared: which columns are material, and how far numbers may differ."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from advisor.diagnosis.detector import Row
from advisor.traces.facts import Facts

_Event = tuple[str, str, str]


def executions(rows: Iterable[Row], facts: Facts) -> list[Row]:
    """Executions of each event by version and outcome, from rows of executions.

    A run with several rows has all of their outcomes, in no order. Rows without any material column tell nothing and
    are left out. `worded` is the part of the outcome in which no number stands.
    """
    events: dict[_Event, list[Row]] = {}
    for row in rows:
        if any(row[name] is not None for name in facts.material):
            events.setdefault((row["kind"], row["consumer"], row["event"]), []).append(row)
    return [cell for event, told in events.items() for cell in _of_event(event, told, facts.material)]


def _of_event(event: _Event, rows: list[Row], tolerances: Mapping[str, float]) -> Iterable[Row]:
    levels = {name: _levels([_number(row[name]) for row in rows], tolerances[name]) for name in tolerances}
    runs: dict[tuple[str, str, str], list[Row]] = {}
    for row in rows:
        runs.setdefault((row["policy"], row["context"], row["run"]), []).append(row)
    found: dict[tuple[str, str, str], Row] = {}
    for (policy, context, _), told in runs.items():
        outcome = _joined(_said(row, levels) for row in told)
        worded = _joined(["#" if _number(row[name]) is not None else str(row[name]) for name in levels] for row in told)
        made = found.setdefault(
            (policy, context, outcome),
            dict(zip(("kind", "consumer", "event"), event, strict=True))
            | {"policy": policy, "context": context, "outcome": outcome, "worded": worded}
            | {"runs": 0, "material": 1, "row_id": told[0]["row_id"]},
        )
        made["runs"] += 1
        made["row_id"] = min(made["row_id"], *(row["row_id"] for row in told))
    return found.values()


def _joined(rows: Iterable[list[str]]) -> str:
    return "\x1e".join(sorted("\x1f".join(row) for row in rows))


def _said(row: Row, levels: Mapping[str, Mapping[float, float]]) -> list[str]:
    said = []
    for name, level in levels.items():
        number = _number(row[name])
        said.append("-" if row[name] is None else str(row[name]) if number is None else f"{level[number]:g}")
    return said


def _number(value: object) -> float | None:
    """A number, or text that is one; what is not finite is text."""
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return number if abs(number) < float("inf") else None


def _levels(numbers: Iterable[float | None], tolerance: float) -> dict[float, float]:
    """For each number the least one that it is equal to: none that differ by more than the tolerance are equal."""
    found: dict[float, float] = {}
    level: float | None = None
    for number in sorted({each for each in numbers if each is not None}):
        if level is None or number - level > tolerance * (1 + 1e-9):
            level = number
        found[number] = level
    return found
