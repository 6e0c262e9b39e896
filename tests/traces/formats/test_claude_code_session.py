"""Claude Code sessions: calls, results, what a person refuses, interrupts, retries, permission modes, sub-agents."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.traces.formats.claude_code_session import FORMATS
from tests.traces.formats.hostile import bears, known, lines, of, rows, shown, source_of, spoilt, unsound

SAMPLES = Path(__file__).parents[1] / "samples" / "claude_code"
(FORMAT,) = FORMATS
SESSION, EDGE = lines(SAMPLES / "session.jsonl"), lines(SAMPLES / "edge.jsonl")
REFUSED = (
    "The user doesn't want to proceed with this tool use. The tool use was rejected. "
    "To tell you how to proceed, the user said:\nuse the staging table"
)


def record(kind: str, uuid: str, content: Any, **more: Any) -> dict[str, Any]:
    message = {"role": kind, "content": content, **more.pop("message", {})}
    base = {"type": kind, "uuid": uuid, "parentUuid": None, "sessionId": "s-1", "isSidechain": False}
    return {**base, "timestamp": "2026-03-01T10:00:00Z", "message": message, **more}


def use(number: int, tool: str = "Bash", **given: Any) -> dict[str, Any]:
    return {"type": "tool_use", "id": f"toolu_{number}", "name": tool, "input": given}


def result(number: int, content: Any, **more: Any) -> dict[str, Any]:
    return {"type": "tool_result", "tool_use_id": f"toolu_{number}", "content": content, **more}


def read(*records: Any) -> list[dict[str, Any]]:
    bad: list[tuple[int, str]] = []
    events = sorted(FORMAT.read(source_of(list(records), bad)), key=lambda event: event["seq"])
    assert bad == []
    assert [wrong for event in events for wrong in unsound(event)] == []
    return events


def test_a_session() -> None:
    found = sorted(rows(SAMPLES / "session.jsonl", FORMAT), key=lambda row: row["seq"])
    assert shown(found[3:8], "line", "kind", "tool_name", "tool_call_id", "status", "request_id", "run_id") == [
        (4, "llm_call", None, None, None, "test_session", "msg_003"),
        (4, "tool_call", "Edit", "tool_001", None, "test_session", "msg_003"),
        (5, "tool_result", None, "tool_001", "ok", "test_session", "msg_003"),
        (6, "llm_call", None, None, None, "test_session", "msg_003"),
        (7, "message", None, None, None, "test_session", "msg_007"),
    ]
    assert found[3]["model_version"] == "claude-3-sonnet-20240229"
    (failed,) = [row for row in rows(SAMPLES / "edge.jsonl", FORMAT) if row.get("status") == "error"]
    assert shown([failed], "kind", "tool_call_id", "error_message") == [
        ("tool_result", "tool_edge_001", "Error: Tool execution failed with error: Command not found")
    ]


def test_a_message_over_several_lines_is_one_turn_with_its_last_usage() -> None:
    first = {"message": {"id": "m-1", "model": "claude-opus-4-8", "usage": {"input_tokens": 3, "output_tokens": 1}}}
    last = {"message": {"id": "m-1", "model": "claude-opus-4-8", "usage": {"input_tokens": 3, "output_tokens": 90}}}
    last["message"]["usage"]["cache_read_input_tokens"] = 1000
    found = read(
        record("assistant", "a", [{"type": "thinking", "thinking": "hm"}], **first),
        record("assistant", "b", [{"type": "text", "text": "Both."}], **first),
        record("assistant", "c", [use(1, command="ls")], **first),
        record("user", "d", [result(1, "a.txt")]),
        record("assistant", "e", [use(2, command="pwd")], **last),
        record("assistant", "f", [{"type": "text", "text": "Done."}], message={"id": "m-2"}),
    )
    assert shown(of(found, "llm_call"), "line", "text", "input_tokens", "output_tokens") == [
        (1, "Both.", 1003, 90),
        (6, "Done.", None, None),
    ]
    assert shown(of(found, "tool_call"), "line", "tool_call_id") == [(3, "toolu_1"), (5, "toolu_2")]


def test_what_a_person_refuses_has_not_failed() -> None:
    found = read(
        record("assistant", "a", [use(1, command="rm -r data")], message={"id": "m"}),
        record("user", "b", [result(1, REFUSED, is_error=True)]),
    )
    assert shown(found[2:], "kind", "tool_call_id", "status", "decision", "decision_source", "reason_text") == [
        ("tool_result", "toolu_1", "rejected", None, None, None),
        ("approval_decision", "toolu_1", None, "reject", "human", "use the staging table"),
    ]


def test_rules_and_hooks_deny() -> None:
    found = read(
        record("user", "a", [result(1, "Permission to use Bash with command rm has been denied.", is_error=True)]),
        record("user", "b", [result(2, "PreToolUse:Bash hook error: [guard.sh]: no", is_error=True)]),
        record("user", "c", [result(3, "grep: Permission to use x has been denied", is_error=True)]),
        record("user", "d", [result(4, "Permission to use Bash has been denied, says the manual")]),
    )
    assert shown(found, "kind", "tool_call_id", "status", "decision", "decision_source") == [
        ("tool_result", "toolu_1", "denied", None, None),
        ("gate_decision", "toolu_1", None, "deny", "config"),
        ("tool_result", "toolu_2", "denied", None, None),
        ("gate_decision", "toolu_2", None, "deny", "hook"),
        ("tool_result", "toolu_3", "error", None, None),
        ("tool_result", "toolu_4", "ok", None, None),
    ]


def test_an_interrupt_ends_the_turn_and_not_the_session() -> None:
    found = read(
        record("user", "a", "deploy"),
        record("assistant", "b", [use(1)], message={"id": "m"}),
        record("user", "c", [{"type": "text", "text": "[Request interrupted by user for tool use]"}]),
        record("user", "d", "go on"),
    )
    assert shown(found, "kind", "run_id", "cancel_scope") == [
        ("message", "a", None),
        ("llm_call", "a", None),
        ("tool_call", "a", None),
        ("cancel_request", "a", "turn"),
        ("message", "d", None),
    ]


def test_requests_that_are_tried_again() -> None:
    fault = {"status": 529, "error": {"type": "error", "error": {"type": "overloaded_error"}}, "message": "Overloaded"}
    fields = {"type": "system", "subtype": "api_error", "uuid": "a", "parentUuid": None, "sessionId": "s-1"}
    (row,) = read({**fields, "error": fault, "retryAttempt": 2, "maxRetries": 10})
    assert shown([row], "kind", "status", "error_type", "error_message", "attempt", "max_attempts") == [
        ("llm_call", "error", "overloaded_error", "Overloaded", 2, 11)
    ]


def test_permission_modes() -> None:
    found = read(
        record("user", "a", "one", permissionMode="default"),
        record("user", "b", "two", permissionMode="default"),
        record("user", "c", "three", permissionMode="bypassPermissions"),
    )
    assert shown(of(found, "log"), "line", "name", "from_state", "to_state") == [
        (1, "permission_mode", None, "default"),
        (3, "permission_mode_changed", "default", "bypassPermissions"),
    ]


def test_sub_agents_and_emitted_columns() -> None:
    found = read(
        record("user", "a", "look", isSidechain=True, agentId="ag-7"),
        record("assistant", "b", "found", message={"id": "m"}, isSidechain=True, agentId="ag-7"),
        record("user", "c", "hi", metadata={"sdb.request.id": "order-7", "sdb.kind": "escalation"}),
    )
    assert shown(found, "kind", "agent_id", "agent_role", "request_id", "request_id_source", "declared_by") == [
        ("message", "ag-7", "sub_agent", "s-1", "sessionId", "format"),
        ("llm_call", "ag-7", "sub_agent", "s-1", "sessionId", "format"),
        ("escalation", None, None, "order-7", "sdb.request.id", "emitter"),
    ]


@given(st.sampled_from(SESSION + EDGE).flatmap(spoilt))
@settings(max_examples=150, deadline=None)
def test_spoilt_records(one: Any) -> None:
    bears(FORMAT, [SESSION[0], one])


def test_sniffing() -> None:
    assert known(FORMAT, *SESSION)
    assert known(FORMAT, {"type": "summary", "summary": "x", "leafUuid": "a"}, *EDGE)
    assert not known(FORMAT, {"type": "summary", "summary": "x", "leafUuid": "a"})
    assert not known(FORMAT, {"sessionId": "s", "type": "click", "uuid": "u"})
