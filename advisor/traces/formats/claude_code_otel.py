"""Claude Code's telemetry: events and spans in OTLP, or as documents of a search engine.

Its events are logs of what has ended: a row's time is the event's less its duration. A tool's span says nothing about
success, its child `tool.execution` does, and comes before it. A wait for permission is a gate where rules or a hook
decided, an approval where a person did. A prompt is a turn, which is the row's `run_id`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from advisor.traces import values
from advisor.traces.formats.chat import loaded
from advisor.traces.formats.otlp import decoded, identity
from advisor.traces.formats.places import starts
from advisor.traces.formats.rows import emitted, failed, finished, first_text, money, tokens
from advisor.traces.formats.spans import within
from advisor.traces.records import Event, Format, Source, get, most, text_of

_SCOPE = "com.anthropic.claude_code"
_PREFIX = "claude_code."
_GROUPS = {
    "resourceSpans": ("scopeSpans", "spans"),
    "resourceLogs": ("scopeLogs", "logRecords"),
    "resource_spans": ("scope_spans", "spans"),
    "resource_logs": ("scope_logs", "log_records"),
}
_METRICS = ("resourceMetrics", "resource_metrics")
_TOKENS = {
    "input_tokens": "input_tokens",
    "output_tokens": "output_tokens",
    "cache_read_tokens": "cache_read_input_tokens",
    "cache_creation_tokens": "cache_creation_input_tokens",
}
_HIDDEN = "<REDACTED>"


def _sniff(source: Source) -> bool:
    return most(source.sample, lambda r: _is_batch(r) or _is_document(r))


def _is_batch(value: Mapping[str, Any]) -> bool:
    """An export request of which at least one scope is Claude Code's."""
    return any(
        str(get(scope, "scope", "name")).startswith(_SCOPE)
        for key, (inner, _) in _GROUPS.items()
        for part in _list(value.get(key))
        for scope in _list(get(part, inner))
    ) or any(
        str(get(scope, "scope", "name")).startswith(_SCOPE)
        for key in _METRICS
        for part in _list(value.get(key))
        for scope in (*_list(get(part, "scopeMetrics")), *_list(get(part, "scope_metrics")))
    )


def _is_document(value: Mapping[str, Any]) -> bool:
    """An event or a span that a search engine stores: Claude Code's name in its body, its scope or its name."""
    if "resourceSpans" in value or "resourceLogs" in value:
        return False
    document = _document(value)
    body = get(document, "body", "text") or document.get("body") or document.get("message")
    names = (body, document.get("name"), get(document, "event", "name"), document.get("event.name"))
    scope = get(document, "scope", "name") or document.get("scope.name")
    return str(scope).startswith(_SCOPE) or any(str(name).startswith(_PREFIX) for name in names)


def _document(value: Mapping[str, Any]) -> Mapping[str, Any]:
    inner = value.get("_source")
    return inner if isinstance(inner, Mapping) else value


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


@dataclass
class _Reader:
    """What is known between records: how tools' executions ended and who decided on them, by their tool's span."""

    ended: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    decided: dict[str, Mapping[str, Any]] = field(default_factory=dict)


def _read(source: Source) -> Iterator[Event]:
    reader = _Reader()
    lines: Iterator[int] = iter(())
    if source.shape == "document" and "\n" in source.text:
        lines = starts(source.text, "spans", "logRecords", "log_records")
    for line, value in within(source, "hits"):
        if not isinstance(value, Mapping):
            source.bad(line, "is no object")
            continue
        if not any(key in value for key in (*_GROUPS, *_METRICS)):
            yield from _stored(reader, line, _document(value))
            continue
        seen = False
        for key, (inner, items) in _GROUPS.items():
            for part in _list(value.get(key)):
                for item in (one for scope in _list(get(part, inner)) for one in _list(get(scope, items))):
                    seen = True
                    if not isinstance(item, Mapping):
                        source.bad(line, "holds a record that is no object")
                        continue
                    about = decoded(get(part, "resource", "attributes"))
                    yield from _item(reader, next(lines, line), item, about)
        if not seen:
            yield finished({"line": line, "kind": "log", "name": "metrics" if _has_metrics(value) else "empty batch"})


def _has_metrics(value: Mapping[str, Any]) -> bool:
    return any(key in value for key in _METRICS)


def _item(reader: _Reader, line: int, item: Mapping[str, Any], about: Mapping[str, Any]) -> Iterator[Event]:
    """The rows of a span or of a log record in OTLP."""
    attributes = decoded(item.get("attributes"))
    where = {
        "trace_id": identity(_of(item, "traceId"), 16),
        "span_id": identity(_of(item, "spanId"), 8),
        "parent_span_id": identity(_of(item, "parentSpanId"), 8),
    }
    start = values.instant(_of(item, "startTimeUnixNano"))
    if start is not None:
        code = str(get(item, "status", "code")).lower()
        times = {"ts_us": start, "end_us": values.instant(_of(item, "endTimeUnixNano"))}
        bad = code in ("2", "status_code_error", "error")
        message = text_of(get(item, "status", "message")) if bad else None
        yield from _span(reader, {"line": line, **where, **times}, text_of(item.get("name")), attributes, bad, message)
        return
    body = item.get("body")
    name = text_of(attributes.get("event.name")) or text_of(_of(item, "eventName"))
    name = name or text_of(get(body, "stringValue")) or text_of(get(body, "string_value")) or text_of(body)
    at = values.instant(attributes.get("event.timestamp")) or values.instant(_of(item, "timeUnixNano"))
    observed = values.instant(_of(item, "observedTimeUnixNano"))
    where["parent_span_id"], where["span_id"] = where["span_id"], None
    version = {"service.version": about.get("service.version")}
    yield from _event({"line": line, **where, "observed_us": observed}, name, {**version, **attributes}, at or observed)


def _of(item: Mapping[str, Any], name: str) -> Any:
    found = item.get(name)
    return found if found is not None else item.get("".join(f"_{c.lower()}" if c.isupper() else c for c in name))


def _stored(reader: _Reader, line: int, document: Mapping[str, Any]) -> Iterator[Event]:
    """The rows of a document of a search engine: attributes nested, flat, or under `labels`."""
    attributes: dict[str, Any] = {}
    for place in ("labels", "numeric_labels", "attributes"):
        inner = document.get(place)
        if isinstance(inner, Mapping):
            attributes |= {_dotted(key): value for key, value in _flat(inner).items()}
    if not attributes:
        attributes = _flat({k: v for k, v in document.items() if k not in ("body", "resource", "scope")})
    where: Event = {
        "line": line,
        "trace_id": first_text(document, "trace_id", "traceId", "trace.id") or first_text(document.get("trace"), "id"),
        "span_id": first_text(document, "span_id", "spanId", "span.id") or first_text(document.get("span"), "id"),
        "parent_span_id": first_text(document, "parent_span_id", "parentSpanId", "parent.id"),
        "event_id": first_text(document, "_id"),
    }
    at = values.instant(document.get("@timestamp"))
    duration = values.number(document.get("duration"))
    if str(document.get("name")).startswith(_PREFIX):
        end = at + duration // 1000 if at is not None and duration is not None else None
        code = str(get(document, "status", "code")).lower()
        times = {"ts_us": at, "end_us": end}
        yield from _span(reader, {**where, **times}, text_of(document["name"]), attributes, code == "error", None)
        return
    body = document.get("body")
    name = first_text(attributes, "event.name") or first_text(document, "event.name", "event_name")
    name = name or first_text(document.get("event"), "name") or first_text(body, "text") or text_of(body)
    name = name or first_text(document, "message")
    where["parent_span_id"], where["span_id"] = where["span_id"], None
    yield from _event(where, name, attributes, values.instant(attributes.get("event.timestamp")) or at)


def _flat(value: Mapping[str, Any], prefix: str = "", depth: int = 0) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for key, inner in value.items():
        if isinstance(inner, Mapping) and depth < 8:
            made |= _flat(inner, f"{prefix}{key}.", depth + 1)
        else:
            made[f"{prefix}{key}"] = inner
    return made


def _dotted(name: str) -> str:
    """Elastic's APM server writes dots in labels as underscores; Claude Code's own dotted names are few."""
    for space in ("session", "event", "prompt", "user", "tool_use"):
        if name.startswith(f"{space}_") and name.removeprefix(f"{space}_") in ("id", "name", "timestamp", "sequence"):
            return name if space == "tool_use" else f"{space}.{name.removeprefix(f'{space}_')}"
    return name


def _common(event: Event, attributes: Mapping[str, Any]) -> None:
    session = text_of(attributes.get("session.id"))
    request = session or event.get("trace_id")
    if request is not None:
        event["request_id"], event["request_id_source"] = request, "session.id" if session else "trace_id"
    event["run_id"] = text_of(attributes.get("prompt.id"))
    event["seq"] = values.number(attributes.get("event.sequence"))
    event["seq_scope"] = "session" if event["seq"] is not None else None
    event["agent_id"] = text_of(attributes.get("agent_id"))
    if text_of(attributes.get("parent_agent_id")):
        event["agent_role"] = "sub_agent"
    event["agent_name"] = first_text(attributes, "agent.name", "agent_name", "query_source")
    event["code_version"] = first_text(attributes, "app.version", "service.version")
    event["tool_name"] = text_of(attributes.get("tool_name"))
    event["tool_call_id"] = first_text(attributes, "tool_use_id", "gen_ai.tool.call.id")


def _model(event: Event, attributes: Mapping[str, Any]) -> None:
    event["kind"], event["model_response"] = "llm_call", text_of(attributes.get("model"))
    event["event_id"] = text_of(attributes.get("request_id")) or event.get("event_id")
    event["attempt"] = values.number(attributes.get("attempt"))
    event.update(tokens({to: attributes[name] for name, to in _TOKENS.items() if name in attributes}))
    event["cost_usd"] = money(attributes.get("cost_usd"))


def _succeeded(event: Event, attributes: Mapping[str, Any]) -> None:
    """`success` is a flag or its text."""
    flag = str(attributes.get("success")).lower()
    if flag == "true":
        event["status"] = "ok"
    elif flag == "false":
        kind = first_text(attributes, "error_type", "error_class", "status_code")
        failed(event, kind, first_text(attributes, "error", "error_message"))


def _arguments(attributes: Mapping[str, Any]) -> str | None:
    given = next(
        (
            attributes[key]
            for key in ("tool_input", "tool_parameters", "full_command", "file_path")
            if attributes.get(key)
        ),
        None,
    )
    return None if given == _HIDDEN else values.fingerprint(loaded(given))


def _verdict(attributes: Mapping[str, Any]) -> Event | None:
    """A permission decision: an approval where a person took it, else a gate's; None where it is not told."""
    source, word = str(attributes.get("source")), str(attributes.get("decision")).lower()
    if word not in ("accept", "reject"):
        return None
    if source.startswith("user"):
        decision = "approve" if word == "accept" else "reject"
        return {"kind": "approval_decision", "decision": decision, "decision_source": "human"}
    by = source if source in ("config", "hook") else "unknown"
    return {"kind": "gate_decision", "decision": "allow" if word == "accept" else "deny", "decision_source": by}


def _event(event: Event, name: str | None, attributes: Mapping[str, Any], at: int | None) -> Iterator[Event]:
    """The rows of an event."""
    short = (name or "event").removeprefix(_PREFIX)
    took = values.microseconds(attributes.get("duration_ms"))
    _common(event, attributes)
    event |= {"kind": "log", "name": short, "ts_us": at}
    if at is not None and took is not None and took >= 0:
        event["ts_us"], event["end_us"] = at - took, at
    if short == "user_prompt":
        text = first_text(attributes, "prompt", "prompt_text")
        event |= {"kind": "message", "agent_name": "user", "text": None if text == _HIDDEN else values.excerpt(text)}
    elif short == "assistant_response":
        text = first_text(attributes, "response")
        event["text"] = None if text == _HIDDEN else values.excerpt(text)
    elif short in ("api_request", "api_error"):
        _model(event, attributes)
        event["status"] = "ok"
        if short == "api_error":
            failed(event, first_text(attributes, "error_type", "status_code"), first_text(attributes, "error"))
    elif short == "api_retries_exhausted":
        event["attempt"] = values.number(attributes.get("total_attempts"))
        failed(event, first_text(attributes, "status_code"), first_text(attributes, "error"))
    elif short == "tool_result":
        event["kind"], event["args_hash"] = "tool_call", _arguments(attributes)
        _succeeded(event, attributes)
    elif short == "tool_decision":
        event |= _verdict(attributes) or {"kind": "gate_decision", "decision_source": "unknown"}
        event["approval_id"] = event["tool_call_id"] if event["kind"] == "approval_decision" else None
        event["reason_code"] = text_of(attributes.get("source"))
    elif short == "permission_mode_changed":
        event["from_state"] = first_text(attributes, "from_mode", "from", "previous_mode")
        event["to_state"] = first_text(attributes, "to_mode", "to", "mode", "permission_mode")
    elif short == "hook_execution_complete" and (values.number(attributes.get("num_blocking")) or 0) > 0:
        event |= {"kind": "gate_decision", "decision": "deny", "decision_source": "hook"}
    elif short in ("user_abort", "interrupt"):
        event |= {"kind": "cancel_request", "cancel_scope": "turn"}
    yield finished(event, emitted(attributes))


def _span(
    reader: _Reader, event: Event, name: str | None, attributes: Mapping[str, Any], bad: bool, message: str | None
) -> Iterator[Event]:
    """The rows of a span."""
    short = (name or "span").removeprefix(_PREFIX)
    _common(event, attributes)
    event |= {"kind": "log", "name": short}
    given = emitted(attributes)
    parent = event.get("parent_span_id")
    if short == "interaction":
        event["kind"], event["status"] = "agent", "ok" if event["end_us"] is not None else None
    elif short == "llm_request":
        _model(event, attributes)
        _succeeded(event, attributes)
    elif short == "tool":
        event["kind"], event["args_hash"] = "tool_call", _arguments(attributes)
        own = event.get("span_id") or ""
        _succeeded(event, {**reader.ended.pop(own, {}), **attributes})
        if "status" not in event and reader.decided.pop(own, {}).get("decision") == "reject":
            event["status"] = "rejected"
    elif short == "tool.execution":
        _succeeded(event, attributes)
        if parent:
            reader.ended[parent] = dict(attributes)
    elif short == "tool.blocked_on_user":
        yield from _wait(reader, event, attributes, given)
        return
    elif short == "hook":
        _succeeded(event, attributes)
    if bad and event.get("status") in (None, "ok"):
        failed(event, first_text(attributes, "error.type", "error_class"), first_text(attributes, "error") or message)
    yield finished(event, given)


def _wait(reader: _Reader, event: Event, attributes: Mapping[str, Any], given: Mapping[str, Any]) -> Iterator[Event]:
    """A wait for permission: one gate with its duration, or a request and, where it is told, the decision on it."""
    if event.get("parent_span_id"):
        reader.decided[event["parent_span_id"]] = dict(attributes)
    verdict = _verdict(attributes)
    if verdict is not None and verdict["kind"] == "gate_decision":
        yield finished({**event, **verdict, "reason_code": text_of(attributes.get("source"))}, given)
        return
    asked = event.get("tool_call_id") or event.get("parent_span_id") or event.get("span_id")
    yield finished({**event, "kind": "approval_request", "approval_id": asked, "end_us": None}, given)
    if verdict is not None:
        decided: Event = {**event, **verdict, "approval_id": asked, "ts_us": event["end_us"], "end_us": None}
        yield finished({**decided, "reason_code": text_of(attributes.get("source"))}, given)


FORMATS = (Format("claude_code_otel", "Claude Code telemetry", "claude-code-otel", _sniff, _read),)
