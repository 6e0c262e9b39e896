"""A table of events in another engine, with what the diagnosis needs of one: queries, columns, and places of rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from functools import cache
from typing import Any

from advisor.errors import Fault, InputError
from advisor.traces.table import STAND_INS, columns_of
from advisor.traces.warehouses.dialects import exchange_columns, over, reading

Answer = tuple[Sequence[str], Iterable[Sequence[Any]]]


class Warehouse:
    """Events that stay where they are. Columns of the canonical table that are missing there count as absent."""

    def __init__(
        self,
        name: str,
        dialect: str,
        source: str,
        columns: Iterable[str],
        answer: Callable[[str], Answer],
    ) -> None:
        """Takes an engine.

        Args:
            name: What evidence is cited under, such as the address of the table.
            dialect: The engine's SQL.
            source: The table, as DuckDB's SQL would name it.
            columns: The table's columns.
            answer: Runs a query of the engine's dialect: names of columns, and rows.

        Raises:
            InputError: The table lacks what no diagnosis can do without.
        """
        self.name = name
        here = {column.lower() for column in columns}
        self.present = tuple(column for column in exchange_columns() if column in here)
        if missing := sorted({"kind", "ts_us", "row_id"} - here):
            mend = "write the canonical table with --save-events, or make a view that has its columns"
            raise InputError([Fault(name, f"has no column {', '.join(missing)}", mend)])
        self._answer = answer
        view = reading(source, self.present)
        self._text = cache(lambda sql: over(sql, view, dialect))

    def options(self, name: str) -> list[str]:
        """What a column of `events` is read from, in order: the column itself, then what stands in for it."""
        return [each for each in (name, *STAND_INS.get(name, ())) if columns_of(each) <= set(self.present)]

    def query(
        self, sql: str, given: Sequence[Any] = (), *, kept: tuple[str, str] | None = None
    ) -> list[dict[str, Any]]:
        """A query's rows as dicts, whole numbers as int whatever the engine sums them in; each makes all it asks."""
        if given:
            raise ValueError("queries of a warehouse take no parameters")
        names, rows = self._answer(self._text(sql))
        return [{name: _plain(value) for name, value in zip(names, row, strict=True)} for row in rows]

    def forget(self) -> None:
        """Nothing was kept."""

    def place(self, row: Mapping[str, Any]) -> tuple[str, int]:
        """The file and line that a row says it comes from; else the table, and the row's number."""
        file, line = row.get("file"), row.get("line")
        if file is None or line is None:
            return self.name, int(row["row_id"])
        return str(file), int(line)

    def inventory(self) -> dict[str, Any]:
        """The JSON of what there is, as for files."""
        row = self.query(
            "SELECT COUNT(*) AS rows_, COUNT(DISTINCT request_id) AS requests, "
            "SUM(CASE WHEN kind = 'unknown' THEN 1 ELSE 0 END) AS bad FROM events"
        )[0]
        rows, bad = int(row["rows_"]), int(row["bad"] or 0)
        file = {"path": self.name, "format": "events", "rows": rows - bad, "bad_rows": bad}
        return {
            "files": [{**file, "skipped_reason": None, "bad": []}],
            "rows": rows - bad,
            "bad_rows": bad,
            "copies": 0,
            "requests": int(row["requests"]),
            "guessed_kinds": [],
        }


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value
