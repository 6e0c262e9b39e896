"""Who wins merges, and how likely so many wins are under the declared weights: an exact Poisson-binomial test."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from advisor.diagnosis.detector import Row
from advisor.diagnosis.statistics import at_least, holm

DIRECT = 4096
"""Trials up to which distributions are convolved directly; above, by Fourier transform."""


@dataclass
class Tally:
    """One agent's conflicts: how many at each expected chance of winning, and how many it won."""

    wins: int = 0
    chances: dict[float, int] = field(default_factory=dict)

    def add(self, chance: float, many: int, won: int) -> None:
        """Counts `many` conflicts at one chance, `won` of them won."""
        self.chances[chance] = self.chances.get(chance, 0) + many
        self.wins += won

    @property
    def conflicts(self) -> int:
        """Conflicts in which the agent had a proposal."""
        return sum(self.chances.values())

    @property
    def expected(self) -> float:
        """The share of wins that the weights give it."""
        return sum(chance * many for chance, many in sorted(self.chances.items())) / self.conflicts


@dataclass(frozen=True)
class Standing:
    """An agent's wins against its expectation."""

    agent: str
    wins: int
    conflicts: int
    expected: float
    p_value: float

    @property
    def excess(self) -> float:
        """Share of wins less the expected share."""
        return self.wins / self.conflicts - self.expected


def poisson_binomial(wins: int, chances: Mapping[float, int]) -> float:
    """P(at least `wins`) over independent trials, `chances[p]` of them with probability p."""
    if wins <= 0:
        return 1.0
    if wins > sum(chances.values()):
        return 0.0
    if len(chances) == 1:
        ((chance, many),) = chances.items()
        return at_least(wins, many, chance)
    import numpy as np
    from scipy.signal import fftconvolve
    from scipy.stats import binom

    whole = np.ones(1)
    for chance, many in sorted(chances.items()):
        part = binom.pmf(np.arange(many + 1), many, chance)
        direct = len(whole) + len(part) <= DIRECT
        whole = np.convolve(whole, part) if direct else np.clip(fftconvolve(whole, part), 0.0, None)
    return float(min(1.0, whole[wins:].sum()))


def standings(tallies: Mapping[str, Tally], least: int) -> list[Standing]:
    """Agents with enough conflicts, the most unlikely winner first; p is adjusted over them by Holm."""
    tested = sorted(agent for agent, tally in tallies.items() if tally.conflicts >= least)
    adjusted = holm([poisson_binomial(tallies[agent].wins, tallies[agent].chances) for agent in tested])
    found = [
        Standing(agent, tallies[agent].wins, tallies[agent].conflicts, tallies[agent].expected, p_value)
        for agent, p_value in zip(tested, adjusted, strict=True)
    ]
    return sorted(found, key=lambda one: (one.p_value, -one.excess, one.agent))


def proposals(text: Any) -> dict[str, str | None] | None:
    """Agents with what each proposed (None: not logged), from a JSON object or list of names; None where neither."""
    try:
        read = orjson.loads(text) if isinstance(text, str) else None
    except orjson.JSONDecodeError:
        return None
    if isinstance(read, dict):
        return {agent: orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode() for agent, value in read.items()}
    if isinstance(read, list) and all(isinstance(agent, str) for agent in read):
        return dict.fromkeys(read)
    return None


def distinct(proposed: Mapping[str, str | None], counted: int | None) -> int | None:
    """How many different values were proposed: as counted by the log, else from the values; None where unknown."""
    if counted is not None:
        return counted
    values = set(proposed.values())
    return None if None in values else len(values)


def weighed(agents: Iterable[str], weights: Mapping[str, float]) -> dict[str, float] | None:
    """Each agent's expected chance; one without a weight has the mean of the others', None where nothing is left."""
    names = list(agents)
    known = [weights[name] for name in names if name in weights]
    usual = sum(known) / len(known) if known else 1.0
    given = {name: weights.get(name, usual) for name in names}
    total = sum(given.values())
    return {name: weight / total for name, weight in given.items()} if total > 0 else None


def ranked(beaten: Mapping[str, set[str]]) -> bool:
    """Whether one fixed order of the agents explains every winner: nobody beats another who, in turn, beats it."""
    left = {winner: set(losers) for winner, losers in beaten.items()}
    while left:
        top = [winner for winner in left if not any(winner in losers for losers in left.values())]
        if not top:
            return False
        for winner in top:
            del left[winner]
    return True


def dominant(found: list[Standing], thresholds: Mapping[str, float]) -> list[Standing]:
    """Those whose wins are both unlikely under the weights and well above their share."""
    return [one for one in found if one.p_value < thresholds["alpha"] and one.excess >= thresholds["min-excess"]]


def told(ahead: list[Standing], found: list[Standing], conflicts: int) -> str:
    """A sentence with the numbers of the agent that stands out most."""
    if not found:
        return f"{conflicts} conflicting fields: no agent has enough of them."
    top = (ahead or found)[0]
    return (
        f"{top.agent} won {top.wins} of its {top.conflicts} conflicting fields; {top.expected:.0%} were to be expected "
        f"(exact p = {top.p_value:.2g}, adjusted over {len(found)} agents)."
    )


def table(found: list[Standing]) -> dict[str, list[Row]]:
    """The agents that stand out most, for the report."""
    rows = [
        {"agent": one.agent, "wins": one.wins, "conflicts": one.conflicts, "expected": round(one.expected, 3)}
        for one in found[:10]
    ]
    return {"Wins by agent": rows} if rows else {}
