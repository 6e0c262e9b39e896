"""Numbers that no clock or counter gives: none of them may stop a diagnosis."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from advisor.catalog.load import shipped
from advisor.diagnosis.diagnose import LARGEST_THRESHOLD, diagnose, of_log
from advisor.traces import columns
from advisor.traces.fast.parquet import save_events
from advisor.traces.load import load
from tests.cli.run import advisor

EXTREMES = (2**63 - 1, -(2**63), 2**62 - 1, 1 - 2**62, 10**15 - 1, 1 - 10**15, -5, 1e308, -1e308, "inf", "nan")
NUMBERS = [
    name
    for name, column in columns.declared().items()
    if name.startswith(("sdb.", "gen_ai.")) and columns.stored()[column.stored] in ("BIGINT", "DOUBLE")
]


def log(path: Path, extreme: float | str) -> Path:
    """A row of every kind in each of seven requests, every number in it the same."""
    rows = [
        {
            "ts": f"2026-01-01T00:00:{at % 60:02d}Z",
            "sdb.kind": kind,
            "sdb.request.id": f"r{at % 7}",
            "sdb.agent.id": "a",
            "sdb.op.id": "o",
            "sdb.retry.layer": "xy"[at % 2],
            **dict.fromkeys(NUMBERS, extreme),
        }
        for at, kind in enumerate(sorted(columns.KINDS) * 7)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.mark.parametrize("extreme", EXTREMES)
def test_no_number_stops_a_diagnosis(tmp_path: Path, extreme: float | str) -> None:
    found = diagnose([str(log(tmp_path / "log.jsonl", extreme))])
    assert found.inventory["rows"] == 7 * len(columns.KINDS)
    assert any(finding.verdict != "not_assessable" for finding in found.findings)


def test_nor_does_one_in_saved_events(tmp_path: Path) -> None:
    saved = save_events(load([str(log(tmp_path / "log.jsonl", 7))]).table, tmp_path / "saved.parquet")
    whole = [name for name, kind in columns.stored().items() if kind == "BIGINT"]
    largest = ", ".join(f"{2**63 - 1} AS {name}" for name in whole if name not in ("row_id", "file", "line", "ts_us"))
    duckdb.execute(
        f"COPY (SELECT * REPLACE ({largest}) FROM read_parquet('{tmp_path}/saved.parquet')) "
        f"TO '{tmp_path}/extreme.parquet' (FORMAT parquet)"
    )
    found = diagnose([str(tmp_path / "extreme.parquet")])
    assert found.inventory["rows"] == saved > 0


@pytest.mark.parametrize("value", [0, 1e-9, 3600, LARGEST_THRESHOLD])
def test_no_threshold_stops_a_diagnosis(tmp_path: Path, value: float) -> None:
    read = load([str(log(tmp_path / "log.jsonl", 10**15 - 1))])
    entries = (*shipped().signatures.values(), *shipped().weaknesses.values())
    overrides = {f"{entry.id}.{slug}": value for entry in entries for slug in entry.thresholds}
    assert of_log(read, overrides=overrides).findings


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "1e400", "-1", "1e10"])
def test_a_threshold_that_bounds_nothing_is_a_fault(tmp_path: Path, value: str) -> None:
    path = log(tmp_path / "log.jsonl", 7)
    done = advisor("diagnose", str(path), "--set", f"P6-ignored-kill.grace={value}")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("--set P6-ignored-kill.grace: is ")
    assert len(done.stderr.splitlines()) == 1
