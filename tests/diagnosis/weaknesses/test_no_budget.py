from __future__ import annotations

import random
from typing import Any

import pytest

from tests.diagnosis.logs import finding

ID = "SDB-no-budget"


def requests(*turns: int, prefix: str = "r", **extra: Any) -> list[dict[str, Any]]:
    """A request for each number of model calls."""
    return [
        {"kind": "llm_call", "request_id": f"{prefix}{number}", "agent_name": "assistant", "ts_us": at, **extra}
        for number, many in enumerate(turns)
        for at in range(many)
    ]


RUNAWAY = (*[2] * 48, 100, 60)


def test_a_request_of_many_times_the_median_without_a_cap_is_likely() -> None:
    found = finding(ID, requests(*RUNAWAY))
    assert (found.verdict, found.severity, found.count, found.of) == ("likely", "low", 2, 50)
    assert "50.0 times the median" in found.said
    assert found.detail["Requests that cost most"][0]["turns"] == 100


def test_requests_of_like_size_are_in_order() -> None:
    assert finding(ID, requests(*[3] * 40, *[9] * 10)).verdict == "absent"


def test_twenty_times_the_median_is_the_limit() -> None:
    assert finding(ID, requests(*[2] * 48, 40, 40)).verdict == "absent"
    assert finding(ID, requests(*[2] * 48, 41, 41)).verdict == "likely"


def test_tokens_are_compared_where_they_are_logged() -> None:
    rows = requests(*[1] * 50, input_tokens=100, output_tokens=10)
    rows[7] |= {"input_tokens": 9_000}
    found = finding(ID, rows)
    assert found.verdict == "likely"
    assert "of tokens" in found.said


def test_few_requests_have_no_percentile() -> None:
    assert finding(ID, requests(2, 2, 2, 100)).verdict == "insufficient"


@pytest.mark.parametrize(
    "cap",
    [
        {"kind": "outcome", "status": "error", "error_type": "MaxTurnsExceeded"},
        {"kind": "outcome", "status": "error", "status_raw": "max_steps"},
        {"kind": "log", "error_type": "langgraph.errors.GraphRecursionError"},
        {"kind": "agent", "max_attempts": 10},
        {"kind": "reject", "reason_code": "budget_exhausted"},
    ],
)
def test_a_cap_in_the_log_refutes_it(cap: dict[str, Any]) -> None:
    assert finding(ID, [*requests(*RUNAWAY), {"request_id": "r48", "ts_us": 999, **cap}]).verdict == "refuted"


def test_heavy_tasks_of_one_agent_explain_it_where_each_agents_requests_are_alike() -> None:
    light = requests(*[2] * 60, agent_name="chat")
    heavy = requests(*[100] * 25, prefix="h", agent_name="research")
    found = finding(ID, [*light, *heavy])
    assert found.verdict == "possible"
    assert "Heavy tasks" in found.checked[0]


def test_prompts_that_were_switched_off_are_a_hint_alone_and_make_the_rest_certain() -> None:
    off = {"kind": "log", "name": "permission_mode_changed", "to_state": "bypassPermissions", "request_id": "r1"}
    assert finding(ID, [*requests(*[2] * 30), off]).verdict == "possible"
    assert finding(ID, [*requests(*RUNAWAY), off]).verdict == "present"
    assert finding(ID, [*requests(*[2] * 30), {**off, "to_state": "plan"}]).verdict == "absent"


def test_calls_without_a_request_are_not_lumped_into_one() -> None:
    lost = requests(200, request_id=None)
    found = finding(ID, [*requests(*[2] * 30), *lost])
    assert (found.verdict, found.of, found.relevant) == ("insufficient", 30, 230)


def test_without_requests_nothing_can_be_said() -> None:
    found = finding(ID, requests(5, request_id=None))
    assert (found.verdict, found.missing) == ("not_assessable", ("llm_call.request_id",))


def test_the_order_of_lines_changes_nothing() -> None:
    rows = requests(*RUNAWAY)
    found = [finding(ID, random.Random(seed).sample(rows, len(rows))) for seed in range(3)]
    assert len({(one.verdict, one.count, one.said) for one in found}) == 1
