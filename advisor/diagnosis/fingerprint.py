"""What a finding is about, by which the next run knows it again: names of tools, agents and the like, never numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from hashlib import sha256

from advisor.diagnosis.detector import CITED
from advisor.traces.table import Events

_NAMES: Mapping[str, str] = {
    "tool": "tool_name",
    "agent": "agent_name",
    "winner": "winner_agent",
    "field": "merge_field",
    "consumer": "consumer",
    "system": "target_system",
}
_VERSIONED: Mapping[str, Mapping[str, str]] = {
    id: {**_NAMES, "model": "model_version"} for id in ("P3-replay-divergence", "SDB-model-dependent-verifier")
}
"""Findings that speak of a version; any other would be a new one after each release."""
_MASK = re.compile(r"\[([a-z-]{2,16}):[0-9a-f]{4}\]")
"""A name that was masked before it came here: its hash is another one at each run."""
MOST = 5
"""Convention: more names of one sort than these say that the finding is about no few of them; none is listed then."""
_RUN = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}|(?=[a-fA-F]*\d)[0-9a-fA-F]{8,}|\d{4,}")
"""Parts of a name that one run alone has: UUIDs, hexadecimal ids, long numbers."""


def scope(table: Events, signature: str, row_ids: Sequence[int]) -> tuple[str, ...]:
    """What the cited rows name, such as `tool=charge_card`, sorted; empty where they name nothing.

    Neither counts, lines, paths nor times enter it, so that another run over more rows or moved files gives the same.
    """
    if not row_ids:
        return ()
    names = _VERSIONED.get(signature, _NAMES)
    wanted = ", ".join(str(int(row)) for row in row_ids[:CITED])
    rows = table.query(f"SELECT {', '.join(names.values())} FROM events WHERE row_id IN ({wanted})")
    found: list[str] = []
    for name, column in names.items():
        seen = {_RUN.sub("#", str(row[column])) for row in rows if row[column] not in (None, "")}
        if len(seen) <= MOST or name == "model":
            found += [f"{name}={each}" for each in seen]
    return tuple(sorted(found))


def fingerprint(signature: str, scope: Sequence[str]) -> str:
    """A finding's identity as 32 hexadecimal digits: its signature and what it is about."""
    names = (_MASK.sub(r"[\1]", each) for each in scope)
    return sha256("\0".join((signature, *names)).encode("utf-8", "surrogateescape")).hexdigest()[:32]
