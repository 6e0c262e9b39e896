"""What a Temporal history writes in a way of its own: event types, enumerations, durations, payloads, failures."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from advisor.traces.records import get, text_of

_DURATION = re.compile(r"(-?\d{1,12}(?:\.\d+)?)s")
_WRAPPERS = ("activityFailureInfo", "childWorkflowExecutionFailureInfo", "nexusOperationExecutionFailureInfo")
"""A failure with one of these only says where its cause went through."""
_DEEPEST = 20
_ATTRIBUTES = "EventAttributes"


class Failure(NamedTuple):
    """What a failure says: a status of the model, a type, a message."""

    status: str
    type: str | None
    message: str | None


def word(value: Any, prefix: str = "") -> str | None:
    """An enumeration's value in one spelling: `EVENT_TYPE_TIMER_FIRED` and `TimerFired` are both `TimerFired`."""
    if not isinstance(value, str) or not value:
        return None
    if "_" not in value and not value.isupper():
        return value
    return "".join(part.capitalize() for part in value.removeprefix(prefix).split("_"))


def type_of(event: Any) -> str | None:
    """An event's type in the spelling without underscores; from its attributes' key where the type is missing."""
    if not isinstance(event, Mapping):
        return None
    named = word(event.get("eventType"), "EVENT_TYPE_")
    if named:
        return named
    key = next((k for k in event if isinstance(k, str) and k.endswith(_ATTRIBUTES) and k != _ATTRIBUTES), None)
    return None if key is None else key[0].upper() + key[1:].removesuffix(_ATTRIBUTES)


def attributes_of(event: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    """An event's attributes; empty where it has none."""
    found = event.get(f"{kind[0].lower()}{kind[1:]}{_ATTRIBUTES}")
    return found if isinstance(found, Mapping) else {}


def is_event(value: Any) -> bool:
    """Whether a JSON value is an event of a history."""
    if not isinstance(value, Mapping) or "eventId" not in value:
        return False
    return str(value.get("eventType")).startswith("EVENT_TYPE_") or any(
        isinstance(key, str) and key.endswith(_ATTRIBUTES) for key in value
    )


def duration_us(value: Any) -> int | None:
    """A duration such as `10s` or `0.100s` in microseconds; None for none, and for zero, which means without limit."""
    if isinstance(value, Mapping):
        value = f"{value.get('seconds', 0)}.{_nanoseconds(value.get('nanos')):09d}s"
    found = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    return (round(float(found.group(1)) * 1_000_000) or None) if found else None


def _nanoseconds(value: Any) -> int:
    return value if isinstance(value, int) and 0 <= value < 10**9 else 0


def payload(value: Any) -> Any:
    """What a payload holds: its JSON value, None for a null, else its data as it stands (encrypted data included)."""
    if not isinstance(value, Mapping):
        return value
    data = value.get("data")
    encoding = _bytes(get(value, "metadata", "encoding")) or b""
    if encoding == b"binary/null":
        return None
    if encoding.startswith(b"json/"):
        try:
            return json.loads(_bytes(data) or b"null")
        except (ValueError, RecursionError):
            return data
    return data


def payloads(value: Any) -> list[Any]:
    """What a list of payloads holds; empty where there is none."""
    held = get(value, "payloads")
    return [payload(one) for one in held] if isinstance(held, list) else []


def named_payloads(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """What emitters attach to an event by name: its headers, memo and search attributes."""
    found: dict[str, Any] = {}
    for place, inner in (("header", "fields"), ("memo", "fields"), ("searchAttributes", "indexedFields")):
        fields = get(attributes, place, inner)
        if isinstance(fields, Mapping):
            found.update({str(name): payload(value) for name, value in fields.items()})
    return {name: value for name, value in found.items() if name.startswith(("sdb.", "gen_ai."))}


def _bytes(text: Any) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (TypeError, ValueError, binascii.Error):
        return None


def failure(value: Any) -> Failure | None:
    """What a failure says, taken from the cause that it wraps; None where there is no failure."""
    if not isinstance(value, Mapping):
        return None
    for _ in range(_DEEPEST):
        cause = value.get("cause")
        if not isinstance(cause, Mapping) or not any(name in value for name in _WRAPPERS):
            break
        value = cause
    message = text_of(value.get("message"))
    if "timeoutFailureInfo" in value:
        kind = word(get(value, "timeoutFailureInfo", "timeoutType"), "TIMEOUT_TYPE_")
        return Failure("timeout", f"{kind or ''}Timeout", message)
    if "canceledFailureInfo" in value:
        return Failure("cancelled", "Canceled", message)
    if "terminatedFailureInfo" in value:
        return Failure("cancelled", "Terminated", message)
    return Failure("error", text_of(get(value, "applicationFailureInfo", "type")), message)
