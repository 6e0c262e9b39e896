"""Whether reliability falls while per-call evaluations stay level (section 5.3): said only with an equivalence test."""

from __future__ import annotations

from math import sqrt
from typing import Any, Literal

from advisor.catalog.models import Frozen
from advisor.diagnosis.reliability.events import Daily, Query, calls_per_request, evaluations, outcomes
from advisor.diagnosis.reliability.trend import Reliability, of_counts

ALPHA = 0.05
POWER = 0.80
"""Conventions: the level of each one-sided test, and the power of the smallest drop that is printed."""
_Z_ALPHA, _Z_POWER = 1.6448536, 0.8416212


class Momentum(Frozen):
    """The claim and what it rests on.

    `verdict`: `negative` (reliability falls, per-call results are equivalent, chains do not grow: suspect the spine),
    `calls_fall_too`, `chains_grow`, `not_falling`, or `insufficient`. `margin` is the per-call drop that would explain
    the end-to-end fall; `smallest_drop` the one that the evaluations could have shown (both as shares).
    """

    verdict: Literal["negative", "calls_fall_too", "chains_grow", "not_falling", "insufficient"]
    said: str
    per_call: tuple[float, float] | None = None
    margin: float | None = None
    smallest_drop: float | None = None
    p_equivalent: float | None = None
    calls_per_request: tuple[float, float] | None = None


def from_events(query: Query) -> tuple[Reliability, Momentum] | None:
    """Reliability and momentum out of a log's own outcome and evaluation rows; None where no outcome has a time."""
    counted = outcomes(query)
    if counted is None:
        return None
    trend = of_counts(counted)
    return trend, momentum(trend, evaluations(query), calls_per_request(query))


def momentum(trend: Reliability, evaluated: Daily, calls: Daily) -> Momentum:
    """Compares the first half of the days with the second.

    The margin follows from the fall: with n calls a request, a per-call drop d lowers the end-to-end rate by about
    n d p_end / p_call. Equivalence is two one-sided tests within that margin; "no significant change" is not enough.
    """
    if trend.slope is None or trend.verdict == "insufficient":
        return Momentum(verdict="insufficient", said="There are too few outcomes to say how reliability moves.")
    if trend.verdict != "falling":
        return Momentum(verdict="not_falling", said=f"Reliability is {trend.verdict}; there is no fall to explain.")
    first, second = _halves(evaluated)
    chain_first, chain_second = _halves(calls)
    if not first[1] or not second[1] or not chain_first[1] or not chain_second[1]:
        return Momentum(
            verdict="insufficient",
            said="Reliability falls; whether single calls got worse cannot be said, for the log holds no evaluation of "
            "single calls in both halves of its time, or no model calls with a request.",
        )
    before, after = first[0] / first[1], second[0] / second[1]
    chain = (chain_first[0] / chain_first[1], chain_second[0] / chain_second[1])
    fall = -trend.slope / 3000 * trend.days / 2
    margin = fall / (chain[0] * trend.rate / max(before, 1e-9))
    error = sqrt(
        max(before * (1 - before), 1 / first[1]) / first[1] + max(after * (1 - after), 1 / second[1]) / second[1]
    )
    smallest = (_Z_ALPHA + _Z_POWER) * error
    p_value = max(_upper((after - before + margin) / error), _upper((margin - (after - before)) / error))
    common: dict[str, Any] = {
        "per_call": (before, after),
        "margin": margin,
        "smallest_drop": smallest,
        "p_equivalent": p_value,
        "calls_per_request": chain,
    }
    shown = f"The smallest per-call drop that {first[1] + second[1]} evaluations could have shown is {smallest:.2%}."
    if (after - before) / error < -_Z_ALPHA:
        said = f"Reliability falls, and so do single calls: {before:.2%} to {after:.2%}. {shown}"
        return Momentum(verdict="calls_fall_too", said=said, **common)
    if chain[1] > chain[0] * (1 + margin):
        said = (
            f"Requests take more calls than before ({chain[0]:.1f} to {chain[1]:.1f}), which alone lowers the product."
        )
        return Momentum(verdict="chains_grow", said=f"{said} {shown}", **common)
    if p_value >= ALPHA:
        said = (
            f"A per-call drop of {margin:.2%} would explain the fall, and these evaluations cannot exclude it. {shown}"
        )
        return Momentum(verdict="insufficient", said=said, **common)
    said = (
        f"Reliability falls while single calls stay level: within {margin:.2%} of {before:.2%} (p = {p_value:.3g}). "
        f"Momentum is negative; suspect the spine. {shown} Whether the mix of work stayed the same was not checked."
    )
    return Momentum(verdict="negative", said=said, **common)


def _halves(daily: Daily) -> tuple[tuple[int, int], tuple[int, int]]:
    """Counts and totals before and after the middle of the days that have any."""
    if not daily.days:
        return (0, 0), (0, 0)
    middle = (daily.days[0] + daily.days[-1]) / 2
    sums = [[0, 0], [0, 0]]
    for day, count, of in zip(*daily, strict=True):
        half = sums[day > middle]
        half[0] += count
        half[1] += of
    return (sums[0][0], sums[0][1]), (sums[1][0], sums[1][1])


def _upper(z: float) -> float:
    """P(Z > z)."""
    from math import erfc

    return 0.5 * erfc(z / sqrt(2))
