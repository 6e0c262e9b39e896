"""DBOS system tables: SQLite in two layouts, exports, PostgreSQL; pickles are never run; hostile variants, sniffing."""

from __future__ import annotations

import base64
import json
import os
import pickle
import shutil
import sqlite3
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.traces import columns
from advisor.traces.formats.dbos import FORMATS, rows_of
from advisor.traces.formats.dbos_rows import events
from advisor.traces.formats.pickled import Error, Plain, error, plain
from advisor.traces.opening import open_sources
from advisor.traces.records import Event, Record, Source

SAMPLES = Path(__file__).parents[1] / "samples"
NEW, OLD, POSTGRESQL = (
    SAMPLES / "dbos" / f"{name}.sql" for name in ("sqlite-3.4.0", "sqlite-2.0.0", "postgresql-3.4.0")
)
SQLITE, TABLES = FORMATS


def database(folder: Path, *scripts: str) -> Path:
    path = folder / "system.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        for script in scripts:
            connection.executescript(script)
    return path


def read(path: Path) -> tuple[list[Event], list[tuple[int, str]]]:
    bad: list[tuple[int, str]] = []
    ((_, source),) = open_sources(path, lambda line, why: bad.append((line, why)))
    (found,) = [one for one in FORMATS if one.sniff(source)]
    return list(found.read(source)), bad


def rows(path: Path) -> list[Event]:
    found, bad = read(path)
    assert bad == []
    return found


def exported(path: Path) -> list[dict[str, Any]]:
    """Every row of an SQLite database, as an export of tables has them, in no helpful order."""
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        names = [row["name"] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        found = [{"_table": name, **row} for name in names for row in connection.execute(f"SELECT * FROM {name}")]
    return sorted(found, key=str)


def shown(event: Event, *names: str) -> tuple[Any, ...]:
    return tuple(event.get(name) for name in names)


def of(found: list[Event], workflow: str) -> list[Event]:
    return [event for event in found if event["request_id"] == workflow]


def check(found: list[Event], stepped: bool) -> None:
    """What both layouts and both servers have to give for the sample's program; steps have times in the newer one."""
    names = ("seq", "kind", "name", "status", "error_type", "text")
    steps = [event for event in of(found, "r-over") if event.get("seq_scope") == "workflow"]
    state = ("state", "ok", None, "human_required") if stepped else ("DBOS.setEvent", "ok", None, None)
    assert [shown(step, *names) for step in steps] == [
        (1, "tool_call", "offer", "ok", None, None),
        (2, "tool_call", "flaky", "ok", None, "7"),
        (3, "delegation", "child", "ok", None, None),
        (4, "log", "DBOS.getResult", "ok", None, "c-17"),
        (5, "log", *state),
        (6, "timer_set", "DBOS.sleep", "ok", None, None),
        (7, "message", "DBOS.recv", "timeout", None, None),
        (8, "timer_set", "DBOS.sleep", "ok", None, None),
        (9, "tool_call", "publish", "error", "ValueError", None),
    ]
    assert steps[8]["error_fp"] == "ValueError|discount #% > max #%"
    assert steps[2]["child_id"] == "r-over-3"
    wait, limit = steps[6], steps[7]
    assert wait["deadline_us"] == limit["deadline_us"] is not None
    if stepped:
        assert 195_000 <= wait["timeout_us"] <= 300_000
        assert wait["end_us"] >= wait["deadline_us"] - 1000
        assert 45_000 <= steps[5]["deadline_us"] - steps[5]["ts_us"] <= 100_000
    (answered,) = [event for event in of(found, "r-approved") if event["name"] == "DBOS.recv"]
    assert shown(answered, "kind", "status", "text") == ("message", "ok", "yes")
    (hopeless,) = [event for event in found if event.get("tool_name") == "hopeless"]
    assert shown(hopeless, "error_type", "error_message", "attempt", "max_attempts") == (
        "DBOSMaxStepRetriesExceeded",
        "hopeless: RuntimeError: upstream 503 again",
        2,
        2,
    )
    ended = [event for event in found if event["event_id"].endswith("/end")]
    ends = {event["request_id"]: shown(event, "kind", "status", "status_raw") for event in ended}
    # To send from outside a workflow, 2.0.0 runs one of its own.
    assert {name: end for name, end in ends.items() if name.startswith("r-")} == {
        "r-timeout": ("outcome", "ok", "SUCCESS"),
        "r-timeout-3": ("outcome", "ok", "SUCCESS"),
        "r-over": ("outcome", "error", "ERROR"),
        "r-over-3": ("outcome", "ok", "SUCCESS"),
        "r-approved": ("outcome", "ok", "SUCCESS"),
        "r-broken": ("outcome", "error", "ERROR"),
        "r-deadline": ("cancelled", "cancelled", "CANCELLED"),
        "r-cancel": ("cancelled", "cancelled", "CANCELLED"),
        "r-fork": ("outcome", "ok", "SUCCESS"),
        "r-fork-3": ("outcome", "ok", "SUCCESS"),
    }
    whole = {event["request_id"]: event for event in found if event["kind"] == "workflow"}
    assert shown(whole["r-over"], "name", "code_version", "error_type", "attempt") == ("renewal", "v7", "ValueError", 1)
    assert whole["r-deadline"]["timeout_us"] == 250_000
    assert whole["r-deadline"]["deadline_us"] is not None
    assert whole["r-timeout"]["input_hash"] == whole["r-fork"]["input_hash"] != whole["r-over"]["input_hash"]
    assert whole["r-timeout"]["output_hash"] == whole["r-fork"]["output_hash"] is not None


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


class Trap:
    """Pickled, it makes a folder when it is loaded."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.path),)


def test_pickles_are_never_run(tmp_path: Path) -> None:
    sprung = tmp_path / "sprung"
    trap = base64.b64encode(pickle.dumps(Trap(sprung))).decode()
    script = f"UPDATE operation_outputs SET output = '{trap}', error = '{trap}';"
    script += (
        f"UPDATE workflow_output SET output = '{trap}', error = '{trap}'; UPDATE notifications SET message = '{trap}';"
    )
    found = rows(database(tmp_path, NEW.read_text(), script))
    assert not sprung.exists()
    (step,) = [event for event in of(found, "r-over") if event.get("seq") == 1]
    assert shown(step, "status", "error_type", "text") == ("error", "mkdir", None)
    pickle.loads(base64.b64decode(trap))
    assert sprung.exists()


def pickled(value: Any, protocol: int = 4) -> str:
    return base64.b64encode(pickle.dumps(value, protocol)).decode()


class Own(Exception):
    """An error with a state of its own."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.hint = "ask the desk"


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_plain_values_and_errors_in_every_protocol(protocol: int) -> None:
    for value in (None, True, False, 0, 7, -3, 2**40, 2**90, 1.5, "", "yes", "é" * 300):
        assert plain(pickled(value, protocol)) == Plain(value)
    for value in ({"a": 1}, ["x"], ("x", 1), Own("x"), b"raw"):
        assert plain(pickled(value, protocol)) is None
    assert error(pickled(ValueError("no 17"), protocol)) == Error("ValueError", "no 17")
    assert error(pickled(KeyError("a", 3), protocol)) == Error("KeyError", "a", 3)
    assert error(pickled(Own("late"), protocol)) == Error("Own", "late")
    assert error(pickled(RuntimeError(), protocol)) == Error("RuntimeError", None)


def test_errors_and_values_in_json() -> None:
    assert error('{"name": "PaymentError", "message": "declined", "code": 4}') == Error("PaymentError", "declined")
    assert error('{"json": {"name": "Error", "message": "no"}}') == Error("Error", "no")
    old = '{"py/reduce": [{"py/type": "builtins.ValueError"}, {"py/tuple": ["no"]}]}'
    assert error(old) == Error("ValueError", "no")
    assert error("broken") == Error(None, "broken")
    assert error("[1]") is error(None) is error("{}") is None
    assert plain("1795333902.24") == Plain(1795333902.24)
    assert plain("null") == Plain(None)
    for text in ("", "gA", "gARL", "gAR", "gAROLg=", "gARYBAAAAP////8u", "[" * 100_000, None, 7):
        assert plain(text) is None


@pytest.fixture
def server() -> Iterator[str]:
    """A PostgreSQL server of our own on a socket in a temporary folder, with the sample loaded; gives its DSN."""
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb")) or [Path(shutil.which("initdb") or "/nowhere")]
    binaries = found[-1].parent
    if not found[-1].exists():
        pytest.skip("no PostgreSQL server is installed")
    user: dict[str, Any] = {}
    if os.geteuid() == 0:
        if "\npostgres:" not in Path("/etc/passwd").read_text():
            pytest.skip("PostgreSQL does not run as root, and there is no user postgres")
        user = {"user": "postgres", "group": "postgres", "extra_groups": []}
    # Not in pytest's own folder: another user may not enter that, and a socket's path has to be short.
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    if user:
        shutil.chown(folder, "postgres")

    def run(name: str, *arguments: str, text: str | None = None) -> None:
        # The server keeps its starter's output open, so that goes to a file and never to a pipe.
        with tempfile.TemporaryFile("w+") as log:
            done = subprocess.run(
                [binaries / name, *arguments],
                check=False,
                stdout=log,
                stderr=log,
                input=text,
                text=True,
                timeout=60,
                cwd="/",
                **user,
            )
            log.seek(0)
            assert done.returncode == 0, log.read()

    data = str(folder / "data")
    try:
        run("initdb", "-D", data, "-A", "trust", "-U", "dbos", "--no-sync")
        options = f"-k {folder} -c listen_addresses='' -c fsync=off"
        run("pg_ctl", "-D", data, "-o", options, "-l", str(folder / "log"), "-w", "start")
        try:
            load = ("-q", "-v", "ON_ERROR_STOP=1", "-h", str(folder), "-U", "dbos", "postgres")
            run("psql", *load, text=POSTGRESQL.read_text())
            yield f"host={folder} user=dbos dbname=postgres"
        finally:
            run("pg_ctl", "-D", data, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def test_a_real_postgresql_server(server: str) -> None:
    import psycopg

    bad: list[tuple[int, str]] = []
    with psycopg.connect(server) as connection:
        connection.read_only = True
        found = list(events(rows_of(connection), lambda line, why: bad.append((line, why))))
    assert bad == []
    check(found, stepped=True)
    kinds = Counter(event["kind"] for event in found)
    assert (kinds["workflow"], kinds["outcome"], kinds["cancelled"], kinds["delegation"]) == (10, 8, 2, 3)


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
