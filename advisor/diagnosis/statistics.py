"""The statistics that detectors share: exact binomial, Wilson, Newcombe, Fisher, signs; scipy only where it runs."""

from __future__ import annotations

from math import sqrt
from typing import Any

Z95 = 1.959963984540054


def wilson(count: int, of: int, z: float = Z95) -> tuple[float, float]:
    """Wilson's 95 % interval of a rate; (0, 1) where there is nothing."""
    if of <= 0:
        return 0.0, 1.0
    rate, square = count / of, z * z
    middle = (rate + square / (2 * of)) / (1 + square / of)
    half = z * sqrt(rate * (1 - rate) / of + square / (4 * of * of)) / (1 + square / of)
    return max(0.0, middle - half), min(1.0, middle + half)


def newcombe(count: int, of: int, other: int, other_of: int) -> tuple[float, float]:
    """Newcombe's 95 % interval of a difference of rates, first less other."""
    low, high = wilson(count, of)
    other_low, other_high = wilson(other, other_of)
    rate, other_rate = count / of, other / other_of
    gap = rate - other_rate
    return (
        gap - sqrt((rate - low) ** 2 + (other_high - other_rate) ** 2),
        gap + sqrt((high - rate) ** 2 + (other_rate - other_low) ** 2),
    )


def at_least(count: int, of: int, rate: float) -> float:
    """P(X >= count) for X binomial in `of` trials at a rate: the exact one-sided test."""
    if count <= 0:
        return 1.0
    from scipy.special import bdtrc

    return float(bdtrc(count - 1, of, rate))


def sign_test(above: int, below: int) -> float:
    """One-sided exact sign test: how likely at least so many pairs lie above by chance; ties are left out before."""
    return at_least(above, above + below, 0.5) if above + below else 1.0


def fisher_greater(a: int, b: int, c: int, d: int) -> float:
    """One-sided Fisher test of the table ((a, b), (c, d)): P of at least `a` in the first cell.

    The hypergeometric tail by logarithms of binomials: importing `scipy.stats` for it takes longer than most diagnoses.
    """
    import numpy as np
    from scipy.special import gammaln

    def choose(n: int, k: Any) -> Any:
        return gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)

    row, column, rest = a + b, a + c, c + d
    cells = np.arange(max(a, column - rest, 0), min(row, column) + 1)
    tail = np.exp(choose(row, cells) + choose(rest, column - cells) - choose(row + rest, column)).sum()
    return min(1.0, float(tail))


def holm(p_values: list[float]) -> list[float]:
    """Holm's adjusted p-values, in the order given."""
    adjusted = [0.0] * len(p_values)
    worst = 0.0
    for rank, at in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        worst = max(worst, min(1.0, p_values[at] * (len(p_values) - rank)))
        adjusted[at] = worst
    return adjusted
