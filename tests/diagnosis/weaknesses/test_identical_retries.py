from __future__ import annotations

import random
from typing import Any

from advisor.diagnosis.detector import Facts
from tests.diagnosis.logs import finding

ID = "SDB-identical-retries"


def calls(many: int, *, request: str = "r1", start: int = 0, **extra: Any) -> list[dict[str, Any]]:
    """`many` equal calls in a row."""
    one = {
        "kind": "tool_call",
        "request_id": request,
        "agent_name": "assistant",
        "tool_name": "search",
        "args_hash": "a",
        "result_fp": "f",
    }
    return [{**one, "ts_us": start + number, **extra} for number in range(many)]


def healthy(many: int = 20) -> list[dict[str, Any]]:
    return [row for n in range(many) for row in calls(1, request="r9", start=n, args_hash=f"a{n}", result_fp=f"f{n}")]


def test_four_equal_calls_in_a_row_are_found_and_three_are_not() -> None:
    found = finding(ID, [*calls(4), *healthy()])
    assert (found.verdict, found.severity, found.count, found.of, found.grade) == ("present", "medium", 4, 24, "A")
    assert len(found.evidence) == 4
    assert finding(ID, [*calls(3), *healthy()]).verdict == "absent"


def test_ten_in_a_row_are_of_high_severity() -> None:
    assert finding(ID, calls(10)).severity == "high"
    assert finding(ID, calls(9)).severity == "medium"


def test_a_result_that_changes_or_arguments_that_change_end_a_run() -> None:
    polled = [{**row, "result_fp": f"f{number}"} for number, row in enumerate(calls(8))]
    paged = [{**row, "args_hash": f"a{number}"} for number, row in enumerate(calls(8))]
    assert finding(ID, polled).verdict == finding(ID, paged).verdict == "absent"


def test_another_call_in_between_ends_a_run() -> None:
    between = calls(1, start=2, tool_name="other")
    rows = [*calls(2), *between, *calls(2, start=5)]
    assert finding(ID, rows).verdict == "absent"


def test_other_agents_and_requests_have_runs_of_their_own() -> None:
    rows = [row for n in range(4) for row in calls(1, request=f"r{n % 2}", start=n, agent_name=f"agent{n % 2}")]
    assert finding(ID, rows).verdict == "absent"
    interleaved = [row for n in range(8) for row in calls(1, start=n, agent_name=f"agent{n % 2}")]
    assert finding(ID, interleaved).detail["Tools that were called again for nothing"][0]["runs"] == 2


def test_attempts_that_a_framework_declares_are_left_out_and_said() -> None:
    rows = [{**row, "attempt": n + 1, "retry_layer": "framework"} for n, row in enumerate(calls(6))]
    found = finding(ID, [*rows, *healthy()])
    assert found.verdict == "absent"
    assert "6 left out" in found.checked[0]
    looped = [{**row, "attempt": n + 1, "retry_layer": "llm_loop"} for n, row in enumerate(calls(6))]
    assert finding(ID, looped).verdict == "present"


def test_a_tool_that_polls_by_declaration_is_left_out_and_said() -> None:
    found = finding(ID, [*calls(6), *healthy()], facts=Facts(polling=frozenset({"search"})))
    assert found.verdict == "absent"
    assert "ran 6 times" in found.checked[0]


def test_an_answer_that_says_still_running_is_a_possibility_only() -> None:
    found = finding(ID, calls(6, text='{"status": "pending"}'))
    assert found.verdict == "possible"
    assert "under way" in found.checked[0]


def test_equal_errors_count_as_equal_answers() -> None:
    failing = calls(5, result_fp=None, error_fp="ValueError|no", status="error")
    assert finding(ID, failing).verdict == "present"


def test_replays_are_not_repetitions() -> None:
    rows = [row for n in range(6) for row in calls(1, start=n, run_id=f"run{n}")]
    assert finding(ID, rows).verdict == "absent"
    assert finding(ID, calls(6, is_replay=True) + healthy()).verdict == "absent"


def test_calls_without_arguments_or_request_say_nothing() -> None:
    assert finding(ID, [*calls(6, args_hash=None), *calls(1, start=9)]).verdict == "insufficient"
    assert finding(ID, [*calls(6, request=None), *calls(1, start=9)]).verdict == "insufficient"  # type: ignore[arg-type]


def test_without_arguments_at_all_nothing_can_be_said_and_they_are_named() -> None:
    found = finding(ID, calls(6, args_hash=None))
    assert found.verdict == "not_assessable"
    assert "tool_call.args_hash" in found.missing


def test_the_limit_is_the_users() -> None:
    assert finding(ID, calls(5), overrides={"run": 6}).verdict == "absent"


def test_the_order_of_lines_changes_nothing() -> None:
    rows = [*calls(5), *calls(7, request="r2", start=100), *healthy()]
    found = [finding(ID, random.Random(seed).sample(rows, len(rows))) for seed in range(3)]
    assert {(one.verdict, one.count, one.said) for one in found} == {("present", 12, found[0].said)}
