"""Chats in files: a list, objects that hold one, a message a line; Who&When; results of benchmarks; SWE-agent."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.traces.formats import known as first_known
from advisor.traces.formats.chat_messages import FORMATS as CHATS
from advisor.traces.formats.swe_agent import FORMATS as SWE
from advisor.traces.formats.tau_bench import FORMATS as TAU
from advisor.traces.opening import open_sources
from tests.traces.formats.hostile import bears, known, of, rows, shown, source_of, spoilt

SAMPLES = Path(__file__).parents[1] / "samples" / "benchmarks"
WHO, CHAT = CHATS
TAU2, TAU1 = TAU
(TRAJECTORY,) = SWE
DOCUMENTS = {
    name: json.loads((SAMPLES / name).read_text("utf-8"))
    for name in ("tau_bench.json", "tau2_bench.json", "who_and_when.json", "swe_agent.traj", "swe_agent_history.traj")
}
TALK: list[dict[str, Any]] = [
    {"role": "system", "content": "Be kind."},
    {"role": "user", "content": "pay"},
    {"role": "assistant", "content": None, "tool_calls": [{"id": "c", "function": {"name": "pay", "arguments": "{}"}}]},
    {"role": "tool", "tool_call_id": "c", "content": "paid"},
    {"role": "assistant", "content": "Paid."},
]
KINDS = ["message", "message", "llm_call", "tool_call", "tool_result", "llm_call"]


def read(records: list[Any], shape: Any = "lines") -> list[dict[str, Any]]:
    bad: list[tuple[int, str]] = []
    source = source_of(records, bad, shape)
    assert CHAT.sniff(source)
    events = list(CHAT.read(source))
    assert bad == []
    return events


@pytest.mark.parametrize(("name", "request_of"), [("sessions.jsonl", "id"), ("events.jsonl", "session_id")])
def test_events_of_a_session(name: str, request_of: str) -> None:
    found = rows(SAMPLES.parent / "adk" / name, CHAT)
    assert {row["request_id_source"] for row in found} == {request_of}
    assert {row["agent_name"] for row in of(found, "llm_call")} == {"support"}
    calls, results = of(found, "tool_call"), of(found, "tool_result")
    assert [row["tool_call_id"] for row in calls] == [row["tool_call_id"] for row in results]
    assert all(row["input_tokens"] == 100 for row in of(found, "llm_call"))
    failed = [(row["tool_name"], row["error_message"]) for row in results if row.get("status") == "error"]
    refused = ("refund_payment", "403 refund refused: limit exceeded for this account")
    assert [name for name, _ in failed] == ([refused[0]] if name == "sessions.jsonl" else [])
    assert refused[1] in str(failed) or not failed


@pytest.mark.parametrize("name", ["strands", "pydantic_ai"])
def test_messages_in_parts_of_their_own(name: str) -> None:
    found = rows(SAMPLES.parent / name / "messages.jsonl", CHAT)
    calls, results = of(found, "tool_call"), of(found, "tool_result")
    assert {row["request_id_source"] for row in found} == {{"strands": "session_id"}.get(name, "conversation_id")}
    assert [row["tool_call_id"] for row in calls] == [row["tool_call_id"] for row in results]
    refunds = [row for row in calls if row["tool_name"] == "refund_payment"]
    ends = {row["tool_call_id"]: row.get("status") for row in results}
    assert [ends[row["tool_call_id"]] for row in refunds[:3]] == [ends[refunds[0]["tool_call_id"]], "ok", "error"]
    assert refunds[0]["args_hash"] == refunds[1]["args_hash"]
    assert "successfully refunded" in of(found, "llm_call")[-1]["text"] or name == "pydantic_ai"
    assert all(row.get("input_tokens", 0) > 0 for row in of(found, "llm_call")) or name == "strands"


@pytest.mark.parametrize(
    ("records", "shape"),
    [
        (TALK, "lines"),
        ([TALK], "document"),
        ([TALK], "lines"),
        ([{"messages": TALK}], "lines"),
        ([{"messages": TALK}], "document"),
        ([[{"history": TALK}]], "document"),
        ([{"trajectory": TALK}], "lines"),
    ],
)
def test_every_shape_of_a_file_is_the_same_chat(records: list[Any], shape: str) -> None:
    found = read(records, shape)
    assert [row["kind"] for row in found] == KINDS
    assert [row["seq"] for row in found] == [1, 2, 3, 4, 5, 6]
    assert {row["seq_scope"] for row in found} == {"request"}
    assert len({row["request_id"] for row in found}) == 1


def test_chats_are_told_apart() -> None:
    other = [*TALK, {"role": "user", "content": "thanks"}]
    found = read([{"messages": TALK}, {"messages": other}, {"id": "own", "messages": TALK}])
    assert [row["request_id"] for row in found if row["seq"] == 1][2] == "own"
    assert len({row["request_id"] for row in found}) == 3


def test_how_a_chat_ended() -> None:
    found = read([{"task_id": "t", "messages": TALK, "success": False}, {"messages": TALK, "reward": 1.0}])
    assert shown(of(found, "outcome"), "name", "status", "eval_score", "seq") == [
        ("t", "error", None, 7),
        (None, "ok", 1.0, 7),
    ]


def test_who_and_when() -> None:
    found = rows(SAMPLES / "who_and_when.json", WHO)
    assert shown(of(found, "outcome"), "status", "name") == [("error", DOCUMENTS["who_and_when.json"]["question_ID"])]
    agents = set(DOCUMENTS["who_and_when.json"]["system_prompt"])
    assert {row["agent_name"] for row in of(found, "llm_call")} <= agents
    assert {row["agent_name"] for row in of(found, "message")} == {"Computer_terminal"}
    text = (SAMPLES / "who_and_when.json").read_text("utf-8").split("\n")
    assert all(text[row["line"] - 1].strip() == "{" for row in found)


def test_tau_bench() -> None:
    found = rows(SAMPLES / "tau_bench.json", TAU1)
    runs = DOCUMENTS["tau_bench.json"]
    assert shown(of(found, "outcome"), "name", "status", "eval_score") == [
        (str(run["task_id"]), "ok" if run["reward"] == 1 else "error", run["reward"]) for run in runs
    ]
    asked = [call for run in runs for message in run["traj"] for call in message.get("tool_calls") or ()]
    assert [row["tool_call_id"] for row in of(found, "tool_call")] == [call["id"] for call in asked]
    assert [row["tool_name"] for row in of(found, "tool_result")] == [call["function"]["name"] for call in asked]
    text = (SAMPLES / "tau_bench.json").read_text("utf-8").split("\n")
    for row in of(found, "message"):
        around = "\n".join(text[row["line"] - 1 : row["line"] + 3])
        assert json.dumps(row["text"])[1:40] in around


def test_tau2_bench() -> None:
    found = rows(SAMPLES / "tau2_bench.json", TAU2)
    data = DOCUMENTS["tau2_bench.json"]
    assert shown(of(found, "outcome"), "request_id", "status", "eval_score", "status_raw") == [
        (one["id"], "ok" if one["reward_info"]["reward"] == 1 else "error", one["reward_info"]["reward"], "user_stop")
        for one in data["simulations"]
    ]
    assert {row.get("status") for row in of(found, "tool_result")} == {"ok"}
    turns = of(found, "llm_call")
    assert {row["model_version"] for row in turns} == {"xai/grok-4-fast-reasoning"}
    usage = [m["usage"] for one in data["simulations"] for m in one["messages"] if m["role"] == "assistant"]
    assert [row.get("input_tokens") for row in turns] == [one["prompt_tokens"] if one else None for one in usage]
    assert all("ts_us" in row for row in found)


def test_runs_of_the_same_task_in_two_files_stay_apart() -> None:
    one, other = copy.deepcopy(DOCUMENTS["tau_bench.json"][:1]), copy.deepcopy(DOCUMENTS["tau_bench.json"][:1])
    other[0]["traj"].pop()
    ids = {row["request_id"] for runs in (one, other, one) for row in TAU1.read(source_of([runs], [], "document"))}
    assert len(ids) == 2


def test_swe_agent() -> None:
    found = rows(SAMPLES / "swe_agent.traj", TRAJECTORY)
    steps = DOCUMENTS["swe_agent.traj"]["trajectory"]
    assert len(of(found, "llm_call")) == len(of(found, "tool_call")) == len(steps)
    assert [row["tool_name"] for row in of(found, "tool_call")] == [step["action"].split()[0] for step in steps]
    (end,) = of(found, "outcome")
    assert shown([end], "status", "status_raw", "input_tokens", "cost_usd") == [(None, "submitted", 52861, 0.53839)]


def test_swe_agents_that_gave_up() -> None:
    value = {**DOCUMENTS["swe_agent.traj"], "info": {"exit_status": "exit_cost", "model_stats": None}}
    (end,) = of(list(TRAJECTORY.read(source_of([value], []))), "outcome")
    assert shown([end], "status", "error_type") == [("error", "exit_cost")]


def test_a_demonstration_is_its_history() -> None:
    found = rows(SAMPLES / "swe_agent_history.traj", TRAJECTORY)
    assert [row["kind"] for row in found[:5]] == ["message", "message", "llm_call", "tool_call", "tool_result"]
    assert shown(found[3:5], "tool_name", "tool_call_id") == [("find_file", found[3]["tool_call_id"])] * 2
    assert found[0]["agent_name"] == "system"


@pytest.mark.parametrize(
    ("name", "format_id"),
    [
        ("tau_bench.json", "tau_bench"),
        ("tau2_bench.json", "tau2_bench"),
        ("who_and_when.json", "who_when"),
        ("swe_agent.traj", "swe_agent"),
        ("swe_agent_history.traj", "swe_agent"),
    ],
)
def test_the_more_special_format_comes_first(name: str, format_id: str) -> None:
    ((_, source),) = open_sources(SAMPLES / name, lambda line, why: None)
    found = first_known(source)
    assert found is not None and found.id == format_id


@given(st.sampled_from([TALK, {"messages": TALK, "reward": 1, "system_prompt": {"a": "b"}}]).flatmap(spoilt))
@settings(max_examples=150, deadline=None)
def test_spoilt_chats(record: Any) -> None:
    bears(CHAT, [record, {"messages": TALK}, {"messages": TALK}, {"messages": TALK}, {"messages": TALK}])
    bears(CHAT, [record], "document")


@pytest.mark.parametrize(
    ("name", "form"), [("tau_bench.json", TAU1), ("tau2_bench.json", TAU2), ("swe_agent.traj", TRAJECTORY)]
)
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_spoilt_results(name: str, form: Any, data: Any) -> None:
    bears(form, [data.draw(spoilt(DOCUMENTS[name]))], "document")


def test_sniffing() -> None:
    assert not known(CHAT, {"role": "admin", "user": "x"}, {"role": "admin", "user": "y"})
    assert not known(CHAT, {"role": "user", "content": "alone"})
    assert not known(CHAT, {"messages": []}, {"messages": ["a", "b"]})
    assert not known(TAU1, {"task_id": 1, "reward": 1.0})
    assert not known(TAU2, {"simulations": [], "n": 3})
    assert not known(TRAJECTORY, {"trajectory": [{"x": 1}], "info": {}})
