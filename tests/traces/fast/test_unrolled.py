"""Users' Parquet, with nested columns and typed values, is read by a scan as it is read row by row."""

from __future__ import annotations

import tempfile
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.traces import loader as loading
from advisor.traces.fast import reading, unrolled
from advisor.traces.load import load
from advisor.traces.log import Log
from tests.traces.fast.test_scan import rows

# A row's columns as SQL over its number: some typed, some nested, some missing, some of them no number at all.
COLUMNS = {
    "ts": "TIMESTAMPTZ '2026-04-22 00:00:00+00' + INTERVAL (n) SECOND",
    "kind": "CASE n % 5 WHEN 0 THEN 'llm_call' WHEN 1 THEN 'tool_call' WHEN 2 THEN 'commit' WHEN 3 THEN 'outcome' END",
    "request_id": "CONCAT('r-', n // 7, CASE WHEN n % 50 = 0 THEN CONCAT(CHR(10), CHR(27), '[31m') END)",
    "duration_ms": "CASE WHEN n % 3 = 0 THEN 'nan'::DOUBLE ELSE n / 8 END",
    "status": "CASE WHEN n % 11 = 0 THEN 'ERROR' ELSE 'ok' END",
    "name": "CASE WHEN n % 4 = 0 THEN 'tool.called' END",
    "attrs": "{'sdb.attempt': n % 3 + 1, 'sdb.cost_usd': (n / 7)::DECIMAL(9, 4), 'gen_ai.tool.name': 'pay', "
    "'sdb.deadline': TIMESTAMP '2026-04-22 00:00:00' + INTERVAL (n + 1) SECOND}",
    "extra": "CASE WHEN n % 2 = 0 THEN MAP {'sdb.text': CONCAT('x', n), 'sdb.step': 'plan'} END",
    "many": "[n, NULL]",
    "id": "CONCAT('00000000-0000-0000-0000-', printf('%012d', n))::UUID",
}


def parquet(path: Path, many: int, columns: dict[str, str], order: str = "n") -> Path:
    select = ", ".join(f'{sql} AS "{name}"' for name, sql in columns.items())
    duckdb.execute(f"COPY (SELECT {select} FROM range({many}) AS t(n) ORDER BY {order}) TO '{path}' (FORMAT parquet)")
    return path


def row_by_row(path: Path) -> Log:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loading, "unrolled", lambda given, to: False)
        return load([str(path)])


def scanned(path: Path) -> Log:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(unrolled, "FROM_BYTES", 0)
        patch.setattr(reading, "FROM_BYTES", 0)
        return load([str(path)])


def test_a_large_file_is_scanned_and_its_rows_keep_their_numbers(tmp_path: Path) -> None:
    path = parquet(tmp_path / "log.parquet", 40_000, COLUMNS)
    assert path.stat().st_size > unrolled.FROM_BYTES
    log = load([str(path)])
    assert log.table.lines_of, "it was not scanned"
    assert log.files[0].format == "parquet"
    assert rows(log) == rows(row_by_row(path))


@settings(max_examples=25, deadline=None)
@given(
    chosen=st.sets(st.sampled_from(sorted(COLUMNS))),
    many=st.integers(120, 400),
    order=st.sampled_from("n -n".split()),
)
def test_any_columns_are_read_alike(chosen: set[str], many: int, order: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        columns = {name: COLUMNS[name] for name in {"ts", "kind", *chosen}}
        path = parquet(Path(folder) / "log.parquet", many, columns, order)
        assert rows(scanned(path)) == rows(row_by_row(path))


def test_bytes_a_cut_file_and_a_full_disk_are_left_to_the_reading_row_by_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unrolled, "FROM_BYTES", 0)
    path, to = parquet(tmp_path / "log.parquet", 3000, COLUMNS), tmp_path / "rows.jsonl"
    cut = tmp_path / "cut.parquet"
    cut.write_bytes(path.read_bytes()[:-500])
    with_bytes = parquet(tmp_path / "bytes.parquet", 300, {**COLUMNS, "raw": "{'a': ['\\xff'::BLOB]}"})
    assert not unrolled.unrolled(cut, to)
    assert not unrolled.unrolled(with_bytes, to)
    assert not unrolled.unrolled(parquet(tmp_path / "nan.parquet", 9, {"x": "[{'a': 'nan'::FLOAT}]"}), to)
    monkeypatch.setattr(unrolled, "GROWTH", 10**15)
    assert not unrolled.unrolled(path, to)
    assert not to.exists()
    assert load([str(with_bytes)]).files[0].rows == 300
