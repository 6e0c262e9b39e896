"""Matches one prose report: its scope, and what in the catalog it speaks of, with the words that led there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from itertools import islice
from typing import Any, Literal

from advisor.catalog.load import Catalog, shipped
from advisor.catalog.models import SdbPart
from advisor.diagnosis.text.concepts import look
from advisor.diagnosis.text.rules import Entry, Points, entries, score
from advisor.diagnosis.text.weights import Weight, lift, shipped_weights
from advisor.diagnosis.text.words import sentences

Scope = Literal["in", "infrastructure", "inside-model", "undecided"]
SCHEMA = "advisor/match/1"
LEAST = 1.0  # convention: with fewer points nothing is decided
SHOWN = 5  # convention: candidates and words that are shown
SCOPES: dict[str, Scope] = {"infrastructure": "infrastructure", "inside-model": "inside-model"}


@dataclass(frozen=True)
class Candidate:
    """One thing that a report may speak of.

    Attributes:
        pattern: `P1` to `P6`, or `SDB`.
        signature: The id of a signature, extension or weakness of the catalog; None where only the pattern is clear.
        sdb_part: The boundary part that the catalog gives for it.
        score: Points for the rules that held, and what the learnt weights add for its class. It ranks the candidates of
            one report. It is no probability, may be negative, and says nothing across reports.
        because: The words of the report that gave the points, in plain spelling, those that gave most first.
    """

    pattern: str
    signature: str | None
    sdb_part: SdbPart | None
    score: float
    because: tuple[str, ...]


@dataclass(frozen=True)
class Match:
    """What one report speaks of; `candidates` are the best first, and stand beside an abstention too.

    Attributes:
        scope: `in` (the runtime), `infrastructure`, `inside-model`, or `undecided` (too little was said).
        candidates: At most five.
        abstained: Whether no candidate is put forward; True for every scope but `in`.
        because: The words that decided a scope other than `in`.
    """

    scope: Scope
    candidates: tuple[Candidate, ...]
    abstained: bool
    because: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """The JSON form, schema `advisor/match/1`."""
        return {"schema": SCHEMA, **asdict(self)}


def match(text: str, title: str = "", catalog: Catalog | None = None) -> Match:
    """Matches a report (incident, ticket, post-mortem) to the catalog; the same text always gives the same answer.

    No model is called and nothing is fetched. Time is linear in the length of the text.

    Args:
        text: The report as prose, one or many lines.
        title: Its title, which stands near every sentence of the text.
        catalog: The knowledge base, with overlays; the shipped one where None.

    Returns:
        The scope and the candidates. An empty report is `undecided`.
    """
    return decide(points(text, title, catalog), shipped_weights())


def points(text: str, title: str = "", catalog: Catalog | None = None) -> tuple[Points, ...]:
    """The points of every entry for one report (arguments as for `match`)."""
    head = sentences(title)
    seen = [look(sentence) for sentence in (*head, *sentences(text))]
    return score(seen, max(1, len(head)), _known(catalog or shipped()))


@lru_cache(maxsize=4)
def _known(catalog: Catalog) -> tuple[Entry, ...]:
    return entries(catalog)


def decide(gathered: Sequence[Points], weights: Mapping[str, Weight]) -> Match:
    """The match that the points of one report give under some weights (see `match`)."""
    lifts = lift(gathered, weights)
    ranked = sorted(
        ((each.total + lifts[each.entry.room], each) for each in gathered if each.total > 0),
        key=lambda scored: (-scored[0], -scored[1].total),
    )
    candidates = tuple(_candidates(scored for scored in ranked if scored[1].entry.room not in SCOPES))
    if max((each.total for _, each in ranked), default=0.0) < LEAST:
        return Match("undecided", candidates, True, ())
    best = ranked[0][1]
    scope = SCOPES.get(best.entry.room, "in")
    return Match(scope, candidates, scope != "in", () if scope == "in" else best.because[:SHOWN])


def _candidates(ranked: Iterable[tuple[float, Points]]) -> Iterator[Candidate]:
    for value, each in islice(ranked, SHOWN):
        entry = each.entry
        yield Candidate(entry.room, entry.signature, entry.sdb_part, round(value, 2), each.because[:SHOWN])
