"""Lines of text as records: what consoles, loggers, servers and syslog write."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from advisor.traces.generic.literals import value_at
from advisor.traces.generic.text import record_of
from tests.traces.logs import bad, read, rows

WRITTEN = datetime(2026, 1, 5, tzinfo=UTC)
AT = "2026-04-22T00:01:45.120"
TIMES = {
    "2026-04-22 00:01:45,120 x": AT,
    "2026-04-22T00:01:45.120Z x": f"{AT}+00:00",
    "2026-04-22T00:01:45.120+02:00 x": f"{AT}+02:00",
    "[2026-04-22 00:01:45.120] x": AT,
    "2026/04/22 00:01:45.120 x": AT,
    "1776816105.120 x": "1776816105.120",
    "1776816105120 x": "1776816105120",
    "[22/Apr/2026:00:01:45 +0000] x": "2026-04-22T00:01:45+0000",
    '10.0.0.1 - ann [22/Apr/2026:00:01:45 +0000] "GET / HTTP/1.1" 200 5': "2026-04-22T00:01:45+0000",
    "[Wed Apr 22 00:01:45.120 2026] x": AT,
    "Wed, 22 Apr 2026 00:01:45 +0000 x": "2026-04-22T00:01:45+0000",
    "<34>1 2026-04-22T00:01:45.120Z host app 1 - - x": f"{AT}+00:00",
    "Jan  4 17:00:01 host app[1]: x": "2026-01-04T17:00:01",
    "<34>Dec 31 23:59:59 host app: x": "2025-12-31T23:59:59",
    "Feb 29 10:00:00 host app: x": "2024-02-29T10:00:00",
}
NO_TIMES = [
    "2026-04-22 was a good day",
    "17 00:01:45 x",
    "12345678901234567890 x",
    "2026-13-45",
    "May 5 things",
    "v1776816105.1.2",
]


@pytest.mark.parametrize("line", TIMES)
def test_the_time_at_a_lines_start(line: str) -> None:
    assert record_of(line, WRITTEN)["ts"] == TIMES[line]


@pytest.mark.parametrize("line", NO_TIMES)
def test_what_is_no_time(line: str) -> None:
    assert "ts" not in record_of(line, WRITTEN)


HEADS: dict[str, dict[str, Any]] = {
    "2026-04-22 00:01:45,120 - app.gate - INFO - gate denied": {
        "level": "info",
        "logger": "app.gate",
        "message": "gate denied",
    },
    "2026-04-22 00:01:45,120 INFO [main] com.x.Gate - gate denied": {
        "level": "info",
        "tag": "main",
        "logger": "com.x.Gate",
        "message": "gate denied",
    },
    "2026-05-31 08:38:44.202 | WARNING  | app.x:<module>:15 - gate denied": {
        "level": "warning",
        "logger": "app.x:<module>:15",
        "message": "gate denied",
    },
    "INFO:app.gate:gate denied": {"level": "info", "logger": "app.gate", "message": "gate denied"},
    "ERROR: gate denied": {"level": "error", "message": "gate denied"},
    "[ERROR] gate denied": {"level": "error", "message": "gate denied"},
    "[          p4] gate denied": {"tag": "p4", "message": "gate denied"},
    "the last error was bad": {"message": "the last error was bad"},
    "No ERROR here": {"message": "No ERROR here"},
    "errors: none": {"message": "errors: none"},
    "Jan  4 17:00:01 web-1 app[17]: gate denied": {
        "hostname": "web-1",
        "app": "app",
        "pid": "17",
        "message": "gate denied",
    },
    "\x1b[2m2026-04-22T00:01:45Z\x1b[0m [\x1b[33mwarning  \x1b[0m] \x1b[1mgate_denied\x1b[0m  [app.gate] a=1": {
        "level": "warning",
        "event": "gate_denied",
        "logger": "app.gate",
        "a": "1",
    },
}


@pytest.mark.parametrize("line", HEADS)
def test_level_logger_tag_and_message(line: str) -> None:
    record = record_of(line, WRITTEN)
    assert {name: record.get(name) for name in HEADS[line]} == HEADS[line]
    assert ("level" in record) == ("level" in HEADS[line])


PAIRS: dict[str, dict[str, Any]] = {
    'ts=1 level=info msg="gate \\"x\\" denied" id=r-1': {
        "ts": "1",
        "level": "info",
        "msg": 'gate "x" denied',
        "id": "r-1",
    },
    "done  err='it\\'s bad' n=3 ok=True": {"err": "it's bad", "n": "3", "ok": "True", "event": "done"},
    "done agents=['a', 'b'] out={'id': 'r-1', 'n': 2, 'ok': None}": {
        "agents": ["a", "b"],
        "out": {"id": "r-1", "n": 2, "ok": None},
    },
    "state row=Row(id='r-1', data={'a': 1}) v=2": {"row": "Row(id='r-1', data={'a': 1})", "v": "2"},
    'done payload={"a": {"b": [1, 2]}} v=2': {"payload": {"a": {"b": [1, 2]}}, "v": "2"},
    "done (step=3), next=4": {"step": "3", "next": "4"},
    "done payload={'a': 1 v=2": {"v": "2"},
    'event happened {"request_id": "r-1", "attempt": 2}': {
        "request_id": "r-1",
        "attempt": 2,
        "message": "event happened",
    },
    "if a == b then c": {"message": "if a == b then c"},
    "see https://x.org/?a=b&c=d": {"message": "see https://x.org/?a=b&c=d"},
}


@pytest.mark.parametrize("line", PAIRS)
def test_pairs_of_every_style(line: str) -> None:
    record = record_of(line)
    assert {name: record.get(name) for name in PAIRS[line]} == PAIRS[line]


def test_python_literals_are_read_and_never_evaluated() -> None:
    assert value_at("{'a': (1, 2.5, -3), 'b': [True, None], 'c': {}}", 0)[0] == {
        "a": [1, 2.5, -3],
        "b": [True, None],
        "c": {},
    }
    text = "{'a': __import__('os').system('true')}"
    assert value_at(text, 0) == (text, len(text))
    assert value_at("[" * 5000, 0)[1] <= 5000


@pytest.mark.parametrize(
    "hostile",
    [
        "a=" * 4000,
        "a='" * 2700,
        'a="\\' * 2000,
        "[" * 8000,
        "{'a':" * 1600,
        "x" * 10_000_000,
        "- " * 4000,
        "a=f(" * 2000,
    ],
)
def test_hostile_lines_are_read_in_time(hostile: str) -> None:
    import time

    began = time.process_time()
    record_of(hostile)
    assert time.process_time() - began < 2


def test_a_traceback_belongs_to_the_line_before_it(tmp_path: Path) -> None:
    text = """2026-04-22 00:00:01 INFO start request_id=r-1
2026-04-22 00:00:02 ERROR step failed request_id=r-1
Traceback (most recent call last):
  File "a.py", line 3, in step
    raise ValueError("no offer 17")
app.errors.NoOffer: no offer 17
2026-04-22 00:00:03 INFO end request_id=r-1
"""
    log = read(tmp_path, text)
    assert rows(log, "line", "status", "error_type", "error_message") == [
        (1, None, None, None),
        (2, "error", "NoOffer", "no offer 17"),
        (7, None, None, None),
    ]


def test_times_without_a_year_are_the_last_before_the_file_was_written(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_text(
        "Dec 31 23:59:59 web app[1]: gate denied request_id=r-1\nJan  1 00:00:01 web app[1]: done request_id=r-1\n"
    )
    os.utime(path, (WRITTEN.timestamp(), WRITTEN.timestamp()))
    from advisor.traces.load import load

    log = load([str(path)])
    times = [datetime.fromtimestamp(ts / 1e6, UTC).year for (ts,) in rows(log, "ts_us")]
    assert times == [2025, 2026]
    assert rows(log, "worker_id")[0] == ("web",)


def test_text_that_is_not_utf_8_is_noted_and_read(tmp_path: Path) -> None:
    log = read(tmp_path, b"2026-04-22 00:00:01 INFO caf\xe9 a=1\n2026-04-22 00:00:02 INFO tea a=1\n")
    assert [number for number, _ in bad(log)] == [1]
    assert rows(log, "name") == [("caf\ufffd",), ("tea",)]
