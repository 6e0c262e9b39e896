"""Which column a field of an application's record fills: the user's mapping first, declared names, then synonyms."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Literal, NamedTuple

from advisor.traces.columns import Column, by_name, declared, guessed
from advisor.traces.values import canonical

# Where programs put their own attributes; a path that starts with one of these is also known without it.
CONTAINERS = frozenset(
    "attrs attributes extra fields data payload context ctx metadata meta labels props properties body detail details "
    "resource record event jsonPayload".split()
)
# In these the names below are the content's own (a customer's name), not the record's.
_CONTENTS = frozenset("data payload context ctx body detail details resource event jsonPayload".split())
_OWN = frozenset("kind name id uuid type time date created_at end text".split())
DEEPEST = 6
WIDEST = 400
"""Fields of one record that are looked at; what lies beyond is not read."""
Origin = Literal["mapping", "emitter", "guess"]
SENTENCES = ("message", "msg", "MESSAGE")
"""Fields that hold an event's name as often as a sentence."""
NAMES = ("event", "event_name", "event_type", "event.action", "type", "kind", "operation", "action_name")
EVENT_NAMES = (*NAMES, "name", *SENTENCES)
"""Fields that hold the event's name, most telling first."""
LEVELS = ("level", "levelname", "severity", "PRIORITY", "log.level")
READ_BESIDE = frozenset((*EVENT_NAMES, *LEVELS, "retry_count"))
"""Fields that are looked at though they fill no column."""
# Names of log shippers that no application would choose for something else.
_SHIPPED = {
    "__REALTIME_TIMESTAMP": "ts",
    "_HOSTNAME": "worker_id",
    "MESSAGE": "text",
    "TimeGenerated": "ts",
    "textPayload": "text",
    "@t": "ts",
    "@m": "text",
    "trace.id": "trace_id",
    "span.id": "span_id",
    "error.message": "error_message",
    "host.name": "worker_id",
}
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


# Words that name a case in one program and something else in the next: only what looks like an id is taken for one.
_CASES = frozenset("renewal order case ticket session conversation req".split())
ID_LIKE = r"\S{0,200}\d\S{0,200}"
_NO_ID = ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10")
_NO_ERROR = ("true", "false", "True", "False", "0", "1", "none", "None", "null", "ok", "OK")
_UNGUESSED = frozenset(["thread"])
"""Synonyms that loggers use for something else (the thread that wrote the line)."""


class Target(NamedTuple):
    """A column that a field fills, on whose word, and how this ranks against other fields for it (lower wins).

    Attributes:
        column: The column.
        origin: The user's mapping, the emitter's declared name, or a guess.
        rank: Lower wins where several fields of a record hold a value.
        only: A pattern that values have to match as a whole; empty: any.
        never: Values that are not taken.
    """

    column: Column
    origin: Origin
    rank: int
    only: str = ""
    never: tuple[str, ...] = ()

    def takes(self, value: Any) -> bool:
        """Whether a value of the field is taken for the column."""
        if self.origin == "guess" and isinstance(value, Written) and self.column.name not in _CONTENT:
            return False
        if self.never and (str(value) if not isinstance(value, bool) else str(value).lower()) in self.never:
            return False
        return not self.only or re.fullmatch(self.only, str(value)) is not None


class Written(str):
    """The text of a list."""

    __slots__ = ()


_CONTENT = frozenset("text error_message reason_text proposers".split())
"""Columns that a list may be guessed for."""


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
        names = list(without_containers(path))
        for name in names:
            if name in declared():
                return Target(declared()[name], "emitter", 10 if name == path else 20)
        if not self._infer:
            return None
        for name in names:
            if name in _SHIPPED:
                return Target(by_name()[_SHIPPED[name]], "guess", 29)
            if name in guessed() and name not in _UNGUESSED:
                column = guessed()[name]
                rank = 30 + column.synonyms.index(name) + (0 if name == path else 50)
                if column.name == "request_id" and name in _CASES:
                    return Target(column, "guess", rank, ID_LIKE, _NO_ID)
                return Target(column, "guess", rank, "", _NO_ERROR if column.name == "error_message" else ())
        for name in names:
            if (respelt := _respelt().get(spelling(name))) is not None:
                return Target(respelt, "guess", 200 if name == path else 210)
        return None


def spelling(name: str) -> str:
    """A name in one spelling: `requestId`, `RequestID` and `request-id` are `request_id`."""
    return _HUMP.sub("_", name).replace("-", "_").lower()


_RESPELT: dict[str, Column] = {}


def _respelt() -> Mapping[str, Column]:
    """Columns by their names' and synonyms' one spelling; one-word names are left out, for they mean too much."""
    if not _RESPELT:
        for known in (declared(), guessed()):
            for name, column in known.items():
                if "_" in spelling(name) or name == "timestamp":
                    _RESPELT.setdefault(spelling(name), column)
    return _RESPELT


def without_containers(path: str) -> Iterator[str]:
    """A path, and the same without each container that it starts with, unless what is left is the content's own."""
    yield path
    inside = False
    while True:
        head, dot, path = path.partition(".")
        if not dot or head not in CONTAINERS:
            return
        inside = inside or head in _CONTENTS
        if not (inside and path in _OWN):
            yield path


def flat(record: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """A record's leaves with their paths; lists are leaves. At most DEEPEST levels down.

    Of a record that has more than WIDEST, those nearest to its root: a wide payload does not hide when it was logged.
    """
    found = list(islice(_leaves(record, last=True), WIDEST + 1))
    return found if len(found) <= WIDEST else list(islice(_leaves(record, last=False), WIDEST))


def _leaves(record: Mapping[str, Any], *, last: bool) -> Iterator[tuple[str, Any]]:
    """Leaves in the order in which they are written (`last`: of what is open the last goes on), or level by level."""
    first = [(str(key), value, 1) for key, value in record.items()]
    held = deque(reversed(first) if last else first)
    take = held.pop if last else held.popleft
    while held:
        path, value, depth = take()
        kind = type(value)  # of JSON: plain dicts and lists
        if kind is dict and depth < DEEPEST:
            inner = [(f"{path}.{key}", each, depth + 1) for key, each in value.items()]
            held.extend(reversed(inner) if last else inner)
            continue
        yield path, Written(canonical(value)) if kind is dict or kind is list else value
