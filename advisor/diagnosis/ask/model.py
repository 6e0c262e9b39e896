"""How answers are weighed: every number is ours, a convention, for no log and no study gives them.

Candidates are the catalog's signatures and weaknesses, evenly likely at first, and that none of them is at work. The
corpus of published incidents is no prior: what gets published is not what happens.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from advisor.catalog.load import Catalog
from advisor.catalog.models import Signature
from advisor.diagnosis.ask.questions import Question, entries, questions

NOTHING = "none"
"""The candidate that none of the catalog's entries is at work."""

MODEL: Mapping[str, tuple[float, str]] = MappingProxyType(
    {
        "none": (0.10, "prior share of nothing that the catalog knows; the entries share the rest evenly"),
        "pattern_mine": (0.95, "chance that the failing part is said to work by the entry's pattern"),
        "pattern_other": (0.25, "chance that another pattern is said to be there too: patterns are composed"),
        "way_mine": (0.85, "chance that the entry's way of failing is recognised"),
        "way_other": (0.15, "chance that it is named for another way of failing"),
        "part_mine": (0.75, "chance that the part of the boundary that the entry blames is recognised"),
        "part_other": (0.20, "chance that it is named for an entry that blames another part"),
        "symptom_mine": (0.90, "chance that the entry's own symptom is recognised"),
        "symptom_near": (0.15, "chance that it is, for another entry of the same pattern"),
        "symptom_other": (0.04, "chance that it is, for any other entry"),
        "refuted_by_mine": (0.05, "chance that what refutes the entry is said to be so although it is at work"),
        "refuted_by_other": (0.50, "chance that it is said to be so where the entry is not at work"),
        "settled": (0.80, "probability from which the questions end, once its refuter was asked for"),
        "worth": (0.01, "bits of information below which a question is not worth asking"),
        "most": (24, "questions that are asked at most"),
    }
)


def value(name: str) -> float:
    """One number of the model."""
    return MODEL[name][0]


@lru_cache(maxsize=4)
def asked_of(catalog: Catalog) -> Mapping[str, Question]:
    """The catalog's questions by id."""
    return MappingProxyType(questions(catalog))


@lru_cache(maxsize=4)
def priors(catalog: Catalog) -> Mapping[str, float]:
    """The probability of each candidate before anything is asked."""
    every = entries(catalog)
    each = (1 - value("none")) / len(every)
    return MappingProxyType({**dict.fromkeys(every, each), NOTHING: value("none")})


@lru_cache(maxsize=4)
def chances(catalog: Catalog) -> Mapping[str, Mapping[str, float]]:
    """P(yes) by question and candidate."""
    every = entries(catalog)
    return MappingProxyType(
        {
            id: MappingProxyType({name: _yes(question, every.get(name), every) for name in (*every, NOTHING)})
            for id, question in asked_of(catalog).items()
        }
    )


def _yes(question: Question, candidate: Signature | None, every: Mapping[str, Signature]) -> float:
    """P(yes) if the candidate is what is at work; None is nothing that the catalog knows."""
    kind, about = question.kind, question.about
    if kind in ("pattern", "way", "part"):
        trait = getattr(candidate, {"pattern": "pattern", "way": "failure_way", "part": "sdb_part"}[kind], None)
        return value(f"{kind}_mine" if trait == about else f"{kind}_other")
    if candidate and candidate.id == about:
        return value(f"{kind}_mine")
    if kind == "symptom" and candidate and candidate.pattern == every[about].pattern:
        return value("symptom_near")
    return value(f"{kind}_other")
