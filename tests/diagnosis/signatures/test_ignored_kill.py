from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from advisor.catalog.load import shipped
from advisor.diagnosis.detector import Facts
from advisor.diagnosis.diagnose import run
from advisor.diagnosis.findings import Finding
from advisor.traces.load import load
from tests.diagnosis.logs import finding

ID = "P6-ignored-kill"
SAMPLES = Path(__file__).parents[2] / "traces/samples/temporal"
SECOND = 1_000_000


def of_history(name: str) -> Finding:
    table = load([str(SAMPLES / name)]).table
    return run(table, shipped(), facts=Facts(), overrides={}, only=[ID]).findings[0]


def cancel(at: float = 10, request: str | None = "r", **extra: Any) -> dict[str, Any]:
    return {
        "kind": "cancel_request",
        "ts_us": round(at * SECOND),
        **({"request_id": request} if request else {}),
        **extra,
    }


def work(at: float, request: str = "r", kind: str = "tool_call", **extra: Any) -> dict[str, Any]:
    return {"kind": kind, "request_id": request, "ts_us": round(at * SECOND), "status": "ok", **extra}


def test_work_that_starts_after_the_grace_is_shown_with_the_cancel_before_it() -> None:
    found = finding(ID, [work(1), cancel(), work(15), work(20, kind="llm_call")])
    assert (found.verdict, found.count, found.of, found.severity, found.grade) == ("present", 1, 1, "high", "A")
    assert [cited.text.split()[0] for cited in found.evidence] == ["cancel_request", "llm_call", "tool_call"]
    assert found.detail["How long work went on after each cancel"][0]["longest_ms"] == 10_000


@pytest.mark.parametrize("extra", [{"side_effect": "external_write"}, {"side_effect": "write"}, {"kind": "commit"}])
def test_writes_after_the_cancel_are_critical(extra: dict[str, Any]) -> None:
    assert finding(ID, [cancel(), work(15, **extra)]).severity == "critical"


def test_a_cancel_that_is_obeyed_is_absent() -> None:
    found = finding(ID, [work(1), cancel(), work(10.5)])
    assert found.verdict == "absent"
    assert found.detail["How long work went on after each cancel"][0]["median_ms"] == 500
    assert finding(ID, [work(1), cancel()]).verdict == "absent"


def test_the_grace_is_the_users() -> None:
    rows = [cancel(), work(13)]
    assert finding(ID, rows).verdict == "present"
    assert finding(ID, rows, overrides={"grace": 5}).verdict == "absent"


def test_work_begun_before_the_cancel_may_complete_after_it() -> None:
    assert finding(ID, [work(9, end_us=60 * SECOND), cancel(), work(30, kind="tool_result")]).verdict == "absent"


def test_clean_up_compensation_and_refused_calls_are_left_out() -> None:
    rows = [cancel(), work(15, cleanup=True), work(16, kind="compensation"), work(17, kind="commit", compensates="a1")]
    found = finding(ID, [*rows, work(18, status="cancelled")])
    assert found.verdict == "absent"
    assert found.checked[:2] == (
        "2 rows of clean-up and compensation are left out.",
        "1 calls that were refused or cancelled are obedience, and left out.",
    )


def test_another_request_is_not_in_scope() -> None:
    assert finding(ID, [cancel(), work(15, "other")]).verdict == "absent"


@pytest.mark.parametrize("scope", [{"request": None}, {"cancel_scope": "all"}, {"cancel_scope": "global"}])
def test_a_cancel_of_everything_covers_every_request(scope: dict[str, Any]) -> None:
    assert finding(ID, [cancel(**scope), work(15, "other")]).verdict == "present"


def test_a_cancel_of_everything_covers_its_environment_and_tenant_only() -> None:
    stop = cancel(request=None, environment="test", tenant="acme")
    assert finding(ID, [stop, work(15, environment="prod", tenant="acme")]).verdict == "absent"
    assert finding(ID, [stop, work(15, environment="test", tenant="other")]).verdict == "absent"
    assert finding(ID, [stop, work(15, environment="test", tenant="acme")]).verdict == "present"


def test_a_cancel_of_a_tenant_may_come_from_any_request_and_one_of_an_unnamed_worker_covers_nothing() -> None:
    stop = cancel(cancel_scope="tenant", tenant="acme")
    assert finding(ID, [stop, work(15, "other", tenant="acme")]).verdict == "present"
    assert finding(ID, [stop, work(15, "other", tenant="else")]).verdict == "absent"
    assert finding(ID, [cancel(request=None, cancel_scope="worker"), work(15)]).verdict == "insufficient"


def test_a_switch_that_is_enabled_again_ends_the_cancel() -> None:
    again = {"kind": "override", "to_state": "enabled", "ts_us": 12 * SECOND}
    assert finding(ID, [cancel(request=None), again, work(15)]).verdict == "absent"
    rows = [cancel(), cancel(at=12, decision="allow"), work(15)]
    assert (finding(ID, rows).verdict, finding(ID, rows).of) == ("absent", 1)
    assert finding(ID, [*rows, cancel(20), work(25)]).verdict == "present"


def test_pressing_stop_again_gives_no_new_grace() -> None:
    found = finding(ID, [cancel(10), cancel(14.5), work(15)])
    assert found.verdict == "present"
    assert found.detail["How long work went on after each cancel"][0]["longest_ms"] == 5000


def test_a_new_message_of_the_person_or_a_new_run_starts_new_work() -> None:
    message = work(12, kind="message", agent_name="user")
    assert finding(ID, [cancel(cancel_scope="turn"), message, work(15)]).verdict == "absent"
    assert finding(ID, [cancel(), work(12, kind="workflow"), work(15)]).verdict == "absent"
    child = work(12, kind="workflow", parent_span_id="s1")
    assert finding(ID, [cancel(), child, work(15)]).verdict == "present"


def test_a_cancel_of_one_call_or_approval_is_no_kill_switch() -> None:
    assert finding(ID, [cancel(tool_call_id="c1"), work(15)]).verdict == "insufficient"
    assert finding(ID, [cancel(approval_id="a1"), work(15)]).verdict == "insufficient"


def ordered(*, effect: str | None = None, ends: bool = False) -> list[dict[str, Any]]:
    """A workflow that sees the cancel and schedules more, all within the grace."""
    of = {"request_id": "w", "run_id": "run", "seq_scope": "workflow", "ts_us": 0}
    rows: list[dict[str, Any]] = [
        {**of, "kind": "cancel_request", "seq": 5},
        {**of, "kind": "tool_call", "seq": 6},
        {**of, "kind": "cancel_check", "seq": 7},
        {**of, "kind": "tool_call", "seq": 9, **({"side_effect": effect} if effect else {})},
    ]
    return [*rows, *([{**of, "kind": "cancelled", "seq": 12}] if ends else [])]


def test_work_scheduled_after_the_worker_saw_the_cancel_is_likely_at_any_distance() -> None:
    found = finding(ID, ordered())
    assert (found.verdict, found.count) == ("likely", 1)
    assert found.cause_seen == "1 of 1 were scheduled after the worker had seen the cancel"
    assert found.cause_evidence[0].text.startswith("cancel_check")
    assert finding(ID, ordered(effect="external_write")).verdict == "present"
    assert finding(ID, [row for row in ordered() if row["seq"] != 9]).verdict == "absent"


def test_work_before_the_run_ended_as_cancelled_may_be_clean_up() -> None:
    found = finding(ID, ordered(ends=True))
    assert found.verdict == "possible"
    assert any("clean-up?" in said for said in found.checked)


def test_a_swallowed_cancellation_is_found_milliseconds_after_the_worker_saw_it() -> None:
    found = of_history("test_replayer_swallowed_activity_cancellation.json")
    assert (found.verdict, found.grade, found.count, found.of) == ("likely", "A", 1, 1)
    assert [cited.text.split()[0] for cited in found.evidence] == ["cancel_request", "tool_call"]
    assert found.detail["How long work went on after each cancel"][0]["longest_ms"] == 17


def chained(folder: Path, *, continued: bool = True, told: bool = True) -> Finding:
    """Two histories of one workflow: the first is told to stop and hands on in the same second, the second goes on."""

    def happened(number: int, ms: int, kind: str, **attributes: Any) -> dict[str, Any]:
        at = f"2026-03-01T10:00:00.{ms:03}Z"
        of = kind[0].lower() + kind[1:] + "EventAttributes"
        return {"eventId": str(number), "eventTime": at, "eventType": kind, of: attributes}

    def begun(ms: int, run: str, **more: Any) -> dict[str, Any]:
        return happened(1, ms, "WorkflowExecutionStarted", workflowId="w-1", originalExecutionRunId=run, **more)

    first = [
        begun(0, "run-1", firstExecutionRunId="run-1"),
        *([happened(2, 10, "WorkflowExecutionCancelRequested")] if told else []),
        happened(3, 12, "WorkflowTaskScheduled"),
        happened(4, 14, "WorkflowTaskStarted", scheduledEventId="3"),
        happened(5, 16, "WorkflowTaskCompleted", scheduledEventId="3", startedEventId="4"),
        happened(6, 18, "WorkflowExecutionContinuedAsNew", newExecutionRunId="run-2", workflowTaskCompletedEventId="5"),
    ]
    from_first = {"continuedExecutionRunId": "run-1", "firstExecutionRunId": "run-1"} if continued else {}
    second = [
        begun(18, "run-2", **from_first),
        happened(2, 20, "WorkflowTaskScheduled"),
        happened(3, 22, "WorkflowTaskStarted", scheduledEventId="2"),
        happened(4, 24, "WorkflowTaskCompleted", scheduledEventId="2", startedEventId="3"),
        happened(5, 26, "ActivityTaskScheduled", activityId="1", activityType={"name": "pay"}),
    ]
    for name, events in (("first", first), ("second", second)):
        (folder / f"{name}.json").write_text(json.dumps({"events": events}))
    table = load([str(folder)]).table
    return run(table, shipped(), facts=Facts(), overrides={}, only=[ID]).findings[0]


def test_work_of_a_run_that_goes_on_from_one_that_saw_the_cancel_is_after_the_cancel(tmp_path: Path) -> None:
    found = chained(tmp_path)
    assert (found.verdict, found.grade, found.count, found.of) == ("likely", "A", 1, 1)
    assert [cited.text.split()[0] for cited in found.evidence] == ["cancel_request", "tool_call"]
    assert [Path(cited.file).name for cited in found.evidence] == ["first.json", "second.json"]
    assert found.cause_seen == "1 of 1 were scheduled after the worker had seen the cancel"


def test_a_workflow_that_somebody_starts_anew_is_not_in_the_cancels_scope(tmp_path: Path) -> None:
    assert chained(tmp_path, continued=False).verdict == "absent"
    assert chained(tmp_path, told=False).verdict == "insufficient"


def test_a_chain_of_runs_is_in_the_cancels_scope_by_the_clock() -> None:
    of = {"request_id": "r", "seq_scope": "workflow", "seq": 1}
    again = [
        {**of, "kind": "workflow", "ts_us": 12 * SECOND + number, "run_id": f"run-{number}", "span_id": f"run-{number}"}
        | ({"parent_span_id": f"run-{number - 1}"} if number > 1 else {})
        for number in (2, 3)
    ]
    assert finding(ID, [cancel(), *again, work(15, run_id="run-3")]).verdict == "present"
    del again[0]["parent_span_id"]
    assert finding(ID, [cancel(), *again, work(15, run_id="run-3")]).verdict == "absent"


@pytest.mark.parametrize(
    ("name", "verdict"),
    [
        ("customer-service-workflow-history.json", "absent"),
        ("test_replayer_complete_history.json", "insufficient"),
        ("test_replayer_event_tracing.json", "insufficient"),
    ],
)
def test_histories_that_stop_when_told_or_are_never_told_are_quiet(name: str, verdict: str) -> None:
    assert of_history(name).verdict == verdict


def test_without_a_cancel_work_after_a_status_of_cancelled_is_likely_at_grade_b() -> None:
    status = {"kind": "workflow", "request_id": "r", "ts_us": 0, "end_us": 10 * SECOND, "status": "cancelled"}
    found = finding(ID, [status, work(1), work(15)])
    assert (found.verdict, found.grade, found.count) == ("likely", "B", 1)
    assert finding(ID, [status, work(1), work(10.5)]).verdict == "absent"
    row = {"kind": "cancelled", "request_id": "r", "ts_us": 10 * SECOND}
    assert finding(ID, [row, work(15)]).verdict == "likely"
    assert finding(ID, [{**row, "approval_id": "a1"}, work(15)]).verdict == "insufficient"


def test_clock_skew_between_workers_widens_the_grace() -> None:
    spans = [
        row
        for n in range(50)
        for row in (
            {"kind": "agent", "span_id": f"p{n}", "worker_id": "a", "ts_us": 4 * SECOND},
            {"kind": "agent", "span_id": f"c{n}", "parent_span_id": f"p{n}", "worker_id": "b", "ts_us": 0},
        )
    ]
    assert finding(ID, [*spans, cancel(), work(14)]).verdict == "absent"
    assert finding(ID, [*spans, cancel(), work(16)]).verdict == "present"


def test_without_a_cancel_nothing_can_be_said() -> None:
    found = finding(ID, [work(1)])
    assert found.verdict == "not_assessable"
    assert "kind:cancel_request" in found.missing


def test_the_order_of_lines_changes_nothing() -> None:
    rows = [cancel(), work(15), cancel(request=None, at=30), *[work(28 + n, f"q{n}") for n in range(6)], *ordered()]
    found = [finding(ID, random.Random(seed).sample(rows, len(rows))) for seed in (1, 2)]
    assert (found[0].verdict, found[0].count, found[0].of, found[0].said) == (
        found[1].verdict,
        found[1].count,
        found[1].of,
        found[1].said,
    )
    assert (found[0].verdict, found[0].count) == ("present", 3)
