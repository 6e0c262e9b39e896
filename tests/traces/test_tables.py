"""Tables as logs: any delimiter, quotes, line ends inside values, rows of other widths; broken Parquet and SQLite."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from advisor.errors import InputError
from tests.traces.logs import bad, read, rows

ROWS = [
    ("ts", "request_id", "event", "attempt", "detail"),
    ("2026-04-22T00:00:01Z", "r-1", "llm_call", "1", "plain"),
    ("2026-04-22T00:00:02Z", "r-2", "gate_denied", "2", 'say "no",\nthen; stop\tnow|'),
    ("2026-04-22T00:00:03Z", "r-3", "llm_call", "", ""),
]


def written(delimiter: str, end: str = "\n") -> str:
    def cell(value: str) -> str:
        return '"' + value.replace('"', '""') + '"' if set(value) & set('"\n,;\t|') else value

    return end.join(delimiter.join(map(cell, row)) for row in ROWS) + end


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters_quotes_and_line_ends_inside_values(delimiter: str, end: str, tmp_path: Path) -> None:
    log = read(tmp_path, "\ufeff" + written(delimiter, end))
    assert bad(log) == []
    assert log.files[0].format == "csv"
    assert rows(log, "line", "request_id", "kind", "attempt") == [
        (2, "r-1", "llm_call", 1),
        (3, "r-2", "gate_decision", 2),
        (5, "r-3", "llm_call", None),
    ]
    assert rows(log, "text")[1] == ('say "no",\nthen; stop\tnow|',)


def test_rows_of_another_width_are_noted_with_their_line(tmp_path: Path) -> None:
    text = (
        written(",")
        + "2026-04-22T00:00:04Z,r-4\n"
        + "2026-04-22T00:00:05Z,r-5,llm_call,1,x,y\n"
        + "2026-04-22T00:00:06Z,r-6,llm_call,1,\n"
    )
    log = read(tmp_path, text)
    assert bad(log) == [
        (6, "has 2 fields where the header has 5"),
        (7, "has 6 fields where the header has 5"),
    ]
    assert rows(log, "line")[-1] == (8,)


def test_a_quote_that_is_never_closed_does_not_swallow_the_table_in_silence(tmp_path: Path) -> None:
    many = "".join(f"2026-04-22T00:00:07Z,r-{n},llm_call,1,{'x' * 100}\n" for n in range(3000))
    log = read(tmp_path, written(",") + '2026-04-22T00:00:04Z,r-4,llm_call,1,"open\n' + many)
    ((number, why), *_) = log.files[0].bad
    assert number == 6
    assert "up to line" in why
    assert log.files[0].rows > 1000


def test_half_read_numbers_and_bytes_that_are_not_utf_8(tmp_path: Path) -> None:
    text = written(",").encode() + b"2026-04-22T00:00:04Z,r-4,llm_call,2.7,na\xefve\n"
    log = read(tmp_path, text)
    assert [number for number, _ in bad(log)] == [6, 6]
    assert rows(log, "text")[-1] == ("na\ufffdve",)


def test_prose_with_commas_is_no_table(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is text"):
        read(tmp_path, "Fast,simple,small\nIt renews contracts, sends offers, and waits.\nNothing else.\nReally.\n")


def test_parquet_rows_are_read_and_a_broken_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    duckdb.execute(
        "COPY (SELECT TIMESTAMPTZ '2026-04-22 00:00:01Z' AS ts, 'gate_denied' AS event, 'r-' || i AS request_id, "
        f"2.5::DECIMAL(9,2) AS cost_usd, {{'policy_version': 'v7'}} AS payload FROM range(5000) t(i)) TO '{path}'"
    )
    log = read(tmp_path, path.read_bytes())
    assert log.files[0].format == "parquet"
    assert rows(log, "line", "request_id", "kind", "policy_version", "cost_usd", "ts_us")[4999] == (
        5000,
        "r-4999",
        "gate_decision",
        "v7",
        2.5,
        1_776_816_001_000_000,
    )
    whole = path.read_bytes()
    for broken in (whole[:200], b"PAR1" + bytes(99), whole[:100] + bytes(400) + whole[500:]):
        try:
            log = read(tmp_path, broken, "b.parquet")
        except InputError as error:
            assert "Parquet" in str(error) or "holds no event" in str(error)
        else:
            assert log.files[0].bad_rows or log.files[0].rows == 5000


def test_nested_columns_of_parquet_are_read_as_the_same_rows_in_json_lines_are(tmp_path: Path) -> None:
    table, lines = tmp_path / "a.parquet", tmp_path / "a.jsonl"
    duckdb.execute(
        "COPY (SELECT TIMESTAMP '2026-04-22 00:00:01' + to_seconds(i) AS ts, 'gate_decision' AS kind, "
        "{'sdb.decision': CASE WHEN i % 3 = 0 THEN 'deny' ELSE 'allow' END, 'sdb.agent': {'name': 'a'}} AS attrs, "
        "MAP {'sdb.reject.code': 'c-' || i, 'sdb.attempt': '2'} AS labels, [{'a': i}] AS many, "
        f"CASE WHEN i % 2 = 0 THEN 1.5 END AS cost_usd, 'r-' || i AS request_id FROM range(500) t(i)) TO '{table}'"
    )
    duckdb.execute(f"COPY (SELECT * FROM '{table}') TO '{lines}' (FORMAT json)")
    columns = ("line", "kind", "ts_us", "decision", "reason_code", "attempt", "cost_usd", "request_id")
    seen, unused = zip(
        *(
            (rows(log, *columns), log.inventory()["unused_fields"])
            for log in (read(tmp_path, path.read_bytes(), path.name) for path in (table, lines))
        ),
        strict=True,
    )
    assert seen[0] == seen[1]
    assert seen[0][3] == (4, "gate_decision", 1_776_816_004_000_000, "deny", "c-3", 2, None, "r-3")
    assert unused[0] == unused[1]
    assert [each["name"] for each in unused[0]][-1] == "many"


def test_sqlite_of_no_known_format_and_broken_sqlite_are_refused(tmp_path: Path) -> None:
    import sqlite3

    path = tmp_path / "own.db"
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE customers (id TEXT)")
    with pytest.raises(InputError, match=r"is SQLite with tables of no known format \(customers\)"):
        read(tmp_path, path.read_bytes())
    with pytest.raises(InputError, match="SQLite"):
        read(tmp_path, b"SQLite format 3\0" + bytes(range(256)) * 8)
