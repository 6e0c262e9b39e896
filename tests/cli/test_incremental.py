"""Runs that read less: `--since` leaves old work out and says so; `--cache` changes the time, and never the result."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from advisor.errors import InputError
from advisor.traces.cache import Cache
from advisor.traces.load import load
from advisor.traces.log import Log
from advisor.traces.mapping import read_mapping
from advisor.traces.since import leave_out
from tests.cli.contention import contended
from tests.cli.run import advisor
from tests.traces.fast.test_scan import lines, written
from tests.traces.logs import line, rows

SAMPLES = Path(__file__).parents[1] / "traces" / "samples"


def kept(log: Log) -> list[str]:
    return [row[0] for row in rows(log, "request_id || ' ' || name")]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Three units of work: one over at 0:10, one from 0:05 to 2:00, one at 3:00; a row of no unit, one of no time."""
    at = [("a", 0, "a1"), ("a", 600, "a2"), ("b", 300, "b1"), ("b", 7200, "b2"), ("c", 10800, "c1")]
    lines = [line(n, request_id=unit, event=name) for unit, n, name in at]
    lines += [b'{"event": "lone", "ts": "2026-04-22T00:01:00Z"}', b'{"event": "b3", "request_id": "b"}', b"broken"]
    path = tmp_path / "app.log"
    path.write_bytes(b"\n".join(lines) + b"\n")
    return path


@pytest.mark.parametrize(
    ("since", "left", "out"),
    [
        ("2026-04-22T01:00:00Z", ["b1", "b2", "c1", "b3"], (3, 1)),
        ("2026-04-22T03:00:00+01:00", ["b1", "b2", "c1", "b3"], (3, 1)),
        ("2026-04-22T02:30:00", ["c1"], (6, 2)),
        ("2h", ["b1", "b2", "c1", "b3"], (3, 1)),
        ("30m", ["c1"], (6, 2)),
        ("7d", ["a1", "a2", "b1", "b2", "c1", "b3"], (0, 0)),
        ("2026-04-22", ["a1", "a2", "b1", "b2", "c1", "b3"], (0, 0)),
    ],
)
def test_units_of_work_stay_whole_and_what_is_left_out_is_counted(
    log: Path, since: str, left: list[str], out: tuple[int, int]
) -> None:
    found = leave_out(load([str(log)]), since)
    named = found.table.query("SELECT name FROM events WHERE request_id IS NOT NULL ORDER BY row_id")
    assert [row["name"] for row in named] == left
    assert found.left_out is not None
    assert (found.left_out.rows, found.left_out.requests) == out
    assert found.table.query("SELECT COUNT(*) AS many FROM events WHERE kind = 'unknown'")[0]["many"] == 1


def test_every_report_says_how_many_rows_were_left_out(tmp_path: Path) -> None:
    path = contended(tmp_path / "app.jsonl", many=400, slow=20)
    plain = advisor("diagnose", str(path), "--since", "60m")
    assert "0 rows of 0 requests before that left out" in " ".join(plain.stdout.split())
    for format in ("terminal", "markdown", "html", "sarif", "junit"):
        done = advisor("diagnose", str(path), "--since", "3m", "--format", format)
        assert "of 219 requests before that left out" in " ".join(done.stdout.split()), format
    inventory = json.loads(advisor("diagnose", str(path), "--since", "3m", "--format", "json").stdout)["inventory"]
    assert inventory["left_out"] == {"since": inventory["left_out"]["since"], "rows": 319, "requests": 219}
    assert (inventory["rows"], inventory["requests"]) == (500, 181)


@pytest.mark.parametrize(
    ("since", "said"),
    [
        ("yesterday", "is neither an instant nor a span of time; write 2026-11-22, 2026-11-22T08:00:00Z, 24h or 7d"),
        ("2027-01-01", "leaves nothing; name an earlier instant; the newest row is of 2026-04-22T03:00:00Z"),
        ("5y", "is neither an instant nor a span of time; write 2026-11-22, 2026-11-22T08:00:00Z, 24h or 7d"),
    ],
)
def test_what_since_cannot_mean_is_a_fault(log: Path, since: str, said: str) -> None:
    done = advisor("diagnose", str(log), "--since", since)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"--since {since}: {said}\n")


def test_a_log_without_times_has_no_since(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    path.write_bytes(b'{"kind": "tool_call", "request_id": "1"}\n{"kind": "tool_call", "request_id": "2"}\n')
    with pytest.raises(InputError, match="the log has no times"):
        leave_out(load([str(path)]), "24h")


def document(*arguments: str) -> Any:
    done = advisor("diagnose", *arguments, "--format", "json")
    assert done.returncode in (0, 1), done.stderr
    return done


def test_cold_warm_and_no_cache_give_the_same_bytes_for_every_sample_format(tmp_path: Path) -> None:
    plain = document(str(SAMPLES)).stdout
    cold = document(str(SAMPLES), "--cache", str(tmp_path / "c"))
    warm = document(str(SAMPLES), "--cache", str(tmp_path / "c"))
    assert cold.stdout == plain
    assert warm.stdout == plain
    assert cold.stderr == warm.stderr == ""


def scanned(path: Path) -> Path:
    """JSON lines that are large enough to be scanned, with a blank, a broken and an odd one among them."""
    made = lines()
    made[100] += b"\n"
    made[9_000] = b"{broken"
    made[777] = made[777].replace(b'"attrs":{', b'"attrs":{"odd":{"deep":[1]},')
    return written(path, made)


def test_a_scanned_file_beside_small_ones_keeps_order_lines_and_counts(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    scanned(logs / "a-large.jsonl")
    (logs / "b-small.log").write_bytes(line(1, weird=1) + b"\n" + line(2, weird=2) + b"\nnonsense\n")
    shutil.copy(logs / "b-small.log", logs / "c-copy.log")
    cache = Cache(tmp_path / "c", "1")
    plain, cold, warm = load([str(logs)]), load([str(logs)], cache=cache), load([str(logs)], cache=cache)
    assert plain.table.lines_of  # it was scanned
    assert cache.hits == 2  # the copy is no file of its own
    columns = ", ".join(name for name in plain.table.present if name != "line")
    for other in (cold, warm):
        assert other.inventory() == plain.inventory()
        assert other.table.present == plain.table.present
        every = f"SELECT {columns} FROM events ORDER BY row_id"
        assert other.table.query(every) == plain.table.query(every)
        placed = "SELECT row_id, file, line FROM events ORDER BY row_id"
        assert [other.table.place(row) for row in other.table.query(placed)] == [
            plain.table.place(row) for row in plain.table.query(placed)
        ]


def test_only_a_file_that_changed_is_read_anew(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    for name in "ab":
        (logs / f"{name}.log").write_bytes(line(1, note=name) + b"\n")
    load([str(logs)], cache=Cache(tmp_path / "c", "1"))
    (logs / "b.log").write_bytes(line(1, note="b") + b"\n" + line(2, note="new") + b"\n")
    cache = Cache(tmp_path / "c", "1")
    log = load([str(logs)], cache=cache)
    assert (cache.hits, sum(file.rows for file in log.files)) == (1, 3)


def test_another_mapping_or_knowledge_is_another_entry(log: Path, tmp_path: Path) -> None:
    mapping = tmp_path / "mapping.toml"
    mapping.write_text('schema = 1\n[[sources]]\nmatch = "*"\n[sources.fields]\ntool_name = "event"\n')
    load([str(log)], cache=Cache(tmp_path / "c", "1"))
    other = Cache(tmp_path / "c", "1")
    mapped = load([str(log)], mapping=read_mapping(mapping), cache=other)
    assert other.hits == 0
    assert "tool_name" in mapped.table.present
    newer = Cache(tmp_path / "c", "2")
    load([str(log)], cache=newer)
    assert newer.hits == 0


@pytest.mark.parametrize("damaged", ["*.parquet", "*.json"])
@pytest.mark.parametrize("how", ["cut", "flipped", "emptied", "gone"])
def test_a_damaged_entry_is_told_and_not_used(log: Path, tmp_path: Path, damaged: str, how: str) -> None:
    cache = tmp_path / "c"
    plain = document(str(log), "--cache", str(cache)).stdout
    (file,) = (cache / ".advisor-cache").glob(damaged)
    content = file.read_bytes()
    if how == "gone":
        file.unlink()
    else:
        half = len(content) // 2
        flipped = content[:half] + bytes([content[half] ^ 1]) + content[half + 1 :]
        file.write_bytes({"cut": content[:half], "flipped": flipped, "emptied": b""}[how])
    done = document(str(log), "--cache", str(cache))
    assert done.stdout == plain
    silent = damaged == "*.json" and how == "gone"  # as if it had never been kept
    assert ("is damaged and was not used; the log is read anew" in done.stderr) is not silent
    assert document(str(log), "--cache", str(cache)).stderr == ""


def test_faults_are_the_same_with_a_cache(log: Path, tmp_path: Path) -> None:
    empty, prose = tmp_path / "empty.log", tmp_path / "prose.log"
    empty.touch()
    prose.write_text("nothing to see here\n")
    given = ["diagnose", str(log), str(empty), str(prose)]
    plain = advisor(*given)
    assert plain.returncode == 2
    for _ in range(2):
        again = advisor(*given, "--cache", str(tmp_path / "c"))
        assert (again.returncode, again.stdout, again.stderr) == (2, "", plain.stderr)


def test_a_cache_among_the_logs_is_no_log(log: Path) -> None:
    folder = log.parent
    plain = document(str(folder)).stdout
    for _ in range(2):
        assert document(str(folder), "--cache", str(folder)).stdout == plain


def test_a_cache_that_cannot_be_made_is_a_fault(log: Path) -> None:
    done = advisor("diagnose", str(log), "--cache", str(log / "c"))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"--cache {log / 'c'}: cannot be made (")
