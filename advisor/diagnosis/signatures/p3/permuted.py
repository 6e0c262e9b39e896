"""Disagreement across runtime contexts beyond that within one, by permuting contexts inside each event.

Two executions of one event are a pair; pairs of one event depend on each other, so rates over pooled pairs have no
valid interval. Permuting which execution ran in which context, event by event, needs no independence between pairs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

SEED = 7
STOP = 50
"""Permutations as extreme as the log's after which drawing stops: p is large, and more draws would not change that."""
COPIES = 20
"""Equal executions of an event in one context that are used at most."""


@dataclass(frozen=True)
class Disagreement:
    """What a comparison found.

    Attributes:
        events: Events seen in at least two contexts.
        repeated: Those with at least two executions in one context.
        differing: Events in which some pair across contexts disagrees.
        across: Share of pairs across contexts that disagree.
        within: Share of pairs within a context that disagree; None without such pairs.
        p_value: Of the permutation test; None without pairs within.
    """

    events: int
    repeated: int
    differing: int
    across: float
    within: float | None
    p_value: float | None


Cells = Mapping[tuple[str, str], int]
"""Executions of one event by context and outcome."""


def compare(events: Iterable[Cells], draws: int) -> Disagreement:
    """Compares contexts over events; events seen in one context only say nothing and are left out."""
    kept = [cells for cells in events if len({context for context, _ in cells}) > 1]
    across = [0, 0]
    within = [0, 0]
    repeated = differing = 0
    for cells in kept:
        apart, together = _pairs(cells, across=True), _pairs(cells, across=False)
        across = [across[0] + apart[0], across[1] + apart[1]]
        within = [within[0] + together[0], within[1] + together[1]]
        repeated += together[1] > 0
        differing += apart[0] > 0
    p_value = None
    if within[1]:
        # Only events with two outcomes and a repeat can change when permuted.
        moving = [
            cells for cells in kept if len({outcome for _, outcome in cells}) > 1 and _pairs(cells, across=False)[1]
        ]
        p_value = _permuted(moving, draws)
    return Disagreement(
        len(kept),
        repeated,
        differing,
        across[0] / across[1] if across[1] else 0.0,
        within[0] / within[1] if within[1] else None,
        p_value,
    )


def _pairs(cells: Cells, *, across: bool) -> tuple[int, int]:
    """Pairs that disagree, and all pairs: across contexts or within them."""
    total = sum(cells.values())
    contexts: dict[str, int] = {}
    outcomes: dict[str, int] = {}
    for (context, outcome), many in cells.items():
        contexts[context] = contexts.get(context, 0) + many
        outcomes[outcome] = outcomes.get(outcome, 0) + many
    inside = sum(many * (many - 1) // 2 for many in contexts.values())
    inside_equal = sum(many * (many - 1) // 2 for many in cells.values())
    if not across:
        return inside - inside_equal, inside
    every = total * (total - 1) // 2
    equal = sum(many * (many - 1) // 2 for many in outcomes.values())
    return (every - equal) - (inside - inside_equal), every - inside


def _permuted(events: list[Cells], draws: int) -> float:
    """p: how often permuted contexts disagree within less than the log's do (fewer within is more across)."""
    if not events:
        return 1.0
    import numpy as np

    event_of: list[int] = []
    context_of: list[int] = []
    outcome_of: list[int] = []
    cells_before = 0
    for at, cells in enumerate(events):
        contexts = {name: number for number, name in enumerate(sorted({context for context, _ in cells}))}
        outcomes = {name: number for number, name in enumerate(sorted({outcome for _, outcome in cells}))}
        for (context, outcome), many in sorted(cells.items()):
            event_of += [at] * many
            context_of += [cells_before + contexts[context] * len(outcomes)] * many
            outcome_of += [outcomes[outcome]] * many
        cells_before += len(contexts) * len(outcomes)
    # Events lie in order, each with its contexts; a draw reorders the outcomes inside each event.
    event, cell, said = np.array(event_of), np.array(context_of), np.array(outcome_of)

    def equal_within(order: np.ndarray[tuple[int], np.dtype[np.int64]]) -> int:
        counts = np.bincount(cell + said[order], minlength=cells_before)
        return int((counts * (counts - 1) // 2).sum())

    observed = equal_within(np.arange(len(event)))
    random = np.random.default_rng(SEED)
    reached = 0
    for draw in range(1, draws + 1):
        reached += equal_within(np.argsort(event + random.random(len(event)))) >= observed
        if reached >= STOP:
            return (1 + reached) / (1 + draw)
    return (1 + reached) / (1 + draws)
