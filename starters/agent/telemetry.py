"""Telemetry: OTLP-JSON lines, one span a line, written when the span ends and never buffered.

`TELEMETRY_FILE` says where (default `telemetry.jsonl`; empty: nowhere). With `TELEMETRY=otel` and the extra `otel` the
OpenTelemetry SDK's own file exporter writes the same lines through its simple span processor. A batch would lose what it
holds when the process is killed. A span that is open at a kill is never written, so a missing span is not a missing act:
the database stays the truth.

Names are OpenTelemetry's `gen_ai.*` where one exists and `sdb.*` where none does.
"""

from __future__ import annotations

import contextvars
import json
import os
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

# Attributes as code names them -> as they are emitted.
NAMES = {
    "request_id": "sdb.request.id",
    "tenant": "sdb.tenant.id",
    "agent_name": "gen_ai.agent.name",
    "agent_role": "sdb.agent.role",
    "tool_name": "gen_ai.tool.name",
    "tool_call_id": "gen_ai.tool.call.id",
    "resource_id": "sdb.resource.id",
    "worker_id": "sdb.worker.id",
    "consumer": "sdb.consumer",
    "model_request": "gen_ai.request.model",
    "model_response": "gen_ai.response.model",
    "model_version": "sdb.model.version",
    "provider": "gen_ai.provider.name",
    "input_tokens": "gen_ai.usage.input_tokens",
    "output_tokens": "gen_ai.usage.output_tokens",
    "prompt_version": "sdb.prompt.version",
    "input_hash": "sdb.input.hash",
    "output_hash": "sdb.output.hash",
    "args_hash": "sdb.args.hash",
    "result_fp": "sdb.result.hash",
    "error_type": "error.type",
    "error_message": "sdb.error.message",
    "decision_source": "sdb.decision.source",
    "reason_code": "sdb.reject.code",
    "reason_text": "sdb.reject.reason",
    "policy_version": "sdb.policy.version",
    "policy_rule_id": "sdb.policy.rule",
    "proposal_id": "sdb.proposal.id",
    "verification_id": "sdb.verification.id",
    "caused_by": "sdb.cause.id",
    "retry_layer": "sdb.retry.layer",
    "deadline_ts": "sdb.deadline",
    "op_id": "sdb.cas.op",
    "expected_version": "sdb.cas.expected",
    "actual_version": "sdb.cas.actual",
    "new_version": "sdb.cas.new",
    "llm_in_window": "sdb.cas.llm_in_window",
    "from_state": "sdb.state.from",
    "to_state": "sdb.state.to",
    "timer_id": "sdb.timer.id",
    "scheduled_version": "sdb.timer.scheduled_version",
    "event_in": "sdb.event.in",
    "event_type": "sdb.event.type",
    "event_time": "sdb.event.time",
    "partition_key": "sdb.event.partition",
    "watermark_ts": "sdb.event.watermark",
    "action_id": "sdb.action.id",
    "action_type": "sdb.action.type",
    "step": "sdb.step.name",
    "saga_id": "sdb.saga.id",
    "merge_id": "sdb.merge.id",
    "merge_field": "sdb.merge.field",
    "winner_agent": "sdb.merge.winner",
    "proposers": "sdb.merge.proposers",
    "n_distinct": "sdb.merge.n_distinct",
    "weight": "sdb.merge.weight",
    "partial": "sdb.merge.partial",
    "child_id": "sdb.child.id",
    "restart_count": "sdb.restart.count",
    "approval_id": "sdb.approval.id",
    "cancel_scope": "sdb.cancel.scope",
    "run_id": "sdb.run.id",
    "replay_of": "sdb.replay.of",
}
_OPERATIONS = {"llm_call": "chat", "tool_call": "execute_tool", "agent": "invoke_agent", "workflow": "invoke_workflow"}
_current: contextvars.ContextVar[tuple[str, str, str | None] | None] = contextvars.ContextVar("span", default=None)
_lock = threading.Lock()


class Span:
    """One operation under way; `set` adds what becomes known on the way."""

    def __init__(self, name: str, kind: str, attributes: dict[str, Any]) -> None:
        parent = _current.get()
        self.name, self.kind = name, kind
        self.trace_id = parent[0] if parent else secrets.token_hex(16)
        self.parent_id = parent[1] if parent else None
        self.span_id = secrets.token_hex(8)
        self.request_id = attributes.get("request_id") or (parent[2] if parent else None)
        self.attributes = {**attributes, "request_id": self.request_id}
        self.failed: str | None = None

    def set(self, **attributes: Any) -> None:
        """Adds attributes by their short names (`NAMES`)."""
        self.attributes.update(attributes)

    def fail(self, status: str, error_type: str, message: str) -> None:
        """Marks the span as failed."""
        self.failed = message
        self.set(status=status, error_type=error_type, error_message=message[:500])


@contextmanager
def span(name: str, kind: str, **attributes: Any) -> Iterator[Span]:
    """Records one operation with its duration; what is opened inside becomes its child."""
    made = Span(name, kind, attributes)
    token = _current.set((made.trace_id, made.span_id, made.request_id))
    start, began = _now_ns(), time.perf_counter_ns()
    try:
        yield made
    except BaseException as error:
        if made.failed is None and "status" not in made.attributes:
            made.fail("error", type(error).__name__, str(error))
        raise
    finally:
        _current.reset(token)
        _write(made, start, start + _lasted_ns(start, time.perf_counter_ns() - began))


def emit(kind: str, name: str, **attributes: Any) -> None:
    """Records something that has no duration."""
    now = _now_ns()
    _write(Span(name, kind, attributes), now, now)


def request_in_hand() -> str | None:
    """The request whose span is open here."""
    place = _current.get()
    return place[2] if place else None


def carried() -> contextvars.Context:
    """The current place in the trace, to be carried into another thread."""
    return contextvars.copy_context()


_MS = 1_000_000
_clock_ms: Any = None
_service = os.environ.get("OTEL_SERVICE_NAME", __package__ or "agent")


def use_clock(now: Any) -> None:
    """Stamps spans with this clock (`now()` in milliseconds) instead of the machine's; simulations need it."""
    global _clock_ms  # noqa: PLW0603 - one process has one telemetry
    _clock_ms = now


def _lasted_ns(start: int, measured: int) -> int:
    """How long a span lasted; a clock that was set forward meanwhile, as in simulations, beats the stopwatch."""
    passed = 0 if _clock_ms is None else _now_ns() - start
    return passed if passed > measured + 2 * _MS else measured


def _now_ns() -> int:
    return time.time_ns() if _clock_ms is None else int(_clock_ms()) * _MS


def attributes_of(made: Span) -> dict[str, Any]:
    """A span's attributes under their emitted names, without what is unknown."""
    given = {"sdb.kind": made.kind, "gen_ai.operation.name": _OPERATIONS.get(made.kind)}
    given |= {NAMES.get(name, f"sdb.{name}"): value for name, value in made.attributes.items()}
    if made.request_id:
        given["gen_ai.conversation.id"] = made.request_id
    return {name: value for name, value in given.items() if value is not None}


def _write(made: Span, start: int, end: int) -> None:
    path = os.environ.get("TELEMETRY_FILE", "telemetry.jsonl")
    if not path:
        return
    if os.environ.get("TELEMETRY") == "otel":
        _write_with_sdk(made, start, end, path)
        return
    record = {
        "traceId": made.trace_id,
        "spanId": made.span_id,
        **({"parentSpanId": made.parent_id} if made.parent_id else {}),
        "name": made.name,
        "kind": 1,
        "startTimeUnixNano": str(start),
        "endTimeUnixNano": str(end),
        "attributes": _encode(attributes_of(made)),
        "status": {"code": 2, "message": made.failed} if made.failed is not None else {"code": 1},
    }
    resource = {"attributes": _encode({"service.name": _service})}
    scope = {"scope": {"name": "agent.telemetry"}, "spans": [record]}
    line = json.dumps({"resourceSpans": [{"resource": resource, "scopeSpans": [scope]}]}, default=str) + "\n"
    # One write of one whole line to a file opened for appending: lines of several processes do not mix.
    with _lock:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            os.write(handle, line.encode())
        finally:
            os.close(handle)


def _encode(attributes: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"key": name, "value": _value(value)} for name, value in attributes.items()]


def _value(value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    return {"stringValue": value if isinstance(value, str) else json.dumps(value, default=str)}


_exporters: dict[str, Any] = {}


def _write_with_sdk(made: Span, start: int, end: int, path: str) -> None:
    # The SDK's own span type, exporter and processor; ids are ours so that both writers agree on what joins.
    from opentelemetry.exporter.otlp.json.file import FileSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.util.instrumentation import InstrumentationScope
    from opentelemetry.trace import SpanContext, Status, StatusCode, TraceFlags

    with _lock:
        if path not in _exporters:
            _exporters[path] = SimpleSpanProcessor(FileSpanExporter(path))

    def context(span_id: str) -> SpanContext:
        return SpanContext(int(made.trace_id, 16), int(span_id, 16), False, TraceFlags(TraceFlags.SAMPLED))

    attributes = {
        name: value if isinstance(value, bool | int | float | str) else json.dumps(value, default=str)
        for name, value in attributes_of(made).items()
    }
    _exporters[path].on_end(
        ReadableSpan(
            name=made.name,
            context=context(made.span_id),
            parent=context(made.parent_id) if made.parent_id else None,
            resource=Resource.create({"service.name": _service}),
            attributes=attributes,
            start_time=start,
            end_time=end,
            status=Status(StatusCode.OK) if made.failed is None else Status(StatusCode.ERROR, made.failed),
            instrumentation_scope=InstrumentationScope("agent.telemetry"),
        )
    )
