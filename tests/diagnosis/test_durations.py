"""Durations as the report says them."""

from __future__ import annotations

import pytest

from advisor.diagnosis.durations import span


@pytest.mark.parametrize(
    ("us", "said"),
    [
        (0, "0 us"),
        (999, "999 us"),
        (1_000, "1 ms"),
        (1_234_567, "1.23 s"),
        (59_900_000, "59.9 s"),
        (90_000_000, "1.5 min"),
        (3_600_000_000, "1 h"),
        (7_776_000_000_000, "90 d"),
        (8_640_000_000_000 * 100, "10,000 d"),
        (-1_500_000, "-1.5 s"),
    ],
)
def test_a_duration_is_in_the_unit_that_suits_it(us: float, said: str) -> None:
    assert span(us) == said
