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
from advisor.traces.fast.reading import FastFile, Lines, guess_kinds, planned, scan, wanted_records
from advisor.traces.formats import known
from advisor.traces.formats.wrappers import WRAPPERS
from advisor.traces.generic.fields import Fields
from advisor.traces.generic.reader import GenericReader
from advisor.traces.inputs import Input, inputs
from advisor.traces.mapping import NOTHING, LogMapping, SourceRule
from advisor.traces.opening import Refused, insides, json_lines, lines_of, open_sources
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
        table = EventTable(con, loader.spool.present)
        table.files = [one.name for one in wanted]
        table.add_spool(loader.spool.path)
        kinds = set(loader.spool.kinds)
        for fast in loader.large:
            kinds |= loader.scan(table, fast)
        loader.refuse()
        table.extend(derive.needed(mapping, kinds))
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
        self.large: list[FastFile] = []
        self._folder = folder
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

        bad = self._noting(number, read, self.spool)
        if (fast := self._large(number, one)) is not None:
            self.large.append(fast)
            return
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

    def _noting(self, number: int, read: FileRead, spool: Spool) -> Callable[[int, str], None]:
        """What counts a bad record, keeps its place and makes it a row."""

        def bad(line: int, why: str) -> None:
            read.bad_rows += 1
            if len(read.bad) < SHOWN_BAD:
                read.bad.append((line, why))
            row = {"line": line, "kind": "unknown", "declared_by": "format", "error_message": why}
            spool.add(row, number, read.format or "unknown")

        return bad

    def _large(self, number: int, one: Input) -> FastFile | None:
        """The file as one to be scanned: large JSON lines of no known format, which the mapping leaves alone."""
        rule = self._mapping.rule_for(one.name)
        if rule != SourceRule():
            return None
        found = planned(number, one.path, Fields())
        if found is None:
            return None
        source = Source(one.path, "lines", iter(()), found.sample, lambda line, why: None)
        wrapped = any(wrapper.sniff(source) for wrapper in WRAPPERS)
        return None if wrapped or known(source) else found

    def scan(self, table: EventTable, fast: FastFile) -> set[str]:
        """Scans a large file, and reads singly what the scan could not vouch for; the kinds that it holds."""
        import duckdb

        read = self.files[fast.number]
        read.format = "json_lines"
        reader = GenericReader(SourceRule(), self._guessing(read.path))
        spool = Spool(self._folder / f"single-{fast.number}.jsonl")
        bad = self._noting(fast.number, read, spool)
        try:
            scanned = scan(table, fast)
            numbered = wanted_records(fast.path, scanned.single)
            read.rows, first = scanned.rows, scanned.first
            lines = Lines(fast.path)
            table.lines_of[fast.number] = lambda row_id: lines.line(row_id - first)
        except (duckdb.InvalidInputException, duckdb.IOException):
            # A stream that breaks off, or a record beyond DuckDB's limit: read everything with the generic reader.
            table.con.execute("DELETE FROM stored WHERE file = ?", [fast.number])
            numbered = (each for inside in insides(fast.path) for each in lines_of(inside.stream, bad))
        guess_kinds(table, fast, lambda name, kind, rows: self._guess(read.path, name, kind, 0, rows))
        for line, value in json_lines(numbered, bad):
            record = reader.record(value) if isinstance(value, dict) else None
            if record is None:
                bad(line, "is no object")
                continue
            for event in reader.events(record, line):
                spool.add({**event, "line": line}, fast.number, "json_lines")
                read.rows += 1
        spool.close()
        table.extend(spool.present)
        if spool.rows:
            table.add_spool(spool.path)
        kinds = table.query(f"SELECT DISTINCT kind FROM stored WHERE file = {fast.number}")
        return {str(row["kind"]) for row in kinds}

    def _guess(self, path: str, name: str, kind: str, line: int, rows: int = 1) -> None:
        known_rows, file, first = self.guessed.get((name, kind), (0, path, line))
        self.guessed[name, kind] = (known_rows + rows, file, first)

    def _guessing(self, path: str) -> Callable[[str, str, int], None]:
        return lambda name, kind, line: self._guess(path, name, kind, line)

    def _reading(self, source: Source, name: str) -> tuple[Iterator[Event], str]:
        rule = self._mapping.rule_for(name)
        found = known(source) if rule.format == "auto" else None
        if found:
            return found.read(source), found.id
        if source.shape == "sqlite":
            raise Unknown(f"is SQLite with tables of no known format ({', '.join(list(source.tables)[:8])})")

        _recognised(source, GenericReader(rule, lambda name, kind, line: None))
        reader = GenericReader(rule, self._guessing(name))
        id = {"lines": "json_lines", "document": "json_lines"}.get(source.shape, source.shape)
        return reader.read(source), id

    def _refuse(self, one: Input, read: FileRead, what: str, mend: str) -> None:
        read.skipped_reason = what
        if one.asked:
            self.faults.append(Fault(one.name, what, mend))

    def refuse(self) -> None:
        """Raises what keeps the run from starting: named files that cannot be read, or no event at all."""
        if not self.faults and not self.large and not any(one.rows for one in self.files):
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
