"""Matches one prose report: its scope, and what in the catalog it speaks of, with the words that led there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any, Literal

from advisor.catalog.load import Catalog, shipped
from advisor.catalog.models import SdbPart
from advisor.diagnosis.text.concepts import look
from advisor.diagnosis.text.rules import Entry, Points, entries, score
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
        score: Points for the rules that held. They rank candidates of one report. They are no probability.
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
        scope: `in` (the runtime), `infrastructure`, `inside-model`, or `undecided` (too little, or a tie over scope).
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
    head = sentences(title)
    seen = [look(sentence) for sentence in (*head, *sentences(text))]
    return _decide(score(seen, max(1, len(head)), _known(catalog or shipped())))


@lru_cache(maxsize=4)
def _known(catalog: Catalog) -> tuple[Entry, ...]:
    return entries(catalog)


def _decide(points: Sequence[Points]) -> Match:
    # An entry's own points come first; where two are level, the class with more points in all is put first.
    rooms: defaultdict[str, float] = defaultdict(float)
    for each in points:
        rooms[each.entry.room] += each.total
    ranked = sorted((p for p in points if p.total > 0), key=lambda p: (-p.total, -rooms[p.entry.room]))
    candidates = tuple(_candidates(each for each in ranked if each.entry.room not in SCOPES))
    if not ranked or ranked[0].total < LEAST:
        return Match("undecided", candidates, True, ())
    best = ranked[0]
    level = [p for p in ranked if (p.total, rooms[p.entry.room]) == (best.total, rooms[best.entry.room])]
    scopes = {SCOPES.get(each.entry.room, "in") for each in level}
    if len(scopes) > 1:
        return Match("undecided", candidates, True, ())
    scope: Scope = scopes.pop()
    return Match(scope, candidates, scope != "in", () if scope == "in" else best.because[:SHOWN])


def _candidates(ranked: Iterable[Points]) -> Iterator[Candidate]:
    for each, _ in zip(ranked, range(SHOWN), strict=False):
        entry = each.entry
        yield Candidate(entry.room, entry.signature, entry.sdb_part, each.total, each.because[:SHOWN])
