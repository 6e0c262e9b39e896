"""The table `events` in DuckDB: what every detector asks; rows come from spools, JSON lines of stored columns.

Only columns that some row fills are stored; the view `events` has all of them, the others as NULL, so that a query
never depends on what a log happens to carry. `row_id` numbers the rows in reading order. `ord` orders the rows of one
request: a sequence of the source's own where there is one, the time otherwise.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import orjson

from advisor.errors import Fault, InputError
from advisor.traces.columns import DECLARED_BY, KINDS, stored
from advisor.traces.records import Event

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

ORD = (
    "CASE WHEN seq IS NOT NULL AND (seq_scope IS NULL OR seq_scope IN ('trace', 'session', 'workflow', 'request'))"
    " THEN seq ELSE ts_us END"
)
"""The order inside a request: a sequence number of its own scope beats the clock."""

# Words of closed vocabularies are held as numbers; in the order of the alphabet, so that they sort as text does.
KIND, DECLARER = "event_kind", "event_declarer"
_WORDS = {KIND: sorted(KINDS), DECLARER: sorted(DECLARED_BY)}
_HELD_AS = {"kind": KIND, "declared_by": DECLARER}

# DuckDB takes a list in WHERE for a hint of which blocks to skip, reads every column of the rest, and filters then; a
# truth value it tests first. Every row has a kind, so that both say the same.
_OF_KINDS = re.compile(r"\b(?:\w+\.)?kind IN \('[^()]*\)")

# Columns that another column of the row stands in for, where they have no value of their own.
STAND_INS: Mapping[str, tuple[str, ...]] = {
    "proposal_id": ("tool_call_id",),
    "model_version": ("model_response", "model_request"),
    "end_us": ("ts_us + duration_us",),
    "duration_us": ("end_us - ts_us",),
    "request_id": ("trace_id",),
}


def columns_of(option: str) -> set[str]:
    """The columns that a stand-in reads."""
    return set(re.findall("[a-z_]+", option))


class Events(Protocol):
    """What the diagnosis needs of a table of events: `EventTable` has it, and so has a warehouse."""

    present: tuple[str, ...]
    """The stored columns that are there."""

    def options(self, name: str) -> list[str]:
        """What a column of `events` is read from; empty where nothing fills it."""

    def query(self, sql: str, *, kept: tuple[str, str] | None = None) -> list[dict[str, Any]]:
        """A query's rows.

        Args:
            sql: The whole query.
            kept: A table and the text, at the query's start, that makes it: its rows may be held until `forget`.
        """

    def forget(self) -> None:
        """Drops what queries had kept."""

    def place(self, row: Mapping[str, Any]) -> tuple[str, int]:
        """The file and line of a row with `file`, `line` and `row_id`."""


def connect(memory: str | None = None, threads: int | None = None) -> DuckDBPyConnection:
    """A DuckDB of its own: UTC, spilling to a temporary folder, at most `memory` (such as "2GB"), no extension loaded.

    The folder goes when the connection's process ends.

    Raises:
        InputError: `memory` is no amount.
    """
    import duckdb

    folder = tempfile.TemporaryDirectory(prefix="advisor-")
    _FOLDERS.append(folder)
    config: dict[str, str | bool | int | float | list[str]] = {
        "temp_directory": folder.name,
        "threads": threads or os.cpu_count() or 1,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": True,
    }
    try:
        con = duckdb.connect(config=config | {"memory_limit": memory or default_memory()})
    except duckdb.ParserException:
        raise InputError([Fault(f"--memory {memory}", "is no amount of memory", "write 512MB or 2GB")]) from None
    con.execute("SET TimeZone = 'UTC'")
    con.execute("SET enable_progress_bar = false")
    # A list of six words or more would become a join, which costs more than looking each row's word up in it.
    con.execute("SET disabled_optimizers = 'in_clause'")
    return con


_FOLDERS: list[tempfile.TemporaryDirectory[str]] = []


def default_memory() -> str:
    """Two gigabytes, or half of the machine's memory where that is less."""
    try:
        half = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
    except (ValueError, OSError, AttributeError):
        return "1GB"
    return f"{min(2 << 30, half) >> 20}MB"


class EventTable:
    """The events of one diagnosis. Made empty, filled by `add`, closed for good by `ready`."""

    def __init__(self, con: DuckDBPyConnection, present: Iterable[str]) -> None:
        """Creates the table for the columns that some source fills (stored names)."""
        self.con = con
        self.files: list[str] = []
        self._whole: set[str] = set()
        self._stands: dict[str, str] = {}
        # For files whose rows carry no line: the line of a row id.
        self.lines_of: dict[int, Callable[[int], int]] = {}
        kinds = stored()
        always = ("file", "line", "kind", "declared_by", "source_format")
        wanted = {*always, *present} - {"row_id"}
        self.present: tuple[str, ...] = tuple(name for name in kinds if name in wanted)
        for name, words in _WORDS.items():
            listed = ", ".join(f"'{word}'" for word in words)
            con.execute(f"CREATE TYPE IF NOT EXISTS {name} AS ENUM ({listed})")
        columns = ", ".join(f'"{name}" {_HELD_AS.get(name, kinds[name])}' for name in self.present)
        con.execute(f"CREATE TABLE stored ({columns})")

    def add_spool(self, path: Path) -> None:
        """Adds a file of JSON lines whose keys are stored columns."""
        kinds = stored()
        spec = ", ".join(f"\"{name}\": '{kinds[name]}'" for name in self.present)
        names = ", ".join(f'"{name}"' for name in self.present)
        values = ", ".join(f'TRY_CAST("{n}" AS {_HELD_AS[n]})' if n in _HELD_AS else f'"{n}"' for n in self.present)
        self.con.execute(
            f"INSERT INTO stored ({names}) SELECT {values} FROM read_json(?, format = 'newline_delimited', "
            f"columns = {{{spec}}}, maximum_object_size = 67108864)",
            [str(path)],
        )

    def extend(self, columns: Iterable[str]) -> None:
        """Adds columns that only a later source fills."""
        kinds = stored()
        for name in columns:
            if name not in self.present and name != "row_id":
                self.con.execute(f'ALTER TABLE stored ADD COLUMN "{name}" {kinds[name]}')
                self.present = tuple(known for known in kinds if known in {*self.present, name})

    def ready(self) -> None:
        """Makes the view `events` over what was added.

        Where every row has a value of its own nothing stands in for it, so that queries read the column itself.
        """
        mixed = [name for name in STAND_INS if name in self.present and len(self.options(name)) > 1]
        if mixed:
            counts = ", ".join(f"COUNT({name}) = COUNT(*) AS {name}" for name in mixed)
            self._whole = {name for name, whole in self.query(f"SELECT {counts} FROM stored")[0].items() if whole}
        self.con.execute(f"CREATE OR REPLACE VIEW events AS SELECT {', '.join(self._view())} FROM stored")

    def options(self, name: str) -> list[str]:
        """What a column of the view is read from, in order: the stored column, then what stands in for it."""
        return [option for option in (name, *STAND_INS.get(name, ())) if columns_of(option) <= set(self.present)]

    def _view(self) -> Iterable[str]:
        here = set(self.present)
        for name, kind in stored().items():
            if name == "row_id":
                yield "rowid AS row_id"
            elif name in STAND_INS and name not in self._whole and (options := self.options(name)):
                yield f"COALESCE({', '.join(options)}) AS {name}"
            elif name in here:
                yield f'"{name}"'
            else:
                yield f'CAST(NULL AS {kind}) AS "{name}"'
        needs = {"seq", "seq_scope", "ts_us"} - here
        order = ORD
        if "seq" in needs:
            order = "ts_us" if "ts_us" in here else "CAST(NULL AS BIGINT)"
        elif needs:
            order = (
                order.replace("seq_scope IS NULL OR seq_scope IN", "TRUE OR '' IN") if "seq_scope" in needs else order
            )
            order = order.replace("ts_us", "CAST(NULL AS BIGINT)") if "ts_us" in needs else order
        yield f"{order} AS ord"

    def place(self, row: Mapping[str, Any]) -> tuple[str, int]:
        """The file and line of a row with `file`, `line` and `row_id`."""
        file = int(row["file"])
        name = self.files[file] if file < len(self.files) else "(rows)"
        if row["line"] is None and file in self.lines_of:
            return name, self.lines_of[file](int(row["row_id"]))
        return name, int(row["line"] or 0)

    def query(
        self, sql: str, given: Sequence[Any] = (), *, kept: tuple[str, str] | None = None
    ) -> list[dict[str, Any]]:
        """A query's rows as dicts."""
        cursor = self.con.execute(_OF_KINDS.sub(r"(\g<0> IS TRUE)", self._kept(sql, *kept) if kept else sql), given)
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def _kept(self, sql: str, name: str, start: str) -> str:
        """A query that reads a table which stands, where it would begin with making it."""
        if self._stands.get(name) != start:
            made = _OF_KINDS.sub(r"(\g<0> IS TRUE)", start)
            self.con.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {made} SELECT * FROM {name}")
            self._stands[name] = start
        rest = sql.removeprefix(start).lstrip()
        return f"WITH {rest.removeprefix(',')}" if rest.startswith(",") else rest

    def forget(self) -> None:
        """Drops the tables that queries had kept."""
        for name in self._stands:
            self.con.execute(f"DROP TABLE {name}")
        self._stands.clear()


def table_of(events: Iterable[Mapping[str, Any]], con: DuckDBPyConnection | None = None) -> EventTable:
    """A table from events in memory (keys are stored columns); for small inputs and tests."""
    rows: list[Event] = [
        {"file": 0, "line": at, "declared_by": "emitter", **event} for at, event in enumerate(events, 1)
    ]
    table = EventTable(con or connect(), {key for row in rows for key in row})
    if rows:
        with tempfile.NamedTemporaryFile(suffix=".jsonl", delete=False) as file:
            file.write(b"\n".join(orjson.dumps(row) for row in rows))
        table.add_spool(Path(file.name))
        Path(file.name).unlink()
    table.ready()
    return table
