"""Puts a large file of JSON lines into the table in one scan, then reads singly what the scan could not vouch for.

Records of which nothing could be read, and rows of kinds whose fields the sample did not show often enough, are looked
up by their place in the file and go through the generic reader. So nothing depends on what the sample happened to hold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from advisor.traces.columns import KINDS
from advisor.traces.fast.expressions import listed, quoted
from advisor.traces.fast.plan import Plan, plan
from advisor.traces.generic.fields import Fields
from advisor.traces.generic.kinds import LONGEST, Guess, guess
from advisor.traces.opening import LONGEST_LINE, insides, lines_of, parse
from advisor.traces.table import EventTable

FROM_BYTES = 8 << 20
"""Files from this size on; below, Python is as quick as starting a scan."""
SPOTS, AT_SPOT = 48, 64
"""Places of the file that are sampled, and records read at each."""
UNREADABLE = "unreadable"
MOST_SINGLE = 200_000
"""Rows of rare kinds that are read singly; where there are more, the sample is trusted."""


@dataclass(frozen=True)
class FastFile:
    """A file that is to be read by a scan."""

    number: int
    path: Path
    plan: Plan
    sample: tuple[Any, ...]


@dataclass(frozen=True)
class Scanned:
    """What a scan did: rows kept, first row id, and the records that have to be read singly, by place from 0."""

    rows: int
    first: int
    single: tuple[int, ...]


def planned(number: int, path: Path, fields: Fields) -> FastFile | None:
    """The file with its plan; None where it is no large file of JSON lines, or its records need the generic reader."""
    packed = path.open("rb").read(4)
    size = path.stat().st_size * (8 if packed.startswith((b"\x1f\x8b", b"\x28\xb5\x2f\xfd")) else 1)
    if size < FROM_BYTES or packed.startswith((b"PAR1", b"SQLi", b"PK")):
        return None
    sample = list(_sampled(path, plain=size == path.stat().st_size))
    objects = [value for value in sample if isinstance(value, dict)]
    if len(objects) < 100 or len(objects) < 0.9 * len(sample):
        return None
    made = plan(objects, fields)
    return FastFile(number, path, made, tuple(objects[:200])) if made else None


def _sampled(path: Path, plain: bool) -> Iterator[Any]:
    """Records from the start, and of a plain file from places spread over it."""
    for inside in insides(path):
        for count, (_, line) in enumerate(lines_of(inside.stream, lambda line, why: None)):
            if count >= (AT_SPOT * 4 if plain else AT_SPOT * SPOTS):
                break
            yield _value(line)
        break
    if not plain:
        return
    size = path.stat().st_size
    with path.open("rb") as file:
        for spot in range(1, SPOTS):
            file.seek(size * spot // SPOTS)
            file.readline(LONGEST_LINE)
            for _ in range(AT_SPOT):
                if not (line := file.readline(LONGEST_LINE)):
                    break
                yield _value(line)


def _value(line: bytes) -> Any:
    try:
        return parse(line)
    except ValueError:
        return None


def scan(table: EventTable, one: FastFile) -> Scanned:
    """Reads the file.

    Raises:
        duckdb.Error: The stream breaks off or a record is over-long: the generic reader has to read the whole file.
    """
    con, made = table.con, one.plan
    table.extend(made.columns)
    first = int(con.execute("SELECT COALESCE(MAX(rowid) + 1, 0) FROM stored").fetchone()[0])  # type: ignore[index]
    select = dict(made.select)
    kind = select.pop("kind", "CAST(NULL AS VARCHAR)")
    own = {
        "file": str(one.number),
        "source_format": quoted("json_lines"),
        "kind": f"CASE WHEN {made.understood} THEN COALESCE({kind}, 'log') ELSE {quoted(UNREADABLE)} END",
        "declared_by": f"CASE WHEN {kind} IS NOT NULL THEN 'emitter' ELSE 'guess' END",
    }
    named = {**own, **select}
    con.execute(
        f"INSERT INTO stored ({', '.join(named)}) SELECT {', '.join(named.values())} FROM read_json(?, "
        f"format = 'newline_delimited', ignore_errors = true, maximum_object_size = {2 * LONGEST_LINE}, "
        f"columns = {made.spec})",
        [str(one.path)],
    )
    last = int(con.execute("SELECT COALESCE(MAX(rowid) + 1, 0) FROM stored").fetchone()[0])  # type: ignore[index]
    single = [row[0] - first for row in con.execute(*_unsure(one, made)).fetchall()]
    if single:
        con.execute(
            f"DELETE FROM stored WHERE file = ? AND rowid IN (SELECT rowid FROM ({_unsure(one, made)[0]}))",
            [one.number],
        ) if len(single) > 1000 else con.executemany(
            "DELETE FROM stored WHERE rowid = ?", [[place + first] for place in single]
        )
    return Scanned(last - first - len(single), first, tuple(sorted(single)))


def _unsure(one: FastFile, made: Plan) -> tuple[str, list[int]]:
    """A query for the rows that have to be read singly: unreadable ones, and those of kinds that the sample lacks."""
    known = listed(name for name in made.familiar if name in KINDS and name != "log") or "''"
    return (
        f"SELECT rowid FROM stored WHERE file = ? AND (kind = {quoted(UNREADABLE)} OR "
        f"(declared_by = 'emitter' AND kind NOT IN ({known}, 'log'))) LIMIT {MOST_SINGLE}",
        [one.number],
    )


def guess_kinds(table: EventTable, one: FastFile, told: Callable[[str, str, int], None]) -> None:
    """Gives rows of undeclared kind the one that their event's name stands for, as the generic reader would."""
    if "name" not in table.present:
        return
    names = table.query(
        f"SELECT name, COUNT(*) AS many FROM stored WHERE file = {one.number} AND kind = 'log' "
        f"AND declared_by = 'guess' AND length(name) <= {LONGEST} GROUP BY name ORDER BY name"
    )
    found: list[tuple[str, Guess]] = []
    for row in names:
        if guessed := guess(row["name"]):
            found.append((row["name"], guessed))
            told(row["name"], guessed.kind, int(row["many"]))
    if not found:
        return
    extra = sorted({column for _, one_ in found for column, _ in one_.columns} | {"status", "status_raw"})
    table.extend(extra)
    table.con.execute(
        "CREATE OR REPLACE TEMP TABLE guesses (name VARCHAR, kind VARCHAR, columns MAP(VARCHAR, VARCHAR))"
    )
    table.con.executemany(
        "INSERT INTO guesses VALUES (?, ?, ?)", [[name, guessed.kind, dict(guessed.columns)] for name, guessed in found]
    )
    said = ", ".join(
        f"{column} = COALESCE(stored.{column}, guesses.columns['{column}'])"
        for column in extra
        if column not in ("status", "status_raw")
    )
    table.con.execute(
        f"UPDATE stored SET kind = guesses.kind{', ' + said if said else ''}, status = CASE WHEN status_raw IS NULL "
        f"THEN guesses.columns['status'] ELSE status END FROM guesses "
        f"WHERE stored.name = guesses.name AND stored.file = {one.number} AND stored.kind = 'log' "
        "AND stored.declared_by = 'guess'"
    )


def wanted_records(path: Path, places: Iterable[int]) -> Iterator[tuple[int, bytes]]:
    """The records at these places (from 0, blank lines not counted), with their lines; one pass up to the last."""
    wanted = sorted(set(places))
    at, place = 0, -1
    for inside in insides(path):
        for line, body in lines_of(inside.stream, lambda line, why: None):
            if at >= len(wanted):
                return
            if not body.strip():
                continue
            place += 1
            if place == wanted[at]:
                at += 1
                yield line, body


class Lines:
    """The line of each record of a file by its place; the file is looked through once, when first asked."""

    def __init__(self, path: Path) -> None:
        """Takes the file."""
        self._path = path
        self._blank: list[int] | None = None

    def line(self, place: int) -> int:
        """The line, from 1."""
        if self._blank is None:
            self._blank = [] if _no_blank_lines(self._path) else list(self._blank_lines())
        line = place + 1
        for blank in self._blank:
            if blank > line:
                break
            line += 1
        return line

    def _blank_lines(self) -> Iterator[int]:
        for inside in insides(self._path):
            for line, body in lines_of(inside.stream, lambda line, why: None):
                if not body.strip():
                    yield line


def _no_blank_lines(path: Path) -> bool:
    """Whether a plain file surely has no blank line: found at the speed of memory; False where it must be read."""
    import mmap

    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as held:
        if held[:2] == b"\x1f\x8b" or held[:4] == b"\x28\xb5\x2f\xfd" or held[:1].isspace():
            return False
        return all(held.find(b"\n" + start) < 0 for start in (b"\n", b"\r", b" ", b"\t"))
