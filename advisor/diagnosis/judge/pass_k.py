"""pass^k and pass@k, unbiased, over tasks with different numbers of trials (diagnosis by section 5.4).

pass^k is the chance that k fresh trials of a task all pass, C(c, k) / C(n, k) for c passes in n trials; pass@k that at
least one does. Both are means over the tasks with at least k trials.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_DRAWS, _SEED = 2000, 20260520


class Curve(NamedTuple):
    """One version's curves for k = 1 .. the largest n, with 95 % bootstrap intervals over tasks for pass^k."""

    pass_hat: tuple[float, ...]
    pass_at: tuple[float, ...]
    intervals: tuple[tuple[float, float], ...]
    tasks: tuple[int, ...]


def curve(counts: Mapping[tuple[int, int], int]) -> Curve:
    """The curves from how many tasks had (c passes, n trials); draws are seeded, so the same data give the same."""
    groups = sorted((c, n, many) for (c, n), many in counts.items() if n > 0)
    if not groups:
        return Curve((), (), (), ())
    passes = np.array([c for c, _, _ in groups])
    trials = np.array([n for _, n, _ in groups])
    many = np.array([m for _, _, m in groups])
    generator = np.random.default_rng(_SEED)
    weights = generator.multinomial(int(many.sum()), many / many.sum(), size=_DRAWS)
    all_pass, all_fail = np.ones(len(groups)), np.ones(len(groups))
    hats, ats, intervals, tasks = [], [], [], []
    for k in range(1, int(trials.max()) + 1):
        left = np.maximum(trials - k + 1, 1)
        all_pass = all_pass * np.maximum(passes - k + 1, 0) / left
        all_fail = all_fail * np.maximum(trials - passes - k + 1, 0) / left
        enough = trials >= k
        hats.append(_mean(all_pass[enough], many[enough]))
        ats.append(1 - _mean(all_fail[enough], many[enough]))
        drawn = weights[:, enough]
        totals = drawn.sum(axis=1)
        means = (drawn * all_pass[enough]).sum(axis=1)[totals > 0] / totals[totals > 0]
        low, high = np.quantile(means, [0.025, 0.975])
        intervals.append((float(low), float(high)))
        tasks.append(int(many[enough].sum()))
    return Curve(tuple(hats), tuple(ats), tuple(intervals), tuple(tasks))


def _mean(values: NDArray[np.float64], weights: Sequence[int] | NDArray[np.int64]) -> float:
    return float(np.average(values, weights=weights))
