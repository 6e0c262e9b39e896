"""What was read: the events in their table, and what became of each file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from advisor.traces.generic.tally import Tally
from advisor.traces.table import EventTable

Progress = Callable[[str, float], None]


@dataclass
class FileRead:
    """What became of one file. `rows` are events; `bad` lists the first bad records as line and reason."""

    path: str
    format: str | None = None
    rows: int = 0
    bad_rows: int = 0
    skipped_reason: str | None = None
    bad: list[tuple[int, str]] = field(default_factory=list)


@dataclass(frozen=True)
class LeftOut:
    """What was left out: rows, and units of work, that ended before `since` (ISO 8601, UTC)."""

    since: str
    rows: int
    requests: int


@dataclass(frozen=True)
class Log:
    """Events in a table, and what they came from."""

    table: EventTable
    files: tuple[FileRead, ...]
    guessed: dict[tuple[str, str], tuple[int, str, int]]
    copies: int
    tally: Tally = field(default_factory=Tally)
    left_out: LeftOut | None = None

    def inventory(self) -> dict[str, Any]:
        """The JSON of what was read: files, rows, bad rows, requests, coverage, guessed kinds."""
        requests = self.table.query("SELECT COUNT(DISTINCT request_id) AS many FROM events")[0]["many"]
        return {
            "files": [
                {
                    "path": one.path,
                    "format": one.format,
                    "rows": one.rows,
                    "bad_rows": one.bad_rows,
                    "skipped_reason": one.skipped_reason,
                    "bad": [{"line": line, "why": why} for line, why in one.bad],
                }
                for one in self.files
            ],
            "rows": sum(one.rows for one in self.files),
            "bad_rows": sum(one.bad_rows for one in self.files),
            "copies": self.copies,
            "left_out": asdict(self.left_out) if self.left_out else None,
            "requests": int(requests),
            "guessed_kinds": [
                {"name": name, "kind": kind, "rows": rows, "file": file, "line": line}
                for (name, kind), (rows, file, line) in sorted(self.guessed.items(), key=lambda it: (-it[1][0], it[0]))
            ],
            **self.tally.as_json(),
        }
