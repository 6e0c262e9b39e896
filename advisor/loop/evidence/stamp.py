"""The record's last line: the model version that it was made for, against those that the log names."""

from __future__ import annotations

import re

from advisor.diagnosis.detector import Row
from advisor.loop.evidence.conventions import LIMITS
from advisor.loop.evidence.observation import Observation, nothing
from advisor.traces.table import EventTable

_CALLS = """
SELECT model_version AS version, COUNT(*) AS many, MIN(row_id) AS row_id FROM events
WHERE kind = 'llm_call' AND model_version IS NOT NULL
GROUP BY model_version ORDER BY many DESC, version LIMIT 200
"""
_EDITION = re.compile(r"(-?(\d{4}-\d{2}-\d{2}|\d{4}|\d{6}|\d{8}|latest|v\d+(-\d+)?))*")
"""What may follow a model's name without making it another model: dates, `latest`, an interface version."""


def same_model(stamped: str, logged: str) -> bool:
    """Whether a logged name is the stamped model, in words or dashes, with a date or a provider around it."""
    mine, theirs = _words(stamped), _words(logged)
    if not mine or not theirs:
        return False
    for at in range(len(theirs) - len(mine) + 1):
        if theirs[at : at + len(mine)] == mine and _EDITION.fullmatch("-".join(theirs[at + len(mine) :])):
            return True
    return False


def _words(name: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", name.casefold())


def versions_called(table: EventTable) -> list[Row]:
    """The model versions of the log's calls, the most used first."""
    return table.query(_CALLS)


def stamped(version: str, called: list[Row]) -> Observation:
    """What the log's calls say of the version on the record; `shows` is yes, partly or no."""
    total = sum(int(row["many"]) for row in called)
    if not total:
        return nothing("no model call names its version")
    same = [row for row in called if same_model(version, str(row["version"]))]
    other = [row for row in called if row not in same]
    kept = sum(int(row["many"]) for row in same)
    names = ", ".join(str(row["version"]) for row in called[:3])
    said = f"{kept} of {total} model calls name the version of the record; seen most: {names}."
    numbers = {"calls": total, "same": kept, "versions": len(called)}
    rows = tuple(int(row["row_id"]) for row in other[:5])
    if kept >= (1 - LIMITS["canary"]) * total:
        return Observation(said, "yes", True, numbers=numbers)
    why = "" if total >= LIMITS["least_calls"] else f"{total} calls are few"
    if kept:
        return Observation(said, "no", why=why or "part of the calls still name it", numbers=numbers, rows=rows)
    return Observation(said, "no", not why, why=why, numbers=numbers, rows=rows)
