"""How much each class is lifted or lowered by the points of all classes: learnt, few, and strongly held back.

The numbers in `cues/weights.toml` come from `python benchmarks/text_matching.py --corpus PATH --write-weights`. They
correct for what the rules cannot know: how readily each class gathers points, and which one is mistaken for which.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from advisor.catalog.files import read_toml
from advisor.diagnosis.text.concepts import CUES
from advisor.diagnosis.text.rules import ROOMS, Points


@dataclass(frozen=True)
class Weight:
    """One class's weights: a start, and one number for each class's best entry and for its sum, in order of `ROOMS`."""

    start: float
    best: tuple[float, ...]
    total: tuple[float, ...]


def features(points: Sequence[Points]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """The best entry's points and the sum of points of each class, in the order of `ROOMS`."""
    best = dict.fromkeys(ROOMS, 0.0)
    total = dict.fromkeys(ROOMS, 0.0)
    for each in points:
        best[each.entry.room] = max(best[each.entry.room], each.total)
        total[each.entry.room] += each.total
    return tuple(best.values()), tuple(total.values())


def lift(points: Sequence[Points], weights: Mapping[str, Weight]) -> Mapping[str, float]:
    """What is added to the points of every entry of each class."""
    best, total = features(points)
    return MappingProxyType(
        {
            room: weight.start
            + sum(w * x for w, x in zip(weight.best, best, strict=True))
            + sum(w * x for w, x in zip(weight.total, total, strict=True))
            for room, weight in weights.items()
        }
    )


@cache
def shipped_weights() -> Mapping[str, Weight]:
    """The weights of `cues/weights.toml`, one for each class."""
    table = read_toml(CUES / "weights.toml", "cues/weights.toml")
    return MappingProxyType(
        {room: Weight(float(w["start"]), tuple(w["best"]), tuple(w["total"])) for room, w in table.items()}
    )
