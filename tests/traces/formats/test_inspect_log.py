"""Inspect's logs: events with approvals and errors, samples without events, archives."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from advisor.traces.formats.inspect_log import FORMATS
from advisor.traces.opening import open_sources
from tests.traces.formats.hostile import bears, known, of, rows, shown, source_of, spoilt, unsound
from tests.traces.test_packed import zipped_with_zstd

SAMPLES = Path(__file__).parents[1] / "samples" / "inspect"
(FORMAT,) = FORMATS
LOG = json.loads((SAMPLES / "refunds.json").read_text("utf-8"))
(SAMPLE,) = LOG["samples"]


def test_calls_with_what_an_approver_said() -> None:
    found = rows(SAMPLES / "refunds.json", FORMAT)
    assert shown(of(found, "tool_call"), "tool_name", "status", "text", "error_message") == [
        ("refund", "ok", "refunded", None),
        ("refund", "error", None, "over the limit"),
        ("refund", "rejected", None, "fifty is never refunded"),
    ]
    gates = of(found, "gate_decision")
    assert shown(gates, "name", "decision", "reason_text") == [
        ("limit", "allow", None),
        ("limit", "allow", None),
        ("limit", "deny", "fifty is never refunded"),
    ]
    assert [gate["tool_call_id"] for gate in gates] == [call["tool_call_id"] for call in of(found, "tool_call")]


def test_requests_to_the_model() -> None:
    turns = of(rows(SAMPLES / "refunds.json", FORMAT), "llm_call")
    assert len({turn["output_hash"] for turn in turns}) == len(turns) == 4
    assert shown(turns[-1:], "text", "input_tokens", "model_version", "status") == [("done", 30, "mockllm/model", "ok")]
    assert all(turn["duration_us"] > 0 for turn in turns)


def test_an_outcome_a_sample() -> None:
    found = rows(SAMPLES / "refunds.json", FORMAT)
    assert shown(of(found, "outcome"), "name", "status", "eval_name", "eval_label", "request_id") == [
        ("r1", "ok", "includes", "C", SAMPLE["uuid"])
    ]
    assert found[0]["prompt_version"] == "4"
    text = (SAMPLES / "refunds.json").read_text("utf-8").split("\n")
    assert all(text[row["line"] - 1].strip() in ("{", "[{") for row in found)


def test_errors_of_results_in_messages() -> None:
    found = of(rows(SAMPLES / "tool_call_error.json", FORMAT), "tool_result")
    assert shown(found, "error_type", "status") == [
        ("parsing", "error"),
        ("timeout", "timeout"),
        ("parsing", "error"),
        ("unicode_decode", "error"),
        ("permission", "denied"),
        ("file_not_found", "error"),
        ("is_a_directory", "error"),
        ("limit", "error"),
        ("approval", "rejected"),
        ("unknown", "error"),
        ("output_limit", "error"),
    ]


def test_an_archives_members() -> None:
    made: dict[str, list[str]] = {}
    for name, source in open_sources(SAMPLES / "guess_number.eval", lambda line, why: None):
        assert FORMAT.sniff(source), name
        events = list(FORMAT.read(source))
        assert [wrong for event in events for wrong in unsound(event)] == []
        made[name.partition("!")[2]] = [event["kind"] for event in events]
    kinds = made.pop("samples/0_epoch_1.json")
    assert (kinds.count("llm_call"), kinds.count("tool_call"), kinds.count("outcome")) == (6, 5, 1)
    assert {kind for kinds in made.values() for kind in kinds} == {"log"}


def test_an_archive_whose_members_are_packed_with_zstd(tmp_path: Path) -> None:
    whole = zipfile.ZipFile(SAMPLES / "guess_number.eval").read("samples/0_epoch_1.json")
    path = tmp_path / "log.eval"
    path.write_bytes(zipped_with_zstd("samples/0_epoch_1.json", whole))
    ((_, source),) = open_sources(path, lambda line, why: None)
    kinds = [event["kind"] for event in FORMAT.read(source)]
    assert (kinds.count("llm_call"), kinds.count("tool_call"), kinds.count("outcome")) == (6, 5, 1)


@pytest.mark.parametrize(
    ("score", "status"),
    [("C", "ok"), ("I", "error"), (True, "ok"), (1, "ok"), (0.0, "error"), (0.5, None), ("good", None)],
)
def test_scores(score: Any, status: str | None) -> None:
    sample = {"id": 1, "epoch": 1, "input": "x", "target": "y", "messages": [], "scores": {"judge": {"value": score}}}
    (end,) = FORMAT.read(source_of([sample], []))
    assert end.get("status") == status


def test_people_and_stops() -> None:
    call = {"id": "c", "function": "pay", "arguments": {}}
    events = [
        {"event": "approval", "approver": "human", "decision": "reject", "call": call, "explanation": "no"},
        {"event": "interrupt"},
        {"event": "sample_limit", "type": "token", "message": "too many"},
        {"event": "model", "model": "m", "input": [], "retries": 2, "error": "Overloaded", "output": {}},
    ]
    sample = {"id": 1, "epoch": 1, "input": "x", "target": "y", "messages": [], "events": events}
    found = list(FORMAT.read(source_of([sample], [])))
    assert shown(found[:4], "kind", "decision", "decision_source", "attempt", "status", "reason_code") == [
        ("approval_decision", "reject", "human", None, None, None),
        ("cancel_request", None, None, None, None, None),
        ("log", None, None, None, None, "token"),
        ("llm_call", None, None, 3, "error", None),
    ]


@given(spoilt(SAMPLE))
@settings(max_examples=80, deadline=None)
def test_spoilt_samples(sample: Any) -> None:
    bears(FORMAT, [{**LOG, "samples": [sample]}], "document")
    bears(FORMAT, [sample])


@given(spoilt({**LOG, "samples": []}))
@settings(max_examples=40, deadline=None)
def test_spoilt_headers(log: Any) -> None:
    bears(FORMAT, [log])


def test_sniffing() -> None:
    assert known(FORMAT, LOG) and known(FORMAT, SAMPLE)
    assert not known(FORMAT, {"eval": {"task": "x"}, "samples": []})
    assert not known(FORMAT, {"id": 1, "epoch": 1, "input": "x"})
