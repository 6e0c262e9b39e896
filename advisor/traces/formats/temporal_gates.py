"""Model calls in a Temporal history that are gates: one that judges, beside one that answers, over the same input.

The OpenAI Agents plug-in runs a guardrail as a model call of its own. It is told by three things together: it is
scheduled by the same workflow task as another model call, over the same input, and it alone must answer in a schema.
"""

from __future__ import annotations

from typing import Any

from advisor.traces import values
from advisor.traces.formats.temporal_run import History
from advisor.traces.formats.temporal_values import attributes_of, payloads
from advisor.traces.records import get

MODEL_ACTIVITY = "invoke_model_activity"
"""The activity in which Temporal's OpenAI Agents plug-in calls a model."""


def model_gates(history: History) -> dict[int, int]:
    """Gates by the number of their scheduling event: the number of the model call that they judge beside."""
    together: dict[tuple[Any, str | None], list[tuple[int, bool]]] = {}
    for number, (event, kind) in history.by_id.items():
        if kind != "ActivityTaskScheduled":
            continue
        attributes = attributes_of(event, kind)
        if get(attributes, "activityType", "name") != MODEL_ACTIVITY:
            continue
        arguments = payloads(attributes.get("input"))
        asked = arguments[0] if arguments else None
        said, task = get(asked, "input"), values.number(attributes.get("workflowTaskCompletedEventId"))
        if said is not None and task is not None:
            key = (task, values.fingerprint(said))
            together.setdefault(key, []).append((number, get(asked, "output_schema") is not None))
    found: dict[int, int] = {}
    for calls in together.values():
        answering = [number for number, judges in calls if not judges]
        if len(answering) == 1:
            found |= {number: answering[0] for number, judges in calls if judges}
    return found
