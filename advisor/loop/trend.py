"""How a measure moves: Theil and Sen's slope over equal pieces of the log's time, and whether it differs from none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from advisor.loop.evidence.conventions import DAY, HOUR, MINUTE
from advisor.traces.table import EventTable

Direction = Literal["rising", "falling", "level", "untold"]
LEAST_PIECES, LEAST_CASES = 6, 5
"""Convention: pieces of time that a trend needs, and cases in each."""
SURE = 0.99
"""Convention: how sure a slope must be; a run looks at about twenty measures, so that 0.95 would often cry wolf."""
_PIECES = (("week", 7 * DAY), ("day", DAY), ("hour", HOUR), ("minute", MINUTE))


@dataclass(frozen=True)
class Piece:
    """A piece of time: when it begins (microseconds since 1970, UTC), its cases, and the measure in it."""

    at_us: int
    cases: int
    value: float


@dataclass(frozen=True)
class Trend:
    """How a measure moves.

    Attributes:
        direction: `level` where the interval of the slope holds zero; `untold` where there are too few pieces.
        per: The length of a piece, the largest of which the log holds enough.
        slope: The measure's change from one piece to the next, with its interval.
        pieces: Those with enough cases.
    """

    direction: Direction
    per: str | None = None
    slope: float | None = None
    interval: tuple[float, float] | None = None
    pieces: tuple[Piece, ...] = ()


def trend_of(table: EventTable, cases: str, given: Sequence[Any], *, share: bool) -> Trend:
    """The trend of a measure.

    Args:
        table: The events.
        cases: A `WITH` clause that ends in `cases`, rows of `at_us` and `value`.
        given: What stands for `?` in it.
        share: Whether a piece's value is the mean of its cases; otherwise it is their median.
    """
    for name, length in _PIECES:
        pieces = _pieces(table, cases, given, length, "AVG" if share else "MEDIAN")
        if len(pieces) >= LEAST_PIECES:
            return _fit(name, length, pieces)
    return Trend("untold")


def _pieces(table: EventTable, cases: str, given: Sequence[Any], length: int, middle: str) -> tuple[Piece, ...]:
    rows = table.query(
        f"{cases} SELECT CAST(FLOOR(CAST(at_us AS DOUBLE) / {length}) AS BIGINT) AS piece, COUNT(*) AS many,"
        f" {middle}(CAST(value AS DOUBLE)) AS value FROM cases WHERE value IS NOT NULL AND at_us IS NOT NULL"
        f" GROUP BY piece HAVING COUNT(*) >= {LEAST_CASES} ORDER BY piece",
        given,
    )
    return tuple(Piece(int(row["piece"]) * length, int(row["many"]), float(row["value"])) for row in rows)


def _fit(name: str, length: int, pieces: tuple[Piece, ...]) -> Trend:
    from scipy.stats import theilslopes

    times = [(piece.at_us - pieces[0].at_us) / length for piece in pieces]
    fit = theilslopes([piece.value for piece in pieces], times, alpha=SURE)
    low, high = float(fit.low_slope), float(fit.high_slope)
    direction: Direction = "rising" if low > 0 else "falling" if high < 0 else "level"
    return Trend(direction, name, float(fit.slope), (low, high), pieces)
