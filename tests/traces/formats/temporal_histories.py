"""Temporal histories for tests, and what is looked for in their rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from advisor.traces.formats.temporal import FORMATS
from advisor.traces.opening import open_sources
from advisor.traces.records import Event

SAMPLES = Path(__file__).parents[1] / "samples"
TEMPORAL = SAMPLES / "temporal"
IGNORED = TEMPORAL / "test_replayer_swallowed_activity_cancellation.json"
OBEYED = TEMPORAL / "customer-service-workflow-history.json"
OLD = TEMPORAL / "test_replayer_complete_history.json"
TRACING = TEMPORAL / "test_replayer_event_tracing.json"
FAILURES = TEMPORAL / "failures.json"
(FORMAT,) = FORMATS
WORK = {"tool_call", "llm_call", "delegation"}


def read(path: Path) -> tuple[list[Event], list[tuple[int, str]]]:
    bad: list[tuple[int, str]] = []
    ((_, source),) = open_sources(path, lambda line, why: bad.append((line, why)))
    assert FORMAT.sniff(source)
    return list(FORMAT.read(source)), bad


def rows(path: Path) -> list[Event]:
    found, bad = read(path)
    assert bad == []
    return found


def of(events: list[Event], kind: str) -> list[Event]:
    return [event for event in events if event["kind"] == kind]


def shown(event: Event, *names: str) -> tuple[Any, ...]:
    return tuple(event.get(name) for name in names)


def after_the_check(events: list[Event]) -> list[int]:
    """Work that was scheduled after a worker had seen the cancel."""
    return [
        event["seq"]
        for check in of(events, "cancel_check")
        for event in events
        if event["kind"] in WORK and event["run_id"] == check["run_id"] and event["seq"] > check["seq"]
    ]
