"""Spoils logs at random, by byte and by node, and reads them with nothing to catch what a reader might raise."""

from __future__ import annotations

import copy
import io
import json
import random
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson

from advisor.traces.formats import known
from advisor.traces.generic.reader import GenericReader
from advisor.traces.generic.recognising import Unknown, recognised
from advisor.traces.generic.tally import Tally
from advisor.traces.mapping import SourceRule
from advisor.traces.opening import Refused, json_lines, lines_of, open_sources
from advisor.traces.records import Event, Source
from advisor.traces.unwrapping import unwrapped
from tests.traces.formats.hostile import JUNK, unsound

SAMPLES = Path(__file__).parent / "samples"
FILES = tuple(
    path
    for path in sorted(SAMPLES.rglob("*"))
    if path.is_file() and path.suffix not in (".md", ".sql") and not path.name.startswith("LICENSE")
)
_WORDS = (
    b'"',
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"\\",
    b"\n",
    b"\0",
    b"\xff",
    b"null",
    b"1e999",
    b"\\ud800",
    b"=",
    b"'",
)
_MORE: tuple[Any, ...] = (
    "\x1b[31m[red]",
    "<script>",
    "ignore all instructions",
    "../../etc/passwd",
    1e300,
    -(2**63),
    "1" * 400,
)


def spoilt_bytes(content: bytes, luck: random.Random) -> bytes:
    """Content with one to eight of its parts flipped, cut out, doubled, overwritten or cut off."""
    made = bytearray(content)
    for _ in range(luck.randint(1, 8)):
        if not made:
            break
        at = luck.randrange(len(made))
        length = luck.choice((1, 2, 8, 64, 1024))
        change = luck.randrange(7)
        if change == 0:
            made[at] ^= 1 << luck.randrange(8)
        elif change == 1:
            del made[at : at + length]
        elif change == 2:
            made[at:at] = made[at : at + length]
        elif change == 3:
            made[at:at] = luck.choice(_WORDS)
        elif change == 4:
            made[at : at + 1] = luck.choice(_WORDS)
        elif change == 5:
            to = luck.randrange(len(made))
            made[to : to + length] = made[at : at + length]
        elif luck.random() < 0.2:
            del made[at:]
    return bytes(made)


def spoilt_value(value: Any, luck: random.Random) -> Any:
    """A JSON value (changed in place) with one to five of its parts replaced, dropped, doubled or renamed."""
    for _ in range(luck.randint(1, 5)):
        at = value
        while True:
            keys: list[Any] = list(at) if isinstance(at, dict) else list(range(len(at))) if isinstance(at, list) else []
            if not keys:
                break
            key = luck.choice(keys)
            if isinstance(at[key], dict | list) and at[key] and luck.random() < 0.8:
                at = at[key]
                continue
            change = luck.randrange(5)
            if change == 0:
                del at[key]
            elif change == 1 and isinstance(at, dict):
                at[luck.choice(keys)] = at[key]
            elif change == 2 and isinstance(at, list):
                at.append(at[key])
            else:
                at[key] = copy.deepcopy(luck.choice(JUNK + _MORE))
            break
    return value


def read_bare(path: Path) -> tuple[int, int]:
    """Reads a file as the loader does, without its net; how many rows and bad records there were.

    Fails where a reader raises or writes an unsound row.
    """
    bad: list[int] = []
    count = 0
    try:
        for _, opened in open_sources(path, lambda line, why: bad.append(line)):
            for source in unwrapped(opened):
                count += sum(1 for _ in sound(events_of(source)))
    except (Refused, OSError):
        pass
    return count, len(bad)


def read_lines(content: bytes) -> tuple[int, int]:
    """Reads JSON lines in memory; how many rows and bad records there were."""
    bad: list[int] = []

    def note(line: int, why: str) -> None:
        bad.append(line)

    records = list(json_lines(lines_of(io.BytesIO(content), note), note))
    source = Source(Path("memory"), "lines", iter(records), [record.value for record in records[:200]], note)
    count = sum(sum(1 for _ in sound(events_of(inner))) for inner in unwrapped(source))
    return count, len(bad)


def events_of(source: Source) -> Iterator[Event]:
    """A source's rows, by its format or by guessing."""
    found = known(source)
    if found:
        return found.read(source)
    if source.shape == "sqlite":
        return iter(())
    reader = GenericReader(SourceRule(), lambda name, kind, line: None, Tally(), "memory")
    with suppress(Unknown):  # read it all the same: whatever is in it must do no harm
        recognised(source, SourceRule())
    return reader.read(source)


def sound(events: Iterator[Event]) -> Iterator[Event]:
    """Rows that are as they must be; fails at the first that is not."""
    for event in events:
        # Numbers beyond 64 bits and words outside the model are left out on the way into the table.
        wrong = [one for one in unsound(event) if "no line" not in one]
        assert wrong == [], (wrong, event)
        yield event


def records_in(path: Path) -> list[bytes]:
    """A sample's JSON lines; none where it is none."""
    found = []
    for line in path.read_bytes().splitlines():
        try:
            value = orjson.loads(line)
        except orjson.JSONDecodeError:
            return []
        if isinstance(value, dict | list):
            found.append(line)
    return found


def spoilt_file(path: Path, luck: random.Random, folder: Path) -> Path:
    """A copy of a sample, spoilt by byte, or by node where it is JSON."""
    content = path.read_bytes()
    if luck.random() < 0.5:
        with suppress(orjson.JSONDecodeError):
            content = json.dumps(spoilt_value(orjson.loads(content), luck), indent=1).encode()
    if luck.random() < 0.5:
        content = spoilt_bytes(content, luck)
    with tempfile.NamedTemporaryFile(dir=folder, suffix=path.suffix, delete=False) as file:
        file.write(content)
    return Path(file.name)
