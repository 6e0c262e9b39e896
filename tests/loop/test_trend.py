"""Trends: which way a measure moves, over which pieces of time, and how seldom noise is called one."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from advisor.loop.measures import MEASURES, measured
from advisor.loop.trend import Trend
from advisor.traces.table import table_of
from tests.loop.evidence.records import DAY, HOUR, MINUTE, SECOND


def trend(length_of: Callable[[int], float], pieces: int, apart_us: int, cases: int = 6) -> Trend:
    """The trend of how long units of work last, `cases` of them in each piece of time."""
    rows = [
        {"kind": "outcome", "request_id": f"{at}-{n}", "ts_us": at * apart_us + n, "end_us": at * apart_us + n + us}
        for at in range(pieces)
        for n in range(cases)
        if (us := int(length_of(at)))
    ]
    found = measured(table_of(rows), MEASURES["duration"][0])
    assert found is not None
    return found.trend


@pytest.mark.parametrize(
    ("length_of", "pieces", "apart", "direction", "per"),
    [
        (lambda at: (at + 1) * SECOND, 10, 7 * DAY, "rising", "week"),
        (lambda at: (20 - at) * SECOND, 12, DAY, "falling", "day"),
        (lambda at: 7 * SECOND, 12, HOUR, "level", "hour"),
        (lambda at: (at % 2 + 1) * SECOND, 12, MINUTE, "level", "minute"),
        (lambda at: (at + 1) * SECOND, 5, 7 * DAY, "untold", None),
        (lambda at: (at + 1) * SECOND, 40, SECOND, "untold", None),
    ],
)
def test_a_measure_moves(
    length_of: Callable[[int], float], pieces: int, apart: int, direction: str, per: str | None
) -> None:
    found = trend(length_of, pieces, apart)
    assert (found.direction, found.per) == (direction, per)
    if direction in ("rising", "falling"):
        assert found.slope == pytest.approx(SECOND if direction == "rising" else -SECOND)
        assert found.interval is not None
        assert (found.interval[0] > 0) == (direction == "rising")


def test_pieces_with_too_few_cases_do_not_count() -> None:
    assert trend(lambda at: (at + 1) * SECOND, 10, 7 * DAY, cases=4).direction == "untold"


def test_noise_is_seldom_called_a_trend() -> None:
    draw, moving, runs = random.Random(11), 0, 150
    for _ in range(runs):
        moving += trend(lambda at: draw.uniform(1, 100) * SECOND, 10, DAY).direction in ("rising", "falling")
    assert moving / runs <= 0.04
