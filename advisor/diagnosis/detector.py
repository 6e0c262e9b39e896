"""What a detector is: queries over the table `events`, and a reading of their small results.

The queries are one portable SQL text each; `{name}` in them stands for a number: a threshold of the catalog entry (its
slug with underscores for hyphens) or `skew_us`, the clocks' skew in microseconds. A threshold is multiplied by 1e6 or
1e0, never by 1000000: in doubles, for whole ones are of 32 bits, and an hour of microseconds is not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from advisor.traces.facts import Facts

__all__ = ["CITED", "Asked", "Detector", "Facts", "Grade", "Row", "Shown", "Signs", "Verdict", "numbered"]

Verdict = Literal["present", "likely", "possible", "absent", "refuted", "insufficient", "not_assessable"]
Shown = Literal["present", "likely", "possible", "refuted"]
Grade = Literal["A", "B", "C", "D"]
Row = dict[str, Any]
CITED = 20
"""Rows that a finding cites at most."""


@dataclass(frozen=True)
class Signs:
    """What a detector saw.

    Attributes:
        relevant: How many cases its rule speaks of (operations, requests, pairs: `unit` says which).
        usable: How many of them carried what it needs.
        count: How many show the symptom.
        unit: What is counted, in the plural.
        verdict: What the symptom amounts to; None: no symptom, and `usable` decides what that says.
        least: The fewest usable cases from which "absent" may be said.
        said: One sentence with the numbers that were seen; names and values are escaped later, not here.
        rows: `row_id`s that show the symptom, in the order to be read; at most CITED.
        cause: What speaks for the catalog's cause, in one sentence, apart from the symptom; None: nothing seen.
        cause_rows: The rows that show the cause.
        traps: The known false positives that were checked, a sentence each, with the outcome.
        refuted: Why the finding is refuted, where it is.
        strength: Statistical strength: 1 for counts, 1 - adjusted p for tests.
        p_value: The test's p, adjusted where several were made.
        interval: The interval of the rate, where it is not Wilson's of count in usable.
        cap: The best evidence grade that this way of seeing it allows, where it is a proxy.
        severity: In place of the entry's, where the evidence shows more or less harm.
        detail: Small tables for the report: a title to rows of equal keys.
    """

    relevant: int
    usable: int
    count: int
    unit: str
    verdict: Shown | None = None
    least: int = 1
    said: str = ""
    rows: Sequence[int] = ()
    cause: str | None = None
    cause_rows: Sequence[int] = ()
    traps: Sequence[str] = ()
    refuted: str | None = None
    strength: float = 1.0
    p_value: float | None = None
    interval: tuple[float, float] | None = None
    cap: Grade | None = None
    severity: Literal["critical", "high", "medium", "low"] | None = None
    detail: Mapping[str, Sequence[Row]] = field(default_factory=dict)


@dataclass(frozen=True)
class Asked:
    """What a detector gets: its queries answered, its thresholds, and the user's facts.

    Attributes:
        ask: A query's rows by its name; numbers given by name stand in for thresholds, such as a fact.
        thresholds: Those in force, by slug.
        facts: What only the user knows.
    """

    ask: Callable[..., list[Row]]
    thresholds: Mapping[str, float]
    facts: Facts = field(default_factory=Facts)

    def one(self, name: str, **stated: float) -> Row:
        """The only row of a query that has one."""
        return self.ask(name, **stated)[0]


@dataclass(frozen=True)
class Detector:
    """A detector, registered under the id of its catalog entry.

    Attributes:
        id: The entry's.
        queries: Portable SQL by name.
        read: What their rows say.
        kept: Texts that several queries begin with, each with the table of it that alone the rest of them asks: an
            engine that can keeps its rows from the first query to the last.
    """

    id: str
    queries: Mapping[str, str]
    read: Callable[[Asked], Signs]
    kept: Mapping[str, str] = field(default_factory=dict)


def numbered(sql: str, thresholds: Mapping[str, float], skew_us: int) -> str:
    """A query with its numbers put in; whole numbers are written without a fraction."""
    numbers = {slug.replace("-", "_"): value for slug, value in thresholds.items()}
    shown = {name: int(value) if float(value).is_integer() else value for name, value in numbers.items()}
    return sql.format_map({**shown, "skew_us": skew_us})
