"""The conversions of the fast reader in SQL give what the generic reader's give in Python."""

from __future__ import annotations

import json
import re
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from advisor.traces.attributes import convert
from advisor.traces.columns import Column, columns
from advisor.traces.fast import expressions, reading
from advisor.traces.load import load
from advisor.traces.spool import _short

CON = duckdb.connect()
CON.execute("SET TimeZone = 'UTC'")
# One column of each way of reading: the units, and each closed vocabulary.
WAYS: dict[tuple[str, str], Column] = {}
for _column in columns():
    _own = _column.name in "status decision kind side_effect agent_role decision_source text".split()
    WAYS.setdefault((_column.unit, _column.name if _own else ""), _column)
WORDS = (
    "ok OK Timed-Out timed_out FAILED denied 200 deny approve True yes 1 0 no false llm_call LLM_Call none "
    "external-write "
    "sub-agent orchestrator rule human n/a null nan inf -inf 2.7 3.0 -4 1e3 +5 0x1f 1_000 1,5 007 .5 5. 1776816105 "
    "1776816105.25 1776816105120 1776816105120000 1776816105120000000 99999999 -1776816105 4611686018427387903 "
    "4611686018427387904 -4611686018427387904 9223372036854775807 9223372036854775808 18446744073709551616 "
    "2026-04-22 2026-04-22T00:01:45Z 2026-04-22T00:01:45.123456789Z "
    "2026-04-22T00:01:45,120 2026-04-22T00:01:45+02:00 2026-04-22T00:01:45.5-0330 20260422T000145Z 2026-W17-3 "
    "2026-04-22T24:00:00Z 2026-04-22T00:01:5Z 2026-04-22T00:01:45+99:00 0000-04-22T00:01:45Z 1e400 Infinity "
    "2026-13-01 2026-02-30 0001-01-01T00:00:00Z 9999-12-31T23:59:59Z 00:01:45 infinity epoch now today"
).split()
WORDS = [
    *WORDS,
    *(f"2026-04-22 00:01:45 {zone}" for zone in ("UTC", "CET", "NZ", "GMT+5", "(BC)")),
    "x" * 3999 + "\u00e9yz",
]
USUAL = re.compile(
    r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)?)?|\d{10}(\.\d+)?|\d{13}|\d{16}|\d{19}"
)
TEXTS = (
    st.sampled_from(WORDS)
    | st.sampled_from(WORDS).map(lambda word: f" {word} ")
    | st.datetimes().map(lambda at: at.isoformat())
    | st.datetimes(timezones=st.timezones()).map(lambda at: at.isoformat())
    | st.integers(-(2**66), 2**66).map(str)
    | st.floats().map(repr)
    | st.decimals(allow_nan=False, allow_infinity=False).map(str)
    | st.text(max_size=12)
)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: "-".join(filter(None, way)))
@settings(max_examples=150, deadline=None)
@given(text=TEXTS)
@example(text="")
@example(text="\u1c50")
@example(text=".0005")
def test_a_text_is_read_alike(way: tuple[str, str], text: str) -> None:
    column = WAYS[way]
    expected = convert(column, text)
    read = expressions.converted(column, "x")
    (found,) = CON.execute(f"SELECT {read} FROM (SELECT ?::VARCHAR AS x)", [text]).fetchone()  # type: ignore[misc]
    expected = _short(expected)
    if column.unit == "instant" and found is None:
        # Rarer forms of ISO 8601 are read singly: a value that SQL cannot read sends the record to the generic reader.
        assert expected is None or not USUAL.fullmatch(text)
    else:
        assert found == expected


def _rows(path: Path) -> tuple[Counter[str], int, int]:
    log = load([str(path)])
    found = log.table.query(
        "SELECT ts_us, kind, name, status, request_id, agent_name, attempt, duration_us, error_message, error_fp, "
        "decision, declared_by, cost_usd FROM events"
    )
    return Counter(json.dumps(row) for row in found), log.inventory()["requests"], log.inventory()["bad_rows"]


RECORDS = st.fixed_dictionaries(
    {"ts": st.sampled_from(["2026-04-22T00:00:01Z", "2026-04-22T00:00:02.5+02:00", "1776816105", "soon"])},
    optional={
        "event": st.sampled_from(["llm_call", "gate_denied", "step done", "tool_call", ""]),
        "kind": st.sampled_from(["llm_call", "commit", "unheard of"]),
        "name": st.sampled_from(["app.x", "plan", ""]),
        "message": st.sampled_from(["hello world", "gate denied"]),
        "level": st.sampled_from(["info", "ERROR", "50", "30"]),
        "request_id": st.sampled_from(["r-1", "r-2", "", "r" * 5000, "r" * 5001]),
        "trace_id": st.sampled_from(["t-1", "t-2"]),
        "order": st.sampled_from(["1", "o-7", "first"]),
        "agent": st.sampled_from(["offer", ""]),
        "attempt": st.sampled_from([1, 2, "3", "2.7", "x", None, 1e3]),
        "duration_ms": st.sampled_from([1.5, "2", "slow", None]),
        "end_ts": st.sampled_from(["2026-04-22T00:00:09Z", "2026-04-22 00:00:01 UTC", "2026-04-22 00:00:01 CET"]),
        "cost_usd": st.sampled_from([1, "inf", "-1e400", "nan"]),
        "status": st.sampled_from(["ok", "Failed", "odd", ""]),
        "error": st.sampled_from(["boom 17", "\tboom 18\u2028rest", False, None, "false"]),
        "decision": st.sampled_from(["deny", "ALLOW", "maybe"]),
    },
)


@settings(max_examples=25, deadline=None)
@given(st.lists(RECORDS, min_size=100, max_size=160))
def test_a_large_file_gives_the_rows_that_a_small_one_gives(records: list[dict[str, Any]]) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        path = Path(folder) / "app.jsonl"
        path.write_text("".join(json.dumps(record) + "\n" for record in records * 3))
        patch.setattr(reading, "FROM_BYTES", 1 << 40)
        slow = _rows(path)
        patch.setattr(reading, "FROM_BYTES", 1)
        assert _rows(path) == slow
