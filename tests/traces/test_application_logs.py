"""Application logs of no known format: what is declared, what is guessed, and what must not be guessed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from advisor.traces.generic.fields import Fields
from advisor.traces.generic.kinds import guess
from advisor.traces.load import load
from advisor.traces.log import Log
from tests.traces.logs import bad, read, rows

SAMPLES = Path(__file__).parent / "samples" / "application"


def jsonl(*records: dict[str, Any]) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


def kinds(log: Log) -> dict[str, str]:
    return {one["name"]: one["kind"] for one in log.inventory()["guessed_kinds"]}


def test_events_written_by_an_application() -> None:
    log = load([str(SAMPLES / "events.jsonl")])
    assert len(rows(log, "line")) == 36
    assert bad(log) == []
    assert [id for (id,) in rows(log, "request_id") if id] and sum(1 for (id,) in rows(log, "request_id") if id) == 16
    assert kinds(log) == {
        "human_required": "escalation",
        "gate_denied": "gate_decision",
        "human_override": "override",
        "offer_expired_timer": "timer_fire",
        "saga_compensate": "compensation",
        "sub_agent_timeout": "delegation",
    }
    assert rows(log, "kind", "declared_by")[17] == ("log", "guess")  # contract_merger_detected
    assert rows(log, "kind", "decision", "tool_name", "policy_version", "reason_text")[14] == (
        "gate_decision",
        "deny",
        "publish_offer",
        "v7",
        "discount 90% > max 30%",
    )
    assert rows(log, "status", "agent_name", "timeout_us")[9] == ("timeout", "offer", 5_000_000)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("p2-scatter-gather-saga__langgraph_example.txt", {"compensate": "compensation"}),
        (
            "p4-supervisor-gate__langgraph_example.txt",
            {"tick": "ok_tick", "child died": "crash", "restarting child": "restart"},
        ),
        (
            "p5-shared-state-machine__langgraph_example.txt",
            {
                "transition": "state_transition",
                "timer scheduled": "timer_set",
                "timer SKIPPED \u2014 row moved on": "timer_fire",
            },
        ),
    ],
)
def test_what_example_programs_print(name: str, expected: dict[str, str]) -> None:
    path = SAMPLES / "console" / name
    log = load([str(path)])
    lines = [line for line in path.read_text().splitlines() if line.strip()]
    assert len(rows(log, "line")) == len(lines)
    assert bad(log) == []
    found = kinds(log)
    assert {event: found.get(event) for event in expected} == expected
    assert set(found.values()) <= {*expected.values(), "gate_decision"}


GUESSED = {
    "gate_denied": "gate_decision",
    "gate.deny": "gate_decision",
    "Gate DENY": "gate_decision",
    "cas_conflict": "cas",
    "Timer expired": "timer_fire",
    "offer_expired_timer": "timer_fire",
    "rollback": "compensation",
    "llm_call": "llm_call",
    "tool.call": "tool_call",
    "kill-switch": "cancel_request",
    "token revoked": "cancel_request",
    "worker_crashed": "crash",
    "throttled, skipping step": "throttle",
    "timer skipped (moved on)": "timer_fire",
    "request_failed": "outcome",
    "approval requested for refund_payment": "approval_request",
    "optimistic lock conflict on order 17, retrying": "cas",
    "request cancelled by user": "cancelled",
    "Calling tool get_order": "tool_call",
    "Executing function `search` with args": "tool_call",
    "tool issue.refund: timed out after 30s": "tool_result",
    "error calling tool getOrder: 503": "tool_result",
    "tool refund_payment denied by policy": "gate_decision",
}
NOT_GUESSED = [
    "contract_merger_detected",
    "emergency",
    "merge_request_opened",
    "override_defaults_loaded",
    "delegate_list_loaded",
    "restart_policy_loaded",
    "the gate denied it",
    "aggregate",
    "investigate",
    "castle",
    "broadcast",
    "commitment_made",
    "completion",
    "message",
    "log",
    "unknown",
    "dispatcher_ready",
    "tool_registry_loaded",
    "validation_rules_loaded",
    "tool registry failed",
    "calling tool functions",
    "merge of two contracts",
    "request failed with status 503",
    "restart on failure enabled",
    "process exited with code 0",
    "please merge the two contracts and tell the customer about the outcome of the approval",
    "",
    "\x00",
]


@pytest.mark.parametrize("name", GUESSED)
def test_names_that_say_a_kind(name: str) -> None:
    found = guess(name)
    assert found and found.kind == GUESSED[name]


@pytest.mark.parametrize("name", NOT_GUESSED)
def test_names_that_say_none(name: str) -> None:
    assert guess(name) is None


@pytest.mark.parametrize(
    ("sentence", "said"),
    [
        ("tool refund_payment failed, retrying (2/5)", {"status": "error", "attempt": "2", "max_attempts": "5"}),
        ("tool 'search' timed out after 30s (attempt 3 of 4)", {"status": "timeout", "attempt": "3"}),
        ("tool get_order succeeded, retry in 3 s", {"status": "ok"}),
        ("approval granted by anna", {"decision": "approve", "decision_source": "human"}),
        ("approval granted by policy", {"decision": "approve"}),
        ("approval timed out after 900s", {"decision": "deny", "decision_source": "timeout"}),
    ],
)
def test_what_sentences_say_beside_their_kind(sentence: str, said: dict[str, str]) -> None:
    found = guess(sentence)
    assert found
    told = dict(found.columns)
    assert said.items() <= told.items()
    assert ("attempt" in told, "decision_source" in told) == ("attempt" in said, "decision_source" in said)


@pytest.mark.parametrize("name", ["loguru.jsonl", "python_json_logger.jsonl"])
def test_sentences_of_loggers(name: str) -> None:
    log = load([str(SAMPLES / name)])
    assert bad(log) == []
    assert len({request for (request,) in rows(log, "request_id")}) == 3
    asked = [row for row in rows(log, "kind", "approval_id", "decision", "decision_source") if row[0][:8] == "approval"]
    assert [row[2:] for row in asked] == [(None, None), ("deny", "timeout")]
    assert len({row[1] for row in asked}) == 1
    tried = [row[1:] for row in rows(log, "kind", "tool_name", "attempt", "max_attempts", "status") if row[2]]
    assert tried == [("refund_payment", n, 5, "error") for n in range(1, 6)]
    calls = [row[1:] for row in rows(log, "kind", "model_request", "input_tokens") if row[0] == "llm_call"]
    assert calls and all(model == "gpt-4o-2024-08-06" and tokens > 0 for model, tokens in calls)
    assert ("gate_decision", "refund_payment", "deny") in rows(log, "kind", "tool_name", "decision")


def test_pairs_are_read_out_of_a_loggers_message_only(tmp_path: Path) -> None:
    said = {"ts": "2026-04-22T00:00:01Z", "message": "call done attempt=2 order_id=o-7", "order_id": "o-9"}
    log = read(tmp_path, jsonl(said, said | {"level": "info"}))
    assert rows(log, "attempt", "request_id") == [(None, "o-9"), (2, "o-9")]


def test_kinds_come_from_values_of_event_names_and_never_from_field_names(tmp_path: Path) -> None:
    record = {"ts": "2026-04-22T00:00:01Z", "event": "x", "merge": 1, "gate_denied": "yes", "note": "gate_denied"}
    log = read(
        tmp_path, jsonl(record, record | {"tags": ["gate_denied"], "payload": {"crash": True, "status_text": "merged"}})
    )
    assert kinds(log) == {}
    assert rows(log, "kind") == [("log",), ("log",)]


FIELDS = {
    "ts": "ts",
    "timestamp": "ts",
    "@timestamp": "ts",
    "Timestamp": "ts",
    "__REALTIME_TIMESTAMP": "ts",
    "request_id": "request_id",
    "requestId": "request_id",
    "RequestID": "request_id",
    "request-id": "request_id",
    "payload.policy_version": "policy_version",
    "extra.attributes.sdb.policy.version": "policy_version",
    "sdb.request.id": "request_id",
    "gen_ai.usage.input_tokens": "input_tokens",
    "attributes.kind": "kind",
}
NO_FIELDS = [
    "tsunami",
    "ts_raw",
    "my_request_id_count",
    "request_identifier",
    "errors",
    "stateful",
    "payload.kind",
    "payload.name",
    "payload.id",
    "data.type",
    "thread",
    "customer.request_id_hash",
    "args.status",
    "input.agent_name",
    "retries_left",
]


@pytest.mark.parametrize("path", FIELDS)
def test_fields_that_fill_a_column(path: str) -> None:
    found = Fields().target(path)
    assert found and found.column.name == FIELDS[path]


@pytest.mark.parametrize("path", NO_FIELDS)
def test_fields_that_fill_none(path: str) -> None:
    assert Fields().target(path) is None


def test_values_that_are_no_ids_and_no_errors_are_not_taken_for_such(tmp_path: Path) -> None:
    at = {"ts": "2026-04-22T00:00:01Z", "event": "x"}
    given = [
        {"order": 1},
        {"order": "first"},
        {"order": "o-17"},
        {"session": "abc 12"},
        {"conversation": ["c-1"]},
        {"thread": "Thread-12"},
        {"error": False},
        {"error": "false"},
        {"error": 0},
        {"error": "boom"},
        {"agent": ["a", "b"]},
    ]
    log = read(tmp_path, jsonl(*(at | more for more in given)))
    assert [id for (id,) in rows(log, "request_id")] == [None, None, "o-17", *[None] * 8]
    assert [error for (error,) in rows(log, "error_message")] == [*[None] * 9, "boom", None]
    assert {agent for (agent,) in rows(log, "agent_name")} == {None}


def test_the_events_name_beats_a_loggers_name_and_a_name_beats_a_message(tmp_path: Path) -> None:
    at = {"ts": "2026-04-22T00:00:01Z"}
    log = read(
        tmp_path,
        jsonl(
            at | {"event": "step_done", "name": "app.steps", "message": "a step is done"},
            at | {"name": "app.steps", "message": "a step is done"},
            at | {"levelname": "INFO", "message": "a step is done"},
            at | {"kind": "llm_call", "name": "plan", "message": "hi"},
        ),
    )
    assert [name for (name,) in rows(log, "name")] == ["step_done", "app.steps", "a step is done", "plan"]


def test_levels_say_that_a_line_is_an_error(tmp_path: Path) -> None:
    at = {"ts": "2026-04-22T00:00:01Z", "event": "x"}
    levels = [
        {"level": "ERROR"},
        {"levelname": "critical"},
        {"level": 50},
        {"PRIORITY": "3"},
        {"log": {"level": "fatal"}},
    ]
    fine = [{"level": "info"}, {"level": 30}, {"PRIORITY": "6"}, {"message": "an ERROR"}, {"error_level": "error"}]
    log = read(tmp_path, jsonl(*(at | level for level in levels + fine)))
    assert [status for (status,) in rows(log, "status")] == [*["error"] * 5, *[None] * 5]


def test_an_error_on_a_call_without_a_state_has_failed_and_a_denied_gate_has_denied(tmp_path: Path) -> None:
    at = {"ts": "2026-04-22T00:00:01Z"}
    log = read(
        tmp_path,
        jsonl(
            at | {"event": "tool_call", "error": "no route"},
            at | {"event": "tool_call", "error": "no route", "status": "ok"},
            at | {"event": "gate", "status": "denied"},
            at | {"event": "gate", "status": "ok"},
        ),
    )
    assert rows(log, "status", "decision") == [("error", None), ("ok", None), ("denied", "deny"), ("ok", None)]


def test_journald_as_json(tmp_path: Path) -> None:
    record = {
        "__REALTIME_TIMESTAMP": "1776816105120000",
        "MESSAGE": "gate denied",
        "PRIORITY": "3",
        "_HOSTNAME": "web-1",
        "SYSLOG_IDENTIFIER": "app",
        "_PID": "17",
    }
    log = read(tmp_path, jsonl(record, record | {"MESSAGE": "step done"}))
    assert rows(log, "ts_us", "kind", "name", "worker_id", "status") == [
        (1_776_816_105_120_000, "gate_decision", "gate denied", "web-1", None),
        (1_776_816_105_120_000, "log", "step done", "web-1", "error"),
    ]


def test_fields_that_filled_nothing_are_listed(tmp_path: Path) -> None:
    at = {"ts": "2026-04-22T00:00:01Z", "event": "x", "level": "info"}
    log = read(tmp_path, jsonl(at | {"customer": "c"}, at | {"customer": "d", "payload": {"plan": 1}}, at))
    inventory = log.inventory()
    assert inventory["unused_fields"] == [{"name": "customer", "rows": 2}, {"name": "payload.plan", "rows": 1}]
    assert inventory["unused_fields_more"] == 0


def test_records_whose_keys_are_data_do_not_fill_the_memory(tmp_path: Path) -> None:
    at = {"ts": "2026-04-22T00:00:01Z", "event": "x"}
    log = read(tmp_path, jsonl(*(at | {f"k{n}_{m}": 1 for m in range(100)} for n in range(300))))
    inventory = log.inventory()
    assert len(inventory["unused_fields"]) == 100
    assert inventory["unused_fields"][0] == {"name": "(others)", "rows": 20_000}
    assert inventory["unused_fields_more"] == 9901


def test_a_lone_record_and_a_document_with_a_list_of_records(tmp_path: Path) -> None:
    record = {"ts": "2026-04-22T00:00:01Z", "event": "gate_denied", "request_id": "r-1"}
    assert rows(read(tmp_path, jsonl(record)), "line", "kind") == [(1, "gate_decision")]
    listed = read(tmp_path, json.dumps([record, record | {"request_id": "r-2"}], indent=1))
    assert rows(listed, "line", "request_id") == [(2, "r-1"), (7, "r-2")]


@pytest.mark.parametrize("many", [20, 3_000])
def test_a_wide_payload_hides_nothing_that_stands_nearer_to_the_root(tmp_path: Path, many: int) -> None:
    wide = {f"x{n}": n for n in range(420)}
    record = {"payload": wide, "ts": "2026-04-22T00:00:00Z", "event": "tool_call", "tool": "book"}
    log = read(tmp_path, jsonl(*({**record, "request_id": f"r{n}"} for n in range(many))))
    counted = "COUNT(DISTINCT request_id) AS requests, COUNT(ts_us) AS times, COUNT(tool_name) AS tools"
    (seen,) = log.table.query(f"SELECT {counted} FROM events WHERE kind = 'tool_call'")
    assert seen == {"requests": many, "times": many, "tools": many}
