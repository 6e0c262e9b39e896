"""One Temporal run: its events by id, what later events carry on, and what is known of the run as a whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from advisor.traces import values
from advisor.traces.formats.temporal_values import attributes_of, type_of
from advisor.traces.records import Record, get, text_of

_CLOSED = ("Completed", "Failed", "TimedOut", "Canceled")
OPENED_BY = {
    **{f"{what}{state}": "scheduledEventId" for what in ("ActivityTask", "NexusOperation") for state in _CLOSED},
    **dict.fromkeys(("ActivityTaskStarted", "NexusOperationStarted", "WorkflowTaskStarted"), "scheduledEventId"),
    **{f"WorkflowTask{state}": "startedEventId" for state in _CLOSED},
    **{f"ChildWorkflowExecution{state}": "initiatedEventId" for state in ("Started", "Terminated", *_CLOSED)},
    "StartChildWorkflowExecutionFailed": "initiatedEventId",
    "WorkflowExecutionUpdateCompleted": "acceptedEventId",
}
"""Events that carry on what another one opened, and the attribute that names it."""

ENDS = {"Completed": "ok", "Failed": "error", "TimedOut": "timeout", "Canceled": "cancelled", "Terminated": "cancelled"}
WORKFLOW_ENDS = {f"WorkflowExecution{end}": status for end, status in ENDS.items()}


class History:
    """The events of one run, by id, and what they say of it."""

    def __init__(self, records: Sequence[Record]) -> None:
        """Takes the run's events with their lines, in the order of the file."""
        self.records = [(line, event, kind) for line, event in records if (kind := type_of(event)) is not None]
        self.by_id: dict[int, tuple[Mapping[str, Any], str]] = {}
        self.carried: dict[int, list[tuple[Mapping[str, Any], str]]] = {}
        self.end: tuple[Mapping[str, Any], str] | None = None
        self.version: str | None = None
        start: Mapping[str, Any] = {}
        for _, event, kind in self.records:
            attributes = attributes_of(event, kind)
            number = values.number(event.get("eventId"))
            if number is not None:
                self.by_id[number] = event, kind
            opened = values.number(attributes.get(OPENED_BY.get(kind, "")))
            if opened is not None:
                self.carried.setdefault(opened, []).append((event, kind))
            if kind == "WorkflowExecutionStarted":
                start = attributes
            elif kind in WORKFLOW_ENDS or kind == "WorkflowExecutionContinuedAsNew":
                self.end = event, kind
            self.version = self.version or version_of(attributes)
        self.run = text_of(start.get("originalExecutionRunId")) or text_of(start.get("firstExecutionRunId"))
        workflow = text_of(start.get("workflowId"))
        self.request = workflow or self.run
        self.request_source = "workflowId" if workflow else "originalExecutionRunId" if self.run else None
        self.checks = self._checks()

    def _checks(self) -> set[int]:
        """The workflow tasks in which a worker first sees a cancel: started after it, and neither failed nor lost."""
        found: set[int] = set()
        waiting = False
        for number in sorted(self.by_id):
            _, kind = self.by_id[number]
            if kind == "WorkflowExecutionCancelRequested":
                waiting = True
            elif kind == "WorkflowTaskStarted" and waiting:
                lost = {"WorkflowTaskFailed", "WorkflowTaskTimedOut"}
                if not lost & {closing for _, closing in self.carried.get(number, ())}:
                    found.add(number)
                    waiting = False
        return found

    def qualified(self, number: Any) -> str | None:
        """An id that is unique beyond this run."""
        known = text_of(number)
        return f"{self.run}:{known}" if known and self.run else known

    def opener(self, attributes: Mapping[str, Any], kind: str) -> tuple[int | None, Mapping[str, Any]]:
        """The id and the attributes of the event that opened what this one carries on."""
        number = values.number(attributes.get(OPENED_BY.get(kind, "")))
        event, opened = self.by_id.get(number, ({}, "")) if number is not None else ({}, "")
        return number, attributes_of(event, opened) if opened else {}


def version_of(attributes: Mapping[str, Any]) -> str | None:
    """The worker's build, where an event names it."""
    return (
        text_of(get(attributes, "deploymentVersion", "buildId"))
        or text_of(get(attributes, "workerVersion", "buildId"))
        or text_of(attributes.get("binaryChecksum"))
        or None
    )
