"""What only the user knows about a log: weights, the order of model versions, what may run on or repeat on purpose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

READS = (
    "^(?:get|find|list|search|look|lookup|read|fetch|query|check|calculate|compute|think|view|retrieve|show|describe|"
    "count|browse|open|visit|verify|validate|plan)(?:_|-|[.]|$)"
)
"""Names of tools that read: their results tell of what others refused or did."""


@dataclass(frozen=True)
class Facts:
    """What only the user knows, from the mapping file's `[facts]`; empty where nothing was said.

    Attributes:
        weights: Agents' declared weights in a merge.
        model_order: Model versions, oldest first.
        detached: Agents or tools whose work may outlive their request.
        polling: Tools that are called again on purpose.
        lateness_us: Allowed lateness of events.
        states: For each stage of the business funnel (opened, produced, sent, closed, failed, escalated), the states or
            event names that mean it.
        material: Columns that make an event's outcome, each with the most by which equal numbers may differ.
        off_hours: Free text for reports; nothing is computed from it.
    """

    weights: Mapping[str, float] = field(default_factory=dict)
    model_order: Sequence[str] = ()
    detached: frozenset[str] = frozenset()
    polling: frozenset[str] = frozenset()
    lateness_us: int | None = None
    material: Mapping[str, float] = field(default_factory=dict)
    off_hours: str | None = None
    states: Mapping[str, Sequence[str]] = field(default_factory=dict)
