"""Small logs on disk, and what became of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from advisor.traces.load import load
from advisor.traces.log import Log
from advisor.traces.mapping import NOTHING, LogMapping, read_mapping


def line(n: int, **more: Any) -> bytes:
    """A good record of an application's log."""
    at = f"2026-04-22T{n // 3600:02}:{n // 60 % 60:02}:{n % 60:02}Z"
    record = {"ts": at, "event": "step_done", "request_id": f"r-{n}", **more}
    return json.dumps(record).encode()


def rows(log: Log, *names: str, kinds: bool = True) -> list[tuple[Any, ...]]:
    """Columns of a log's rows, those that could be read, in reading order."""
    listed = ", ".join(names)
    where = "kind <> 'unknown'" if kinds else "TRUE"
    return [
        tuple(row.values()) for row in log.table.query(f"SELECT {listed} FROM events WHERE {where} ORDER BY row_id")
    ]


def bad(log: Log) -> list[tuple[int, str]]:
    """The bad records of a log's only file."""
    (file,) = log.files
    unknown = log.table.query("SELECT line, error_message FROM events WHERE kind = 'unknown' ORDER BY row_id")
    assert [(row["line"], row["error_message"]) for row in unknown] == file.bad
    assert file.bad_rows == len(file.bad)
    return file.bad


def read(folder: Path, content: bytes | str, name: str = "app.log", mapping: str | None = None) -> Log:
    """A log of one file with this content."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return load([str(path)], mapping=mapped(folder, mapping) if mapping else NOTHING)


def mapped(folder: Path, text: str) -> LogMapping:
    """A mapping file's content as a mapping."""
    path = folder / "mapping.toml"
    path.write_text(text)
    return read_mapping(path)
