from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from advisor.diagnosis.judge import judge
from advisor.diagnosis.judge.traces import outcomes as outcomes_of
from advisor.diagnosis.reliability.events import outcomes
from advisor.errors import InputError
from advisor.traces.table import table_of

SAMPLES = Path(__file__).parents[2] / "traces" / "samples"


def span(number: int, **attributes: Any) -> str:
    values = [{"key": key, "value": {"stringValue": str(value)}} for key, value in attributes.items()]
    one = {
        "traceId": f"{number:032x}",
        "spanId": f"{number:016x}",
        "name": "run",
        "startTimeUnixNano": str(1_776_000_000_000_000_000 + number * 1_000_000_000),
        "attributes": values,
    }
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [one]}]}]})


def trace(path: Path, outcomes: dict[str, str], version: str, first: int = 1) -> Path:
    """A trace of runs: for each task a text of digits, one a trial, 1 where it passed."""
    lines = []
    for task, digits in outcomes.items():
        for digit in digits:
            attributes = {"sdb.kind": "outcome", "sdb.task.id": task, "gen_ai.response.model": version}
            lines.append(span(first + len(lines), **attributes, **{"sdb.status": "ok" if digit == "1" else "error"}))
    path.write_text("\n".join(lines) + "\n")
    return path


def test_a_trace_whose_outcomes_carry_task_and_version_is_judged_as_a_table_would_be(tmp_path: Path) -> None:
    new = trace(tmp_path / "new.jsonl", {"a": "000", "b": "000", "c": "111"}, "m2")
    old = trace(tmp_path / "old.jsonl", {"a": "000", "b": "111", "c": "111"}, "m1", first=100)
    found = judge([new, old], "m2", "m1")
    assert {case.task: case.verdict for case in found.cases} == {
        "a": "functional",
        "b": "replay_divergence",
        "c": "not_failing",
    }
    table = tmp_path / "table.csv"
    rows = [
        f"{task},{version},{k},{digit}"
        for version, tasks in (
            ("m2", {"a": "000", "b": "000", "c": "111"}),
            ("m1", {"a": "000", "b": "111", "c": "111"}),
        )
        for task, digits in tasks.items()
        for k, digit in enumerate(digits)
    ]
    table.write_text("task,version,trial,passed\n" + "\n".join(rows))
    same = judge(table, "m2", "m1")
    assert (same.totals, same.pass_k) == (found.totals, found.pass_k)


def test_a_trial_that_two_traces_tell_of_otherwise_names_both_places(tmp_path: Path) -> None:
    def told(name: str, status: str) -> Path:
        run = {"sdb.kind": "outcome", "sdb.task.id": "a", "gen_ai.response.model": "m", "sdb.trial.id": "7"}
        (tmp_path / name).write_text(f"{span(1)}\n{span(2, **run, **{'sdb.status': status})}\n")
        return tmp_path / name

    with pytest.raises(InputError) as refused:
        judge([told("one.jsonl", "ok"), told("two.jsonl", "error")])
    assert [fault.place for fault in refused.value.faults] == [f"{tmp_path / 'two.jsonl'}:2"]
    assert f"stands already at {tmp_path / 'one.jsonl'}:2" in refused.value.faults[0].what


def test_a_formats_own_outcomes_are_judged_on_the_models_that_ran() -> None:
    found = judge([SAMPLES / "medagentbench" / name for name in ("task3_2.json", "task3_3.json")])
    assert found.current == "claude-sonnet-5"
    assert {case.task: case.current for case in found.cases} == {"task3_2": (0, 1), "task3_3": (1, 1)}


def test_rate_limits_of_a_trace_are_infrastructure(tmp_path: Path) -> None:
    limited = {"sdb.kind": "outcome", "sdb.task.id": "a", "gen_ai.response.model": "m", "sdb.status": "error"}
    path = tmp_path / "t.jsonl"
    path.write_text("\n".join(span(n, **limited, **{"error.type": "RateLimitError"}) for n in (1, 2)) + "\n")
    assert judge(path).totals == {"infrastructure": 1}


@pytest.mark.parametrize(
    ("attributes", "said"),
    [
        ({"sdb.kind": "outcome", "sdb.status": "ok"}, "holds no outcome that names its task; log each run's end"),
        ({"sdb.kind": "outcome", "sdb.task.id": "a"}, "passed: is empty"),
    ],
)
def test_a_trace_that_cannot_be_judged_says_what_to_log(tmp_path: Path, attributes: dict[str, str], said: str) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text(span(1, **attributes) + "\n" + span(2, **attributes) + "\n")
    with pytest.raises(InputError, match=said):
        judge(path)


def test_an_applications_own_lines_are_a_trace_too(tmp_path: Path) -> None:
    rows = [
        {
            "ts": 1_776_000_000 + n,
            "kind": "outcome",
            "task": task,
            "model_version": "m",
            "trial": str(n),
            "status": status,
        }
        for n, (task, status) in enumerate([("a", "ok"), ("a", "error"), ("b", "timeout")])
    ]
    path = tmp_path / "app.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    assert {case.task: case.current for case in judge(path).cases} == {"a": (1, 2), "b": (0, 1)}


def test_a_table_with_a_missing_column_is_still_told_which(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("task,version,passed\na,v,1\n")
    with pytest.raises(InputError, match="lacks the columns trial"):
        judge(path)


def test_repeated_tasks_in_a_log_give_sigma_its_replicates() -> None:
    rows = [
        {"kind": "outcome", "task": task, "model_version": "m", "status": status, "ts_us": 86_400_000_000 * 20_000 + n}
        for n, (task, status) in enumerate([("a", "ok"), ("a", "error"), ("b", "ok"), ("c", "ok"), ("c", "ok")])
    ]
    counted = outcomes(table_of(rows).query)
    assert counted is not None
    assert sorted(counted.repeats) == [(1, 2), (2, 2)]


def test_each_outcome_of_a_trace_is_a_row_with_its_line(tmp_path: Path) -> None:
    end = {"ts": 1_776_000_000.5, "kind": "outcome", "task": "a"}
    rows = [
        {"ts": 1_776_000_000, "kind": "llm_call", "request_id": "r", "model_version": "m"},
        {**end, "request_id": "r", "status": "ok", "error_message": "mended", "duration_ms": 1.5, "output_hash": "h"},
        {**end, "trial": "t", "model_version": "n", "status": "denied", "error_type": "Refused"},
        {"kind": "outcome", "task": "b", "status": "cancelled"},
    ]
    path = tmp_path / "app.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    nothing = {"passed": None, "error": None, "output_hash": None, "latency_ms": None, "time": None}
    assert list(outcomes_of(path)) == [
        (2, {"task": "a", "version": "m", "trial": "r", "passed": "true", "error": None, "output_hash": "h",
             "latency_ms": 1.5, "time": 1_776_000_000.5}),
        (3, nothing | {"task": "a", "version": "n", "trial": "t", "passed": "false", "error": "Refused",
                       "time": 1_776_000_000.5}),
        (4, nothing | {"task": "b", "version": "app", "trial": "4"}),
    ]  # fmt: skip
    path.write_text(json.dumps(rows[0]))
    with pytest.raises(InputError) as caught:
        list(outcomes_of(path))
    assert str(caught.value) == (
        f"{path}: holds no outcome that names its task; "
        "log each run's end as an outcome with task (sdb.task.id), status and the model's version"
    )
