"""Three views over the same rows, threaded by the request id; each says how much of what it needs was logged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from advisor.diagnosis.lenses import business, compliance, operational


class Rows(Protocol):
    """What a lens looks through: anything that answers queries over `events`."""

    def query(self, sql: str) -> list[dict[str, Any]]:
        """A query's rows."""


def lenses(rows: Rows, states: Mapping[str, Sequence[str]] | None = None) -> dict[str, Any]:
    """All three lenses.

    Args:
        rows: The table of events.
        states: The user's states (or event names) for each stage of the funnel; see `business.STAGES`.

    Returns:
        By lens: its figures, and `coverage`, the share of rows that carry what it needs (None: no such rows).
    """
    return {
        "operational": operational.look(rows.query),
        "business": business.look(rows.query, states or {}),
        "compliance": compliance.look(rows.query),
    }
