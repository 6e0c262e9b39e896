"""What a source's value means in the model: instants, durations, hashes, states, decisions, fingerprints."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from advisor.traces.columns import STATUSES

TEXT_LIMIT = 400
"""Characters of content that a row keeps; hashes are over the whole."""

LARGEST = 2**62 - 1
"""The largest whole number that a column holds, and its negative the smallest: two can be added in 64 bits."""

_NUMBER = re.compile(r"[+-]?\d{1,40}(\.\d+)?")
_WHOLE = re.compile(r"[+-]?\d{1,40}", re.ASCII)
_FRACTION = re.compile(r"(\.\d{6})\d+")
_UTC = re.compile(r"(?<=\d) UTC$")


def instant(value: Any) -> int | None:
    """Microseconds since 1970 in UTC, from ISO 8601 text, a datetime or an epoch in s to ns; None where it is none.

    A text without an offset is read as UTC. An epoch's unit follows from its size: 2001 to 2286 in each of them.
    """
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, int | float) or (isinstance(value, str) and _NUMBER.fullmatch(value.strip())):
        return _epoch(value)
    if isinstance(value, datetime):
        value = value.isoformat()
    if not isinstance(value, str):
        return None
    try:
        read = datetime.fromisoformat(_respelt(value))
    except ValueError:
        return None
    read = read if read.tzinfo else read.replace(tzinfo=UTC)
    try:
        since = read - datetime(1970, 1, 1, tzinfo=UTC)
    except OverflowError:
        return None
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def moment(us: int) -> datetime:
    """An instant as a datetime; one that no calendar holds is the first or the last that it holds."""
    within = min(max(us, -62_135_596_800_000_000), 253_402_300_799_999_999)
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=within)


def _respelt(text: str) -> str:
    """A time as `datetime` reads it: a point before the fraction, of six digits at most, and `Z` for `UTC`."""
    return _FRACTION.sub(r"\1", _UTC.sub("Z", text.strip().replace(",", ".")))


def in_zone(value: Any, zone: str) -> Any:
    """A local time as text with its zone's offset; everything else as it is."""
    if not isinstance(value, str) or _NUMBER.fullmatch(value.strip()):
        return value
    from zoneinfo import ZoneInfo

    try:
        read = datetime.fromisoformat(_respelt(value))
    except ValueError:
        return value
    return value if read.tzinfo else read.replace(tzinfo=ZoneInfo(zone)).isoformat()


def _epoch(value: Any) -> int | None:
    try:
        number = float(value)
    except OverflowError:
        return None
    size = abs(number)
    if not 1e8 <= size < 1e20:
        return None
    if size < 1e11:
        return round(number * 1_000_000)
    exact = int(float(value)) if isinstance(value, float) or "." in str(value) else int(value)
    return exact * 1000 if size < 1e14 else exact if size < 1e17 else (abs(exact) // 1000) * (1 if exact > 0 else -1)


def microseconds(milliseconds: Any) -> int | None:
    """A duration in milliseconds (a number, or text that is one) as whole microseconds."""
    try:
        number = float(milliseconds)
    except (TypeError, ValueError, OverflowError):
        return None
    return round(number * 1000) if abs(number) < 1e15 else None


def number(value: Any) -> int | None:
    """A whole number, from a number or text; None where it is none (2.7 is none) or beyond `LARGEST`."""
    if isinstance(value, bool) or value is None:
        return None
    try:
        # By way of a float, numbers beyond 2**53 would become others.
        read = int(value) if isinstance(value, int) or _WHOLE.fullmatch(str(value).strip()) else float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return int(read) if -LARGEST <= read <= LARGEST and read == int(read) else None


def money(value: Any) -> float | None:
    """A finite number, from a number or text; None where it is none."""
    if isinstance(value, bool):
        return None
    try:
        read = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return read if math.isfinite(read) else None


def canonical(value: Any) -> str:
    """A value as the one text that equal values share: text that holds JSON is parsed, keys are sorted."""
    if isinstance(value, str):
        stripped = value.strip()
        if stripped[:1] not in ("{", "["):
            return stripped
        try:
            value = json.loads(stripped)
        except (ValueError, RecursionError):
            return stripped
    try:
        return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
    except (ValueError, TypeError, RecursionError):
        return repr(type(value))


def fingerprint(value: Any) -> str | None:
    """A hash of a value's canonical text: 16 hexadecimal digits of SHA-256; None for None."""
    if value is None:
        return None
    return hashlib.sha256(canonical(value).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def excerpt(value: Any) -> str | None:
    """The first TEXT_LIMIT characters of a value's text; None where there is none."""
    if value is None or value == "":
        return None
    text = value if isinstance(value, str) else canonical(value)
    return text[:TEXT_LIMIT].encode("utf-8", "replace").decode("utf-8")


MASKS = (
    (re.compile(r"0x[0-9a-fA-F]+|\b[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b|\b[0-9a-fA-F]{16,}\b"), "#"),
    (re.compile(r"'[^']*'|\"[^\"]*\""), "'#'"),
    (re.compile(r"\d+"), "#"),
)


def error_fingerprint(error_type: Any, message: Any) -> str | None:
    """An error's type and its first line with ids, numbers and quoted text masked: what two equal faults share."""
    if message is None and error_type is None:
        return None
    line = str(message or "").strip().splitlines()[0][:TEXT_LIMIT] if str(message or "").strip() else ""
    for pattern, mask in MASKS:
        line = pattern.sub(mask, line)
    return f"{error_type or ''}|{line}"[:TEXT_LIMIT]


def error_type(message: Any) -> str | None:
    """The type at the start of a text such as `ValueError('no')` or `httpx.ReadTimeout: late`; None where none is."""
    found = re.match(r"\s*([A-Za-z_][\w.]*(?:Error|Exception|Timeout|Interrupt|Exit|Warning))\b", str(message or ""))
    return found.group(1).rsplit(".", 1)[-1] if found else None


_STATES = {
    "ok": "ok success succeeded successful complete completed done finished passed true 200 resolved",
    "error": "error failed failure fail false exception crashed faulted err 500",
    "timeout": "timeout timed_out timedout time_out deadline_exceeded expired",
    "rejected": "rejected reject refused invalid",
    "denied": "denied deny forbidden blocked not_permitted unauthorized 403",
    "cancelled": "cancelled canceled cancel aborted terminated interrupted killed revoked",
    "pending": "pending running started in_progress queued enqueued open scheduled delayed",
    "skipped": "skipped skip ignored noop no_op",
    "unknown": "unknown unset",
}
STATE_OF: Mapping[str, str] = {word: state for state, words in _STATES.items() for word in words.split()}
_DECISIONS = {
    "allow": "allow allowed permit permitted pass passed true yes ok grant granted accept accepted",
    "deny": "deny denied block blocked forbid forbidden false no refuse refused fail failed",
    "modify": "modify modified redact redacted rewrite",
    "warn": "warn warned warning flag flagged",
    "escalate": "escalate escalated escalation",
    "approve": "approve approved",
    "reject": "reject rejected declined",
}
DECISION_OF: Mapping[str, str] = {word: kind for kind, words in _DECISIONS.items() for word in words.split()}


def word(value: Any) -> str:
    """A value as one lower-case word, for look-ups: `Timed Out` is `timed_out`."""
    return re.sub(r"[\s\-]+", "_", str(value).strip().lower())


def status(value: Any) -> str | None:
    """A source's status as one of the model's; None where it says nothing that is known."""
    if value is None:
        return None
    found = STATE_OF.get(word(value))
    return found if found in STATUSES else None


def decision(value: Any) -> str | None:
    """A source's verdict as one of the model's decisions; None where it says nothing that is known."""
    return None if value is None else DECISION_OF.get(word(value))
