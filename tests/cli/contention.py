"""A small log in which one agent's writes collide, for tests of what the command line makes of findings."""

from __future__ import annotations

import json
from pathlib import Path

T = 1_776_000_000
"""A Sunday in April 2026, in seconds."""


def contended(
    path: Path, agent: str = "pricing", many: int = 400, slow: int = 20, start: int = T, tries: int = 6
) -> Path:
    """Writes `many` operations, a second apart, of which `slow` take several tries; returns the file."""
    rows = [
        {
            "ts": start + number + attempt / 10,
            "kind": "cas",
            "agent_name": agent,
            "request_id": f"r{start}-{number}",
            "op_id": f"op{start}-{number}",
            "attempt": attempt,
            "resource_id": f"renewal/{start}-{number}",
            "expected_version": str(attempt),
            "status": "ok" if attempt == (tries if number < slow else 1) else "rejected",
        }
        for number in range(many)
        for attempt in range(1, tries + 1 if number < slow else 2)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path
