"""Reads what a command line names into the table `events`, and says what was read, skipped and bad."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from advisor.errors import Fault, InputError
from advisor.traces import derive
from advisor.traces.formats import known
from advisor.traces.generic.reader import GenericReader
from advisor.traces.inputs import Input, inputs
from advisor.traces.mapping import NOTHING, LogMapping
from advisor.traces.opening import Refused, open_sources
from advisor.traces.records import Event, Source
from advisor.traces.spool import Spool
from advisor.traces.table import EventTable, connect
from advisor.traces.unwrapping import unwrapped

SHOWN_BAD = 20
"""Bad records that the inventory lists for a file; all are counted and are rows of the kind `unknown`."""
MAPPING_HINT = "map it: advisor diagnose --init-mapping {name}"
Progress = Callable[[str, float], None]


@dataclass
class FileRead:
    """What became of one file. `rows` are events; `bad` lists the first bad records as line and reason."""

    path: str
    format: str | None = None
    rows: int = 0
    bad_rows: int = 0
    skipped_reason: str | None = None
    bad: list[tuple[int, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Log:
    """Events in a table, and what they came from."""

    table: EventTable
    files: tuple[FileRead, ...]
    guessed: dict[tuple[str, str], tuple[int, str, int]]
    copies: int

    def inventory(self) -> dict[str, Any]:
        """The JSON of what was read: files, rows, bad rows, requests, coverage, guessed kinds."""
        ids = "COUNT(DISTINCT request_id)" if "request_id" in self.table.present else "0"
        requests = self.table.query(f"SELECT {ids} AS many FROM stored")[0]["many"]
        return {
            "files": [
                {
                    "path": one.path,
                    "format": one.format,
                    "rows": one.rows,
                    "bad_rows": one.bad_rows,
                    "skipped_reason": one.skipped_reason,
                    "bad": [{"line": line, "why": why} for line, why in one.bad],
                }
                for one in self.files
            ],
            "rows": sum(one.rows for one in self.files),
            "bad_rows": sum(one.bad_rows for one in self.files),
            "copies": self.copies,
            "requests": int(requests),
            "guessed_kinds": [
                {"name": name, "kind": kind, "rows": rows, "file": file, "line": line}
                for (name, kind), (rows, file, line) in sorted(self.guessed.items(), key=lambda it: (-it[1][0], it[0]))
            ],
        }


def load(
    given: Sequence[str],
    *,
    mapping: LogMapping = NOTHING,
    stdin: IO[bytes] | None = None,
    memory: str | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Log:
    """Reads files, folders, globs and standard input (`-`).

    Args:
        given: The arguments, as typed.
        mapping: What the user knows of the log.
        stdin: Where `-` is read from.
        memory: DuckDB's limit, such as "512MB".
        threads: DuckDB's threads.
        progress: Told of each file and the share of all bytes that lies before it.

    Raises:
        InputError: Paths that do not exist, named files of no known format, or nothing that yields an event.
    """
    wanted = inputs(given, stdin)
    con = connect(memory, threads)
    total = sum(one.path.stat().st_size for one in wanted) or 1
    with tempfile.TemporaryDirectory(prefix="advisor-") as folder:
        loader = _Loader(Path(folder), mapping)
        done = 0
        for number, one in enumerate(wanted):
            if progress:
                progress(one.name, done / total)
            loader.read(number, one)
            done += one.path.stat().st_size
        loader.spool.close()
        loader.refuse()
        kinds = loader.spool.kinds
        table = EventTable(con, loader.spool.present | derive.needed(mapping, kinds))
        table.files = [one.name for one in wanted]
        table.add_spool(loader.spool.path)
    copies = derive.derive(table, mapping, kinds)
    table.ready()
    if progress:
        progress("", 1.0)
    return Log(table, tuple(loader.files), loader.guessed, copies)


class _Loader:
    """Spools every input's events; keeps count of what became of each file."""

    def __init__(self, folder: Path, mapping: LogMapping) -> None:
        self.spool = Spool(folder / "events.jsonl")
        self.files: list[FileRead] = []
        self.faults: list[Fault] = []
        self.guessed: dict[tuple[str, str], tuple[int, str, int]] = {}
        self._mapping = mapping

    def read(self, number: int, one: Input) -> None:
        """One file; what cannot be read is a fault if the user named it, else the reason why it was skipped."""
        read = FileRead(one.name)
        self.files.append(read)
        if one.same_as:
            read.skipped_reason = f"has the same content as {one.same_as}"
            return
        if one.path.stat().st_size == 0:
            self._refuse(one, read, "is empty", "check that the log was written")
            return

        def bad(line: int, why: str) -> None:
            read.bad_rows += 1
            if len(read.bad) < SHOWN_BAD:
                read.bad.append((line, why))
            row = {"line": line, "kind": "unknown", "declared_by": "format", "error_message": why}
            self.spool.add(row, number, read.format or "unknown")

        formats: Counter[str] = Counter()
        unknown: str | None = None
        try:
            for name, opened in open_sources(one.path, bad):
                for source in unwrapped(opened):
                    before = read.rows
                    reading, format = self._reading(source, name)
                    read.format = format
                    for event in reading:
                        self.spool.add(event, number, format)
                        read.rows += 1
                    if read.rows > before:
                        formats[format] += read.rows - before
        except Refused as refused:
            self._refuse(one, read, refused.what, refused.mend)
            return
        except Unknown as found:
            unknown = str(found)
        except OSError as error:
            self._refuse(one, read, f"cannot be read ({(error.strerror or 'unreadable').lower()})", "check its rights")
            return
        read.format = " + ".join(formats) or None
        if not read.rows:
            what = unknown or ("holds no event" if read.bad_rows else "holds nothing")
            self._refuse(one, read, what, MAPPING_HINT.format(name=one.name))

    def _reading(self, source: Source, name: str) -> tuple[Iterator[Event], str]:
        rule = self._mapping.rule_for(name)
        found = known(source) if rule.format == "auto" else None
        if found:
            return found.read(source), found.id
        if source.shape == "sqlite":
            raise Unknown(f"is SQLite with tables of no known format ({', '.join(list(source.tables)[:8])})")

        def guessed(event: str, kind: str, line: int) -> None:
            rows, file, first = self.guessed.get((event, kind), (0, name, line))
            self.guessed[event, kind] = (rows + 1, file, first)

        reader = GenericReader(rule, guessed)
        _recognised(source, reader)
        id = {"lines": "json_lines", "document": "json_lines"}.get(source.shape, source.shape)
        return reader.read(source), id

    def _refuse(self, one: Input, read: FileRead, what: str, mend: str) -> None:
        read.skipped_reason = what
        if one.asked:
            self.faults.append(Fault(one.name, what, mend))

    def refuse(self) -> None:
        """Raises what keeps the run from starting: named files that cannot be read, or no event at all."""
        if not self.faults and not any(one.rows for one in self.files):
            self.faults = [
                Fault(one.path, one.skipped_reason or "holds no event", MAPPING_HINT.format(name=one.path))
                for one in self.files[:SHOWN_BAD]
            ]
        if self.faults:
            raise InputError(self.faults)


class Unknown(Exception):
    """A source of no known format; its text says what was seen."""


LEAST_KNOWN = 0.5
"""The share of a sample's records that must say when something happened or what it was."""


def _recognised(source: Source, reader: GenericReader) -> None:
    """Refuses a source whose records say neither when something happened nor what it was."""
    sample = [reader.record(value) for value in source.sample[:200]]
    events = [event for record in sample if record for event in reader.events(record, 0)]
    reader_said = [event for event in events if event.get("ts_us") is not None or event["kind"] != "log"]
    if source.shape == "document" and len(source.sample) == 1:
        reader_said = [e for e in reader_said if e["kind"] != "log" or e.get("request_id") or e.get("name")]
    if events and len(reader_said) >= LEAST_KNOWN * len(source.sample):
        return
    keys = list(dict.fromkeys(str(key) for record in sample if record for key in record))[:12]
    seen = f"with the fields {', '.join(keys)}" if keys else "without fields"
    raise Unknown(f"is {_NAMES.get(source.shape, source.shape)} {seen}, which say neither when nor what happened")


_NAMES = {"lines": "JSON lines", "document": "a JSON document", "csv": "a table", "text": "text", "parquet": "Parquet"}
