"""Reproduces the error rates of the sequential rule on 1,000 simulated cases of each kind, for three caps.

Truth: a functional case fails at .95 on both versions, a divergence at .95 and .05, variance at one rate drawn from
Beta(2, 2) on both. `variance called divergence` and `variance called functional` are shares of the variance cases.
"""

from __future__ import annotations

import random
import sys
from collections import Counter

from advisor.replay.rule import Arm, decide, next_arm, state

CASES, SEED = 1000, 20605
CAP = 7


def replayed(current: float, prior: float, cap: int, generator: random.Random) -> tuple[str, int]:
    """One case's label and how many replays it took."""
    arms = {"current": Arm(0, 0), "prior": Arm(0, 0)}
    rates = {"current": current, "prior": prior}
    while True:
        states = (state(arms["current"], cap), state(arms["prior"], cap))
        name = next_arm(arms["current"], arms["prior"], states)
        if name is None:
            return str(decide(*states).label), arms["current"].trials + arms["prior"].trials
        failed = generator.random() < rates[name]
        arms[name] = Arm(arms[name].failures + failed, arms[name].passes + (not failed))


def main() -> int:
    """Prints the table; exit 1 if the rule at its own cap misses a target."""
    print(
        f"{'cap':>3} {'functional right':>17} {'divergence right':>17} {'variance called':>20} {'':>12} {'replays':>8}"
    )
    print(f"{'':>3} {'':>17} {'':>17} {'divergence':>20} {'functional':>12} {'a case':>8}")
    missed = False
    for cap in (5, CAP, 11):
        generator = random.Random(SEED)
        labels: dict[str, Counter[str]] = {kind: Counter() for kind in ("functional", "divergence", "variance")}
        replays = 0
        for _ in range(CASES):
            rate = generator.betavariate(2, 2)
            truth = {"functional": (0.95, 0.95), "divergence": (0.95, 0.05), "variance": (rate, rate)}
            for kind, rates in truth.items():
                label, took = replayed(*rates, cap, generator)
                labels[kind][label] += 1
                replays += took
        functional = labels["functional"]["functional"] / CASES
        divergence = labels["divergence"]["replay_divergence"] / CASES
        false = labels["variance"]["replay_divergence"] / CASES
        called = labels["variance"]["functional"] / CASES
        mean = replays / (3 * CASES)
        print(f"{cap:>3} {functional:>17.1%} {divergence:>17.1%} {false:>20.1%} {called:>12.1%} {mean:>8.1f}")
        if cap == CAP:
            missed = functional < 0.93 or divergence < 0.93 or false > 0.04 or mean > 9
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
