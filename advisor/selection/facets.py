"""A decision cut into facets, each a function of few questions, so that every completion of the unknowns is reached.

24 questions have about 10^11 answer vectors, but no part of the decision reads more than seven of them. Answers
are free of each other, so the decision is constant over all completions exactly when each facet is.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations, product
from typing import Any, Literal

from advisor.catalog.answers import DURATIONS
from advisor.catalog.load import Catalog
from advisor.catalog.models import PLANES, Plane, Rule
from advisor.selection import steps

Given = Mapping[str, str]


def completions_of(question: str) -> tuple[str, ...]:
    """What an unknown answer could turn out to be: yes or no, or for a duration its four values."""
    return DURATIONS[:-1] if question == "duration" else ("yes", "no")


@dataclass(frozen=True, eq=False)
class Facet:
    """One part of the decision: its name, the questions it reads, and its value for fully known answers."""

    name: str
    questions: tuple[str, ...]
    value: Callable[[Given], Hashable]
    kind: Literal["scalar", "certain", "common"] = "scalar"
    _memo: dict[tuple[str, ...], frozenset[Hashable]] = field(default_factory=dict, repr=False)

    def possible(self, given: Given) -> frozenset[Hashable]:
        """Every value that some completion of the unknowns gives."""
        return self._possible(tuple(decided(given[q]) for q in self.questions))

    def shown(self, given: Given) -> Any:
        """What the record shows: a scalar or *undetermined*, a pattern if certain, of a list what all share."""
        possible = self.possible(given)
        if self.kind == "certain":
            return possible == {True}
        if self.kind == "common":
            return tuple(sorted(set.intersection(*(set(each) for each in possible))))  # type: ignore[call-overload]
        return next(iter(possible)) if len(possible) == 1 else "undetermined"

    def _possible(self, row: tuple[str, ...]) -> frozenset[Hashable]:
        if row not in self._memo:
            if "unknown" in row:
                at = row.index("unknown")
                tries = ((*row[:at], value, *row[at + 1 :]) for value in completions_of(self.questions[at]))
                self._memo[row] = frozenset().union(*(self._possible(each) for each in tries))
            else:
                self._memo[row] = frozenset({self.value(dict(zip(self.questions, row, strict=True)))})
        return self._memo[row]

    def reads(self, question: str, given: Given) -> dict[str, str] | None:
        """The smallest set of other answers under which `question` decides what this facet shows; None if none does.

        An empty dict means that the question decides it on its own.
        """
        if question not in self.questions:
            return None
        others = [q for q in self.questions if q != question and given[q] == "unknown"]
        for size in range(len(others) + 1):
            for keys in combinations(others, size):
                for values in product(*(completions_of(key) for key in keys)):
                    with_these = dict(zip(keys, values, strict=True))
                    if len({self.shown({**given, **with_these, question: v}) for v in completions_of(question)}) > 1:
                        return with_these
        return None


def decided(answer: str) -> str:
    """*partly* decides as *no* does: it never fires a predicate."""
    return "no" if answer == "partly" else answer


@dataclass(frozen=True, eq=False)
class Facets:
    """Every facet of the decision, by name."""

    by_name: Mapping[str, Facet]

    def __iter__(self) -> Iterator[Facet]:
        return iter(self.by_name.values())

    def __getitem__(self, name: str) -> Facet:
        return self.by_name[name]


def facets_of(catalog: Catalog) -> Facets:
    """Builds the facets from the catalog's rules; each reads just the questions that its rule names."""
    patterns = catalog.patterns
    step_1 = ("duration", "pauses_or_external_waits")
    spine = tuple(q for q, entry in catalog.questions.items() if entry.step == 2)
    split = {name: _questions(catalog, patterns[name].chosen_when) for name in ("P1", "P2")}
    calls: dict[Plane, tuple[str, ...]] = {
        plane: _questions(catalog, patterns["P6"].planes[plane].called_for) for plane in PLANES
    }
    hitl = _ordered(
        {*_questions(catalog, patterns["P6"].chosen_when), *(q for qs in calls.values() for q in qs)}, catalog
    )

    def coordinated(name: str) -> Callable[[Given], Hashable]:
        return lambda known: steps.coordination(patterns[name], catalog, known)

    def call(plane: Plane) -> Callable[[Given], Hashable]:
        return lambda known: steps.plane_called(plane, catalog, known)

    gate = patterns["P4"].chosen_when or Rule()
    every = [
        Facet("runtime_class", step_1, steps.runtime_class),
        Facet("dominant_concern", (*step_1, "external_side_effects"), steps.dominant_concern),
        Facet("spine", spine, lambda known: steps.spine(known).name),
        Facet(
            "spine_alternatives",
            tuple(q for q in spine if q != "event_stream_exists"),
            lambda known: steps.spine({**known, "event_stream_exists": "no"}).alternatives,  # no row with S4 has any
            "common",
        ),
        *(Facet(name, split[name], coordinated(name), "certain") for name in ("P1", "P2")),
        Facet(
            "coordinated",
            _ordered({*split["P1"], *split["P2"]}, catalog),
            lambda known: any(steps.coordination(patterns[name], catalog, known) for name in ("P1", "P2")),
            "certain",
        ),
        Facet(
            "P4",
            _questions(catalog, gate),
            lambda known: steps.chosen(gate, catalog.predicates, known),
            "certain",
        ),
        Facet("P6", hitl, lambda known: steps.human_in_the_loop(catalog, known), "certain"),
        Facet("p6_level", (*hitl,), lambda known: steps.p6_level(catalog, known)),
        *(Facet(plane, calls[plane], call(plane)) for plane in PLANES),
    ]
    return Facets({facet.name: facet for facet in every})


def _questions(catalog: Catalog, rule: Rule | None) -> tuple[str, ...]:
    if rule is None:
        return ()
    return _ordered({q for name in rule.ids for q in catalog.predicates[name].ids}, catalog)


def _ordered(questions: set[str], catalog: Catalog) -> tuple[str, ...]:
    return tuple(q for q in catalog.questions if q in questions)
