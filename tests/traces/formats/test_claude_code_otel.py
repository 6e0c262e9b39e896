"""Claude Code's telemetry: events and spans in OTLP, documents of a search engine, decisions and waits, sniffing."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.traces.formats import formats
from advisor.traces.formats.claude_code_otel import FORMATS
from tests.traces.formats.hostile import bears, known, of, shown, source_of, spoilt, unsound

(FORMAT,) = FORMATS
AT = 1_772_000_000_000_000


def attribute(name: str, value: Any) -> dict[str, Any]:
    kind = "boolValue" if isinstance(value, bool) else "intValue" if isinstance(value, int) else "stringValue"
    return {"key": name, "value": {kind: str(value) if kind == "intValue" else value}}


def entry(name: str, seconds: float = 0, **attributes: Any) -> dict[str, Any]:
    given = {"event_name": name, "session_id": "s-1", "prompt_id": "p-1", **attributes}
    dots = {"event_name": "event.name", "session_id": "session.id", "prompt_id": "prompt.id"}
    nanoseconds = str((AT + round(seconds * 1_000_000)) * 1000)
    return {
        "timeUnixNano": nanoseconds,
        "body": {"stringValue": f"claude_code.{name}"},
        "attributes": [attribute(dots.get(key, key), value) for key, value in given.items()],
    }


def logs(*entries: Any) -> dict[str, Any]:
    about = {"attributes": [attribute("service.name", "claude-code"), attribute("service.version", "2.1.289")]}
    scope = {"scope": {"name": "com.anthropic.claude_code.events"}, "logRecords": list(entries)}
    return {"resourceLogs": [{"resource": about, "scopeLogs": [scope]}]}


def span(name: str, own: str, parent: str | None, start: float, end: float, **attributes: Any) -> dict[str, Any]:
    made = {
        "traceId": "0af7651916cd43dd8448eb211c80319c",
        "spanId": own,
        "parentSpanId": parent,
        "name": f"claude_code.{name}",
        "startTimeUnixNano": str((AT + round(start * 1_000_000)) * 1000),
        "endTimeUnixNano": str((AT + round(end * 1_000_000)) * 1000),
        "attributes": [attribute("session.id", "s-1"), *(attribute(k, v) for k, v in attributes.items())],
    }
    return {key: value for key, value in made.items() if value is not None}


def spans(*several: Any) -> dict[str, Any]:
    return {
        "resourceSpans": [
            {"scopeSpans": [{"scope": {"name": "com.anthropic.claude_code.tracing"}, "spans": list(several)}]}
        ]
    }


TOOL = "00f067aa0ba902b7"
EXAMPLES = [
    logs(entry("user_prompt", prompt="fix it"), entry("api_request", 4, duration_ms=3000, model="claude-opus-4-8")),
    logs(entry("tool_decision", 5, decision="reject", source="user_reject", tool_use_id="t1", tool_name="Bash")),
    spans(
        span("tool.blocked_on_user", "1" * 16, TOOL, 1, 4, decision="accept", source="user_temporary"),
        span("tool.execution", "2" * 16, TOOL, 4, 5, success="false", error="exit 1", error_class="ShellError"),
        span("tool", TOOL, "3" * 16, 1, 5, tool_name="Bash", tool_use_id="t1", full_command="make"),
    ),
]


def read(*records: Any) -> list[dict[str, Any]]:
    bad: list[tuple[int, str]] = []
    events = list(FORMAT.read(source_of(list(records), bad)))
    assert bad == []
    assert [wrong for event in events for wrong in unsound(event)] == []
    return events


def test_events_end_when_they_are_logged() -> None:
    numbers = {"input_tokens": 10, "cache_read_tokens": 90, "output_tokens": 7, "cost_usd": "0.25"}
    (row,) = read(logs(entry("api_request", 4, duration_ms="3000", model="claude-opus-4-8", **numbers)))
    assert shown(
        [row], "kind", "ts_us", "duration_us", "model_version", "input_tokens", "output_tokens", "cost_usd"
    ) == [("llm_call", AT + 1_000_000, 3_000_000, "claude-opus-4-8", 100, 7, 0.25)]
    assert shown([row], "request_id", "request_id_source", "run_id", "code_version", "status") == [
        ("s-1", "session.id", "p-1", "2.1.289", "ok")
    ]


def test_attempts_of_requests() -> None:
    found = read(logs(entry("api_error", 1, attempt=3, error="Overloaded", status_code="529", model="claude-opus-4-8")))
    assert shown(found, "kind", "status", "attempt", "error_type", "error_message") == [
        ("llm_call", "error", 3, "529", "Overloaded")
    ]


def test_results_of_tools() -> None:
    found = read(
        logs(
            entry("tool_result", 9, tool_name="Bash", tool_use_id="t1", success="true", duration_ms=500),
            entry(
                "tool_result", 9, tool_name="Bash", tool_use_id="t2", success=False, error="exit 1", error_type="Shell"
            ),
        )
    )
    assert shown(found, "kind", "tool_name", "tool_call_id", "status", "error_type", "ts_us") == [
        ("tool_call", "Bash", "t1", "ok", None, AT + 8_500_000),
        ("tool_call", "Bash", "t2", "error", "Shell", AT + 9_000_000),
    ]


def test_who_decided() -> None:
    sources = ("config", "hook", "user_permanent", "user_reject", "user_abort")
    found = read(
        logs(*(entry("tool_decision", decision="accept", source=one, tool_use_id=one) for one in sources[:3])),
        logs(*(entry("tool_decision", decision="reject", source=one, tool_use_id=one) for one in sources[3:])),
    )
    assert shown(found, "reason_code", "kind", "decision", "decision_source", "approval_id") == [
        ("config", "gate_decision", "allow", "config", None),
        ("hook", "gate_decision", "allow", "hook", None),
        ("user_permanent", "approval_decision", "approve", "human", "user_permanent"),
        ("user_reject", "approval_decision", "reject", "human", "user_reject"),
        ("user_abort", "approval_decision", "reject", "human", "user_abort"),
    ]


def test_a_tools_span_has_the_state_of_its_execution_and_its_wait_is_an_approval() -> None:
    found = read(EXAMPLES[2])
    assert shown(found, "kind", "ts_us", "end_us", "status", "error_type", "decision") == [
        ("approval_request", AT + 1_000_000, None, None, None, None),
        ("approval_decision", AT + 4_000_000, None, None, None, "approve"),
        ("log", AT + 4_000_000, AT + 5_000_000, "error", "ShellError", None),
        ("tool_call", AT + 1_000_000, AT + 5_000_000, "error", "ShellError", None),
    ]
    assert found[0]["approval_id"] == found[1]["approval_id"]


def test_a_call_that_was_refused_was_not_executed() -> None:
    found = read(
        spans(
            span("tool.blocked_on_user", "1" * 16, TOOL, 1, 2, decision="reject", source="config"),
            span("tool", TOOL, None, 1, 2, tool_name="Bash", tool_use_id="t1"),
        )
    )
    assert shown(found, "kind", "decision", "duration_us", "status") == [
        ("gate_decision", "deny", 1_000_000, None),
        ("tool_call", None, 1_000_000, "rejected"),
    ]


def test_permission_modes_and_blocking_hooks() -> None:
    found = read(
        logs(
            entry("permission_mode_changed", from_mode="default", to_mode="bypassPermissions"),
            entry("hook_execution_complete", num_blocking=1),
            entry("hook_execution_complete", num_blocking="0"),
        )
    )
    assert shown(found, "kind", "name", "to_state", "decision") == [
        ("log", "permission_mode_changed", "bypassPermissions", None),
        ("gate_decision", "hook_execution_complete", None, "deny"),
        ("log", "hook_execution_complete", None, None),
    ]


def test_documents_of_a_search_engine() -> None:
    common = {"@timestamp": "2026-02-25T06:13:20.000Z", "scope": {"name": "com.anthropic.claude_code.events"}}
    nested = {"attributes": {"event": {"name": "tool_result"}, "session": {"id": "s-2"}, "tool_name": "Read"}}
    nested["attributes"] |= {"success": "true", "duration_ms": 120}
    labels = {
        "event_name": "tool_decision",
        "session_id": "s-2",
        "decision": "accept",
        "source": "hook",
        "tool_use_id": "t",
    }
    hits = {"_id": "x", "_source": {**common, "body": {"text": "claude_code.tool_result"}, **nested}}
    found = read(hits, {**common, "labels": labels, "message": "claude_code.tool_decision"})
    assert shown(found, "kind", "name", "request_id", "status", "decision_source", "ts_us") == [
        ("tool_call", "tool_result", "s-2", "ok", None, 1_771_999_999_880_000),
        ("gate_decision", "tool_decision", "s-2", None, "hook", 1_772_000_000_000_000),
    ]
    assert known(FORMAT, hits)


def test_it_comes_before_plain_otlp() -> None:
    order = [one.id for one in formats()]
    assert order.index("claude_code_otel") < order.index("otlp_json")


@given(st.sampled_from(EXAMPLES).flatmap(spoilt), st.sampled_from(EXAMPLES))
@settings(max_examples=200, deadline=None)
def test_spoilt_records(record: Any, whole: Any) -> None:
    bears(FORMAT, [record, whole])


def test_sniffing() -> None:
    assert known(FORMAT, *EXAMPLES)
    assert not known(FORMAT, {"resourceLogs": [{"scopeLogs": [{"scope": {"name": "app"}, "logRecords": []}]}]})
    assert not known(FORMAT, {"message": "claude_codex", "body": {"text": "claude"}})
    assert of(read(logs()), "log")[0]["name"] == "empty batch"
