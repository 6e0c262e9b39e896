"""Flat attributes, as OpenTelemetry and structured logs carry them, into columns of the event model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from advisor.traces import columns, values
from advisor.traces.columns import Column
from advisor.traces.records import Event

_FLAGS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
_READ: dict[str, Callable[[Any], Any]] = {
    "text": lambda value: value if isinstance(value, str) else values.canonical(value),
    "number": values.number,
    "flag": lambda value: value if isinstance(value, bool) else _FLAGS.get(values.word(value)),
    "instant": values.instant,
    "milliseconds": values.microseconds,
    "money": values.money,
}
_HASHES = ("input_hash", "output_hash", "args_hash", "result_fp")
# Closed vocabularies: what stands outside them is kept as text beside, never as a state of the model.
_WORDS: dict[str, Callable[[Any], str | None]] = {
    "status": values.status,
    "decision": values.decision,
    "kind": lambda value: values.word(value) if values.word(value) in columns.KINDS else None,
    "side_effect": lambda value: values.word(value) if values.word(value) in columns.SIDE_EFFECTS else None,
    "agent_role": lambda value: values.word(value) if values.word(value) in columns.ROLES else None,
    "decision_source": lambda value: (
        values.word(value) if values.word(value) in columns.SOURCES_OF_DECISION else "unknown"
    ),
}


def convert(column: Column, value: Any) -> Any:
    """A source's value as the column stores it; None where it cannot be read as one."""
    if value is None or value == "":
        return None
    # Python reads digits of every script as numbers; a log's numbers are ASCII, and so SQL has it.
    if column.unit in ("number", "milliseconds", "money") and isinstance(value, str) and not value.isascii():
        return None
    if column.name in _WORDS:
        return _WORDS[column.name](value)
    if column.name == "text":
        return values.excerpt(value)
    return _READ[column.unit](value)


def fill(event: Event, attributes: Mapping[str, Any]) -> list[str]:
    """Puts every attribute that declares a column into an event, where the event does not have it yet.

    `sdb.kind` (or `kind`) with one of the model's kinds makes the row declared by its emitter.

    Returns:
        The attributes that declare a column but hold nothing that it can hold.
    """
    known = columns.declared()
    unread: list[str] = []
    for name, value in attributes.items():
        column = known.get(name)
        if column is None or value is None or value == "":
            continue
        if column.name == "kind":
            kind = convert(column, value)
            if kind:
                event["kind"], event["declared_by"] = kind, "emitter"
            else:
                unread.append(name)
            continue
        read = convert(column, value)
        if column.name == "status" and event.get("status_raw") is None:
            event["status_raw"] = str(value)
        if read is None:
            unread.append(name)
        elif name.startswith("sdb.") or event.get(column.stored) is None:
            event[column.stored] = read
    finish(event)
    return unread


def finish(event: Event) -> None:
    """What follows from a row's own columns: its duration, its end, its model version, its error's fingerprint."""
    start, end, took = event.get("ts_us"), event.get("end_us"), event.get("duration_us")
    if start is not None and end is not None and took is None:
        event["duration_us"] = end - start
    elif start is not None and end is None and took is not None:
        event["end_us"] = start + took
    if event.get("model_version") is None:
        event["model_version"] = event.get("model_response") or event.get("model_request")
    if event.get("error_fp") is None and (event.get("error_type") or event.get("error_message")):
        event["error_fp"] = values.error_fingerprint(event.get("error_type"), event.get("error_message"))
    for name in _HASHES:
        if event.get(name) is not None:
            event[name] = str(event[name])
