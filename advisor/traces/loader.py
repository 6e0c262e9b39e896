"""Reads inputs one by one: small ones record by record into the spool, large ones in one scan."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from advisor.errors import Fault, InputError
from advisor.traces.fast.parquet import Canonical, canonical, is_parquet, scan_canonical
from advisor.traces.fast.places import Numbered, Places
from advisor.traces.fast.reading import FastFile, Unfit, guess_kinds, planned, scan
from advisor.traces.fast.unrolled import unrolled
from advisor.traces.formats import known
from advisor.traces.formats.wrappers import WRAPPERS
from advisor.traces.generic.fields import READ_BESIDE, Fields, flat
from advisor.traces.generic.reader import GenericReader
from advisor.traces.generic.recognising import Unknown, recognised, with_kinds
from advisor.traces.generic.tally import Tally
from advisor.traces.inputs import Input
from advisor.traces.log import FileRead, Progress
from advisor.traces.mapping import LogMapping, SourceRule
from advisor.traces.opening import Refused, insides, json_lines, lines_of, open_sources
from advisor.traces.records import Event, Source
from advisor.traces.spool import Spool
from advisor.traces.table import EventTable
from advisor.traces.tabular import parquet_source
from advisor.traces.unwrapping import unwrapped

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


SHOWN_BAD = 20
"""Bad records that the inventory lists for a file; all are counted and are rows of the kind `unknown`."""
MAPPING_HINT = "map it: advisor diagnose --init-mapping {name}"


class Loader:
    """Spools every input's events; keeps count of what became of each file.

    Attributes:
        large: Files that a scan is to read, when the table is made.
        kinds: Kinds of rows, once the table is made.
        scanned: Whether a large file's rows came from a cache.
    """

    def __init__(self, folder: Path, mapping: LogMapping) -> None:
        self.spool = Spool(folder / "events.jsonl")
        self.files: list[FileRead] = []
        self.faults: list[Fault] = []
        self.guessed: dict[tuple[str, str], tuple[int, str, int]] = {}
        self.large: list[FastFile | Canonical] = []
        self.tally = Tally()
        self.kinds: set[str] = set()
        self.scanned = False
        self.folder = folder
        self.mapping = mapping

    def read_all(self, wanted: Sequence[Input], progress: Progress | None = None) -> None:
        """Every input, in order."""
        total, done = sum(one.size for one in wanted) or 1, 0
        for number, one in enumerate(wanted):
            if progress:
                progress(one.name, done / total)
            self.read(number, one)
            done += one.size
        self.spool.close()

    def table(self, con: DuckDBPyConnection, wanted: Sequence[Input]) -> EventTable:
        """What was read, in a table: the spooled rows first, then the large files'."""
        table = EventTable(con, self.spool.present)
        table.files = [one.name for one in wanted]
        table.add_spool(self.spool.path)
        self.kinds = set(self.spool.kinds)
        for fast in self.large:
            self.kinds |= self.scan(table, fast)
        return table

    def read(self, number: int, one: Input) -> None:
        """One file; what cannot be read is a fault if the user named it, else the reason why it was skipped."""
        read = FileRead(one.name)
        self.files.append(read)
        if one.same_as:
            read.skipped_reason = f"has the same content as {one.same_as}"
            return
        if one.size == 0 and one.path.exists():
            self._refuse(one, read, "is empty", "check that the log was written")
            return

        bad = self._noting(number, read, self.spool)
        formats: Counter[str] = Counter()
        unknown: list[str] = []
        try:
            if (fast := self._large(number, one)) is not None:
                self.large.append(fast)
                return
            for name, opened in open_sources(one.path, bad):
                for source in unwrapped(opened):
                    self._read_source(source, name, number, read, formats, unknown)
        except Refused as refused:
            if not read.rows:
                self._refuse(one, read, refused.what, refused.mend)
                return
            bad(0, f"{refused.what}; the rest was not read")
        except OSError as error:
            self._refuse(one, read, f"cannot be read ({(error.strerror or 'unreadable').lower()})", "check its rights")
            return
        read.format = " + ".join(formats) or None
        if not read.rows:
            what = unknown[0] if unknown else "holds no event" if read.bad_rows else "holds nothing"
            self._refuse(one, read, what, MAPPING_HINT.format(name=one.name))

    def _read_source(
        self, source: Source, name: str, number: int, read: FileRead, formats: Counter[str], unknown: list[str]
    ) -> None:
        """One source of a file; what its reader stumbles over ends the source, and never the run."""
        before = read.rows
        try:
            reading, format = self._reading(source, name)
            read.format = format
            for event in reading:
                self.spool.add(event, number, format)
                read.rows += 1
        except Unknown as found:
            unknown.append(str(found))
            return
        except (Refused, OSError):
            raise
        except Exception as error:  # a reader must not raise; where one does, the rows so far still count
            source.bad(0, f"the reader stopped here ({type(error).__name__}: {str(error)[:120]})")
        if read.rows > before:
            formats[read.format or ""] += read.rows - before

    def _noting(self, number: int, read: FileRead, spool: Spool) -> Callable[[int, str], None]:
        """What counts a bad record, keeps its place and makes it a row."""

        def bad(line: int, why: str) -> None:
            read.bad_rows += 1
            if len(read.bad) < SHOWN_BAD:
                read.bad.append((line, why))
            row = {"line": line, "kind": "unknown", "declared_by": "format", "error_message": why}
            spool.add(row, number, read.format or "unknown")

        return bad

    def _large(self, number: int, one: Input) -> FastFile | Canonical | None:
        """The file as one to be scanned: large JSON lines of no known format, which the mapping leaves alone."""
        rule = self.mapping.rule_for(one.name)
        if rule != SourceRule():
            return None
        if (ours := canonical(number, one.path)) is not None:
            return ours
        if is_parquet(one.path):
            rows = self.folder / f"rows-{number}.jsonl"
            if _has_format(parquet_source(one.path, _ignored)) or not unrolled(one.path, rows):
                return None
            found = planned(number, rows, Fields())
            if found is None:
                rows.unlink()
            return found and replace(found, format="parquet", places=Places(rows, blanks=False))
        found = planned(number, one.path, Fields())
        return found if found and not _has_format(Source(one.path, "lines", iter(()), found.sample, _ignored)) else None

    def scan(self, table: EventTable, fast: FastFile | Canonical) -> set[str]:
        """Scans a large file, and reads singly what the scan could not vouch for; the kinds that it holds."""
        import duckdb

        read = self.files[fast.number]
        if isinstance(fast, Canonical):
            read.format, read.rows = "events", scan_canonical(table, fast)
            return {str(row["kind"]) for row in table.query("SELECT DISTINCT kind FROM stored")}
        read.format = fast.format
        reader = GenericReader(SourceRule(), self._guessing(read.path), self.tally, read.path)
        spool = Spool(self.folder / f"single-{fast.number}.jsonl")
        bad = self._noting(fast.number, read, spool)
        try:
            scanned = scan(table, fast)
            numbered = fast.places.records(scanned.single)
            read.rows = scanned.rows
            table.lines_of[fast.number] = Numbered(scanned.first, fast.places)
            self._unused_in(fast)
        except (Unfit, duckdb.InvalidInputException, duckdb.IOException, duckdb.BinderException):
            # A stream that breaks off, or a record beyond DuckDB's limit: read everything with the generic reader.
            table.con.execute("DELETE FROM stored WHERE file = ?", [fast.number])
            numbered = (each for inside in insides(fast.path) for each in lines_of(inside.stream, bad))
        guess_kinds(table, fast, lambda name, kind, rows: self._guess(read.path, name, kind, 0, rows))
        singly = Source(fast.path, "lines", json_lines(numbered, bad), (), bad)
        for event in reader.read(singly):
            spool.add(event, fast.number, fast.format)
            read.rows += 1
        spool.close()
        table.extend(spool.present)
        if spool.rows:
            table.add_spool(spool.path)
        kinds = table.query(f"SELECT DISTINCT kind FROM stored WHERE file = {fast.number}")
        return {str(row["kind"]) for row in kinds}

    def _unused_in(self, fast: FastFile) -> None:
        """Counts the fields that a scan does not load, in the records that its plan was made from."""
        fields = Fields()
        for record in fast.records:
            for path, _ in flat(record):
                if path not in READ_BESIDE and fields.target(path) is None:
                    self.tally.unuse(path)

    def _guess(self, path: str, name: str, kind: str, line: int, rows: int = 1) -> None:
        known_rows, file, first = self.guessed.get((name, kind), (0, path, line))
        self.guessed[name, kind] = (known_rows + rows, file, first)

    def _guessing(self, path: str) -> Callable[[str, str, int], None]:
        return lambda name, kind, line: self._guess(path, name, kind, line)

    def _reading(self, source: Source, name: str) -> tuple[Iterator[Event], str]:
        rule = self.mapping.rule_for(name)
        found = known(source) if rule.format == "auto" else None
        if found:
            return with_kinds(found.read(source), rule), found.id
        if source.shape == "sqlite":
            raise Unknown(f"is SQLite with tables of no known format ({', '.join(list(source.tables)[:8])})")
        recognised(source, rule)
        reader = GenericReader(rule, self._guessing(name), self.tally, name)
        id = {"lines": "json_lines", "document": "json_lines"}.get(source.shape, source.shape)
        return reader.read(source), id

    def _refuse(self, one: Input, read: FileRead, what: str, mend: str) -> None:
        read.skipped_reason = what
        if one.asked:
            self.faults.append(Fault(one.name, what, mend))

    def refuse(self) -> None:
        """Raises what keeps the run from starting: named files that cannot be read, or no event at all."""
        if not self.faults and not self.large and not self.scanned and not any(one.rows for one in self.files):
            self.faults = [
                Fault(one.path, one.skipped_reason or "holds no event", MAPPING_HINT.format(name=one.path))
                for one in self.files[:SHOWN_BAD]
            ]
        if self.faults:
            raise InputError(self.faults)


def _ignored(line: int, why: str) -> None:
    """A look at a file counts nothing."""


def _has_format(source: Source) -> bool:
    """Whether a source is of a format of its own, or wrapped in one."""
    return any(wrapper.sniff(source) for wrapper in WRAPPERS) or bool(known(source))
