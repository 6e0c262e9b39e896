"""Events on their way into the table: JSON lines of stored columns, with the columns and kinds that they use."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from advisor.traces.columns import stored
from advisor.traces.records import Event

LONGEST = 4000
"""Characters that one value keeps; identifiers are shorter, and content is kept as hash and excerpt."""
_KNOWN = frozenset(stored())
_TYPES = stored()
_WHOLE = 2**63


class Spool:
    """Writes events to a file; `present` are the columns seen, `kinds` the kinds."""

    def __init__(self, path: Path) -> None:
        """Opens the file."""
        self.path = path
        self.present: set[str] = set()
        self.kinds: set[str] = set()
        self.rows = 0
        self._file = path.open("wb", buffering=1 << 20)

    def add(self, event: Event, file: int, format: str) -> None:
        """One event."""
        row = {name: value for name, value in event.items() if value is not None and name in _KNOWN}
        row["file"], row["source_format"] = file, format
        try:
            body = orjson.dumps(row)
        except TypeError:
            body = b""
        if not body or len(body) > LONGEST:
            row = {name: kept for name, value in row.items() if (kept := _bounded(name, value)) is not None}
            body = orjson.dumps(row)
        self._file.write(body + b"\n")
        self.present.update(row)
        self.kinds.add(row.get("kind", "log"))
        self.rows += 1

    def close(self) -> None:
        """Closes the file; it can be read from now on."""
        self._file.close()


def _bounded(name: str, value: Any) -> Any:
    """A value that fits its column: text that is valid and short, whole numbers of 64 bits."""
    if isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        return value if -_WHOLE <= value < _WHOLE else None
    if isinstance(value, Mapping | list | tuple):
        return None
    return str(value)[:LONGEST].encode("utf-8", "replace").decode("utf-8")
