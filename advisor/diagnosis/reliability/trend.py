"""Mu and sigma: the slope of reliability beside steps at version boundaries, and the noise of repeated trials."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from pydantic import Field

from advisor.catalog.models import Frozen
from advisor.diagnosis.reliability.changes import change_point
from advisor.diagnosis.reliability.days import CANARY, Cell, Counted, count

MIN_DAYS, MIN_TRIALS, ALPHA = 14, 500, 0.05
"""Below these nothing is said of a slope (conventions)."""
MAX_DAYS = 36_525
"""A century; of outcomes that lie further apart some clock is wrong."""
PER_CALL = (
    "Whether per-call evaluations stay level meanwhile cannot be said from outcomes alone: "
    "that needs an equivalence test on per-call results."
)
"""The remark that momentum answers, where it stands beside the trend."""
_Z = 1.959964


class Step(Frozen):
    """A version boundary: when it was first seen (days from the start) and what it changed, in points."""

    version: str
    day: int
    points: float | None
    interval: tuple[float, float] | None
    note: str | None = None


class Sigma(Frozen):
    """The noise of repeated trials: the mean of p(1 - p), unbiased, with a bootstrap interval over inputs."""

    variance: float
    interval: tuple[float, float]
    inputs: int


class Change(Frozen):
    """The best single unknown change point."""

    day: int
    points: float
    p_value: float
    version: str | None


class DayRate(Frozen):
    """One day: passes, trials, and the Wilson interval of their rate."""

    day: int
    passed: int
    ran: int
    interval: tuple[float, float]


class Reliability(Frozen):
    """The JSON shape `advisor/reliability/1`.

    `slope` is in points per 30 days at the mean rate, after version steps; `interval` is its 95 % interval, from errors
    clustered by day. `verdict`: falling or rising where that excludes zero, level where it does not, insufficient
    below 14 days or 500 trials.
    """

    schema_: Literal["advisor/reliability/1"] = Field(default="advisor/reliability/1", alias="schema")
    verdict: Literal["falling", "rising", "level", "insufficient"]
    first_day: str
    days: int
    trials: int
    untimed: int
    rate: float
    slope: float | None
    interval: tuple[float, float] | None
    p_value: float | None
    robust_slope: float | None
    steps: tuple[Step, ...]
    change: Change | None
    sigma: Sigma | None
    daily: tuple[DayRate, ...]
    remarks: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """The result as plain JSON values."""
        return self.model_dump(mode="json", by_alias=True)


def reliability(path: Path) -> Reliability:
    """Reliability over time from a table of outcomes with times (section 5.1, as the readings settle it).

    Raises:
        InputError: The table cannot be read, or has no times.
    """
    return of_counts(count(path))


def of_counts(counted: Counted) -> Reliability:
    """The same from counts by day and version."""
    cells = counted.cells
    trials, passed = sum(c.ran for c in cells), sum(c.passed for c in cells)
    days = cells[-1].day + 1
    rate = passed / trials
    daily = tuple(_daily(cells))
    enough = MIN_DAYS <= days <= MAX_DAYS and trials >= MIN_TRIALS and 0 < passed < trials
    steps = _boundaries(cells, trials)
    fit = _fit(cells, steps, rate) if enough else None
    change = _change(daily, days, steps) if enough else None
    return Reliability(
        verdict=_verdict(fit),
        first_day=counted.first,
        days=days,
        trials=trials,
        untimed=counted.untimed,
        rate=rate,
        slope=fit.slope if fit else None,
        interval=fit.interval if fit else None,
        p_value=fit.p_value if fit else None,
        robust_slope=_robust(daily) if enough else None,
        steps=fit.steps if fit else steps,
        change=change,
        sigma=_sigma(counted.repeats),
        daily=daily,
        remarks=tuple(_remarks(enough, days, trials, counted, steps, fit, change)),
    )


class _Fit(NamedTuple):
    slope: float
    interval: tuple[float, float]
    p_value: float
    steps: tuple[Step, ...]


def _boundaries(cells: tuple[Cell, ...], trials: int) -> tuple[Step, ...]:
    """First-seen days of versions after the first one; canaries and versions that start together get no step."""
    first: dict[str, int] = {}
    share: dict[str, int] = {}
    for cell in cells:
        first.setdefault(cell.version, cell.day)
        share[cell.version] = share.get(cell.version, 0) + cell.ran
    ordered = sorted(first, key=lambda version: (first[version], version))
    steps = []
    for version in ordered[1:]:
        together = [other for other in ordered if other != version and first[other] == first[version]]
        note = None
        if share[version] < CANARY * trials:
            note = "a canary: no step"
        elif together:
            note = f"starts the same day as {', '.join(together)}: not separable"
        steps.append(Step(version=version, day=first[version], points=None, interval=None, note=note))
    return tuple(steps)


def _fit(cells: tuple[Cell, ...], steps: tuple[Step, ...], rate: float) -> _Fit | None:
    """A binomial GLM with a slope and a step for each separable version, errors clustered by day."""
    import warnings

    import statsmodels.api as sm

    named = [step.version for step in steps if step.note is None]
    day = np.array([cell.day for cell in cells], dtype=float)
    columns = [np.ones(len(cells)), day - day.mean()]
    columns += [np.array([cell.version == version for cell in cells], dtype=float) for version in named]
    design = np.column_stack(columns)
    if np.linalg.matrix_rank(design) < design.shape[1]:
        return None
    counts = np.array([(cell.passed, cell.ran - cell.passed) for cell in cells], dtype=float)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitted = sm.GLM(counts, design, family=sm.families.Binomial()).fit(
            cov_type="cluster", cov_kwds={"groups": day.astype(int)}
        )
    values, errors = np.asarray(fitted.params), np.asarray(fitted.bse)
    if not np.all(np.isfinite(values)) or not np.all(np.isfinite(errors)):
        return None
    points = rate * (1 - rate) * 100

    def scaled(at: int, unit: float) -> tuple[float, tuple[float, float]]:
        middle, half = float(values[at]) * unit, _Z * float(errors[at]) * unit
        return middle, (middle - half, middle + half)

    slope, interval = scaled(1, points * 30)
    found = dict(zip(named, range(2, 2 + len(named)), strict=True))
    told = []
    for step in steps:
        if step.version in found:
            middle, span = scaled(found[step.version], points)
            told.append(step.model_copy(update={"points": middle, "interval": span}))
        else:
            told.append(step)
    return _Fit(slope, interval, float(np.asarray(fitted.pvalues)[1]), tuple(told))


def _verdict(fit: _Fit | None) -> Literal["falling", "rising", "level", "insufficient"]:
    if fit is None:
        return "insufficient"
    low, high = fit.interval
    return "falling" if high < 0 else "rising" if low > 0 else "level"


def _daily(cells: tuple[Cell, ...]) -> Iterator[DayRate]:
    counts: dict[int, tuple[int, int]] = {}
    for cell in cells:
        passed, ran = counts.get(cell.day, (0, 0))
        counts[cell.day] = (passed + cell.passed, ran + cell.ran)
    for day, (passed, ran) in sorted(counts.items()):
        yield DayRate(day=day, passed=passed, ran=ran, interval=_wilson(passed, ran))


def _wilson(passed: int, ran: int) -> tuple[float, float]:
    from scipy.stats import binomtest

    found = binomtest(passed, ran).proportion_ci(method="wilson")
    return float(found.low), float(found.high)


def _robust(daily: tuple[DayRate, ...]) -> float:
    """Theil-Sen on daily rates, in points per 30 days; it knows of no versions."""
    from scipy.stats import theilslopes

    found = theilslopes([each.passed / each.ran for each in daily], [each.day for each in daily])
    return float(found.slope) * 3000


def _change(daily: tuple[DayRate, ...], days: int, steps: tuple[Step, ...]) -> Change | None:
    passed, ran = np.zeros(days, dtype=np.int64), np.zeros(days, dtype=np.int64)
    for each in daily:
        passed[each.day], ran[each.day] = each.passed, each.ran
    found = change_point(passed, ran)
    if found is None or found.p_value >= ALPHA:
        return None
    near = next((step.version for step in steps if abs(step.day - found.day) <= 1), None)
    return Change(day=found.day, points=found.points, p_value=found.p_value, version=near)


def _sigma(repeats: tuple[tuple[int, int], ...]) -> Sigma | None:
    """The mean of c(n - c) / (n(n - 1)) over repeated inputs; None without any."""
    if not repeats:
        return None
    values = np.array([c * (n - c) / (n * (n - 1)) for c, n in repeats])
    generator = np.random.default_rng(20605)
    draws = 2000 if len(values) <= 2000 else 200
    means = generator.choice(values, size=(draws, len(values))).mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return Sigma(variance=float(values.mean()), interval=(float(low), float(high)), inputs=len(values))


def _remarks(
    enough: bool,
    days: int,
    trials: int,
    counted: Counted,
    steps: tuple[Step, ...],
    fit: _Fit | None,
    change: Change | None,
) -> Iterator[str]:
    if days > MAX_DAYS:
        yield f"From the first outcome to the last are {days} days: some clock is wrong, and no slope can be told."
    elif not enough:
        yield f"{days} days and {trials} trials: a slope needs {MIN_DAYS} days, {MIN_TRIALS} trials, and both outcomes."
    elif fit is None:
        yield "The slope cannot be told from the version steps: each version holds too few days."
    if change and _verdict(fit) in ("falling", "rising"):
        yield "The change point is sought without a slope; where there is one, it tends to its middle."
    if counted.untimed:
        yield f"{counted.untimed} trials have no time and were left out."
    for step in steps:
        if step.note:
            yield f"{step.version}: {step.note}."
    if not counted.repeats:
        yield "No input was run twice on one version: sigma cannot be estimated."
    yield PER_CALL
