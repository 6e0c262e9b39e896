"""Log platforms' envelopes: what they hold is a log of another format, line by line.

The time in an envelope is when the line was appended or shipped, not when the event was; it is handed on beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from advisor.traces import values
from advisor.traces.formats.places import starts
from advisor.traces.formats.spans import items, peek, within
from advisor.traces.records import Record, Source, get, line_at, most, text_of

Payload = tuple[int, "str | dict[str, Any]", dict[str, Any]]
"""The line in the file, the payload (a line of text, or an object), and columns of its envelope: `observed_us`, and
`labels`, a flat dict of what the platform knows about the line's origin."""


@dataclass(frozen=True)
class Wrapper:
    """A platform's envelope.

    Attributes:
        id: Its id, as reports name it.
        title: What people call it.
        sniff: Whether a source is wrapped in it.
        unwrap: Yields the payloads; notes what is none with `source.bad`.
    """

    id: str
    title: str
    sniff: Callable[[Source], bool]
    unwrap: Callable[[Source], Iterator[Payload]]


def labels_of(*places: Any) -> dict[str, str]:
    """Plain values of objects, and tags such as `env:prod`, as one flat dict of texts."""
    found: dict[str, str] = {}
    for place in places:
        if isinstance(place, Mapping):
            pairs = ((str(name), text_of(value)) for name, value in place.items())
            found |= {name: value for name, value in pairs if value is not None}
        elif isinstance(place, list):
            for tag in place:
                name, mark, value = str(tag).partition(":")
                if mark and value:
                    found[name] = value
    return found


def _payload(line: int, body: Any, observed: Any, labels: dict[str, str]) -> Payload:
    extra: dict[str, Any] = {"labels": labels} if labels else {}
    seen = values.instant(observed)
    if seen is not None:
        extra["observed_us"] = seen
    return line, body, extra


def _is_page(value: Mapping[str, Any]) -> bool:
    """An answer of CloudWatch's filter-log-events or get-log-events, or a subscription's payload."""
    entries = value.get("events") if value.get("messageType") is None else value.get("logEvents")
    if value.get("messageType") == "CONTROL_MESSAGE":
        return True
    if not isinstance(entries, list) or not (entries or "searchedLogStreams" in value or "nextForwardToken" in value):
        return bool(isinstance(entries, list) and value.get("messageType") == "DATA_MESSAGE")
    return most(entries, _is_entry)


def _is_entry(value: Mapping[str, Any]) -> bool:
    return isinstance(value.get("message"), str) and isinstance(value.get("timestamp"), int)


def _is_cloudwatch(source: Source) -> bool:
    return most(source.sample, lambda r: _is_page(r) or _is_insight(r))


def _is_insight(value: Mapping[str, Any]) -> bool:
    rows = value.get("results")
    return isinstance(rows, list) and "status" in value and all(_is_fields(row) for row in rows[:50])


def _is_fields(row: Any) -> bool:
    return isinstance(row, list) and all(isinstance(get(cell, "field"), str) for cell in row)


def _from_cloudwatch(source: Source) -> Iterator[Payload]:
    for record in within(source):
        page = record.value
        if isinstance(get(page, "results"), list):
            yield from _insights(source, record)
            continue
        key = "logEvents" if isinstance(get(page, "logEvents"), list) else "events"
        entries = get(page, key)
        if not isinstance(entries, list):
            source.bad(record.line, "is no page of log events")
            continue
        lines = source.lines(key) if source.shape == "document" and isinstance(page, Mapping) else []
        for index, entry in enumerate(entries):
            line = line_at(lines, index, record.line)
            if not isinstance(get(entry, "message"), str):
                source.bad(line, "is no log event: it has no message")
                continue
            labels = labels_of({name: get(page, name) for name in ("logGroup", "logStream")})
            labels |= labels_of({"logStream": get(entry, "logStreamName")})
            observed = entry.get("timestamp") if entry.get("timestamp") is not None else entry.get("ingestionTime")
            yield _payload(line, entry["message"], observed, labels)


def _insights(source: Source, record: Record) -> Iterator[Payload]:
    """Rows of fields: the message where the query asked for it, else the fields themselves."""
    lines = source.lines("results") if source.shape == "document" else []
    for index, row in enumerate(record.value["results"]):
        line = line_at(lines, index, record.line)
        if not _is_fields(row):
            source.bad(line, "is no row of fields")
            continue
        fields = {cell["field"]: cell.get("value") for cell in row}
        observed = fields.get("@timestamp") or fields.get("@ingestionTime")
        own = {name: value for name, value in fields.items() if not name.startswith("@") and value is not None}
        message = fields.get("@message")
        if isinstance(message, str):
            yield _payload(line, message, observed, labels_of(own, {"logStream": fields.get("@logStream")}))
        elif own:
            yield _payload(line, own, observed, labels_of({"logStream": fields.get("@logStream")}))
        else:
            source.bad(line, "has neither a message nor fields")


def _is_datadog(source: Source) -> bool:
    return most(peek(source, "data"), _is_log) or most(source.sample, lambda r: most(items(r, "data"), _is_log))


def _is_log(value: Any) -> bool:
    return get(value, "type") == "log" and isinstance(get(value, "attributes"), Mapping)


def _from_datadog(source: Source) -> Iterator[Payload]:
    for record in within(source, "data"):
        page = get(record.value, "data")
        for one in page if isinstance(page, list) else [record.value]:
            entry = get(one, "attributes")
            if not isinstance(entry, Mapping):
                source.bad(record.line, "is no log entry")
                continue
            labels = labels_of(entry.get("tags"), {name: entry.get(name) for name in ("service", "host", "status")})
            inner, message = entry.get("attributes"), entry.get("message")
            if isinstance(inner, Mapping) and inner:
                body: dict[str, Any] = {str(name): value for name, value in inner.items()}
                if message is not None:
                    body.setdefault("message", message)
                yield _payload(record.line, body, entry.get("timestamp"), labels)
            elif isinstance(message, str):
                yield _payload(record.line, message, entry.get("timestamp"), labels)
            else:
                source.bad(record.line, "has neither attributes nor a message")


def _streams(value: Any) -> Any:
    """Loki's streams: of an answer to a query, or of what is pushed to it."""
    if get(value, "data", "resultType") == "streams":
        return get(value, "data", "result")
    pushed = get(value, "streams")
    return pushed if isinstance(pushed, list) and get(pushed, 0, "stream") is not None else None


def _is_loki(source: Source) -> bool:
    return most(source.sample, lambda r: isinstance(_streams(r), list))


def _from_loki(source: Source) -> Iterator[Payload]:
    document = source.shape == "document" and "\n" in source.text
    lines = starts(source.text, "values") if document else iter(())
    for record in within(source):
        streams = _streams(record.value)
        if not isinstance(streams, list):
            source.bad(record.line, "holds no streams")
            continue
        for stream in streams:
            entries = get(stream, "values")
            if not isinstance(entries, list):
                source.bad(record.line, "holds a stream without values")
                continue
            for entry in entries:
                line = next(lines, record.line) if isinstance(entry, list | Mapping) else record.line
                body = get(entry, 1)
                if not isinstance(body, str):
                    source.bad(line, "is no entry of a stream")
                    continue
                more = get(entry, 2)
                nested = (get(more, "structuredMetadata"), get(more, "parsed"))
                yield _payload(line, body, get(entry, 0), labels_of(get(stream, "stream"), more, *nested))


def _is_logcli(source: Source) -> bool:
    return source.shape in ("lines", "document") and most(
        source.sample,
        lambda r: isinstance(r.get("line"), str) and "timestamp" in r and isinstance(r.get("labels"), Mapping),
    )


def _from_logcli(source: Source) -> Iterator[Payload]:
    for line, value in within(source):
        if isinstance(get(value, "line"), str):
            yield _payload(line, value["line"], value.get("timestamp"), labels_of(value.get("labels")))
        else:
            source.bad(line, "is no line of logcli")


def _is_loguru(source: Source) -> bool:
    return most(
        source.sample,
        lambda r: (
            isinstance(r.get("text"), str)
            and isinstance(get(r, "record", "message"), str)
            and values.instant(get(r, "record", "time", "timestamp")) is not None
        ),
    )


def _from_loguru(source: Source) -> Iterator[Payload]:
    """What `serialize=True` writes: the bound values stand beside the message, the logger's own under theirs."""
    for line, value in within(source):
        record = get(value, "record")
        if not isinstance(record, Mapping) or not isinstance(record.get("message"), str):
            source.bad(line, "is no record of loguru")
            continue
        bound = record.get("extra")
        body: dict[str, Any] = {str(k): v for k, v in bound.items()} if isinstance(bound, Mapping) else {}
        body.setdefault("message", record["message"])
        body.setdefault("timestamp", get(record, "time", "timestamp"))
        body.setdefault("level", get(record, "level", "name"))
        body.setdefault("logger", record.get("name"))
        raised = record.get("exception")
        if isinstance(raised, Mapping):
            body.setdefault("error_type", raised.get("type"))
            body.setdefault("error_message", raised.get("value"))
        yield _payload(line, body, None, {})


WRAPPERS = (
    Wrapper("cloudwatch", "Amazon CloudWatch Logs", _is_cloudwatch, _from_cloudwatch),
    Wrapper("datadog_logs", "Datadog logs", _is_datadog, _from_datadog),
    Wrapper("loki", "Grafana Loki", _is_loki, _from_loki),
    Wrapper("logcli", "Grafana Loki (logcli)", _is_logcli, _from_logcli),
    Wrapper("loguru", "loguru, serialised", _is_loguru, _from_loguru),
)
"""Every envelope, in the order in which they are tried."""
