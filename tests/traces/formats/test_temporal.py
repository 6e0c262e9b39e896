"""Temporal histories: rows of real and made histories, their lines and order, hostile variants, sniffing."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.traces import columns
from advisor.traces.opening import open_sources
from advisor.traces.records import Record, Source
from tests.traces.formats.temporal_histories import (
    FAILURES,
    FORMAT,
    IGNORED,
    OBEYED,
    OLD,
    SAMPLES,
    TRACING,
    after_the_check,
    of,
    rows,
    shown,
)


def test_work_scheduled_after_the_worker_saw_the_cancel_is_visible() -> None:
    events = rows(IGNORED)
    assert [event["seq"] for event in events] == list(range(1, 49))
    assert [shown(event, "seq", "name") for event in of(events, "cancel_request")] == [
        (42, "WorkflowExecutionCancelRequested")
    ]
    assert [shown(event, "seq", "name") for event in of(events, "cancel_check")] == [(46, "WorkflowTaskStarted")]
    assert after_the_check(events) == [48]
    last = events[-1]
    assert shown(last, "kind", "tool_name", "status", "end_us") == (
        "tool_call",
        "short_activity_async",
        "pending",
        None,
    )
    assert last["ts_us"] - of(events, "cancel_request")[0]["ts_us"] == 17_162
    # An activity that had begun when the cancel came closes after it, and is no new work.
    seventh = next(event for event in events if event["seq"] == 41)
    assert shown(seventh, "status", "attempt", "duration_us") == ("ok", 1, 145_239)
    assert seventh["end_us"] > of(events, "cancel_request")[0]["ts_us"]


@pytest.mark.parametrize("path", [OBEYED, OLD, TRACING, FAILURES])
def test_healthy_histories_show_no_work_after_a_cancel(path: Path) -> None:
    assert after_the_check(rows(path)) == []


def test_a_cancel_that_was_obeyed() -> None:
    events = rows(OBEYED)
    (asked,), (seen,), (stopped,) = (of(events, kind) for kind in ("cancel_request", "cancel_check", "cancelled"))
    assert (asked["seq"], seen["seq"], stopped["seq"]) == (61, 63, 65)
    assert stopped["status"] == "cancelled"
    (workflow,) = of(events, "workflow")
    assert shown(workflow, "name", "status", "end_us") == ("CustomerServiceWorkflow", "cancelled", stopped["ts_us"])
    assert {event["request_id"] for event in events} == {"customer-service-d7028390-930d-4478-b69f-185af000bb17"}
    assert {event["request_id_source"] for event in events} == {"workflowId"}


def test_the_agents_plug_in_calls_models() -> None:
    calls = of(rows(OBEYED), "llm_call")
    assert len(calls) == 6
    assert shown(calls[0], "seq", "name", "op_name", "text", "status", "duration_us") == (
        9,
        "invoke_model_activity",
        "chat",
        "Hi there! How can I assist you today?",
        "ok",
        20_062,
    )
    assert shown(calls[0], "input_tokens", "output_tokens", "tool_call_id") == (0, 0, None)
    assert len({call["output_hash"] for call in calls}) == 6


def test_lines_are_those_of_the_event_objects() -> None:
    for path in (IGNORED, OBEYED, TRACING, FAILURES):
        text = path.read_text().split("\n")
        for event in rows(path):
            assert text[event["line"] - 1].strip() == "{"
            assert text[event["line"]].strip() == f'"eventId": "{event["seq"]}",'


def test_the_old_spelling_gives_the_same_kinds() -> None:
    events = rows(OLD)
    assert Counter(event["kind"] for event in events) == {
        "workflow": 1,
        "log": 7,
        "tool_call": 1,
        "tool_result": 1,
        "outcome": 1,
    }
    (call,) = of(events, "tool_call")
    # No workflowId in such old files: the run stands for it.
    assert shown(call, "request_id", "request_id_source", "tool_name", "status", "text", "max_attempts") == (
        "577fbf9c-bed0-4fcb-b582-3e7447adeca6",
        "originalExecutionRunId",
        "say_hello",
        "ok",
        "Hello, Temporal!",
        None,
    )
    assert call["deadline_us"] - call["ts_us"] == call["timeout_us"] == 60_000_000
    assert of(events, "outcome")[0]["status"] == "ok"


def test_signals_updates_and_timers() -> None:
    events = rows(TRACING)
    assert [shown(event, "seq", "op_name", "name", "text") for event in of(events, "message")] == [
        (3, "signal", "dosig", "before"),
        (13, "signal", "dosig", "1"),
        (20, "update", "doupdate", "1"),
    ]
    (timer,), (fired,) = of(events, "timer_set"), of(events, "timer_fire")
    assert timer["timer_id"] == fired["timer_id"] == "af6b802e-0485-4953-9625-c46e9b2243e6:1"
    assert timer["timeout_us"] == timer["deadline_us"] - timer["ts_us"] == 100_000
    assert fired["ts_us"] > timer["deadline_us"]
    assert {event["resource_id"] for event in (timer, fired, *of(events, "message"))} == {timer["request_id"]}


def test_activities_that_fail_time_out_or_are_cancelled() -> None:
    events = rows(FAILURES)
    names = ("tool_name", "seq", "status", "error_type", "attempt", "max_attempts", "duration_us", "side_effect")
    assert [shown(event, *names) for event in of(events, "tool_call")] == [
        ("charge", 5, "error", "CardError", 3, 4, 1_000_000, "external_write"),
        ("notify", 26, "timeout", "StartToCloseTimeout", 1, None, 1_000_000, None),
        ("poll", 32, "cancelled", None, 1, None, 200_000, None),
    ]
    charge = of(events, "tool_call")[0]
    # The attempt began after five more seconds than the schedule; the limit counts from the schedule.
    assert charge["ts_us"] == 1_764_000_008_000_000
    assert charge["deadline_us"] == 1_764_000_030_200_000
    assert charge["error_fp"] == "CardError|card # declined"
    results = of(events, "tool_result")
    assert [shown(r, "tool_call_id", "seq", "status") for r in results] == [
        ("run-a:1", 22, "error"),
        ("run-a:2", 28, "timeout"),
        ("run-a:3", 37, "cancelled"),
    ]
    assert [call["tool_call_id"] for call in of(events, "tool_call")] == [r["tool_call_id"] for r in results]
    (again,) = [event for event in events if event["name"] == "ActivityTaskStarted" and event["attempt"] == 3]
    assert shown(again, "kind", "error_type", "status") == ("log", "HTTPError", None)


def test_workflows_their_children_and_their_crashes() -> None:
    events = rows(FAILURES)
    (workflow,), (child,), (outcome,) = (of(events, kind) for kind in ("workflow", "delegation", "outcome"))
    names = ("name", "run_id", "tenant", "status", "error_type", "error_message", "deadline_us", "duration_us")
    assert shown(workflow, *names) == (
        "Renewal",
        "run-a",
        "acme",
        "error",
        "CardError",
        "card 4242 declined",
        1_764_000_060_000_000,
        11_000_000,
    )
    assert shown(child, "name", "child_id", "status", "error_type", "duration_us") == (
        "Invoice",
        "invoice-8f3a",
        "error",
        "LedgerError",
        3_600_000,
    )
    assert shown(outcome, "status", "error_type") == ("error", "CardError")
    assert [shown(c, "seq", "child_id", "error_type") for c in of(events, "crash")] == [
        (12, "renewal-8f3a", "NonDeterministicError")
    ]
    assert [event["seq"] for event in events if event.get("error_type") == "UnhandledCommand"] == [15]
    assert [event["timer_id"] for event in of(events, "timer_cancel")] == ["run-a:again"]
    # A workflow that gives up one of its own activities throws no kill switch.
    assert of(events, "cancel_request") == of(events, "cancel_check") == []


JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**30), 10**30),
    st.floats(),
    st.text(max_size=8),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=3), st.none(), max_size=2),
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, one in inner for place in places(one, (*path, key)))][0 if path else 1 :]


PLACES = {path: places(json.loads(path.read_text())["events"]) for path in (FAILURES, TRACING, OBEYED)}


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(PLACES)), st.data())
def test_hostile_histories_raise_nothing_and_lose_nothing(path: Path, data: st.DataObject) -> None:
    events = json.loads(path.read_text())["events"]
    for _ in range(data.draw(st.integers(1, 6))):
        *way, last = data.draw(st.sampled_from(PLACES[path]))
        held = events
        try:
            for key in way:
                held = held[key]
            held[last] = data.draw(JUNK)
        except (KeyError, IndexError, TypeError):
            continue
    bad: list[int] = []
    source = Source(path, "lines", iter([Record(1, {"events": events})]), (), lambda line, _: bad.append(line))
    found = list(FORMAT.read(source))
    assert len(found) + len(bad) == len(events)
    known = columns.stored()
    for event in found:
        assert event.keys() <= known.keys()
        assert event["kind"] in columns.KINDS
        assert event.get("status") is None or event["status"] in columns.STATUSES
        for name, value in event.items():
            assert value is None or isinstance(value, _PYTHON[known[name]]), (name, value)
            assert not isinstance(value, int) or abs(value) < 2**63, (name, value)


_PYTHON: dict[str, Any] = {"VARCHAR": str, "BIGINT": int, "DOUBLE": (int, float), "BOOLEAN": bool}


def test_other_formats_are_not_claimed(tmp_path: Path) -> None:
    others = {
        "cloudwatch.json": {"events": [{"eventId": "1", "timestamp": 1, "message": "x", "ingestionTime": 2}]},
        "trail.json": {"events": [{"eventID": "1", "eventType": "AwsApiCall"}]},
        "steps.json": {"events": [{"id": 1, "type": "TaskScheduled", "timestamp": 1}]},
        "empty.json": {"events": []},
        "app.json": [{"event": "TimerFired", "event_id": "1", "ts": "2025-01-01"}],
    }
    for name, value in others.items():
        path = tmp_path / name
        path.write_text(json.dumps(value))
        for _, source in open_sources(path, lambda *_: None):
            assert not FORMAT.sniff(source), name
    for path in SAMPLES.glob("[!t]*/*.*"):
        if path.suffix in (".json", ".jsonl", ".csv"):
            for _, source in open_sources(path, lambda *_: None):
                assert not FORMAT.sniff(source), path
