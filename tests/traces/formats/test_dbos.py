"""DBOS system tables: SQLite in two layouts, exports; what breaks off, hostile variants, sniffing."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.traces import columns
from advisor.traces.formats.dbos import FORMATS
from advisor.traces.opening import open_sources
from advisor.traces.records import Event, Record, Source
from tests.traces.formats.dbos_databases import (
    NEW,
    OLD,
    SAMPLES,
    SQLITE,
    TABLES,
    check,
    database,
    exported,
    of,
    read,
    rows,
    shown,
)


def test_the_newer_layout(tmp_path: Path) -> None:
    found = rows(database(tmp_path, NEW.read_text()))
    check(found, stepped=True)
    whole = {event["request_id"]: event for event in found if event["kind"] == "workflow"}
    assert whole["r-over-3"]["parent_span_id"] == whole["r-over"]["span_id"]
    (sent,) = [event for event in found if event.get("op_name") == "notification"]
    assert shown(sent, "kind", "name", "request_id", "text") == ("message", "approval", "r-approved", "yes")
    (received,) = [event for event in of(found, "r-approved") if event["name"] == "DBOS.recv"]
    assert received["event_type"] == "approval"
    forked = [event for event in of(found, "r-fork") if "seq" in event]
    assert {event["replay_of"] for event in forked} == {"r-timeout"}
    # The step before the fork's start was taken over, not run again.
    assert [event["seq"] for event in forked if event["is_replay"]] == [1]


def test_the_older_layout(tmp_path: Path) -> None:
    found = rows(database(tmp_path, OLD.read_text()))
    check(found, stepped=False)
    steps = [event for event in found if event.get("seq_scope") == "workflow"]
    assert all(step.get("ts_us") is None for step in steps)


@pytest.mark.parametrize("shape", ["lines", "list"])
def test_exported_tables_give_what_the_database_gives(tmp_path: Path, shape: str) -> None:
    path = database(tmp_path, NEW.read_text())
    table = exported(path)
    export = tmp_path / "tables.json"
    lines = [json.dumps(row) for row in table]
    export.write_text("\n".join(lines) if shape == "lines" else "[\n" + ",\n".join(lines) + "\n]")
    found = rows(export)
    extra = [event for event in found if event["name"] == "workflow_events"]
    assert len(extra) == sum(row["_table"] == "workflow_events" for row in table) > 0

    def known(listed: list[Event]) -> list[str]:
        plainly = [{name: value for name, value in event.items() if name != "line"} for event in listed]
        return sorted(json.dumps(event, sort_keys=True) for event in plainly if event["name"] != "workflow_events")

    assert known(found) == known(rows(path))
    at = export.read_text().split("\n")
    for event in found:
        if str(event.get("event_id")).startswith("operation_outputs/"):
            written = json.loads(at[event["line"] - 1].rstrip(","))
            assert (written["workflow_uuid"], written["function_id"]) == (event["request_id"], event["seq"])


def test_every_status_of_a_workflow(tmp_path: Path) -> None:
    states = {
        "SUCCESS": ("ok", "outcome"),
        "ERROR": ("error", "outcome"),
        "CANCELLED": ("cancelled", "cancelled"),
        "MAX_RECOVERY_ATTEMPTS_EXCEEDED": ("error", "crash"),
        "RETRIES_EXCEEDED": ("error", "crash"),
        "PENDING": ("pending", None),
        "ENQUEUED": ("pending", None),
        "DELAYED": ("pending", None),
        "SOMETHING_NEW": ("unknown", None),
    }
    table = [
        {"_table": "workflow_status", "workflow_uuid": name, "status": name, "name": "w", "recovery_attempts": 51}
        | {"created_at": 1_795_000_000_000, "updated_at": 1_795_000_009_000}
        for name in states
    ]
    path = tmp_path / "tables.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in table))
    found = rows(path)
    for name, (status, kind) in states.items():
        whole, *end = of(found, name)
        assert (whole["kind"], whole["status"], [event["kind"] for event in end]) == (
            "workflow",
            status,
            [kind] * bool(kind),
        )
        assert whole.get("duration_us") == (9_000_000 if kind else None)
    crash = of(found, "MAX_RECOVERY_ATTEMPTS_EXCEEDED")[1]
    assert shown(crash, "child_id", "restart_count", "error_type", "ts_us") == (
        "MAX_RECOVERY_ATTEMPTS_EXCEEDED",
        51,
        "MAX_RECOVERY_ATTEMPTS_EXCEEDED",
        1_795_000_009_000_000,
    )


def test_attributes_of_a_workflow_reach_its_row(tmp_path: Path) -> None:
    attributes = '{"sdb.tenant.id": "acme", "sdb.sla": "2000", "status": "odd"}'
    script = f"UPDATE workflow_status SET attributes = '{attributes}' WHERE workflow_uuid = 'r-over';"
    found = rows(database(tmp_path, NEW.read_text(), script))
    (whole,) = [event for event in of(found, "r-over") if event["kind"] == "workflow"]
    assert shown(whole, "tenant", "sla_us", "status") == ("acme", 2_000_000, "error")


def test_a_database_that_breaks_off_is_noted(tmp_path: Path) -> None:
    path = database(tmp_path, NEW.read_text())
    data = bytearray(path.read_bytes())
    ((_, source),) = open_sources(path, lambda *_: None)
    data[8192:] = b"\xff" * (len(data) - 8192)
    path.write_bytes(data)
    bad: list[str] = []
    source.bad = lambda _, why: bad.append(why)
    list(SQLITE.read(source))
    assert len(bad) == 1
    assert bad[0].startswith("the database cannot be read further (")


def test_rows_without_an_owner_are_noted(tmp_path: Path) -> None:
    path = tmp_path / "tables.jsonl"
    good = {"_table": "operation_outputs", "workflow_uuid": "w", "function_id": 1, "function_name": "step"}
    odd = [{"_table": "notifications", "destination_uuid": None}, {"a": 1}, {"_table": "queues", "name": "q"}]
    path.write_text("".join(json.dumps(row) + "\n" for row in [good] * 20 + odd))
    found, bad = read(path)
    assert bad == [
        (22, "is no row of a table (it has no _table)"),
        (21, "is a row of notifications without destination_uuid"),
    ]
    assert [shown(event, "kind", "name", "line") for event in found if event["kind"] == "log"] == [
        ("log", "queues", 23)
    ]


JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**30), 10**30),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["gAROLg==", "gA", "gARLBy4", "null", '{"a": [', "[[[[", "-1", "1e400", "9" * 25]),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=3), st.none(), max_size=2),
)
_PYTHON: dict[str, Any] = {"VARCHAR": str, "BIGINT": int, "DOUBLE": (int, float), "BOOLEAN": bool}


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    return exported(database(tmp_path_factory.mktemp("hostile"), NEW.read_text()))


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_hostile_rows_raise_nothing_and_lose_nothing(table: list[dict[str, Any]], data: st.DataObject) -> None:
    changed = [dict(row) for row in table]
    for _ in range(data.draw(st.integers(1, 8))):
        row = data.draw(st.sampled_from(changed))
        row[data.draw(st.sampled_from(sorted(set(row) - {"_table"})))] = data.draw(JUNK)
    bad: list[int] = []
    records = iter([Record(line, row) for line, row in enumerate(changed, 1)])
    found = list(TABLES.read(Source(Path("x"), "lines", records, (), lambda line, _: bad.append(line))))
    # Rows of inputs, outputs and events become part of others' rows; those of the other tables stand for themselves.
    told = {event["line"] for event in found} | set(bad)
    alone = ("workflow_status", "operation_outputs", "notifications")
    assert {line for line, row in enumerate(changed, 1) if row["_table"] in alone} <= told
    known = columns.stored()
    for event in found:
        assert event.keys() <= known.keys()
        assert event["kind"] in columns.KINDS
        assert event.get("status") is None or event["status"] in columns.STATUSES
        for name, value in event.items():
            assert value is None or isinstance(value, _PYTHON[known[name]]), (name, value)
            assert not isinstance(value, int) or abs(value) < 2**63, (name, value)


def test_other_formats_are_not_claimed(tmp_path: Path) -> None:
    other = tmp_path / "other.sqlite"
    with closing(sqlite3.connect(other)) as connection:
        connection.executescript("CREATE TABLE workflow_status (id TEXT); CREATE TABLE checkpoints (thread_id TEXT);")
    app = tmp_path / "app.jsonl"
    app.write_text('{"_table": "orders", "workflow_uuid": "a"}\n{"workflow_uuid": "b", "status": "ok"}\n')
    for path in (other, app, *SAMPLES.glob("[!d]*/*.json*")):
        for _, source in open_sources(path, lambda *_: None):
            assert not any(one.sniff(source) for one in FORMATS), path
