"""What the generic reader did on its own account: kinds guessed, fields that filled nothing, values not understood."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, NamedTuple

MOST = 10_000
"""Names that are told apart; in logs whose keys are data there are no more than these, and the rest together."""
OTHERS = "(others)"
LISTED = 100


class Seen(NamedTuple):
    """How many rows, and the first place."""

    rows: int
    file: str
    line: int


@dataclass
class Tally:
    """Counts over all files."""

    unused: Counter[str] = field(default_factory=Counter)
    """Rows by field that filled no column; of large files that are scanned, rows of a sample."""
    unread: dict[tuple[str, str], Seen] = field(default_factory=dict)
    """By field and column: values that the column cannot hold."""

    def as_json(self) -> dict[str, Any]:
        """Both counts, most rows first; at most LISTED of each, with how many more there are."""
        unused = sorted(self.unused.items(), key=lambda it: (-it[1], it[0]))
        unread = sorted(self.unread.items(), key=lambda it: (-it[1].rows, it[0]))
        return {
            "unused_fields": [{"name": name, "rows": rows} for name, rows in unused[:LISTED]],
            "unused_fields_more": max(0, len(unused) - LISTED),
            "unread_values": [
                {"name": name, "column": column, "rows": seen.rows, "file": seen.file, "line": seen.line}
                for (name, column), seen in unread[:LISTED]
            ],
            "unread_values_more": max(0, len(unread) - LISTED),
        }

    def unuse(self, path: str) -> None:
        """A field filled nothing."""
        self.unused[path if path in self.unused or len(self.unused) < MOST else OTHERS] += 1

    def misread(self, path: str, column: str, file: str, line: int) -> None:
        """A field's value could not be read as its column."""
        key = (path, column)
        if key not in self.unread and len(self.unread) >= MOST:
            key = (OTHERS, column)
        rows, first, at = self.unread.get(key, Seen(0, file, line))
        self.unread[key] = Seen(rows + 1, first, at)
