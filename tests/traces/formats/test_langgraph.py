"""LangGraph: streams in several modes, state histories, checkpoints in SQLite, LangChain's event stream."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.traces.formats import langchain_events, langgraph, langgraph_sqlite
from advisor.traces.formats.msgpacked import decoded, plain
from advisor.traces.opening import open_sources
from tests.traces.formats.hostile import bears, lines, of, read, rows, shown, source_of, spoilt

SAMPLES = Path(__file__).parents[1] / "samples" / "langgraph"
STREAM, HISTORY = langgraph.FORMATS
(SQLITE,) = langgraph_sqlite.FORMATS
(EVENTS,) = langchain_events.FORMATS
STREAMED = [*lines(SAMPLES / "debug.jsonl"), *lines(SAMPLES / "tasks.jsonl"), *lines(SAMPLES / "updates.jsonl")]
SNAPSHOTS = [*lines(SAMPLES / "history.jsonl"), *lines(SAMPLES / "history_objects.jsonl")]
CALLS = lines(SAMPLES / "events.jsonl")


def test_a_node_is_one_row_from_its_task_to_its_result() -> None:
    found = of(rows(SAMPLES / "debug.jsonl", STREAM), "agent")
    assert shown(found, "line", "agent_name", "status", "request_id", "duration_us") == [
        (6, "churn", "ok", "r-8f3a", 770),
        (8, "offer", "ok", "r-8f3a", 1_225_841),
        (18, "gate", "pending", "r-8f3a", 6_025),
        (23, "gate", "ok", "r-8f3a", 739),
    ]
    assert found[2]["span_id"] == found[3]["span_id"]


def test_an_interrupt_is_a_request_and_its_task_run_again_the_answer() -> None:
    found = rows(SAMPLES / "debug.jsonl", STREAM)
    asked, answered = of(found, "approval_request") + of(found, "approval_decision")
    assert asked["approval_id"] == answered["approval_id"] == "9ce9d2e9650ddc7580c3d3afd2b22e5d"
    assert asked["ts_us"] < answered["ts_us"]
    assert "decision" not in answered


def _resumed(value: object, *told: object) -> list[Any]:
    """A stream in which a node asks, is run again, says what is told, and ends."""

    def debug(kind: str, **payload: object) -> list[object]:
        held = {"id": "t1", "name": "approve", **payload}
        return ["debug", {"type": kind, "timestamp": "2026-11-22T08:00:00+00:00", "payload": held}]

    asked = debug("task_result", result=[], error=None, interrupts=[{"value": value, "id": "i1"}])
    ended = debug("task_result", result=[], error=None, interrupts=[])
    return [debug("task", input={}), asked, debug("task", input={}), *told, ended]


def test_an_approval_that_declares_its_id_is_answered_under_it() -> None:
    found = list(STREAM.read(source_of(_resumed({"sdb.approval_id": "a1", "sdb.sla_ms": 5}), [])))
    assert [row["approval_id"] for row in of(found, "approval_request") + of(found, "approval_decision")] == ["a1"] * 2


def test_an_answer_that_the_program_records_is_read_once_and_stands_before_what_it_led_to() -> None:
    paid = ["custom", {"sdb.kind": "commit", "sdb.action_id": "pay"}]
    answer = ["custom", {"sdb.kind": "approval_decision", "sdb.approval_id": "a1", "sdb.decision": "approve"}]
    found = list(STREAM.read(source_of(_resumed({"sdb.approval_id": "a1"}, paid, answer), [])))
    assert shown(of(found, "approval_decision"), "declared_by", "decision") == [("emitter", "approve")]
    assert of(found, "approval_decision")[0]["seq"] < of(found, "commit")[0]["seq"]


def test_an_answer_to_a_task_that_never_ends_is_kept() -> None:
    found = list(STREAM.read(source_of(_resumed({"question": "pay?"})[:-1], [])))
    assert shown(of(found, "approval_decision"), "approval_id", "declared_by") == [("i1", "format")]


def test_what_debug_says_is_not_said_twice() -> None:
    found = rows(SAMPLES / "debug.jsonl", STREAM)
    assert len({(row["agent_name"], row["seq"]) for row in of(found, "agent")}) == 4
    assert {row["name"] for row in found if row["kind"] == "log"} >= {"tasks", "updates", "checkpoint", "checkpoints"}


@pytest.mark.parametrize("name", ["tasks.jsonl", "updates.jsonl"])
def test_messages_that_nodes_add(name: str) -> None:
    found = rows(SAMPLES / name, STREAM)
    assert shown(of(found, "llm_call"), "agent_name", "input_tokens", "text") == [
        ("agent", 20, 'charge({"amount":12})'),
        ("again", 30, "It failed."),
    ]
    (call,), (result,) = of(found, "tool_call"), of(found, "tool_result")
    assert shown([result], "tool_call_id", "tool_name", "status", "text") == [
        ("c1", "charge", "error", "card declined")
    ]
    assert call["tool_call_id"] == "c1" and call["seq"] < result["seq"]


def test_tasks_that_fail() -> None:
    found = of(rows(SAMPLES / "tasks.jsonl", STREAM), "agent")
    assert shown(found[-1:], "agent_name", "status", "error_message", "prompt_version") == [
        ("check", "error", "no such refund 17", "3")
    ]


def test_elements_with_a_namespace_and_as_objects() -> None:
    task = {"id": "t", "name": "node", "input": {}, "triggers": []}
    done = {"id": "t", "name": "node", "error": None, "result": [["messages", []]], "interrupts": []}
    elements = [[["sub:1"], "tasks", task], {"type": "tasks", "ns": [], "data": done}]
    bad: list[tuple[int, str]] = []
    source = source_of(elements, bad)
    assert STREAM.sniff(source)
    assert shown(list(STREAM.read(source)), "kind", "agent_name", "status") == [("agent", "node", "ok")]


@pytest.mark.parametrize("name", ["history.jsonl", "history_objects.jsonl"])
def test_a_history_is_ordered_by_its_steps(name: str) -> None:
    found = rows(SAMPLES / name, HISTORY)
    ordered = sorted(found, key=lambda row: row["seq"])
    assert [row["ts_us"] for row in ordered] == sorted(row["ts_us"] for row in found)
    (asked,) = of(found, "approval_request")
    assert len(asked["approval_id"]) == 32


def test_tasks_of_a_history() -> None:
    found = of(rows(SAMPLES / "history_objects.jsonl", HISTORY), "agent")
    assert shown(found, "agent_name", "status", "error_type") == [
        ("check", "error", "ValueError"),
        ("again", "ok", None),
        ("tools", "ok", None),
        ("agent", "ok", None),
    ]


def test_a_fork_is_a_replay() -> None:
    parent = {"configurable": {"thread_id": "t", "checkpoint_id": "c1"}}
    forked = {**SNAPSHOTS[0], "metadata": {"source": "fork", "step": 3}, "parent_config": parent}
    (row, *_) = HISTORY.read(source_of([forked], []))
    assert row["replay_of"] == "c1"


def test_checkpoints_in_sqlite() -> None:
    found = rows(SAMPLES / "approval.sqlite", SQLITE)
    assert shown(of(found, "agent"), "agent_name", "status", "request_id", "seq") == [
        ("churn", "ok", "r-8f3a", 3),
        ("offer", "ok", "r-8f3a", 3),
        ("gate", "ok", "r-8f3a", 5),
    ]
    (asked,), (answered,) = of(found, "approval_request"), of(found, "approval_decision")
    assert asked["approval_id"] == answered["approval_id"]
    assert shown([answered], "decision", "text", "ts_us") == [("reject", "deny", None)]
    # An id of version 6 was made microseconds after its checkpoint's own time, 2026-11-22T07:51:38.958291.
    assert 0 <= asked["ts_us"] - 1_795_333_898_958_291 < 1_000


def test_errors_in_sqlite() -> None:
    found = of(rows(SAMPLES / "error.sqlite", SQLITE), "agent")
    assert shown(found[-1:], "agent_name", "status", "error_type", "error_message") == [
        ("check", "error", "ValueError", "ValueError('no such refund 17')")
    ]


def test_messages_in_sqlite() -> None:
    found = rows(SAMPLES / "messages.sqlite", SQLITE)
    assert [len(of(found, kind)) for kind in ("llm_call", "tool_call", "tool_result")] == [8, 6, 6]
    assert {row["agent_name"] for row in of(found, "llm_call")} == {"support"}
    calls = {row["tool_call_id"]: row["args_hash"] for row in of(found, "tool_call") if row["tool_name"][0] == "r"}
    ends = [row for row in of(found, "tool_result") if row["tool_call_id"] in calls]
    assert [row["request_id"] for row in ends] == ["conv-2", "conv-2", "conv-7"]
    assert [row.get("status") for row in ends][::2] == ["error", "error"]
    assert calls[ends[0]["tool_call_id"]] == calls[ends[1]["tool_call_id"]]
    said = of(found, "llm_call")[-1]
    assert said["text"].startswith("I have successfully refunded order 7")
    assert said["model_response"] == "gpt-4o-mini-2024-07-18" and said["input_tokens"] > 0


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b"\x93\x01\xff\xc0", [1, -1, None]),
        (b"\x81\xa1a\xcb\x3f\xf8\x00\x00\x00\x00\x00\x00", {"a": 1.5}),
        (b"\xd9\x02hi", "hi"),
        (b"\x91\xc4\x01\x07", ["07"]),
        (b"\xc7\x0b\x05\x94\xa1m\xa1C\x81\xa1x\xc3\xa1f", {"x": True}),
        (b"\xd4\x63\x07", "07"),
    ],
)
def test_message_pack_is_read_as_values(data: bytes, value: object) -> None:
    assert decoded(data) == value


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=64))
def test_bytes_that_are_no_message_pack_are_refused(data: bytes) -> None:
    with suppress(ValueError):
        decoded(data)
    for broken in (b"", b"\xc1", b"\xdd\xff\xff\xff\xff", b"\x91" * 100, b"\x01\x01"):
        with pytest.raises(ValueError):
            decoded(broken)


def test_odd_values_in_sqlite(tmp_path: Path) -> None:
    path = tmp_path / "odd.sqlite"
    shutil.copy(SAMPLES / "error.sqlite", path)
    with closing(sqlite3.connect(path)) as db:
        db.execute("UPDATE checkpoints SET metadata = x'ff00', checkpoint_id = rowid WHERE rowid % 2")
        db.execute('UPDATE checkpoints SET metadata = \'{"step": 1e400, "sdb.attempt": []}\' WHERE rowid % 2 = 0')
        db.execute("UPDATE writes SET value = NULL, task_path = '', thread_id = x'00' WHERE idx = 0")
        db.execute("UPDATE writes SET value = 'text', channel = '__error__' WHERE idx <> 0")
        db.commit()
        written = db.execute("SELECT count(*) FROM checkpoints").fetchone()[0]
    found, bad = read(path, SQLITE)
    assert bad == []
    assert len([row for row in found if row.get("name") == "checkpoint"]) == written


@pytest.mark.parametrize(
    ("data", "text"),
    [(b"\xa4deny", "deny"), (b"\x91\xa4deny", "deny"), (b"\xd9\x03yes", "yes"), (b"\x92\xa1a\xa1b", None), (b"", None)],
)
def test_plain_texts_in_messagepack(data: bytes, text: str | None) -> None:
    assert plain(data) == text


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=40) | st.integers(0, 2**40) | st.none() | st.booleans() | st.lists(st.text(), min_size=2))
def test_a_text_alone_or_in_a_list_of_one_is_plain(value: object) -> None:
    told = value if isinstance(value, str) else None
    assert plain(msgpack.packb(value)) == plain(msgpack.packb([value])) == told


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=40))
def test_any_bytes_are_a_text_or_nothing(data: bytes) -> None:
    assert isinstance(plain(data), str | None)


def test_runs_of_the_event_stream() -> None:
    found = rows(SAMPLES / "events.jsonl", EVENTS)
    assert shown(of(found, "tool_call"), "tool_name", "tool_call_id", "status", "error_message", "agent_name") == [
        ("publish_offer", "c1", "error", "discount > max 30%", "tools")
    ]
    assert shown(of(found, "agent"), "line", "agent_name", "status") == [
        (2, "agent", "ok"),
        (8, "tools", "ok"),
        (12, "agent", "ok"),
    ]
    assert {row["request_id"] for row in found} == {"r-8f3a"}
    # 01a20245-3a48 of the root run's id, in milliseconds.
    assert of(found, "workflow")[0]["ts_us"] == 0x01A202453A48 * 1000


def test_events_with_whole_messages() -> None:
    run = {"run_id": "11111111-1111-4111-8111-111111111111", "parent_ids": [], "metadata": {"ls_model_name": "gpt-5"}}
    said = {"content": "hi", "type": "ai", "usage_metadata": {"input_tokens": 9, "output_tokens": 2}}
    said["response_metadata"] = {"model_name": "gpt-5-2026-01-01"}
    start = {"event": "on_chat_model_start", "name": "ChatOpenAI", "data": {"input": {"messages": []}}, **run}
    end = {"event": "on_chat_model_end", "name": "ChatOpenAI", "data": {"output": said}, **run}
    noted = {"event": "on_custom_event", "name": "x", "data": {"sdb.kind": "ok_tick", "sdb.child.id": "c-1"}, **run}
    found = list(EVENTS.read(source_of([start, noted, end], [])))
    assert shown(found, "kind", "model_version", "input_tokens", "text", "child_id", "ts_us") == [
        ("ok_tick", None, None, None, "c-1", None),
        ("llm_call", "gpt-5-2026-01-01", 9, "hi", None, None),
    ]


@given(st.sampled_from(STREAMED).flatmap(spoilt), st.sampled_from(STREAMED))
@settings(max_examples=150, deadline=None)
def test_spoilt_elements_of_streams(record: Any, whole: Any) -> None:
    bad: list[tuple[int, str]] = []
    list(STREAM.read(source_of([whole, record], bad)))
    bears(STREAM, [["custom", 1], record])


@given(st.sampled_from(SNAPSHOTS).flatmap(spoilt))
@settings(max_examples=100, deadline=None)
def test_spoilt_snapshots(record: Any) -> None:
    bears(HISTORY, [record])


@given(st.sampled_from(CALLS).flatmap(spoilt))
@settings(max_examples=100, deadline=None)
def test_spoilt_events(record: Any) -> None:
    bears(EVENTS, [record])


def test_sniffing() -> None:
    assert STREAM.sniff(source_of(STREAMED, []))
    assert not STREAM.sniff(source_of([["debugging", {}], [1, 2]], []))
    assert not STREAM.sniff(source_of([{"type": "tasks", "data": 1}], []))
    assert not HISTORY.sniff(source_of([{"values": {}, "next": []}], []))
    assert not EVENTS.sniff(source_of([{"event": "on_sale", "price": 3}], []))
    for name in ("approval.sqlite", "error.sqlite"):
        ((_, source),) = open_sources(SAMPLES / name, lambda line, why: None)
        assert SQLITE.sniff(source)
