from __future__ import annotations

import random
from typing import Any

import pytest

from tests.diagnosis.logs import finding

ID = "SDB-reject-crashes"


def run(
    number: int, error: str | None = None, *, ends: str | None = "ok", repaired: bool = False, **extra: Any
) -> list[dict[str, Any]]:
    """A request: a model call, perhaps an error of parsing, perhaps another model call, and the end of the run."""
    base = {"request_id": f"r{number}", "agent_name": "writer"}
    at = number * 1000
    rows: list[dict[str, Any]] = [{**base, "kind": "llm_call", "ts_us": at, "status": "ok"}]
    if error:
        rows.append({**base, "kind": "agent", "ts_us": at + 10, "status": "error", "error_type": error, **extra})
    if repaired:
        rows.append({**base, "kind": "llm_call", "ts_us": at + 20, "status": "ok"})
    if ends:
        rows.append({"request_id": f"r{number}", "kind": "outcome", "ts_us": at + 99, "status": ends})
    return rows


def healthy(many: int = 10) -> list[dict[str, Any]]:
    """Runs with an error of another sort, so that the log shows that it holds error types."""
    rows = [row for number in range(100, 100 + many) for row in run(number)]
    return [*rows, *run(99, "RateLimitError", ends="error")]


def test_a_parse_error_that_ends_a_failed_run_is_found() -> None:
    found = finding(ID, [*run(1, "OutputParserException", ends="error"), *healthy()])
    assert (found.verdict, found.severity, found.count, found.of, found.grade) == ("present", "high", 1, 12, "A")
    assert "OutputParserException" in str(found.cause_seen)
    assert "error_type=OutputParserException" in found.evidence[0].text


@pytest.mark.parametrize(
    "error",
    [
        "pydantic_core._pydantic_core.ValidationError",
        "json.JSONDecodeError",
        "agents.ModelBehaviorError",
        "ToolInvocationError",
    ],
)
def test_types_are_known_with_and_without_their_module(error: str) -> None:
    assert finding(ID, run(1, error, ends="error")).verdict == "present"


@pytest.mark.parametrize("error", ["RateLimitError", "NotAValidationErrorAtAll", "InputValidationErrorHandlerTimeout"])
def test_other_errors_are_none(error: str) -> None:
    assert finding(ID, run(1, error, ends="error")).verdict == "absent"


def test_a_later_model_call_of_the_agent_repaired_it() -> None:
    found = finding(ID, [*run(1, "ValidationError", ends="ok", repaired=True), *healthy()])
    assert found.verdict == "absent"
    assert "1 requests went on" in found.checked[0]
    assert finding(ID, run(1, "ValidationError", ends="error", repaired=True)).verdict == "absent"


def test_a_later_model_call_of_another_agent_did_not() -> None:
    rows = run(1, "ValidationError", ends="error", repaired=True)
    rows[2]["agent_name"] = "reporter"
    assert finding(ID, rows).verdict == "present"


def test_a_span_that_broke_on_a_model_call_inside_it_ends_after_it() -> None:
    rows = run(1, "OutputParserException", ends="error")
    rows[1] |= {"ts_us": rows[0]["ts_us"] - 10, "end_us": rows[0]["ts_us"] + 50}
    assert finding(ID, rows).verdict == "present"


def test_a_run_that_ended_well_in_spite_of_it_is_none() -> None:
    found = finding(ID, run(1, "ValidationError", ends="ok"))
    assert found.verdict == "absent"
    assert "ended well" in found.checked[1]


def test_where_the_end_is_not_logged_it_is_likely() -> None:
    assert finding(ID, run(1, "ValidationError", ends=None)).verdict == "likely"


def test_the_root_span_tells_the_end_where_no_outcome_does() -> None:
    root = {"kind": "workflow", "request_id": "r1", "ts_us": 0, "status": "error"}
    assert finding(ID, [*run(1, "ValidationError", ends=None), root]).verdict == "present"
    assert finding(ID, [*run(1, "ValidationError", ends=None), {**root, "status": "ok"}]).verdict == "absent"


def test_without_a_type_the_message_is_read_at_grade_c() -> None:
    message = {"error_type": None, "error_message": "Could not parse LLM output: `I think that`"}
    found = finding(ID, run(1, "none", ends="error", **message))
    assert (found.verdict, found.grade) == ("present", "C")
    talk = {"error_type": None, "error_message": "connection reset by peer"}
    assert finding(ID, run(1, "none", ends="error", **talk)).verdict == "absent"


def test_errors_without_a_request_are_not_usable() -> None:
    lost = [{**row, "request_id": None} for row in run(1, "ValidationError", ends=None)]
    found = finding(ID, [*lost, *run(2)])
    assert (found.of, found.relevant, found.verdict) == (1, 2, "insufficient")


def test_without_errors_in_the_log_nothing_can_be_said() -> None:
    found = finding(ID, run(1))
    assert (found.verdict, found.missing) == ("not_assessable", ("error_type",))


def test_the_order_of_lines_changes_nothing() -> None:
    rows = [*run(1, "ValidationError", ends="error"), *run(2, "ValidationError", repaired=True), *healthy()]
    found = [finding(ID, random.Random(seed).sample(rows, len(rows))) for seed in range(3)]
    assert {(one.verdict, one.count, one.said) for one in found} == {("present", 1, found[0].said)}
