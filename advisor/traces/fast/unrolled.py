"""Users' Parquet as JSON lines in a temporary file, a line for each row, for the scan that reads those."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from advisor.traces.fast.expressions import quoted

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

FROM_BYTES = 256 << 10
"""Files from this size on; smaller ones are read row by row."""
GROWTH = 40
"""Times a file's size that has to be free where the lines go: text repeats what Parquet says once."""
# As the row by row reading writes instants; what has no zone is in UTC.
_INSTANT = "%Y-%m-%dT%H:%M:%S.%fZ"


def unrolled(path: Path, to: Path) -> bool:
    """Writes a Parquet file's rows as JSON lines.

    Returns:
        Whether it was done: not where the file is small, holds bytes that may be no text or nested values that are no
        number, or where room is scarce. A file that breaks off is left to who reads it row by row and counts the loss.
    """
    size = path.stat().st_size
    if size < FROM_BYTES or shutil.disk_usage(to.parent).free < GROWTH * size:
        return False
    import duckdb

    con = duckdb.connect(config={"autoinstall_known_extensions": False})
    con.execute("SET TimeZone = 'UTC'")
    try:
        rows = con.execute("DESCRIBE SELECT * FROM read_parquet(?)", [str(path)]).fetchall()
        types = {_name(str(row[0])): str(row[1]) for row in rows}
        if any("BLOB" in kind for kind in types.values()) or _no_numbers_inside(con, path, types):
            return False
        # What is no number is nothing, as it is row by row: data frames write it for what is missing.
        loose = ", ".join(
            f"CASE WHEN NOT isnan({name}) THEN {name} END AS {name}"
            for name, kind in types.items()
            if kind in ("DOUBLE", "FLOAT")
        )
        replaced = f" REPLACE ({loose})" if loose else ""
        con.execute(
            f"COPY (SELECT *{replaced} FROM read_parquet({quoted(str(path))})) TO {quoted(str(to))} "
            f"(FORMAT json, TIMESTAMPFORMAT '{_INSTANT}')"
        )
    except duckdb.Error:
        to.unlink(missing_ok=True)
        return False
    finally:
        con.close()
    return True


def _no_numbers_inside(con: DuckDBPyConnection, path: Path, types: Mapping[str, str]) -> bool:
    """Whether some nested value is none of the numbers: inside a column it cannot be left out."""
    nested = [name for name, kind in types.items() if "(" in kind or "[" in kind if "DOUBLE" in kind or "FLOAT" in kind]
    if not nested:
        return False
    said = " OR ".join(f"COALESCE(contains(CAST(to_json({name}) AS VARCHAR), 'NaN'), FALSE)" for name in nested)
    found = con.execute(f"SELECT bool_or({said}) FROM read_parquet(?)", [str(path)]).fetchone()
    return bool(found and found[0])


def _name(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'
