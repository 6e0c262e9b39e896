"""How often a slope is called falling, on simulated tables: 60 days, 100 trials a day, a rate of .9, 400 runs each."""

from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np

from advisor.diagnosis.reliability.days import Cell, Counted
from advisor.diagnosis.reliability.trend import of_counts

RUNS, DAYS, PER_DAY, RATE = 400, 60, 100, 0.9
Rates = Callable[[np.random.Generator], np.ndarray]


def logit(rate: np.ndarray | float) -> np.ndarray:
    """The log odds of a rate."""
    return np.log(np.asarray(rate) / (1 - np.asarray(rate)))


def sloped(points: float, day_effects: float = 0.0) -> Rates:
    """Rates with a slope in points per 30 days at the mean, and normal day effects on the logit scale."""

    def rates(generator: np.random.Generator) -> np.ndarray:
        slope = points / 3000 / (RATE * (1 - RATE))
        z = logit(RATE) + slope * (np.arange(DAYS) - DAYS / 2) + generator.normal(0, day_effects, DAYS)
        return 1 / (1 + np.exp(-z))

    return rates


def stepped(generator: np.random.Generator) -> np.ndarray:
    """No slope, and a step of six points at a model switch in the middle."""
    del generator
    return np.where(np.arange(DAYS) < DAYS // 2, 0.93, 0.87)


def flagged(rates: Rates, versions: bool, verdict: str = "falling") -> float:
    """The share of runs with that verdict."""
    generator = np.random.default_rng(20605)
    hits = 0
    for _ in range(RUNS):
        passed = generator.binomial(PER_DAY, rates(generator))
        cells = tuple(
            Cell(day, "b" if versions and day >= DAYS // 2 else "a", int(p), PER_DAY) for day, p in enumerate(passed)
        )
        hits += of_counts(Counted(cells, "2026-01-01", 0, ())).verdict == verdict
    return hits / RUNS


def main() -> int:
    """Prints the table; exit 1 where a false alarm is above 5 % by more than chance, or power is below .8."""
    rows = [
        ("slope 0: called falling", flagged(sloped(0), False), "false"),
        ("slope -2 points per 30 days: called falling", flagged(sloped(-2), False), "power"),
        ("slope 0, day effects of .3: called falling", flagged(sloped(0, 0.3), False), "false"),
        ("slope 0, a step at a model switch, version not known: called falling", flagged(stepped, False), ""),
        ("the same, version known: called falling", flagged(stepped, True), "false"),
    ]
    missed = 0
    for name, share, kind in rows:
        missed += (kind == "false" and share > 0.05 + 2 * (0.05 * 0.95 / RUNS) ** 0.5) or (
            kind == "power" and share < 0.8
        )
        print(f"{name:70} {share:6.1%}")
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
