"""A model call a record: what is new in it, its answer, its failure; hostile variants, sniffing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.traces.formats import known as first_known
from advisor.traces.formats.model_calls import FORMATS
from tests.traces.formats.hostile import bears, lines, of, rows, shown, source_of, spoilt

SAMPLE = Path(__file__).parents[1] / "samples" / "litellm" / "payload.jsonl"
RECORDS: list[Any] = lines(SAMPLE)
(FORMAT,) = FORMATS


def test_a_conversation_is_not_read_again_with_every_call() -> None:
    found = rows(SAMPLE, FORMAT)
    assert [row["kind"] for row in found] == [
        *("llm_call", "tool_call"),
        *("tool_result", "llm_call", "tool_call"),
        *("tool_result", "llm_call"),
    ]
    assert {(row["request_id"], row["request_id_source"]) for row in found} == {("conv-7", "trace_id")}
    calls, results = of(found, "tool_call"), of(found, "tool_result")
    assert [row["tool_call_id"] for row in calls] == [row["tool_call_id"] for row in results]
    assert [row["tool_name"] for row in results] == ["get_order", "refund_payment"]
    said = of(found, "llm_call")[-1]
    assert said["text"].startswith("I have successfully refunded order 7")
    assert (said["model_response"], said["status"]) == ("gpt-4o-mini-2024-07-18", "ok")
    assert said["input_tokens"] > 0 and said["cost_usd"] > 0 and said["duration_us"] > 0


def test_a_call_that_failed_has_no_response() -> None:
    error = {"error_class": "RateLimitError", "error_message": "slow down"}
    record = {**RECORDS[0], "status": "failure", "response": {}, "error_information": error}
    (row,) = FORMAT.read(source_of([record], []))
    assert shown([row], "kind", "status", "error_type", "error_message") == [
        ("llm_call", "error", "RateLimitError", "slow down")
    ]


def test_chats_and_other_records_are_none() -> None:
    assert first_known(source_of(RECORDS, [])) is FORMAT
    chat = {"messages": RECORDS[0]["messages"], "id": "c"}
    assert not FORMAT.sniff(source_of([chat], []))
    assert not FORMAT.sniff(source_of([{**chat, "response": "a text"}], []))


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(RECORDS).flatmap(spoilt))
def test_hostile_variants(record: Any) -> None:
    bears(FORMAT, [record])
