"""Puts a large file of JSON lines into the table in one scan, then reads singly what the scan could not vouch for.

Records of which nothing could be read, rows of kinds whose fields the sample did not show often enough, and rows that
hold a field which findings rest on and the sample lacks (`plan.ALWAYS`) are looked up by their place in the file and go
through the generic reader. What the sample may hide are other fields, where few rows of a common kind carry them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from advisor.traces.columns import KINDS, stored
from advisor.traces.fast.expressions import listed, quoted
from advisor.traces.fast.places import Places, packing
from advisor.traces.fast.plan import SEEN_OFTEN, Plan, plan
from advisor.traces.generic.fields import Fields, flat
from advisor.traces.generic.kinds import LONGEST, Guess, guess
from advisor.traces.opening import LONGEST_LINE, insides, lines_of, parse
from advisor.traces.table import DECLARER, KIND, EventTable

FROM_BYTES = 8 << 20
"""Files from this size on; below, Python is as quick as starting a scan."""
SPOTS, AT_SPOT = 96, 64
"""Places of the file that are sampled, and records read at each."""
LOOKED_AT = 100
"""Records of each kind rare in the sample that are looked at for fields that the plan does not load."""
MOST_SINGLE = 20_000
"""Rows of one kind that are read singly; where there are more, scanning anew is the quicker way."""
SCANS = 3
LARGE_PIECE, ROOMY_GIB = 96 << 20, 1.5


class Unfit(Exception):
    """A file of which too much is unlike the sample: the generic reader has to read it."""


@dataclass(frozen=True)
class FastFile:
    """A file that is to be read by a scan; `sample` is its start, `records` what its plan was made from.

    `path` is what is scanned: the file itself, or its rows as lines.
    """

    number: int
    path: Path
    plan: Plan
    sample: tuple[Any, ...]
    records: tuple[Any, ...]
    places: Places
    format: str = "json_lines"


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
    return FastFile(number, path, made, tuple(objects[:200]), tuple(objects), Places(path)) if made else None


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
            if (at := size * spot // SPOTS) < file.tell():
                continue  # inside a long line: what follows it was read already
            file.seek(at)
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
    """Reads the file; where much of it is unlike the sample, what was met joins the sample and it is read anew.

    Raises:
        Unfit: Too much stays unlike the sample.
        duckdb.Error: The stream breaks off or a record is over-long: the generic reader has to read the whole file.
    """
    for _ in range(SCANS):
        first, last = _filled(table, one)
        one.places.records_read = last - first
        single, strange = _unsure(table, one, first)
        if not strange:
            _leave_out(table, first, single)
            return Scanned(last - first - len(single), first, tuple(place - first for place in single))
        table.con.execute("DELETE FROM stored WHERE file = ?", [one.number])
        records = (*one.records, *strange)
        better = plan(records, Fields())
        if better is None:
            break
        one = replace(one, plan=better, records=records)
    raise Unfit


def _filled(table: EventTable, one: FastFile) -> tuple[int, int]:
    """Inserts every record as a row; the first row id, and the one behind the last. Doubtful rows have no kind."""
    made = one.plan
    table.extend(made.columns)
    kind = '"= kind"' if "kind" in made.read else f"CAST(NULL AS {KIND})"
    declared = f"CASE WHEN {kind} IS NOT NULL THEN CAST('emitter' AS {DECLARER}) ELSE CAST('guess' AS {DECLARER}) END"
    source = (
        f"read_json(?, format = 'newline_delimited', ignore_errors = true, maximum_object_size = {_piece(table, one)}, "
        f"compression = {quoted(packing(one.path))}, columns = {made.spec})"
    )
    own = {"file": str(one.number), "source_format": quoted(one.format), "declared_by": declared}
    query = made.query(source, f"COALESCE({kind}, CAST('log' AS {KIND}))", own)
    table.con.execute(f"INSERT INTO stored BY NAME {query}", [str(one.path)])
    row = table.query(f"SELECT MIN(rowid) AS first, MAX(rowid) AS last FROM stored WHERE file = {one.number}")[0]
    return (0, 0) if row["first"] is None else (int(row["first"]), int(row["last"]) + 1)


def _piece(table: EventTable, one: FastFile) -> int:
    """The longest object; DuckDB's threads take twice as much of the file at a time.

    From some 250,000 rows at a time it stores what it read as it stands, else it joins pieces by copying them, which
    costs a sixth of the load: so large files are read in large pieces, where memory allows.
    """
    limit = str(table.query("SELECT current_setting('memory_limit') AS most")[0]["most"])
    number, _, unit = limit.partition(" ")
    roomy = unit in ("GiB", "TiB") and float(number) >= ROOMY_GIB
    return LARGE_PIECE if roomy and one.path.stat().st_size > 8 * LARGE_PIECE else 2 * LONGEST_LINE


def _unsure(table: EventTable, one: FastFile, first: int) -> tuple[list[int], list[Any]]:
    """Row ids to be read singly: doubtful rows, and kinds that the sample lacks and whose records hold more fields.

    Where these are too many, the second list has some of their records.
    """
    known = listed(name for name in (*one.plan.familiar, "log") if name in KINDS)
    where = f"file = {one.number} AND (kind IS NULL OR (declared_by = 'emitter' AND kind NOT IN ({known})))"
    ids: dict[str | None, list[int]] = {}
    counts: dict[str | None, int] = {}
    for row in table.query(f"SELECT kind, COUNT(*) AS many FROM stored WHERE {where} GROUP BY kind ORDER BY kind"):
        mine = "kind IS NULL" if row["kind"] is None else f"kind = {quoted(row['kind'])}"
        step = max(1, row["many"] // LOOKED_AT) if row["many"] > MOST_SINGLE else 1
        found = table.query(
            f"SELECT row_at FROM (SELECT rowid AS row_at, ROW_NUMBER() OVER (ORDER BY rowid) AS nth FROM stored "
            f"WHERE {where} AND {mine}) WHERE nth % {step} = 0 ORDER BY row_at"
        )
        ids[row["kind"]], counts[row["kind"]] = [int(each["row_at"]) for each in found], row["many"]
    some = {kind: [place - first for place in all_[:: max(1, len(all_) // LOOKED_AT)]] for kind, all_ in ids.items()}
    met = one.places.bodies(place for places in some.values() for place in places)
    single: list[int] = []
    strange: list[Any] = []
    for kind, many in counts.items():
        values = [_value(met[place]) for place in some[kind] if place in met]
        if kind is not None and len(values) >= SEEN_OFTEN and not any(_holds_more(value, one) for value in values):
            continue
        if many > MOST_SINGLE:
            strange += values
        else:
            single += ids[kind]
    return sorted(single), strange


def _holds_more(value: Any, one: FastFile) -> bool:
    """Whether a record has a field that means something and that the plan does not load."""
    if not isinstance(value, dict):
        return True
    fields = Fields()
    return any(path not in one.plan.raw and fields.target(path) for path, leaf in flat(value) if leaf is not None)


def _leave_out(table: EventTable, first: int, single: list[int]) -> None:
    if not single:
        return
    table.con.execute("DELETE FROM stored WHERE rowid IN (SELECT UNNEST(CAST(? AS BIGINT[])))", [single])


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
    types = stored()
    said = ", ".join(
        f"{column} = COALESCE(stored.{column}, TRY_CAST(guesses.columns['{column}'] AS {types[column]}))"
        for column in extra
        if column not in ("status", "status_raw")
    )
    table.con.execute(
        f"UPDATE stored SET kind = guesses.kind{', ' + said if said else ''}, status = CASE WHEN status_raw IS NULL "
        f"THEN guesses.columns['status'] ELSE COALESCE(status, guesses.columns['status']) END FROM guesses "
        f"WHERE stored.name = guesses.name AND stored.file = {one.number} AND stored.kind = 'log' "
        "AND stored.declared_by = 'guess'"
    )
