"""One unknown change point: the day at which a step explains most, and how often chance does as well."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

BLOCK, DRAWS, SEED, EDGE = 7, 199, 20605, 3
"""Days of a block, permutations, seed, and days at either end that cannot be a change point (conventions)."""


class ChangePoint(NamedTuple):
    """The best single step: its day, the change in points, and the permutation's p-value."""

    day: int
    points: float
    p_value: float


def change_point(passed: NDArray[np.int64], ran: NDArray[np.int64]) -> ChangePoint | None:
    """Scans the days for one step; p by permuting blocks of seven days, so that weekly rhythm is kept.

    Args:
        passed: Passes a day, one entry for every day (zeros where nothing ran).
        ran: Trials a day.

    Returns:
        The step, or None where there are too few days to permute.
    """
    days = len(ran)
    if days < 3 * BLOCK:
        return None
    gains = _gains(passed, ran)
    best = int(np.argmax(gains))
    generator = np.random.default_rng(SEED)
    blocks = [np.arange(at, min(at + BLOCK, days)) for at in range(0, days, BLOCK)]
    as_good = 0
    for _ in range(DRAWS):
        order = np.concatenate([blocks[at] for at in generator.permutation(len(blocks))])
        as_good += float(_gains(passed[order], ran[order]).max()) >= float(gains[best]) - 1e-9
    before, after = passed[:best].sum() / ran[:best].sum(), passed[best:].sum() / ran[best:].sum()
    return ChangePoint(best, float(after - before) * 100, (1 + as_good) / (1 + DRAWS))


def _gains(passed: NDArray[np.int64], ran: NDArray[np.int64]) -> NDArray[np.float64]:
    """The gain in log likelihood of a step at the start of each day."""
    left_passed, left_ran = np.cumsum(passed)[:-1], np.cumsum(ran)[:-1]
    total_passed, total_ran = int(passed.sum()), int(ran.sum())
    gain = np.full(len(ran), -np.inf)
    with np.errstate(divide="ignore", invalid="ignore"):
        split = _log(left_passed, left_ran) + _log(total_passed - left_passed, total_ran - left_ran)
    usable = (left_ran > 0) & (total_ran - left_ran > 0)
    gain[1:][usable] = (split - _log(np.array([total_passed]), np.array([total_ran])))[usable]
    gain[:EDGE] = gain[len(ran) - EDGE + 1 :] = -np.inf
    return gain


def _log(passed: NDArray[np.int64], ran: NDArray[np.int64]) -> NDArray[np.float64]:
    from scipy.special import xlogy

    rate = passed / np.maximum(ran, 1)
    return np.asarray(xlogy(passed, rate) + xlogy(ran - passed, 1 - rate), dtype=np.float64)
