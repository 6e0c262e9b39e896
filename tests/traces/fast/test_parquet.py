"""Saved events are read again as the same events, cited at the lines of the logs that they came from."""

from __future__ import annotations

from pathlib import Path

import duckdb

from advisor.catalog.load import shipped
from advisor.diagnosis.detector import Facts
from advisor.diagnosis.diagnose import run
from advisor.traces.columns import stored
from advisor.traces.fast.parquet import save_events
from advisor.traces.load import load
from tests.traces.fast.test_scan import lines, rows, written
from tests.traces.warehouses.engines import local, rows_at_random


def test_saved_events_keep_rows_files_and_lines(tmp_path: Path) -> None:
    made = lines()
    made[700:700] = [b"", b" "]
    made[5000] = b"spoilt"
    log = load([str(written(tmp_path / "a.jsonl", made)), str(written(tmp_path / "b.jsonl", [b"", *made[:300]]))])
    many = save_events(log.table, tmp_path / "saved.parquet")
    again = load([str(tmp_path / "saved.parquet")])
    assert many == again.inventory()["rows"]
    assert rows(again) == rows(log)
    assert again.files[0].format == "events"


def test_saved_events_have_every_canonical_column(tmp_path: Path) -> None:
    save_events(local(rows_at_random(50, 3)), tmp_path / "saved.parquet")
    found = duckdb.execute(f"DESCRIBE SELECT * FROM '{tmp_path}/saved.parquet'").fetchall()
    assert {name: kind for name, kind, *_ in found} == {**stored(), "file": "VARCHAR"}


def test_findings_on_saved_events_are_the_same(tmp_path: Path) -> None:
    table = local(rows_at_random(2000, 4))
    save_events(table, tmp_path / "saved.parquet")
    again = load([str(tmp_path / "saved.parquet")]).table
    first, second = (run(each, shipped(), facts=Facts(), overrides={}) for each in (table, again))
    shown = [
        [
            (one.signature, one.verdict, one.count, one.p_value, [(c.file, c.line) for c in one.evidence])
            for one in found
        ]
        for found in (first.findings, second.findings)
    ]
    assert shown[0] == shown[1]
