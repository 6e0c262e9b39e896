"""Questions and answers so far, what they make of each candidate by Bayes' rule, and what to ask next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import log2
from types import MappingProxyType

from advisor.catalog.load import Catalog
from advisor.diagnosis.ask.model import asked_of, chances, priors, value
from advisor.diagnosis.ask.questions import Question, Said


@dataclass(frozen=True)
class Consultation:
    """The questions asked so far with their answers, in order, over one catalog."""

    catalog: Catalog
    said: Mapping[str, Said]

    def answer(self, question: str, said: Said) -> Consultation:
        """One answer more; an answer given before is replaced."""
        return Consultation(self.catalog, MappingProxyType({**self.said, question: said}))

    def back(self) -> Consultation:
        """The last answer taken back."""
        return Consultation(self.catalog, MappingProxyType(dict(list(self.said.items())[:-1])))

    @property
    def probabilities(self) -> dict[str, float]:
        """The probability of each entry and of NOTHING, given the answers; *unknown* changes nothing."""
        weight = dict(priors(self.catalog))
        table = chances(self.catalog)
        for question, said in self.said.items():
            if said != "unknown":
                for name, yes in table[question].items():
                    weight[name] *= yes if said == "yes" else 1 - yes
        total = sum(weight.values())
        return {name: each / total for name, each in weight.items()}

    def gain(self, question: str) -> float:
        """How many bits of uncertainty the answer to a question is expected to take away."""
        now = self.probabilities
        yes = chances(self.catalog)[question]
        chance = sum(now[name] * yes[name] for name in now)
        after = chance * _entropy({name: now[name] * yes[name] / chance for name in now})
        after += (1 - chance) * _entropy({name: now[name] * (1 - yes[name]) / (1 - chance) for name in now})
        return _entropy(now) - after

    @property
    def open(self) -> list[str]:
        """Questions that may be asked now: what refutes an entry only once its symptom was affirmed."""
        return [
            id
            for id, question in asked_of(self.catalog).items()
            if id not in self.said
            and (question.kind != "refuted_by" or self.said.get(f"symptom:{question.about}") == "yes")
        ]

    @property
    def settled(self) -> bool:
        """Whether one entry is likely enough, was affirmed, and what refutes it was asked for."""
        now = self.probabilities
        leader = max(now, key=lambda name: (now[name], name))
        asked = self.said.get(f"symptom:{leader}") == "yes" and f"refuted_by:{leader}" in self.said
        return asked and now[leader] >= value("settled")

    @property
    def next(self) -> Question | None:
        """The question of the largest expected gain, the first of the catalog's order where several are equal.

        None: one entry is settled, enough was asked, or no question is worth asking.
        """
        if self.settled or len(self.said) >= value("most"):
            return None
        best = max(((round(self.gain(id), 9), -at, id) for at, id in enumerate(self.open)), default=None)
        if best is None or best[0] < value("worth"):
            return None
        return asked_of(self.catalog)[best[2]]


def begin(catalog: Catalog) -> Consultation:
    """A consultation in which nothing was asked yet."""
    return Consultation(catalog, MappingProxyType({}))


def _entropy(chances: Mapping[str, float]) -> float:
    return -sum(p * log2(p) for p in chances.values() if p > 0)
