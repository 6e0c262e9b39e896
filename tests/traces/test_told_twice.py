"""Claude Code's session beside its own events and spans: one call is one row, whoever tells of it."""

from __future__ import annotations

import json
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from advisor.traces.load import load
from advisor.traces.log import Log
from tests.traces.formats.test_claude_code_otel import TOOL, entry, logs, span, spans
from tests.traces.formats.test_claude_code_session import record, result, use
from tests.traces.logs import rows

PROMPT = {"promptId": "p-1"}
SESSION = [
    record("user", "u1", "fix it", **PROMPT),
    record("assistant", "a1", [{"type": "text", "text": "I run it"}], requestId="req_1", message={"id": "m1"}),
    record("assistant", "a2", [use(1, command="make")], requestId="req_1", message={"id": "m1"}),
    record("user", "u2", [result(1, "done")]),
    record("assistant", "a3", [use(2, command="make")], requestId="req_2", message={"id": "m2"}),
    record("user", "u3", [result(2, "done")]),
]
EVENTS = [
    logs(
        entry("user_prompt", 0, prompt="fix it"),
        entry("api_request", 4, duration_ms=3000, model="claude-opus-4-8", request_id="req_1", cost_usd=0.5),
        entry("tool_decision", 4.5, decision="accept", source="config", tool_use_id="toolu_1", tool_name="Bash"),
        entry("tool_result", 5, tool_name="Bash", tool_use_id="toolu_1", success="true", duration_ms=500),
        entry("api_request", 6, duration_ms=900, model="claude-opus-4-8", request_id="req_2", cost_usd=0.25),
        entry("tool_result", 8, tool_name="Bash", tool_use_id="toolu_2", success="true", duration_ms=500),
    )
]
SPANS = [
    spans(
        span("llm_request", "4" * 16, "3" * 16, 1, 4, model="claude-opus-4-8", request_id="req_1", success="true"),
        span("tool.blocked_on_user", "1" * 16, TOOL, 4.1, 4.5, decision="accept", source="config"),
        span("tool.execution", "2" * 16, TOOL, 4.5, 5, success="true"),
        span("tool", TOOL, "3" * 16, 4, 5, tool_name="Bash", tool_use_id="toolu_1"),
    )
]
TELLINGS = {"session": SESSION, "events": EVENTS, "spans": SPANS}


def told(folder: Path, **tellings: Any) -> Log:
    for number, (name, records) in enumerate(tellings.items()):
        (folder / f"{number}-{name}.jsonl").write_text("".join(json.dumps(one) + "\n" for one in records))
    return load([str(folder)])


def calls(log: Log, *columns: str) -> list[tuple[Any, ...]]:
    kept = "CASE WHEN kind = 'tool_call' THEN tool_call_id WHEN kind = 'llm_call' THEN event_id END"
    found = rows(log, "kind", f"{kept} AS id", *columns)
    return sorted((row for row in found if row[0] in ("llm_call", "tool_call")), key=repr)


@pytest.mark.parametrize("order", list(permutations(TELLINGS)))
def test_a_call_that_is_told_three_times_is_one_row(order: tuple[str, ...], tmp_path: Path) -> None:
    log = told(tmp_path, **{name: TELLINGS[name] for name in order})
    assert calls(log, "source_format", "model_version", "cost_usd", "text") == [
        ("llm_call", "req_1", "claude_code_session", "claude-opus-4-8", 0.5, "I run it"),
        ("llm_call", "req_2", "claude_code_session", "claude-opus-4-8", 0.25, 'Bash({"command":"make"})'),
        ("tool_call", "toolu_1", "claude_code_session", None, None, "done"),
        ("tool_call", "toolu_2", "claude_code_session", None, None, "done"),
    ]
    # 2 API requests and 2 calls of the events, one of each of the spans, and the prompt.
    assert log.inventory()["copies"] == 7
    (prompt,) = [row for row in rows(log, "kind", "text", "run_id") if row[0] == "message"]
    assert prompt == ("message", "fix it", "p-1")
    assert next(row for row in rows(log, "kind", "status", "duration_us") if row[0] == "tool_call") == (
        "tool_call",
        "ok",
        1_000_000,
    )


def test_events_beside_spans_without_a_session(tmp_path: Path) -> None:
    log = told(tmp_path, events=EVENTS, spans=SPANS)
    assert calls(log, "duration_us", "span_id IS NOT NULL AS is_span", "cost_usd") == [
        ("llm_call", "req_1", 3_000_000, True, 0.5),
        ("llm_call", "req_2", 900_000, False, 0.25),
        ("tool_call", "toolu_1", 1_000_000, True, None),
        ("tool_call", "toolu_2", 500_000, False, None),
    ]
    assert log.inventory()["copies"] == 2


def test_calls_that_one_telling_repeats_stay(tmp_path: Path) -> None:
    again = [*EVENTS, logs(entry("tool_result", 9, tool_name="Bash", tool_use_id="toolu_2", success="false"))]
    log = told(tmp_path, session=SESSION, events=again)
    assert [row[:2] for row in calls(log, "status")].count(("tool_call", "toolu_2")) == 2


def test_calls_of_another_session_and_events_without_ids_stay(tmp_path: Path) -> None:
    other = [record("assistant", "a1", [use(1, command="make")], requestId="req_1", sessionId="s-2")]
    nameless = [logs(entry("api_request", 4, duration_ms=3000, model="claude-opus-4-8"))]
    log = told(tmp_path, session=other, events=EVENTS, nameless=nameless)
    assert log.inventory()["copies"] == 0
    assert len(calls(log, "request_id")) == 2 + 4 + 1


def test_a_refusal_that_is_told_twice_counts_once(tmp_path: Path) -> None:
    refused = "The user doesn't want to proceed with this tool use. The tool use was rejected."
    session = [
        record("assistant", "a1", [use(1, command="rm")], requestId="req_1"),
        record("user", "u2", [result(1, refused, is_error=True)]),
    ]
    events = [logs(entry("tool_decision", 5, decision="reject", source="user_reject", tool_use_id="toolu_1"))]
    log = told(tmp_path, session=session, events=events)
    found = list(rows(log, "kind", "decision", "decision_source", "reason_code"))
    assert [row for row in found if row[0] == "approval_decision"] == [
        ("approval_decision", "reject", "human", "user_reject")
    ]
