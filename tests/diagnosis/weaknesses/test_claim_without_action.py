from __future__ import annotations

import random
from typing import Any

import pytest

from tests.diagnosis.logs import finding

ID = "SDB-claim-without-action"


def says(text: str, at: int = 50, **extra: Any) -> dict[str, Any]:
    said = {"kind": "llm_call", "request_id": "r1", "agent_name": "assistant", "ts_us": at, "text": text}
    return {**said, **extra}


def acts(tool: str, at: int = 10, **extra: Any) -> dict[str, Any]:
    return {"kind": "tool_call", "request_id": "r1", "tool_name": tool, "status": "ok", "ts_us": at, **extra}


LOOKED = acts("get_order")
CLAIM = "I've cancelled your order and you will get a mail."


@pytest.mark.parametrize(
    "text",
    [CLAIM, "We have refunded the full amount.", "I just booked the flight.", "The address was successfully updated."],
)
def test_a_claim_after_nothing_but_reads_is_a_hint_at_grade_d(text: str) -> None:
    found = finding(ID, [LOOKED, says(text)])
    assert (found.verdict, found.grade, found.count) == ("possible", "D", 1)
    assert found.confidence <= 0.3


@pytest.mark.parametrize(
    "text",
    [
        "I can cancel your order. Shall I?",
        "I will cancel your order now.",
        "I have not cancelled your order.",
        "Unfortunately I was unable to update it, so I have created nothing.",
        "Your flight has been cancelled by the airline.",
        "I have looked at your order.",
        "I have already cancelled it last week.",
    ],
)
def test_plans_denials_news_and_reports_of_earlier_actions_are_none(text: str) -> None:
    found = finding(ID, [LOOKED, says(text)])
    assert found.verdict == "insufficient"
    assert found.said == "None of 1 texts of agents was recognised as a claim of a finished action."


def test_a_call_that_could_have_done_it_before_the_claim_matches() -> None:
    assert finding(ID, [acts("cancel_order"), says(CLAIM)]).verdict == "absent"
    assert finding(ID, [acts("cancel_order", at=90), says(CLAIM)]).verdict == "possible"


def test_a_call_that_failed_in_words_does_not() -> None:
    told = acts("cancel_order", text="Error: TimeoutError('no answer')")
    assert finding(ID, [told, says(CLAIM)]).verdict == "possible"
    assert finding(ID, [told, acts("cancel_order", at=20, text="done"), says(CLAIM)]).verdict == "absent"
    assert finding(ID, [acts("cancel_order", text="Errors: none"), says(CLAIM)]).verdict == "absent"


def test_a_call_that_failed_or_is_declared_to_read_does_not() -> None:
    assert finding(ID, [acts("cancel_order", status="error"), says(CLAIM)]).verdict == "possible"
    assert finding(ID, [acts("cancel_preview", side_effect="read"), says(CLAIM)]).verdict == "possible"
    assert finding(ID, [acts("get_rid_of_order", side_effect="external_write"), says(CLAIM)]).verdict == "absent"


def test_a_call_in_another_request_does_not() -> None:
    assert finding(ID, [acts("cancel_order", request_id="r2"), says(CLAIM)]).verdict == "possible"


def test_what_a_user_says_is_no_claim() -> None:
    user = says("I have booked the flight.", kind="message", agent_name="user")
    person = says("I have booked the flight.", kind="message", agent_name="Ann", agent_role="human")
    assert finding(ID, [LOOKED, user, person, says("Fine.")]).verdict == "insufficient"
    agent = says("I have booked the flight.", kind="message", agent_name="assistant")
    assert finding(ID, [LOOKED, agent]).verdict == "possible"


def test_a_log_without_calls_cannot_show_that_one_is_missing() -> None:
    found = finding(ID, [says(CLAIM)])
    assert (found.verdict, found.missing) == ("not_assessable", ("kind:tool_call",))


def test_claims_without_a_request_are_not_usable() -> None:
    acted = acts("cancel_order")
    lost = [says("Hello."), *(says(CLAIM, request_id=None) for _ in range(5))]
    found = finding(ID, [acted, says(CLAIM), *lost])
    assert (found.verdict, found.of, found.relevant) == ("insufficient", 1, 6)
    assert finding(ID, [acted, *(says(CLAIM, at=at) for at in range(20, 40)), *lost]).verdict == "absent"
    assert finding(ID, [LOOKED, says(CLAIM), *lost]).count == 1


def test_the_order_of_lines_changes_nothing() -> None:
    rows = [LOOKED, acts("cancel_order", at=60), *(says(CLAIM, at=at) for at in range(40, 80, 7))]
    found = [finding(ID, random.Random(seed).sample(rows, len(rows))) for seed in range(3)]
    assert {(one.verdict, one.count) for one in found} == {("possible", 3)}
