"""Rows taken together: results joined to calls, copies left out, and an order of lines that decides nothing."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.traces.load import load
from advisor.traces.log import Log
from tests.traces.logs import read, rows


def jsonl(records: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


def event(second: float, **more: Any) -> dict[str, Any]:
    return {"ts": 1776816000 + second, "request_id": "r-1", **more}


def without_lines(log: Log) -> list[str]:
    """Every row's content, in no order."""
    names = [name for name in log.table.present if name not in ("file", "line")]
    found = log.table.query(f"SELECT {', '.join(names)} FROM stored")
    return sorted(json.dumps(row, default=str) for row in found)


CALLS = [
    event(1, kind="tool_call", tool_call_id="c-1", tool_name="search"),
    event(2, kind="tool_call", tool_call_id="c-1", tool_name="search"),
    event(3, kind="tool_result", tool_call_id="c-1", status="error", error_message="first"),
    event(4, kind="tool_result", tool_call_id="c-1", status="ok", text="second"),
    event(5, kind="tool_call", tool_call_id="c-2", tool_name="book"),
    event(6, kind="tool_call", tool_call_id="c-1", tool_name="other", request_id="r-2"),
    event(7, kind="tool_result", tool_call_id="c-9", status="ok"),
    event(8, kind="tool_result", status="ok"),
]


def test_the_nth_result_of_an_id_goes_to_its_nth_call(tmp_path: Path) -> None:
    log = read(tmp_path, jsonl(CALLS))
    calls = [
        row[1:] for row in rows(log, "kind", "status", "error_message", "text", "duration_us") if row[0] == "tool_call"
    ]
    assert calls == [
        ("error", "first", None, 2_000_000),
        ("ok", None, "second", 2_000_000),
        (None, None, None, None),
        (None, None, None, None),
    ]


def test_what_a_call_says_of_itself_stays(tmp_path: Path) -> None:
    records = [
        event(1, kind="tool_call", tool_call_id="c", status="timeout", duration_ms=50),
        event(9, kind="tool_result", tool_call_id="c", status="ok"),
    ]
    log = read(tmp_path, jsonl(records))
    assert rows(log, "status", "duration_us")[0] == ("timeout", 50_000)


@settings(max_examples=25, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_order_of_lines_changes_nothing(shuffler: random.Random) -> None:
    import tempfile

    records = [
        *CALLS,
        event(10, kind="llm_call", event_id="e-1"),
        event(10, kind="llm_call", event_id="e-1"),
        event(4, kind="tool_result", tool_call_id="c-1", status="error", text="at the same time"),
        event(2, kind="tool_call", tool_call_id="c-1", tool_name="search", attempt=2),
        *(event(20 + n, event="step", attempt=n) for n in range(20)),
    ]
    mapping = 'schema = 1\n[[pairs]]\nstart = "step"\nend = "stop"\n'
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        expected = without_lines(read(folder, jsonl(records), mapping=mapping))
        shuffler.shuffle(records)
        assert without_lines(read(folder, jsonl(records), mapping=mapping)) == expected


def test_a_log_shipped_twice_changes_nothing(tmp_path: Path) -> None:
    records = [{"id": f"e-{n}", "ts": 1776816000 + n, "event": "llm_call", "request_id": "r-1"} for n in range(50)]
    one, two, overlap = tmp_path / "one.jsonl", tmp_path / "two.jsonl", tmp_path / "overlap.jsonl"
    one.write_text(jsonl(records))
    two.write_text(jsonl(records))
    overlap.write_text(jsonl(records[30:]) + "\n")
    alone = load([str(one)])
    twice = load([str(one), str(two), str(one), str(overlap)])
    assert without_lines(twice) == without_lines(alone)
    assert twice.copies == 20
    assert [file.skipped_reason is not None for file in twice.files] == [False, True, True, False]


def test_real_repetitions_survive(tmp_path: Path) -> None:
    records = [
        event(1, event="llm_call", attempt=1),
        event(1, event="llm_call", attempt=1),
        event(2, event="llm_call", id="e-1", attempt=1),
        event(2, event="llm_call", id="e-1", attempt=2),
        event(3, event="llm_call", id="e-1", attempt=1),
        event(4, event="state_change", id="row-7", to_state="open"),
        event(4, event="state_change", id="row-7", to_state="shut"),
    ]
    log = read(tmp_path, jsonl(records))
    assert log.copies == 0
    assert len(rows(log, "line")) == 7


def test_equal_lines_without_a_time_are_no_copies(tmp_path: Path) -> None:
    log = read(tmp_path, "[worker] tick  id='w-1' n=1\n" * 5)
    assert log.copies == 0
    assert len(rows(log, "line")) == 5
