"""The rows of the events that DBOS's system tables record, in both layouts of inputs and outputs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain, pairwise
from typing import Any, NamedTuple

from advisor.traces import values
from advisor.traces.attributes import fill, finish
from advisor.traces.formats import pickled
from advisor.traces.records import Event, text_of

TABLES = (
    "workflow_input",
    "workflow_output",
    "workflow_events_history",
    "notifications",
    "workflow_status",
    "operation_outputs",
)
"""The tables that are read, in this order: what later ones refer to comes first. Newer layouts have all of them."""

STATUSES: Mapping[str, str] = {
    "SUCCESS": "ok",
    "ERROR": "error",
    "CANCELLED": "cancelled",
    "PENDING": "pending",
    "ENQUEUED": "pending",
    "DELAYED": "pending",
    "MAX_RECOVERY_ATTEMPTS_EXCEEDED": "error",
    "RETRIES_EXCEEDED": "error",
}
GIVEN_UP = frozenset({"MAX_RECOVERY_ATTEMPTS_EXCEEDED", "RETRIES_EXCEEDED"})
"""Statuses of a workflow that crashed its worker until recovery was given up; the second is the older name."""
WAITS = frozenset({"DBOS.recv", "DBOS.getEvent"})
"""Operations that wait; a `DBOS.sleep` with the next number is their time limit, and None their time-out."""


class Row(NamedTuple):
    """One row of a system table, and where it stands: a line of an export, or its place in the table."""

    line: int
    table: str
    values: Mapping[str, Any]


class _Workflow(NamedTuple):
    created: int | None
    forked_from: str | None
    version: str | None


class _Known:
    """What rows of earlier tables say about those of later ones."""

    def __init__(self) -> None:
        self.inputs: dict[str, Row] = {}
        self.outputs: dict[str, Row] = {}
        self.events: dict[tuple[str, int | None], Row] = {}
        self.topics: dict[tuple[str, int | None], str] = {}
        self.workflows: dict[str, _Workflow] = {}


def ordered(rows: Iterable[Row]) -> list[Row]:
    """Rows in the order in which `events` needs them, whatever order an export has."""
    place = {table: index for index, table in enumerate(TABLES)}

    def key(row: Row) -> tuple[int, str, int]:
        number = values.number(row.values.get("function_id"))
        return place.get(row.table, len(place)), str(row.values.get("workflow_uuid")), number or 0

    return sorted(rows, key=key)


def events(rows: Iterable[Row], bad: Callable[[int, str], None]) -> Iterator[Event]:
    """The events of rows that come in the order of TABLES, operations by workflow and number."""
    known = _Known()
    for row, following in pairwise(chain(rows, (None,))):
        if row is None:
            break
        owner = "destination_uuid" if row.table == "notifications" else "workflow_uuid"
        workflow = text_of(row.values.get(owner))
        if workflow is None:
            if row.table in TABLES:
                bad(row.line, f"is a row of {row.table} without {owner}")
            else:
                yield _base(row, None) | {"name": row.table}
        elif row.table in ("workflow_input", "workflow_output"):
            (known.inputs if row.table == "workflow_input" else known.outputs)[workflow] = row
        elif row.table == "workflow_events_history":
            known.events[workflow, values.number(row.values.get("function_id"))] = row
        elif row.table == "notifications":
            yield _notification(row, workflow, known)
        elif row.table == "workflow_status":
            yield from _workflow(row, workflow, known)
        elif row.table == "operation_outputs":
            yield _operation(row, workflow, known, _limit_of(row, following))
        else:
            yield _base(row, workflow) | {"name": row.table}
    left = (known.inputs, known.outputs, known.events)
    for row in (row for held in left for row in held.values()):
        yield _base(row, text_of(row.values.get("workflow_uuid"))) | {"name": row.table}


def _base(row: Row, workflow: str | None) -> Event:
    event: Event = {"line": row.line, "declared_by": "format", "kind": "log"}
    if workflow is not None:
        event |= {"request_id": workflow, "request_id_source": "workflow_uuid"}
    return event


def _instant(value: Any) -> int | None:
    """An epoch in milliseconds (numbers, or text that is one) as microseconds."""
    number = values.number(value)
    return number * 1000 if number is not None and 0 < number < 10**15 else None


def _fail(event: Event, text: Any) -> pickled.Error | None:
    """Puts a serialised error into a row."""
    found = pickled.error(text)
    if text is not None:
        late = found is not None and (found.type or "").endswith(("Timeout", "TimeoutError"))
        event["status"] = "timeout" if late else "error"
    if found:
        event["error_type"], event["error_message"] = found.type, values.excerpt(found.message)
    return found


def _workflow(row: Row, workflow: str, known: _Known) -> Iterator[Event]:
    held = row.values
    state = str(held.get("status"))
    status = STATUSES.get(state, "unknown")
    given, result = known.inputs.pop(workflow, None), known.outputs.pop(workflow, None)
    inputs = held.get("inputs") if given is None else given.values.get("inputs")
    output, error = ((held if result is None else result.values).get(name) for name in ("output", "error"))
    created, forked_from = _instant(held.get("created_at")), text_of(held.get("forked_from"))
    over = status not in ("pending", "unknown")
    ended = _instant(held.get("completed_at")) or (_instant(held.get("updated_at")) if over else None)
    known.workflows[workflow] = _Workflow(created, forked_from, text_of(held.get("application_version")))
    shared = _base(row, workflow) | {
        "name": text_of(held.get("name")),
        "status": status,
        "status_raw": state,
        "worker_id": text_of(held.get("executor_id")),
        "code_version": text_of(held.get("application_version")),
        "replay_of": forked_from,
    }
    whole = shared | {
        "kind": "workflow",
        "ts_us": created,
        "end_us": ended,
        "event_id": f"workflow_status/{workflow}",
        "span_id": workflow,
        "parent_span_id": text_of(held.get("parent_workflow_id")),
        "deadline_us": _instant(held.get("workflow_deadline_epoch_ms")),
        "timeout_us": values.microseconds(held.get("workflow_timeout_ms")),
        "attempt": values.number(held.get("recovery_attempts")) or None,
        "is_replay": True if forked_from else None,
        "input_hash": values.fingerprint(inputs),
        "output_hash": values.fingerprint(output),
    }
    if error is not None:
        _fail(whole, error)
    declared = pickled.plain(held["attributes"]) if isinstance(held.get("attributes"), str) else None
    attributes = declared.value if declared else held.get("attributes")
    named = attributes if isinstance(attributes, Mapping) else {}
    fill(whole, {name: one for name, one in named.items() if str(name).startswith(("sdb.", "gen_ai."))})
    yield whole
    if not over:
        return
    end = shared | {"ts_us": ended, "event_id": f"workflow_status/{workflow}/end", "parent_span_id": workflow}
    end["kind"] = "cancelled" if status == "cancelled" else "outcome"
    end["output_hash"] = values.fingerprint(output)
    if error is not None:
        _fail(end, error)
        end["status"] = status
    if state in GIVEN_UP:
        end |= {"kind": "crash", "child_id": workflow, "error_type": state}
        end["restart_count"] = values.number(held.get("recovery_attempts"))
    finish(end)
    yield end


def _notification(row: Row, workflow: str, known: _Known) -> Event:
    topic = text_of(row.values.get("topic"))
    consumer = values.number(row.values.get("consumed_by_function_id"))
    if topic and consumer is not None:
        known.topics[workflow, consumer] = topic
    event = _base(row, workflow) | {
        "kind": "message",
        "name": topic or "notification",
        "op_name": "notification",
        "event_type": topic,
        "event_id": text_of(row.values.get("message_uuid")),
        "ts_us": _instant(row.values.get("created_at_epoch_ms")),
    }
    _content(event, row.values.get("message"))
    finish(event)
    return event


def _content(event: Event, text: Any) -> pickled.Plain | None:
    """Puts a serialised result into a row: its hash, and its text where it is plain."""
    event["result_fp"] = values.fingerprint(text)
    found = pickled.plain(text)
    if found is not None and found.value is not None:
        event["text"] = values.excerpt(found.value)
    return found


def _limit_of(row: Row, following: Row | None) -> int | None:
    """When the wait of an operation ends at the latest: the wake time of the sleep that is paired with it."""
    if text_of(row.values.get("function_name")) not in WAITS or following is None or following.table != row.table:
        return None
    one, other = (values.number(each.values.get("function_id")) for each in (row, following))
    paired = one is not None and other == one + 1 and following.values.get("function_name") == "DBOS.sleep"
    same = row.values.get("workflow_uuid") == following.values.get("workflow_uuid")
    return _wakes(following.values.get("output")) if paired and same else None


def _wakes(output: Any) -> int | None:
    """The time at which a sleep ends, which its output records in seconds since 1970."""
    found = pickled.plain(output)
    return values.instant(found.value) if found and not isinstance(found.value, list | dict) else None


def _operation(row: Row, workflow: str, known: _Known, limit: int | None) -> Event:
    held = row.values
    number = values.number(held.get("function_id"))
    name = text_of(held.get("function_name")) or "step"
    at = known.workflows.get(workflow, _Workflow(None, None, None))
    started = _instant(held.get("started_at_epoch_ms"))
    event = _base(row, workflow) | {
        "name": name,
        "ts_us": started,
        "end_us": _instant(held.get("completed_at_epoch_ms")),
        "seq": number,
        "seq_scope": "workflow",
        "event_id": f"operation_outputs/{workflow}/{number}",
        "span_id": f"{workflow}/{number}",
        "parent_span_id": workflow,
        "code_version": at.version,
        "replay_of": at.forked_from,
        "status": "ok",
    }
    if at.forked_from:
        # A fork takes over the steps before its starting point with the times at which they ran.
        event["is_replay"] = started is not None and at.created is not None and started < at.created
    found = _content(event, held.get("output"))
    error = _fail(event, held.get("error"))
    child = text_of(held.get("child_workflow_id"))
    if name == "DBOS.sleep":
        wakes = _wakes(held.get("output"))
        event |= {"kind": "timer_set", "timer_id": event["span_id"], "deadline_us": wakes, "text": None}
        event["resource_id"] = workflow
        event["timeout_us"] = wakes - started if wakes is not None and started is not None else None
        event["end_us"] = None  # the row is written when the timer is set or when it is over, by version
    elif name in WAITS:
        event |= {"kind": "message", "op_name": name, "event_type": known.topics.get((workflow, number))}
        event["deadline_us"] = limit
        event["timeout_us"] = limit - started if limit is not None and started is not None else None
        if event["status"] == "ok" and found is not None and found.value is None:
            event["status"] = "timeout"
    elif name == "DBOS.send":
        event |= {"kind": "message", "op_name": name}
    elif name == "DBOS.setEvent":
        said = known.events.pop((workflow, number), None)
        if said is not None:
            event |= {"op_name": name, "name": text_of(said.values.get("key")) or name}
            _content(event, said.values.get("value"))
    elif name.startswith("DBOS."):
        event["child_id"] = child
    elif child is not None:
        event |= {"kind": "delegation", "child_id": child}
    else:
        event |= {"kind": "tool_call", "tool_name": name, "tool_call_id": event["span_id"]}
        if error is not None and error.type == "DBOSMaxStepRetriesExceeded":
            event["attempt"] = event["max_attempts"] = error.number
    finish(event)
    return event
