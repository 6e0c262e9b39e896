"""The exact tests: a case by Fisher, a batch by McNemar or by permutation inside cases, Holm over many."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Literal, NamedTuple

Counts = tuple[int, int, int, int]
"""Passes and trials on the current version, passes and trials on the prior one."""


class BatchTest(NamedTuple):
    """The batch as a whole: which test, over how many cases, and how likely this difference is by chance.

    `effect` is the prior version's mean pass rate less the current one's, over cases with trials on both; above zero
    the current version is worse. `p_value` is two-sided, None where nothing can be compared.
    """

    test: Literal["mcnemar", "permutation", "permutation (normal)", "none"]
    cases: int
    effect: float | None
    p_value: float | None
    fails_only_on_current: int
    fails_only_on_prior: int


@lru_cache(maxsize=65536)
def case_p_value(counts: Counts) -> float | None:
    """One-sided Fisher: how likely so many more failures on the current version are by chance; None without a prior."""
    from scipy.stats import hypergeom

    passes, trials, prior_passes, prior_trials = counts
    if not trials or not prior_trials:
        return None
    failures = trials - passes
    total, all_failures = trials + prior_trials, failures + prior_trials - prior_passes
    return float(hypergeom.sf(failures - 1, total, all_failures, trials))


def holm(p_values: Iterable[float | None]) -> list[float | None]:
    """Holm's adjusted p-values, in the order given; None stays None."""
    given = list(p_values)
    ranked = sorted((p, at) for at, p in enumerate(given) if p is not None)
    adjusted: list[float | None] = [None] * len(given)
    worst = 0.0
    for rank, (p, at) in enumerate(ranked):
        worst = max(worst, min(1.0, p * (len(ranked) - rank)))
        adjusted[at] = worst
    return adjusted


def batch(cases: Mapping[Counts, int]) -> BatchTest:
    """The batch test from how many cases had each counts."""
    both = {c: many for c, many in cases.items() if c[1] and c[3]}
    total = sum(both.values())
    if not total:
        return BatchTest("none", 0, None, None, 0, 0)
    effect = sum((c[2] / c[3] - c[0] / c[1]) * many for c, many in both.items()) / total
    only_current = sum(many for c, many in both.items() if c[0] == 0 and c[2] == c[3])
    only_prior = sum(many for c, many in both.items() if c[0] == c[1] and c[2] == 0)
    if all(c[1] == c[3] == 1 for c in both):
        from scipy.stats import binomtest

        discordant = only_current + only_prior
        p = float(binomtest(only_current, discordant).pvalue) if discordant else 1.0
        return BatchTest("mcnemar", total, effect, p, only_current, only_prior)
    name, p = _permutation(both)
    return BatchTest(name, total, effect, p, only_current, only_prior)


_EXACT_UP_TO = 20_000


def _permutation(cases: Mapping[Counts, int]) -> tuple[Literal["permutation", "permutation (normal)"], float]:
    """Labels are permuted inside each case: passes on the current version are then a sum of hypergeometrics.

    The distribution of that sum is convolved exactly up to 20,000 trials that can vary; beyond, its normal limit is
    used with a continuity correction.
    """
    import numpy as np
    from scipy.stats import hypergeom, norm

    varying = {c: m for c, m in cases.items() if 0 < c[0] + c[2] < c[1] + c[3]}
    if not varying:
        return "permutation", 1.0
    mean = sum(c[1] * (c[0] + c[2]) / (c[1] + c[3]) * many for c, many in varying.items())
    distance = abs(sum(c[0] * many for c, many in varying.items()) - mean)
    if sum(c[1] * many for c, many in varying.items()) > _EXACT_UP_TO:
        spread = sum(_variance(c) * many for c, many in varying.items()) ** 0.5
        return "permutation (normal)", float(2 * norm.sf(max(0.0, distance - 0.5) / spread))
    weights = np.ones(1)
    for c, many in sorted(varying.items()):
        pmf = hypergeom.pmf(np.arange(c[1] + 1), c[1] + c[3], c[0] + c[2], c[1])
        for _ in range(many):
            weights = np.convolve(weights, pmf)
    away = np.abs(np.arange(len(weights)) - mean) >= distance - 1e-9
    return "permutation", float(min(1.0, weights[away].sum()))


def _variance(counts: Counts) -> float:
    """The variance of a hypergeometric: passes among the current version's trials when labels are permuted."""
    passes, drawn = counts[0] + counts[2], counts[1]
    total = counts[1] + counts[3]
    return drawn * passes * (total - passes) * (total - drawn) / (total**2 * (total - 1))
