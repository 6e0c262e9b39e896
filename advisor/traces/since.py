"""Leaves out what is older than an instant: units of work whole, so that no case loses its beginning."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace

from advisor.errors import Fault, InputError
from advisor.traces.log import LeftOut, Log
from advisor.traces.values import moment

_SPAN = re.compile(r"(\d{1,6})\s*([mhdw])")
_SECONDS = {"m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_US = dt.timedelta(microseconds=1)

# A unit of work ends with its last row. Rows of no unit stand for themselves; what has no time cannot be called old.
_OLD = """
WITH ends AS (
    SELECT row_id, request_id, GREATEST(COALESCE(ts_us, end_us), COALESCE(end_us, ts_us)) AS us FROM events
),
units AS (
    SELECT request_id, MAX(us) AS us FROM ends WHERE request_id IS NOT NULL GROUP BY request_id
)
SELECT e.row_id, e.request_id FROM ends e LEFT JOIN units u ON u.request_id = e.request_id
WHERE COALESCE(u.us, e.us) < {instant}
"""


def leave_out(log: Log, since: str) -> Log:
    """The log without what ended before an instant; its table changes with it.

    A unit of work (a request) of which any row is at or after the instant stays whole.

    Args:
        log: What was read.
        since: A date or an instant (ISO 8601, UTC unless it says otherwise), or a span such as `24h` or `7d` before
            the newest row of the log. The clock on the wall plays no part.

    Raises:
        InputError: It is neither, or nothing would be left.
    """
    given = _instant(since)
    if "ts_us" not in log.table.present:
        raise InputError([Fault(f"--since {since}", "the log has no times", "leave it out, or map a column to ts")])
    newest = log.table.query("SELECT MAX(GREATEST(ts_us, COALESCE(end_us, ts_us))) AS us FROM events")[0]["us"]
    us = (newest or 0) - given // _US if isinstance(given, dt.timedelta) else (given - _EPOCH) // _US
    if newest is None or us > newest:
        last = "no row has a time" if newest is None else f"the newest row is of {_iso(newest)}"
        raise InputError([Fault(f"--since {since}", "leaves nothing", f"name an earlier instant; {last}")])
    old = _OLD.format(instant=us)
    gone = log.table.query(f"SELECT COUNT(*) AS many, COUNT(DISTINCT request_id) AS requests FROM ({old})")[0]
    log.table.con.execute(f"DELETE FROM stored WHERE rowid IN (SELECT row_id FROM ({old}))")
    return replace(log, left_out=LeftOut(_iso(us), int(gone["many"]), int(gone["requests"])))


def _instant(since: str) -> dt.datetime | dt.timedelta:
    if span := _SPAN.fullmatch(since.strip()):
        return dt.timedelta(seconds=int(span[1]) * _SECONDS[span[2]])
    try:
        instant = dt.datetime.fromisoformat(since.strip())
        return instant.replace(tzinfo=dt.UTC) if instant.tzinfo is None else instant.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        mend = "write 2026-11-22, 2026-11-22T08:00:00Z, 24h or 7d"
        raise InputError([Fault(f"--since {since}", "is neither an instant nor a span of time", mend)]) from None


def _iso(us: int) -> str:
    return moment(us).isoformat().replace("+00:00", "Z")
