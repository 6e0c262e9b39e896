"""The rows of one Temporal history.

What is opened by one event and closed by a later one (an activity, a child workflow, an update, the workflow itself)
is one row with both: it stands where it was scheduled, with that event's id as `seq`, and starts when its last attempt
began. Closing events stay visible as rows of their own. Ids that count from 1 in every run are qualified by the run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from advisor.traces import values
from advisor.traces.attributes import fill
from advisor.traces.formats.temporal_gates import MODEL_ACTIVITY, model_gates
from advisor.traces.formats.temporal_run import ENDS, WORKFLOW_ENDS, History, version_of
from advisor.traces.formats.temporal_values import (
    attributes_of,
    duration_us,
    failure,
    named_payloads,
    payload,
    payloads,
    word,
)
from advisor.traces.records import Event, Record, get, text_of

NO_CRASH = frozenset(
    "UnhandledCommand ResetWorkflow ResetStickyTaskQueue ForceCloseCommand FailoverCloseCommand "
    "PendingChildWorkflowsLimitExceeded PendingActivitiesLimitExceeded PendingSignalsLimitExceeded "
    "PendingRequestCancelLimitExceeded PayloadsTooLarge GrpcMessageTooLarge".split()
)
"""Causes of a failed workflow task that are no fault of the worker's code: the server's doing, or a limit."""


def _end_of(kind: str) -> str | None:
    return next((status for end, status in ENDS.items() if kind.endswith(end)), None)


def rows(records: Sequence[Record]) -> Iterator[Event]:
    """One row per event of a run, in the order of the file."""
    history = History(records)
    gates = model_gates(history)
    for line, event, kind in history.records:
        attributes = attributes_of(event, kind)
        row: Event = {
            "line": line,
            "declared_by": "format",
            "kind": "log",
            "name": kind,
            "ts_us": values.instant(event.get("eventTime")),
            "seq": values.number(event.get("eventId")),
            "seq_scope": "workflow",
            "event_id": history.qualified(event.get("eventId")),
            "run_id": history.run,
            "parent_span_id": history.run,
            "worker_id": text_of(attributes.get("identity")),
            "code_version": version_of(attributes),
        }
        if history.request:
            row |= {"request_id": history.request, "request_id_source": history.request_source}
        _WRITE.get(kind, _other)(row, history, attributes, kind)
        fill(row, named_payloads(attributes))
        if row["kind"] == "llm_call" and row["seq"] in gates:
            row |= {"kind": "gate_decision", "decision_source": "model", "declared_by": "guess"}
            row["proposal_id"] = history.qualified(gates[row["seq"]])
        yield row


def _fail(row: Event, said: Any, status: str | None = None) -> None:
    """Puts a failure into a row."""
    found = failure(said)
    row["status"] = status or (found.status if found else None)
    if found:
        row["error_type"], row["error_message"] = found.type, values.excerpt(found.message)


def _carried(row: Event, history: History, number: int | None) -> None:
    """Puts into a row what later events say of what it opened: start, attempt, end, status, error, result."""
    row["status"] = "pending"
    for event, kind in history.carried.get(number, ()) if number is not None else ():
        attributes = attributes_of(event, kind)
        when = values.instant(event.get("eventTime"))
        if kind.endswith("Started"):
            row["ts_us"] = when if when is not None else row["ts_us"]
            row["attempt"] = values.number(attributes.get("attempt"))
            row["worker_id"] = text_of(attributes.get("identity"))
            row["code_version"] = version_of(attributes) or row["code_version"]
            continue
        row["end_us"], row["status_raw"] = when, kind
        said = attributes.get("failure") or get(attributes, "outcome", "failure")
        _fail(row, said, _end_of(kind) if not isinstance(said, Mapping) else None)
        if kind == "StartChildWorkflowExecutionFailed":
            row["error_type"] = word(attributes.get("cause"), "START_CHILD_WORKFLOW_EXECUTION_FAILED_CAUSE_")
        _result(row, attributes)


def _result(row: Event, attributes: Mapping[str, Any]) -> list[Any]:
    """Puts a closing event's result into a row, and says what it holds."""
    given = attributes.get("result") or get(attributes, "outcome", "success")
    held = payloads(given) if get(given, "payloads") is not None else [payload(given)] if given else []
    if held:
        only = held[0] if len(held) == 1 else held
        row["result_fp"], row["text"] = values.fingerprint(only), values.excerpt(only)
    return held


def _started(row: Event, history: History, attributes: Mapping[str, Any], kind: str) -> None:
    started = row["ts_us"]
    limit = duration_us(attributes.get("workflowExecutionTimeout"))
    run_limit = duration_us(attributes.get("workflowRunTimeout"))
    ends = [values.instant(attributes.get("workflowExecutionExpirationTime"))]
    ends += [started + one if started is not None and one else None for one in (limit, run_limit)]
    row |= {
        "kind": "workflow",
        "name": text_of(get(attributes, "workflowType", "name")) or kind,
        "span_id": history.run,
        # A run that goes on from another (continued as new, retried, by its schedule) is no root of its own.
        "parent_span_id": text_of(get(attributes, "parentWorkflowExecution", "runId"))
        or text_of(attributes.get("continuedExecutionRunId")),
        "attempt": values.number(attributes.get("attempt")),
        "max_attempts": values.number(get(attributes, "retryPolicy", "maximumAttempts")) or None,
        "timeout_us": run_limit or limit,
        # A deadline at year 1 is how the protocol writes none.
        "deadline_us": min((one for one in ends if one is not None and one > 0), default=None),
        "input_hash": values.fingerprint(payloads(attributes.get("input"))),
        "code_version": history.version,
        "status": "pending",
    }
    if history.end:
        event, end = history.end
        row["end_us"], row["status_raw"] = values.instant(event.get("eventTime")), end
        _fail(row, attributes_of(event, end).get("failure"), WORKFLOW_ENDS.get(end, "ok"))


def _ended(row: Event, history: History, attributes: Mapping[str, Any], kind: str) -> None:
    row["kind"] = "cancelled" if WORKFLOW_ENDS[kind] == "cancelled" else "outcome"
    row["status_raw"] = kind
    _fail(row, attributes.get("failure"), WORKFLOW_ENDS[kind])
    held = _result(row, attributes)
    row["output_hash"] = values.fingerprint(held) if held else None
    row["reason_text"] = text_of(attributes.get("reason"))


def _cancel(row: Event, history: History, attributes: Mapping[str, Any], kind: str) -> None:
    row["kind"], row["reason_text"] = "cancel_request", text_of(attributes.get("cause"))


def _task_started(row: Event, history: History, attributes: Mapping[str, Any], kind: str) -> None:
    if row["seq"] in history.checks:
        row["kind"] = "cancel_check"
    _, scheduled = history.opener(attributes, kind)
    row["attempt"] = values.number(scheduled.get("attempt"))


def _task_failed(row: Event, history: History, attributes: Mapping[str, Any], kind: str) -> None:
    cause = word(attributes.get("cause"), "WORKFLOW_TASK_FAILED_CAUSE_")
    row["status_raw"] = text_of(attributes.get("cause"))
    if cause == "ResetWorkflow":
        row["replay_of"] = text_of(attributes.get("baseRunId"))
        return
    _fail(row, attributes.get("failure"), "error")
    row["error_type"] = cause or row.get("error_type")
    if cause is not None and cause not in NO_CRASH:
        row["kind"], row["child_id"] = "crash", history.request


def _task_timed_out(row: Event, history: History, attributes: Mapping[str, Any], kind: str) -> None:
    row["status"] = "timeout"
    row["error_type"] = f"{word(attributes.get('timeoutType'), 'TIMEOUT_TYPE_') or ''}Timeout"


def _scheduled(row: Event, history: History, attributes: Mapping[str, Any], kind: str) -> None:
    arguments = payloads(attributes.get("input"))
    when = row["ts_us"]
    whole = duration_us(attributes.get("scheduleToCloseTimeout"))
    row |= {
        "kind": "tool_call",
        "name": text_of(get(attributes, "activityType", "name")),
        "tool_call_id": _call_id(history, row["seq"], attributes),
        "span_id": row["event_id"],
        "args_hash": values.fingerprint(arguments),
        "deadline_us": when + whole if when is not None and whole else None,
        "timeout_us": duration_us(attributes.get("startToCloseTimeout")),
        "max_attempts": values.number(get(attributes, "retryPolicy", "maximumAttempts")) or None,
    }
    if kind == "NexusOperationScheduled":
        row["name"], row["target_system"] = text_of(attributes.get("operation")), text_of(attributes.get("endpoint"))
        row["args_hash"] = values.fingerprint(payload(attributes.get("input")))
    row["tool_name"] = row["name"]
    _carried(row, history, row["seq"])
    if row["name"] == MODEL_ACTIVITY:
        _model(row, history, arguments)


def _call_id(history: History, number: int | None, attributes: Mapping[str, Any]) -> str | None:
    return history.qualified(attributes.get("activityId") or number)


def _model(row: Event, history: History, arguments: list[Any]) -> None:
    """Makes a model turn of an activity whose arguments and result are one's."""
    if "model_name" not in (arguments[0] if arguments and isinstance(arguments[0], Mapping) else {}):
        return
    row |= {"kind": "llm_call", "op_name": "chat", "model_request": text_of(arguments[0]["model_name"])}
    row |= {"input_hash": row["args_hash"], "args_hash": None, "tool_name": None, "tool_call_id": None}
    for event, kind in history.carried.get(row["seq"], ()):
        if kind != "ActivityTaskCompleted":
            continue
        held = payloads(attributes_of(event, kind).get("result"))
        answer = held[0] if held else None
        row["output_hash"] = values.fingerprint(get(answer, "output"))
        row["input_tokens"] = values.number(get(answer, "usage", "input_tokens"))
        row["output_tokens"] = values.number(get(answer, "usage", "output_tokens"))
        row["cache_read_tokens"] = values.number(get(answer, "usage", "input_tokens_details", "cached_tokens"))
        row["reasoning_tokens"] = values.number(get(answer, "usage", "output_tokens_details", "reasoning_tokens"))
        output = get(answer, "output")
        parts = [get(one, "content") for one in output] if isinstance(output, list) else []
        texts = [text_of(get(t, "text")) for part in parts if isinstance(part, list) for t in part]
        row["text"] = values.excerpt("\n".join(t for t in texts if t)) or row.get("text")


def _activity_started(row: Event, history: History, attributes: Mapping[str, Any], kind: str) -> None:
    number, opened = history.opener(attributes, kind)
    row["tool_call_id"] = _call_id(history, number, opened)
    row["attempt"] = values.number(attributes.get("attempt"))
    # The error that made this attempt necessary: the only trace that earlier attempts leave.
    _fail(row, attributes.get("lastFailure"), None)
    row["status"] = None


def _activity_closed(row: Event, history: History, attributes: Mapping[str, Any], kind: str) -> None:
    number, opened = history.opener(attributes, kind)
    if get(opened, "activityType", "name") == MODEL_ACTIVITY:
        return
    row |= {"kind": "tool_result", "tool_call_id": _call_id(history, number, opened), "status_raw": kind}
    row["tool_name"] = text_of(get(opened, "activityType", "name")) or text_of(opened.get("operation"))
    said = attributes.get("failure")
    _fail(row, said, _end_of(kind) if not isinstance(said, Mapping) else None)
    _result(row, attributes)


def _activity_cancel(row: Event, history: History, attributes: Mapping[str, Any], kind: str) -> None:
    """An activity that its own workflow gives up is no kill switch; the row stays a log line."""
    number = values.number(attributes.get("scheduledEventId"))
    event, opened = history.by_id.get(number, ({}, "")) if number is not None else ({}, "")
    row["tool_call_id"] = _call_id(history, number, attributes_of(event, opened) if opened else {})


def _child(row: Event, history: History, attributes: Mapping[str, Any], kind: str) -> None:
    row |= {
        "kind": "delegation",
        "name": text_of(get(attributes, "workflowType", "name")) or kind,
        "span_id": row["event_id"],
        "child_id": text_of(attributes.get("workflowId")),
        "args_hash": values.fingerprint(payloads(attributes.get("input"))),
        "timeout_us": duration_us(attributes.get("workflowExecutionTimeout")),
        "max_attempts": values.number(get(attributes, "retryPolicy", "maximumAttempts")) or None,
    }
    _carried(row, history, row["seq"])


def _timer(row: Event, history: History, attributes: Mapping[str, Any], kind: str) -> None:
    row["kind"] = {"TimerStarted": "timer_set", "TimerFired": "timer_fire"}.get(kind, "timer_cancel")
    timer = text_of(attributes.get("timerId"))
    row["timer_id"] = history.qualified(timer)
    # A workflow's timers and messages act on the workflow itself.
    row["resource_id"] = history.request
    wait = duration_us(attributes.get("startToFireTimeout"))
    row["timeout_us"] = wait
    if row["ts_us"] is not None and wait:
        row["deadline_us"] = row["ts_us"] + wait


def _message(row: Event, history: History, attributes: Mapping[str, Any], kind: str) -> None:
    asked = attributes.get("acceptedRequest") or attributes.get("rejectedRequest") or attributes.get("request")
    signal = kind == "WorkflowExecutionSignaled"
    given = payloads(attributes.get("input") if signal else get(asked, "input", "args"))
    name = attributes.get("signalName") if signal else get(asked, "input", "name")
    row |= {
        "kind": "message",
        "op_name": "signal" if signal else "update",
        "name": text_of(name) or kind,
        "resource_id": history.request,
        "input_hash": values.fingerprint(given),
        "text": values.excerpt(given[0] if len(given) == 1 else given or None),
    }
    if not signal:
        row["worker_id"] = text_of(get(asked, "meta", "identity"))
        row["span_id"] = text_of(get(asked, "meta", "updateId"))
    if kind == "WorkflowExecutionUpdateAccepted":
        text = row["text"]
        _carried(row, history, row["seq"])
        row["text"] = text
    elif kind == "WorkflowExecutionUpdateRejected":
        _fail(row, attributes.get("failure"), "rejected")


def _other(row: Event, history: History, attributes: Mapping[str, Any], kind: str) -> None:
    """Every other event is a line of the log; markers go by their own name."""
    row["name"] = text_of(attributes.get("markerName")) or kind
    if isinstance(attributes.get("failure"), Mapping):
        _fail(row, attributes["failure"])


_WRITE = {
    "WorkflowExecutionStarted": _started,
    **dict.fromkeys(WORKFLOW_ENDS, _ended),
    "WorkflowExecutionCancelRequested": _cancel,
    "WorkflowTaskStarted": _task_started,
    "WorkflowTaskFailed": _task_failed,
    "WorkflowTaskTimedOut": _task_timed_out,
    "ActivityTaskScheduled": _scheduled,
    "NexusOperationScheduled": _scheduled,
    "ActivityTaskStarted": _activity_started,
    **{
        f"{what}{end}": _activity_closed
        for what in ("ActivityTask", "NexusOperation")
        for end in ("Completed", "Failed", "TimedOut", "Canceled")
    },
    "ActivityTaskCancelRequested": _activity_cancel,
    "StartChildWorkflowExecutionInitiated": _child,
    "TimerStarted": _timer,
    "TimerFired": _timer,
    "TimerCanceled": _timer,
    "WorkflowExecutionSignaled": _message,
    "WorkflowExecutionUpdateAccepted": _message,
    "WorkflowExecutionUpdateRejected": _message,
}
"""Who writes the row of which event."""
