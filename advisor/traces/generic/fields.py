"""Which column a field of an application's record fills: the user's mapping first, declared names, then synonyms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

from advisor.traces.columns import Column, by_name, declared, guessed
from advisor.traces.values import canonical

# Where programs put their own attributes; a path that starts with one of these is also known without it.
CONTAINERS = frozenset(
    "attrs attributes extra fields data payload context ctx metadata meta labels props properties body detail details "
    "resource record event".split()
)
DEEPEST = 6
WIDEST = 400
"""Fields of one record that are looked at; what lies beyond is not read."""
Origin = Literal["mapping", "emitter", "guess"]
EVENT_NAMES = (
    "event",
    "event_name",
    "event_type",
    "type",
    "kind",
    "operation",
    "action_name",
    "message",
    "msg",
    "name",
)
"""Fields that hold the event's name, most telling first."""


class Target(NamedTuple):
    """A column that a field fills, on whose word, and how this ranks against other fields for it (lower wins)."""

    column: Column
    origin: Origin
    rank: int


class Fields:
    """Resolves field paths to columns; answers are remembered, for logs repeat their fields."""

    def __init__(self, mapped: Mapping[str, tuple[str, ...]] | None = None, infer: bool = True) -> None:
        """Takes the user's `fields` (public column to paths) and whether synonyms may be guessed."""
        self._mapped: dict[str, Target] = {}
        for name, paths in (mapped or {}).items():
            for rank, path in enumerate(paths):
                self._mapped[path] = Target(by_name()[name], "mapping", rank)
        self._infer = infer
        self._known: dict[str, Target | None] = {}

    def target(self, path: str) -> Target | None:
        """The column for a path such as `payload.policy_version`; None where there is none."""
        if path not in self._known:
            if len(self._known) > 100_000:  # a record whose keys are data
                return self._resolve(path)
            self._known[path] = self._resolve(path)
        return self._known[path]

    def _resolve(self, path: str) -> Target | None:
        if path in self._mapped:
            return self._mapped[path]
        for name in without_containers(path):
            if name in declared():
                return Target(declared()[name], "emitter", 10 if name == path else 20)
        if not self._infer:
            return None
        for name in without_containers(path):
            if name in guessed():
                column = guessed()[name]
                return Target(column, "guess", 30 + column.synonyms.index(name) + (0 if name == path else 50))
        return None


def without_containers(path: str) -> Iterator[str]:
    """A path, and the same without each container that it starts with."""
    yield path
    head, dot, tail = path.partition(".")
    if dot and head in CONTAINERS:
        yield from without_containers(tail)


def flat(record: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """A record's leaves with their paths; lists are leaves. At most WIDEST, at most DEEPEST levels down."""
    left = WIDEST
    stack: list[tuple[str, Any, int]] = [(str(key), value, 1) for key, value in reversed(list(record.items()))]
    while stack and left:
        path, value, depth = stack.pop()
        if isinstance(value, Mapping) and depth < DEEPEST:
            stack += [(f"{path}.{key}", inner, depth + 1) for key, inner in reversed(list(value.items()))]
            continue
        left -= 1
        yield path, canonical(value) if isinstance(value, Mapping | list) else value
