"""What any reader has to bear: records with random parts replaced; and what any row has to be all the same."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from advisor.traces import columns
from advisor.traces.opening import open_sources
from advisor.traces.records import Event, Format, Record, Source
from advisor.traces.values import LARGEST

JUNK: tuple[Any, ...] = (
    None,
    True,
    [],
    {},
    "",
    "x",
    "{",
    "null",
    "NaN",
    "\ud800",
    -1,
    1.5,
    float("inf"),
    float("nan"),
    10**400,
    2**63,
    [None],
    [[[]]],
    {"": None},
    {"a": {"b": [1]}},
    "9" * 5000,
    "0001-01-01T00:00:00+14:00",
)
_TYPES: dict[str, tuple[type, ...]] = {"VARCHAR": (str,), "BIGINT": (int,), "DOUBLE": (int, float), "BOOLEAN": (bool,)}


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every part of a JSON value but itself."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield (*path, key)
        yield from places(one, (*path, key))


def spoilt(record: Any) -> st.SearchStrategy[Any]:
    """A record with one to six of its parts replaced by junk."""
    every = list(places(record))

    def spoil(changes: list[tuple[tuple[Any, ...], Any]]) -> Any:
        made = copy.deepcopy(record)
        for path, junk in changes:
            at = made
            try:
                for key in path[:-1]:
                    at = at[key]
                if isinstance(at, dict if isinstance(path[-1], str) else list):
                    at[path[-1]] = copy.deepcopy(junk)
            except (TypeError, KeyError, IndexError):
                continue
        return made

    return st.lists(st.tuples(st.sampled_from(every), st.sampled_from(JUNK)), min_size=1, max_size=6).map(spoil)


def source_of(records: list[Any], bad: list[tuple[int, str]], shape: Any = "lines") -> Source:
    """A source over records in memory, a line each; or one document."""
    numbered = [Record(line, value) for line, value in enumerate(records, 1)]
    sample = records[0] if shape == "document" and isinstance(records[0], list) else records
    return Source(Path("memory"), shape, iter(numbered), sample, lambda line, why: bad.append((line, why)))


def unsound(event: Event) -> list[str]:
    """What is wrong with a row: columns that do not exist, values of other types, words outside the model."""
    kinds = columns.stored()
    wrong = [f"{name} is no column" for name in event if name not in kinds]
    for name, value in event.items():
        if value is None or name not in kinds:
            continue
        if not isinstance(value, _TYPES[kinds[name]]) or (kinds[name] == "BIGINT" and abs(value) > LARGEST):
            wrong.append(f"{name} is {value!r:.80}")
        elif isinstance(value, bool) != (kinds[name] == "BOOLEAN"):
            wrong.append(f"{name} is {value!r}")
    if event.get("kind") not in columns.KINDS:
        wrong.append(f"kind {event.get('kind')}")
    if event.get("status") not in {None, *columns.STATUSES}:
        wrong.append(f"status {event.get('status')}")
    if event.get("declared_by") not in columns.DECLARED_BY:
        wrong.append(f"declared_by {event.get('declared_by')}")
    return wrong if event.get("line") else [*wrong, "no line"]


def bears(form: Format, records: list[Any], shape: Any = "lines") -> None:
    """Fails where a format raises, writes an unsound row, or loses a record without a word."""
    bad: list[tuple[int, str]] = []
    form.sniff(source_of(records, bad, shape))
    events = list(form.read(source_of(records, bad, shape)))
    assert [wrong for event in events for wrong in unsound(event)] == []
    if shape == "lines":
        seen = {event["line"] for event in events} | {line for line, _ in bad}
        assert set(range(1, len(records) + 1)) <= seen


def read(path: Path, *formats: Format) -> tuple[list[Event], list[tuple[int, str]]]:
    """A file's rows and bad records, by the one format among these that knows it."""
    bad: list[tuple[int, str]] = []
    ((_, source),) = open_sources(path, lambda line, why: bad.append((line, why)))
    (found,) = [one for one in formats if one.sniff(source)]
    events = list(found.read(source))
    assert [wrong for event in events for wrong in unsound(event)] == []
    return events, bad


def rows(path: Path, *formats: Format) -> list[Event]:
    """A file's rows, where none is bad."""
    events, bad = read(path, *formats)
    assert bad == []
    return events


def shown(events: list[Event], *names: str) -> list[tuple[Any, ...]]:
    """The columns of rows that a test is about."""
    return [tuple(event.get(name) for name in names) for event in events]


def lines(path: Path) -> list[Any]:
    """A file's JSON lines."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def of(events: list[Event], kind: str) -> list[Event]:
    """The rows of a kind."""
    return [event for event in events if event["kind"] == kind]


def known(form: Format, *records: Mapping[str, Any]) -> bool:
    """Whether a format knows a file of these lines."""
    return form.sniff(source_of(list(records), []))
