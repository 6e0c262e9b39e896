"""Large JSON lines are read by one scan: with the same rows and lines as one record at a time."""

from __future__ import annotations

import gzip
import random
from pathlib import Path
from typing import Any

import orjson
import pytest

from advisor.traces import loader as loading
from advisor.traces.columns import by_name, stored
from advisor.traces.fast import places, plan, reading
from advisor.traces.load import load
from advisor.traces.log import Log

KINDS = ("llm_call", "tool_call", "gate_decision", "cas")
START = 1_767_571_200


def record(at: int) -> dict[str, Any]:
    kind = KINDS[at % len(KINDS)]
    filler = random.Random(at).randbytes(350).hex()
    attrs: dict[str, Any] = {"host.name": f"node-{at % 7}", "sdb.attempt": at % 3 + 1, "filler": filler}
    if kind == "cas":
        attrs |= {"sdb.cas.op": f"op-{at}", "sdb.cas.expected": "7"}
    return {
        "ts": START + at / 1000,
        "kind": kind,
        "request_id": f"req-{at // 16:05d}",
        "duration_ms": at % 900 + 0.25,
        "status": "ok" if at % 11 else "ERROR",
        "attrs": attrs,
    }


def lines(many: int = 12_000) -> list[bytes]:
    made = [orjson.dumps(record(at)) for at in range(many)]
    assert sum(map(len, made)) > reading.FROM_BYTES
    return made


def written(path: Path, made: list[bytes], pack: bool = False) -> Path:
    body = b"\n".join(made) + b"\n"
    path.write_bytes(gzip.compress(body, 1) if pack else body)
    return path


def rows(log: Log) -> list[tuple[Any, ...]]:
    """Every row with its exact line, whichever way it was read."""
    names = [name for name in stored() if name not in ("row_id", "file", "line", "request_id_source")]
    listed = ", ".join(["row_id", "file", "line", *names])
    found = []
    for row in log.table.query(f"SELECT {listed} FROM events ORDER BY row_id"):
        file, line = log.table.place(row)
        if row["status_raw"] == row["status"]:  # kept by a scan only where it says more than the status
            row["status_raw"] = None
        values = {name: row[name] for name in names if row[name] is not None}
        found.append((file, line, tuple(sorted(values.items()))))
    return sorted(found, key=lambda row: row[:2])


def both(path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Log, Log]:
    """The file read by a scan, and by the reader for one record at a time."""
    scanned = load([str(path)])
    assert scanned.table.lines_of, "the file was not scanned"
    monkeypatch.setattr(loading, "planned", lambda number, path, fields: None)
    return scanned, load([str(path)])


@pytest.mark.parametrize("pack", [False, True])
def test_rows_and_lines_are_those_of_one_record_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pack: bool
) -> None:
    scanned, singly = both(written(tmp_path / "log.jsonl", lines(), pack), monkeypatch)
    assert rows(scanned) == rows(singly)
    assert scanned.inventory()["rows"] == singly.inventory()["rows"] == 12_000


def test_fields_that_no_column_takes_are_told_from_a_sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fast, slow = (log.inventory()["unused_fields"] for log in both(written(tmp_path / "a.jsonl", lines()), monkeypatch))
    assert {each["name"] for each in fast} == {each["name"] for each in slow} == {"attrs.filler"}
    assert [each["rows"] for each in slow] == [12_000]
    assert all(5_500 < each["rows"] < 6_500 for each in fast)


def test_bad_and_blank_lines_are_found_where_they_stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = lines()
    made[500:500] = [b"", b"   "]
    made[2000] = b'{"ts": 17'
    made[7000] = b"[1, 2]"
    made[9000] += b"\r"
    scanned, singly = both(written(tmp_path / "log.jsonl", made), monkeypatch)
    assert rows(scanned) == rows(singly)
    assert [line for line, _ in scanned.files[0].bad] == [2001, 7001]
    assert scanned.inventory()["bad_rows"] == 2


def test_few_rows_of_a_kind_that_the_sample_lacks_are_read_in_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = lines()
    for at in range(30):
        fields = {"kind": "timer_fire", "ts": START + 1, "attrs": {"sdb.timer.id": f"t-{at}"}, "timer": f"t-{at}"}
        made[3000 + 7 * at] = orjson.dumps(fields)
    scanned, singly = both(written(tmp_path / "log.jsonl", made), monkeypatch)
    assert rows(scanned) == rows(singly)
    assert scanned.table.query("SELECT COUNT(timer_id) AS many FROM events WHERE kind = 'timer_fire'")[0]["many"] == 30


def test_columns_that_findings_rest_on_are_read_on_the_few_rows_of_a_common_kind_that_carry_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "SPOTS", 2)  # the sample shows none of these rows
    words = {"side_effect": "write", "decision": "deny", "decision_source": "human", "cancel_scope": "run"}
    made = lines()
    shown = set().union(*(record(at)["attrs"] for at in range(len(KINDS))))
    for at, column in enumerate(plan.ALWAYS):
        of = by_name()[column]
        plain = True if of.unit == "flag" else START if of.unit == "instant" else at + 3
        changed = record(1_000 + 3 * at)
        names = [each for each in of.emitted if each.startswith("sdb.")]
        changed["attrs"][next(iter(shown & set(names)), names[0])] = words.get(column, plain)
        made[1_000 + 3 * at] = orjson.dumps(changed)
    scanned, singly = both(written(tmp_path / "log.jsonl", made), monkeypatch)
    assert rows(scanned) == rows(singly)
    here = scanned.table.query("SELECT COUNT(saga_id) AS sagas, COUNT(error_type) AS errors FROM events")[0]
    assert here == {"sagas": 1, "errors": 1}


def test_a_file_that_turns_out_otherwise_than_its_sample_is_scanned_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MOST_SINGLE", 100)
    monkeypatch.setattr(reading, "SPOTS", 2)
    made = lines()
    for at in range(1000, 2000):
        changed = record(at)
        changed["attrs"]["sdb.llm_in_window"] = True
        made[at] = orjson.dumps({**changed, "kind": "commit", "action_id": f"a-{at}"})
    scanned, singly = both(written(tmp_path / "log.jsonl", made), monkeypatch)
    assert rows(scanned) == rows(singly)
    assert scanned.table.query("SELECT COUNT(llm_in_window) AS many FROM events")[0]["many"] == 1000


def test_two_large_files_keep_their_own_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = lines()
    first[-1] = b"spoilt"
    written(tmp_path / "a.jsonl", first)
    written(tmp_path / "b.jsonl", [b"", *lines()[::-1]])
    scanned, singly = both(tmp_path, monkeypatch)
    assert rows(scanned) == rows(singly)


def test_keys_that_differ_in_case_only_are_read_singly(tmp_path: Path) -> None:
    made = [orjson.dumps({**record(at), "Kind": "x", "level": "INFO", "Level": "INFO"}) for at in range(12_000)]
    log = load([str(written(tmp_path / "log.jsonl", made))])
    assert log.inventory()["rows"] == 12_000


def test_rows_stand_in_the_order_of_the_file_though_several_threads_read_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DuckDB cuts a file into pieces for its threads: five pieces here."""
    made = lines()
    made = [*made, *made, *made, *made, *made]
    made += [orjson.dumps({**record(at), "decision": "Approved", "level": "WARN"}) for at in range(150_000)]
    path = written(tmp_path / "log.jsonl", made)
    assert path.stat().st_size > 4 * (32 << 20)
    table = load([str(path)], threads=2).table
    ids = table.query("SELECT row_id, file, line, request_id, attempt FROM events WHERE row_id % 997 = 0")
    assert len(ids) > 200
    for row in ids:
        expected = orjson.loads(made[table.place(row)[1] - 1])
        assert (row["request_id"], row["attempt"]) == (expected["request_id"], expected["attrs"]["sdb.attempt"])


@pytest.mark.parametrize("pack", [False, True])
@pytest.mark.parametrize("end", [b"", b"\n"])
def test_places_are_found_across_pieces_long_lines_and_blanks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pack: bool, end: bytes
) -> None:
    monkeypatch.setattr(places, "_PIECE", 64)
    made = [b"a" * size for size in (3, 200, 63, 64, 0, 1, 500, 65, 0, 0, 7)]
    body = b"\n".join(made) + end
    path = tmp_path / "log"
    path.write_bytes(gzip.compress(body) if pack else body)
    found = dict(places.Places(path).records(range(8)))
    assert found == {at: line for at, line in enumerate(made, 1) if line}
