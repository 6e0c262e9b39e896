"""The statistics that detectors share, beside those of libraries that are too slow to import for one number."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import hypergeom

from advisor.diagnosis.statistics import fisher_greater

CELL = st.one_of(st.integers(0, 4), st.integers(0, 300), st.integers(0, 50_000))


@given(CELL, CELL, CELL, CELL)
def test_fishers_tail_is_that_of_scipy(a: int, b: int, c: int, d: int) -> None:
    assume(a + b + c + d)
    expected = hypergeom.sf(a - 1, a + b + c + d, a + b, a + c)
    assert fisher_greater(a, b, c, d) == pytest.approx(float(expected), rel=1e-6, abs=1e-290)


def test_a_table_with_nothing_in_it_shows_nothing() -> None:
    assert fisher_greater(0, 0, 0, 0) == fisher_greater(0, 5, 0, 7) == 1.0
