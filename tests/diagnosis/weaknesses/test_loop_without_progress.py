from __future__ import annotations

import random
from typing import Any

from advisor.traces.values import TEXT_LIMIT
from tests.diagnosis.logs import finding

ID = "SDB-loop-without-progress"
ASKS = "I still need your order number before I can look this up for you, attempt {}."


def turns(many: int, text: str = ASKS, *, start: int = 0, **extra: Any) -> list[dict[str, Any]]:
    """Answers of one agent that differ in a number."""
    return [
        {
            "kind": "llm_call",
            "request_id": "r1",
            "agent_name": "assistant",
            "text": text.format(number),
            "output_hash": f"h{start + number}",
            "ts_us": (start + number) * 10,
            **extra,
        }
        for number in range(many)
    ]


def test_seven_nearly_equal_answers_hold_three_windows_of_five() -> None:
    found = finding(ID, turns(7))
    assert (found.verdict, found.count, found.of, found.grade) == ("present", 7, 7, "A")
    assert finding(ID, turns(6)).verdict == "absent"


def test_answers_that_say_something_else_are_progress() -> None:
    texts = [
        "Your parcel left.",
        "Which colour?",
        "It costs nine euros.",
        "Shall I go on?",
        "Sent today.",
        "Anything else?",
    ]
    rows = [turns(1, text, start=number)[0] for number, text in enumerate(texts * 3)]
    assert finding(ID, rows).verdict == "absent"


def other(kind: str, **extra: Any) -> dict[str, Any]:
    return {"kind": kind, "request_id": "r1", "ts_us": 35, **extra}


def test_new_arguments_a_new_result_or_a_commit_in_between_are_progress() -> None:
    for row in (
        other("tool_call", tool_name="find", args_hash="new"),
        other("tool_result", result_fp="new"),
        other("commit"),
    ):
        assert finding(ID, [*turns(8), row]).verdict == "absent"


def test_old_arguments_and_old_results_are_none() -> None:
    calls = [
        other("tool_call", tool_name="find", args_hash="a", result_fp="f") | {"ts_us": n * 10 + 5} for n in range(8)
    ]
    assert finding(ID, [*turns(9), *calls]).verdict == "present"


def test_what_another_agent_says_for_the_first_time_is_progress() -> None:
    template = turns(8, "Please continue with the next step of the plan.", agent_name="orchestrator")
    worker = [
        other("llm_call", agent_name="worker", text=f"Step {n}", output_hash=f"w{n}") | {"ts_us": n * 10 + 5}
        for n in range(8)
    ]
    assert finding(ID, [*template, *worker]).verdict == "absent"
    idle = [{**row, "output_hash": "same", "text": "Nothing to do."} for row in worker]
    assert finding(ID, [*template, *idle]).verdict == "present"


def test_texts_that_were_cut_are_alike_only_by_their_hashes() -> None:
    long = "x" * TEXT_LIMIT
    assert finding(ID, turns(9, long)).verdict == "absent"
    assert finding(ID, turns(9, long, output_hash="same")).verdict == "present"


def test_hashes_alone_show_equal_answers_at_grade_c() -> None:
    found = finding(ID, [{**row, "text": None, "output_hash": "same"} for row in turns(9)])
    assert (found.verdict, found.grade) == ("present", "C")


def test_calls_without_agent_or_request_are_not_usable() -> None:
    rows = [*turns(9, agent_name=None), *turns(1, start=20)]
    found = finding(ID, rows)
    assert (found.verdict, found.of, found.relevant) == ("insufficient", 1, 10)


def test_without_model_calls_nothing_can_be_said() -> None:
    assert finding(ID, [other("tool_call")]).verdict == "not_assessable"


def test_the_limits_are_the_users() -> None:
    assert finding(ID, turns(9), overrides={"windows": 6}).verdict == "absent"


def test_the_order_of_lines_changes_nothing() -> None:
    rows = turns(12)
    found = [finding(ID, random.Random(seed).sample(rows, len(rows))) for seed in range(3)]
    assert {(one.verdict, one.count) for one in found} == {("present", 12)}
