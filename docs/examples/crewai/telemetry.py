"""CrewAI: every event of the bus in a file that `advisor diagnose` reads, and `record` for what the bus leaves out."""

from __future__ import annotations

import json
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from crewai.events import crewai_event_bus
from crewai.events.base_events import BaseEvent

PLAIN = False
"""Whether to write what CrewAI says by itself, and no more."""
REQUEST: ContextVar[str] = ContextVar("request")
"""The unit of work in hand; set it before `kickoff`, and every event gets it."""


class Recorded(BaseEvent):
    """Something that the application says."""

    type: str = "recorded"


def record(kind: str, **columns: Any) -> None:
    """Says what just happened: one event of the bus."""
    if PLAIN:
        return
    row = {"kind": kind, "ts": datetime.now(UTC).isoformat()} | columns
    named = {f"sdb.{name}": value for name, value in row.items() if value is not None}
    crewai_event_bus.emit(None, Recorded(fingerprint_metadata=named))


def write_to(path: str, **versions: str) -> None:
    """Appends every event to a file, one a line; what is given besides (`prompt_version`) goes to every event."""

    def write(source: Any, event: BaseEvent) -> None:
        row: Any = event.to_json()
        if not PLAIN:
            known = {"sdb.request.id": REQUEST.get(), **{f"sdb.{name}": value for name, value in versions.items()}}
            row["fingerprint_metadata"] = known | (row.get("fingerprint_metadata") or {})
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(json.dumps(row, default=str) + "\n")

    kinds = [BaseEvent]
    for kind in kinds:
        kinds.extend(kind.__subclasses__())
        crewai_event_bus.on(kind)(write)
