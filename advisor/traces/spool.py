"""Events on their way into the table: JSON lines of stored columns, with the columns and kinds that they use."""

from __future__ import annotations

import hashlib
import math
from pathlib import Path
from typing import Any

import orjson

from advisor.traces.columns import KINDS, stored
from advisor.traces.records import Event
from advisor.traces.values import LARGEST

LONGEST = 4000
"""Characters that one value keeps; of a longer one the last are a hash of the whole, so that no two become one."""
HASH = 16
_FITTING: dict[str, type] = {"VARCHAR": str, "BIGINT": int, "DOUBLE": float, "BOOLEAN": bool}
_TYPES = {name: _FITTING[kind] for name, kind in stored().items()}


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
        """One event; what a column cannot hold is left out, so that no odd value stops the load."""
        row: dict[str, Any] = {}
        for name, given in event.items():
            kind = type(given)
            wanted = _TYPES.get(name)
            value = given if kind is wanted and kind is not int and kind is not float else _fitted(wanted, given)
            if value is not None:
                row[name] = value
        row["file"], row["source_format"] = file, format
        if row.get("kind") not in KINDS:
            row["kind"] = "log"
        try:
            body = orjson.dumps(row)
        except TypeError:  # half a character
            body = b""
        if not body or len(body) > LONGEST:
            body = orjson.dumps({name: _short(value) for name, value in row.items()})
        self._file.write(body + b"\n")
        self.present.update(row)
        self.kinds.add(row["kind"])
        self.rows += 1

    def close(self) -> None:
        """Closes the file; it can be read from now on."""
        self._file.close()


def _fitted(wanted: type | None, value: Any) -> Any:
    """A value as its column's type; None where it is of another."""
    if value is None or wanted is None:
        return None
    if wanted is str:
        return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else None
    if isinstance(value, bool):
        return value if wanted is bool else None
    if wanted is int:
        return value if isinstance(value, int) and -LARGEST <= value <= LARGEST else None
    if wanted is float and isinstance(value, int | float):
        try:
            number = float(value)
        except OverflowError:
            return None
        return number if math.isfinite(number) else None
    return None


def _short(value: Any) -> Any:
    """Text that is valid and short; everything else as it is."""
    if not isinstance(value, str):
        return value
    whole = value.encode("utf-8", "replace")
    text = whole.decode("utf-8")
    return text if len(text) <= LONGEST else text[: LONGEST - HASH] + hashlib.sha256(whole).hexdigest()[:HASH]
