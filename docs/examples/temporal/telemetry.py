"""Temporal: histories as they are, what an activity is in its header, and `record` in a file beside them.

A history holds the final attempt of an activity and nothing that happened inside. `record` is called in activities
only: workflow code runs again at every replay.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from temporalio import activity
from temporalio.converter import default
from temporalio.worker import Interceptor, StartActivityInput, WorkflowInboundInterceptor, WorkflowOutboundInterceptor

PLAIN = False
"""Whether to write what Temporal says by itself, and no more."""
FOLDER = Path()
"""Where the files go."""
ACTIVITIES: dict[str, Callable[..., dict[str, str]]] = {}
"""What each activity is, by its name: from its arguments, the attributes that its event in the history gets."""


def record(kind: str, **columns: Any) -> None:
    """Says what just happened, inside an activity: one line, which joins the history by the workflow's id."""
    if PLAIN:
        return
    row = {"kind": kind, "ts": datetime.now(UTC).isoformat(), "request.id": activity.info().workflow_id} | columns
    line = json.dumps({f"sdb.{name}": value for name, value in row.items() if value is not None})
    with (FOLDER / "records.jsonl").open("a", encoding="utf-8") as file:
        file.write(line + "\n")


def keep(history: Any) -> None:
    """Appends one workflow's history, as `temporal workflow show --output json` writes it, in a line."""
    held = json.loads(history.to_json())
    # Older servers and the test server leave the workflow's id out, and the records join by it.
    held["events"][0]["workflowExecutionStartedEventAttributes"].setdefault("workflowId", history.workflow_id)
    with (FOLDER / "histories.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(held) + "\n")


class Attributes(Interceptor):
    """Puts `ACTIVITIES` into the headers of scheduled activities: `Worker(..., interceptors=[Attributes()])`."""

    def workflow_interceptor_class(self, input: Any) -> type[WorkflowInboundInterceptor]:
        """What wraps a workflow."""
        return _Inbound


class _Inbound(WorkflowInboundInterceptor):
    def init(self, outbound: WorkflowOutboundInterceptor) -> None:
        super().init(_Outbound(outbound))


class _Outbound(WorkflowOutboundInterceptor):
    def start_activity(self, input: StartActivityInput) -> Any:
        said = None if PLAIN else ACTIVITIES.get(input.activity)
        known = said(*input.args) if said else {}
        payloads = {name: default().payload_converter.to_payload(value) for name, value in known.items()}
        return super().start_activity(dataclasses.replace(input, headers={**input.headers, **payloads}))
