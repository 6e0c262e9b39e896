"""DBOS system databases made from their schemas, and what their rows must show."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from advisor.traces.formats.dbos import FORMATS
from advisor.traces.opening import open_sources
from advisor.traces.records import Event

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
