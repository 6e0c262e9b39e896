"""Events of files that were read before, kept as Parquet; whatever it holds, a run's result is the same without it."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from functools import cache as once
from hashlib import file_digest, sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from advisor.catalog.files import write_atomically
from advisor.errors import Fault, InputError, printable
from advisor.traces.fast.expressions import quoted
from advisor.traces.fast.parquet import number_lines
from advisor.traces.generic.tally import MOST, OTHERS, Seen
from advisor.traces.inputs import Input
from advisor.traces.loader import Loader
from advisor.traces.log import FileRead, Progress
from advisor.traces.mapping import LogMapping
from advisor.traces.table import DECLARER, KIND, EventTable

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


@dataclass
class Cache:
    """For each file that was read a note (`<key>.json`) and its rows (`<hash of the rows>.parquet`).

    They lie in a hidden folder, which no walk through logs enters, for the user alone, because logs may hold secrets.

    Attributes:
        folder: Where the hidden folder is made.
        versions: Of this tool and of the knowledge base.
        remarks: What could not be used or kept, to be told to the user.
        hits: Files whose rows came from the cache.
    """

    folder: Path
    versions: str
    remarks: list[str] = field(default_factory=list)
    hits: int = 0

    def __post_init__(self) -> None:
        self.home = self.folder / ".advisor-cache"
        try:
            self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            what = f"cannot be made ({(error.strerror or 'unwritable').lower()})"
            raise InputError([Fault(f"--cache {self.folder}", what, "name a folder that can be written")]) from None

    def key(self, one: Input, mapping: LogMapping) -> str | None:
        """What a file's rows follow from: content, name, mapping, and everything that reads; None: cannot be read."""
        try:
            with one.path.open("rb") as file:
                content = file_digest(file, "sha256").hexdigest()
        except OSError:
            return None
        parts = (_reader(), self.versions, content, one.name, one.asked, mapping.model_dump_json(by_alias=True))
        return sha256(json.dumps(parts).encode("utf-8", "surrogateescape")).hexdigest()

    def find(self, key: str) -> tuple[dict[str, Any], Path] | None:
        """A kept file's note and rows; one that is damaged is as good as none, and is told."""
        note = self.home / f"{key}.json"
        try:
            told: dict[str, Any] = json.loads(note.read_text(encoding="utf-8"))
            rows = self.home / f"{told['rows']}.parquet"
            with rows.open("rb") as file:
                whole = file_digest(file, "sha256").hexdigest() == told["rows"]
            if whole and sha256(_plain(told["note"]).encode()).hexdigest() == told["digest"]:
                return told["note"], rows
        except FileNotFoundError:
            if not note.exists():
                return None
        except (OSError, ValueError, KeyError, TypeError):
            pass
        self.remarks.append(printable(f"{note}: is damaged and was not used; the log is read anew"))
        return None

    def keep(self, key: str, note: dict[str, Any], made: Path) -> Path:
        """Keeps a file's rows, then its note, each whole or not at all.

        Raises:
            OSError: They cannot be written.
        """
        with made.open("rb") as file:
            digest = file_digest(file, "sha256").hexdigest()
        handle, name = tempfile.mkstemp(dir=self.home, prefix=".rows.")
        os.close(handle)
        try:
            shutil.copyfile(made, name)
            rows = Path(name).replace(self.home / f"{digest}.parquet")
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        told = {"rows": digest, "digest": sha256(_plain(note).encode()).hexdigest(), "note": note}
        write_atomically(self.home / f"{key}.json", _plain(told) + "\n")
        return rows


def filled(
    cache: Cache, loader: Loader, con: DuckDBPyConnection, wanted: Sequence[Input], progress: Progress | None
) -> EventTable | None:
    """The table of all inputs, each from the cache or read by itself and kept; the loader learns what it would have.

    Rows stand in the order in which they would without a cache. None, where names were too many to be told apart, which
    only a reading of all files together counts in the same way.
    """
    total, done = sum(one.size for one in wanted) or 1, 0
    notes: list[tuple[int, dict[str, Any], Path]] = []
    for number, one in enumerate(wanted):
        if progress:
            progress(one.name, done / total)
        done += one.size
        if one.same_as:
            loader.read(number, one)
            continue
        note, rows = _note(cache, loader, con, number, one)
        loader.files.append(FileRead(**{**note["file"], "bad": [tuple(each) for each in note["file"]["bad"]]}))
        loader.faults += [Fault(**each) for each in note["faults"]]
        notes.append((number, note, rows))
    loader.spool.close()
    table = EventTable(con, {name for _, note, _ in notes for name in note["present"]})
    table.files = [one.name for one in wanted]
    for number, note, rows in sorted(notes, key=lambda each: bool(each[1]["large"])):
        _add(table, number, note, rows)
        _count(loader, note)
    names = max(len(loader.tally.unused), len(loader.tally.unread))
    return None if names >= MOST or OTHERS in loader.tally.unused else table


def _note(
    cache: Cache, loader: Loader, con: DuckDBPyConnection, number: int, one: Input
) -> tuple[dict[str, Any], Path]:
    """A file's note and rows, from the cache or read by itself and kept."""
    key = cache.key(one, loader.mapping)
    kept = cache.find(key) if key else None
    if kept:
        cache.hits += 1
        return kept
    folder = loader.folder / f"alone-{number}"
    folder.mkdir()
    alone = Loader(folder, loader.mapping)
    alone.read_all([one])
    table = alone.table(con, [one])
    note = {
        "file": asdict(alone.files[0]),
        "faults": [asdict(fault) for fault in alone.faults],
        "guessed": [[*names, *seen] for names, seen in alone.guessed.items()],
        "unused": list(alone.tally.unused.items()),
        "unread": [[*names, *seen] for names, seen in alone.tally.unread.items()],
        "kinds": sorted(alone.kinds),
        "present": table.present,
        "large": bool(alone.large),
        "names": table.files[1:],
    }
    note = json.loads(_plain(note))
    rows = folder / "rows.parquet"
    _write(table, rows)
    con.execute("DROP TABLE stored")
    try:
        return note, cache.keep(key, note, rows) if key else rows
    except (OSError, InputError) as error:
        cache.remarks.append(printable(f"{cache.folder}: {one.name} could not be kept ({error})"))
        return note, rows


def _write(table: EventTable, path: Path) -> None:
    """The table's rows as they are stored, each with its line."""
    number_lines(table)
    columns = ", ".join("saved_lines.line" if name == "line" else f'e."{name}"' for name in table.present)
    table.con.execute(
        f"COPY (SELECT {columns} FROM stored e POSITIONAL JOIN saved_lines) "
        f"TO {quoted(str(path))} (FORMAT parquet, COMPRESSION zstd)"
    )


def _add(table: EventTable, number: int, note: dict[str, Any], rows: Path) -> None:
    start = len(table.files)
    table.files += note["names"]
    files = [number, *range(start, len(table.files))]
    held = f"CAST(kind AS {KIND}) AS kind, CAST(declared_by AS {DECLARER}) AS declared_by"
    table.con.execute(
        f"INSERT INTO stored BY NAME SELECT * REPLACE ({held}, list_extract({files}, file + 1) AS file) "
        "FROM read_parquet(?)",
        [str(rows)],
    )


def _count(loader: Loader, note: dict[str, Any]) -> None:
    """What a reading of the file would have counted."""
    loader.kinds |= set(note["kinds"])
    loader.scanned |= note["large"]
    for name, kind, rows, file, line in note["guessed"]:
        known, first, at = loader.guessed.get((name, kind), (0, file, line))
        loader.guessed[name, kind] = (known + rows, first, at)
    for name, rows in note["unused"]:
        loader.tally.unused[name] += rows
    for name, column, rows, file, line in note["unread"]:
        known, first, at = loader.tally.unread.get((name, column), Seen(0, file, line))
        loader.tally.unread[name, column] = Seen(known + rows, first, at)


def _plain(value: Any) -> str:
    return json.dumps(value, ensure_ascii=True, sort_keys=True)


@once
def _reader() -> str:
    """What reads: the very code of this room, and DuckDB's version."""
    import duckdb

    digest = sha256(duckdb.__version__.encode())
    here = Path(__file__).parent
    for path in sorted(here.rglob("*.py")):
        digest.update(path.relative_to(here).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()
