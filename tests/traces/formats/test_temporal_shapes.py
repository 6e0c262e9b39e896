"""Temporal histories in lists, lines and parts; failures of every kind; words and durations."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from advisor.traces.formats.temporal_values import duration_us, failure, type_of, word
from advisor.traces.records import Event
from tests.traces.formats.temporal_histories import (
    FAILURES,
    IGNORED,
    OLD,
    of,
    read,
    rows,
    shown,
)


def test_a_workflow_task_that_was_lost_saw_no_cancel(tmp_path: Path) -> None:
    history = json.loads(IGNORED.read_text())
    lost = {
        "eventId": "47",
        "eventTime": "2025-05-28T16:32:44.6Z",
        "eventType": "EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT",
        "workflowTaskTimedOutEventAttributes": {"startedEventId": "46", "timeoutType": "TIMEOUT_TYPE_START_TO_CLOSE"},
    }
    history["events"][46:] = [lost]
    path = tmp_path / "history.json"
    path.write_text(json.dumps(history))
    events = rows(path)
    assert of(events, "cancel_check") == []
    assert shown(events[-1], "kind", "status", "error_type") == ("log", "timeout", "StartToCloseTimeout")


def test_histories_in_lists_and_lines_and_events_in_lines(tmp_path: Path) -> None:
    alone = {path: rows(path) for path in (IGNORED, FAILURES)}
    histories = [json.loads(path.read_text()) for path in alone]

    def written(name: str, text: str) -> list[Event]:
        (tmp_path / name).write_text(text)
        return rows(tmp_path / name)

    def without_lines(events: list[Event]) -> list[Event]:
        return [{name: value for name, value in event.items() if name != "line"} for event in events]

    expected = without_lines([event for events in alone.values() for event in events])
    listed = written("list.json", json.dumps(histories, indent=1))
    assert without_lines(listed) == expected
    text = (tmp_path / "list.json").read_text().split("\n")
    assert all(f'"eventId": "{event["seq"]}"' in text[event["line"]] for event in listed)
    lines = written("lines.jsonl", "".join(json.dumps(history) + "\n" for history in histories))
    assert without_lines(lines) == expected
    assert {event["line"] for event in lines} == {1, 2}
    behind = written("behind.json", "\n".join(json.dumps(history, indent=1) for history in histories))
    assert without_lines(behind) == expected
    assert len({event["line"] for event in behind}) == len(behind)
    bare = written("bare.jsonl", "".join(json.dumps(e) + "\n" for history in histories for e in history["events"]))
    assert without_lines(bare) == expected
    assert [event["line"] for event in bare] == list(range(1, len(bare) + 1))
    answer = written("answer.json", json.dumps({"history": histories[0], "nextPageToken": ""}, indent=1))
    assert without_lines(answer) == without_lines(alone[IGNORED])


def test_lines_where_a_history_does_not_start_its_own_line(tmp_path: Path) -> None:
    history = json.dumps(json.loads(OLD.read_text()), indent=1)
    for name, text in {"blank.json": f"\n\n  {history}", "list.json": f"[{history}, {history}]"}.items():
        (tmp_path / name).write_text(text)
        lines = (tmp_path / name).read_text().split("\n")
        events = rows(tmp_path / name)
        assert len(events) in (11, 22)
        assert all(f'"eventId": "{event["seq"]}"' in lines[event["line"]] for event in events)


def made(*events: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    """A history of given event types and attributes, a second apart."""
    return {
        "events": [
            {
                "eventId": str(number),
                "eventTime": f"2025-11-24T16:00:{number:02}Z",
                "eventType": f"EVENT_TYPE_{name}",
                word(f"X_{name}", "X_")[0].lower() + word(f"X_{name}", "X_")[1:] + "EventAttributes": attributes,  # type: ignore[index]
            }
            for number, (name, attributes) in enumerate(events, 1)
        ]
    }


def test_operations_children_updates_and_resets_that_fail(tmp_path: Path) -> None:
    failed = {"message": "no such desk", "applicationFailureInfo": {"type": "DeskError"}}
    payload = {"metadata": {"encoding": "anNvbi9wbGFpbg=="}, "data": "MTc="}
    history = made(
        ("WORKFLOW_EXECUTION_STARTED", {"workflowId": "w", "originalExecutionRunId": "r"}),
        ("NEXUS_OPERATION_SCHEDULED", {"endpoint": "billing", "operation": "charge", "input": payload}),
        ("NEXUS_OPERATION_STARTED", {"scheduledEventId": "2"}),
        ("NEXUS_OPERATION_COMPLETED", {"scheduledEventId": "2", "result": payload}),
        ("START_CHILD_WORKFLOW_EXECUTION_INITIATED", {"workflowId": "c", "workflowType": {"name": "Child"}}),
        (
            "START_CHILD_WORKFLOW_EXECUTION_FAILED",
            {
                "initiatedEventId": "5",
                "cause": "START_CHILD_WORKFLOW_EXECUTION_FAILED_CAUSE_WORKFLOW_ALREADY_EXISTS",
            },
        ),
        (
            "WORKFLOW_EXECUTION_UPDATE_REJECTED",
            {"rejectedRequest": {"input": {"name": "approve"}, "meta": {"identity": "desk"}}, "failure": failed},
        ),
        (
            "WORKFLOW_TASK_FAILED",
            {"cause": "WORKFLOW_TASK_FAILED_CAUSE_RESET_WORKFLOW", "baseRunId": "r0", "failure": failed},
        ),
        ("WORKFLOW_EXECUTION_TERMINATED", {"reason": "runs away", "identity": "desk"}),
    )
    path = tmp_path / "made.json"
    path.write_text(json.dumps(history))
    workflow, call, _, result, child, _, update, reset, stop = rows(path)
    assert shown(call, "kind", "tool_name", "target_system", "status", "text", "duration_us") == (
        "tool_call",
        "charge",
        "billing",
        "ok",
        "17",
        1_000_000,
    )
    assert shown(result, "kind", "tool_call_id", "tool_name") == ("tool_result", call["tool_call_id"], "charge")
    assert call["args_hash"] == call["result_fp"] is not None
    assert shown(child, "kind", "child_id", "status", "error_type") == (
        "delegation",
        "c",
        "error",
        "WorkflowAlreadyExists",
    )
    assert shown(update, "kind", "name", "status", "error_type") == ("message", "approve", "rejected", "DeskError")
    assert shown(reset, "kind", "replay_of", "status") == ("log", "r0", None)
    assert shown(stop, "kind", "status", "reason_text") == ("cancelled", "cancelled", "runs away")
    assert shown(workflow, "status", "end_us") == ("cancelled", stop["ts_us"])


def test_runs_of_one_workflow_do_not_share_ids(tmp_path: Path) -> None:
    first = json.loads(FAILURES.read_text())
    second = json.loads(FAILURES.read_text().replace("run-a", "run-b"))
    path = tmp_path / "runs.jsonl"
    path.write_text(json.dumps(first) + "\n" + json.dumps(second) + "\n")
    events = rows(path)
    assert len({event["request_id"] for event in events}) == 1
    assert len({event["tool_call_id"] for event in of(events, "tool_call")}) == 6
    assert len({event["timer_id"] for event in of(events, "timer_set")}) == 4


def test_what_is_no_event_is_noted_with_its_line(tmp_path: Path) -> None:
    history = json.loads(OLD.read_text())
    history["events"][3:3] = ["torn", {"eventId": "77"}, None]
    path = tmp_path / "torn.json"
    path.write_text(json.dumps(history, indent=0))
    events, bad = read(path)
    assert len(events) == 11
    text = path.read_text().split("\n")
    assert [text[line - 1] for line, _ in bad] == ['"torn",', "{", "null,"]
    lines = tmp_path / "torn.jsonl"
    lines.write_text("".join(json.dumps(one) + "\n" for one in [*([json.loads(OLD.read_text())] * 9), {"a": 1}]))
    events, bad = read(lines)
    assert len(events) == 99
    assert bad == [(10, "is neither a history nor an event of one")]


def test_words_durations_and_failures() -> None:
    assert word("EVENT_TYPE_TIMER_FIRED", "EVENT_TYPE_") == word("TimerFired") == "TimerFired"
    assert type_of({"eventId": 1, "timerFiredEventAttributes": {}}) == "TimerFired"
    assert [duration_us(d) for d in ("10s", "0.100s", "0s", "ten", None, {"seconds": "2", "nanos": 500_000_000})] == [
        10_000_000,
        100_000,
        None,
        None,
        None,
        2_500_000,
    ]
    deep: dict[str, Any] = {"message": "root", "applicationFailureInfo": {"type": "Root"}}
    for _ in range(3):
        deep = {"message": "wrapped", "activityFailureInfo": {}, "cause": deep}
    assert failure(deep) == ("error", "Root", "root")
    assert failure({"message": "m", "cause": deep}) == ("error", None, "m")
