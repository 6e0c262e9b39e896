"""smolagents: memories as JSON lines and documents, results of runs, steps alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.traces.formats import smolagents
from tests.traces.formats.hostile import bears, lines, of, read, rows, shown, source_of, spoilt

SAMPLES = Path(__file__).parents[1] / "samples" / "smolagents"
(MEMORY,) = smolagents.FORMATS
RUNS = lines(SAMPLES / "memory.jsonl")
CODE = json.loads((SAMPLES / "code.json").read_text(encoding="utf-8"))


def of_value(folder: Path, value: Any, name: str = "memory.json") -> list[dict[str, Any]]:
    text = "\n".join(map(json.dumps, value)) if name.endswith("l") else json.dumps(value)
    (folder / name).write_text(text)
    found, bad = read(folder / name, MEMORY)
    assert bad == []
    return found


def test_a_step_is_an_answer_and_its_call_and_a_task_begins_a_run() -> None:
    found = rows(SAMPLES / "memory.jsonl", MEMORY)
    assert [row["kind"] for row in found if row["line"] == 1] == [
        "message", "llm_call", "tool_call", "llm_call", "tool_call", "llm_call", "message", "outcome",
    ]  # fmt: skip
    assert shown(of(found, "message")[1:2], "agent_name", "text") == [("agent", "The refund is done.")]
    assert len({row["request_id"] for row in found}) == 2
    assert shown(of(found, "tool_call"), "tool_name", "status", "error_type", "text")[:2] == [
        ("get_order", "ok", None, "order o0: paid"),
        ("refund", "error", "RuntimeError", None),
    ]
    assert shown(of(found, "outcome"), "status", "error_type") == [(None, None), ("error", "AgentMaxStepsError")]
    answers = of(found, "llm_call")
    assert shown(answers[:1], "status", "input_tokens", "output_tokens", "agent_name") == [("ok", 100, 20, "agent")]
    assert [row["seq"] for row in found if row["line"] == 2] == [1, 2, 3, 4, 5, 6, 7]


def test_an_answer_that_no_call_came_of_has_the_steps_error() -> None:
    found = rows(SAMPLES / "code.json", MEMORY)
    assert shown(of(found, "llm_call"), "line", "status", "error_type") == [
        (6, "ok", None),
        (26, "error", "AgentParsingError"),
        (61, "ok", None),
    ]
    assert shown(of(found, "tool_call"), "tool_name") == [("python_interpreter",)]


def test_results_of_runs_and_steps_a_line_tell_what_the_memory_tells(tmp_path: Path) -> None:
    def told(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [{name: value for name, value in row.items() if name != "line"} for row in found]

    memory = told(of_value(tmp_path, RUNS[0]))
    result = {"output": "x", "state": "success", "steps": RUNS[0], "token_usage": None, "timing": {}}
    assert told(of_value(tmp_path, result)) == memory
    assert told(of_value(tmp_path, RUNS[0], "steps.jsonl")) == memory
    both = told(of_value(tmp_path, [step for run in RUNS for step in run], "steps.jsonl"))
    assert len({row["request_id"] for row in both}) == 2 and both[: len(memory)] == memory


def test_a_run_without_an_end_is_told_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smolagents, "_LONGEST", 10)
    step = next(step for step in RUNS[0] if step.get("tool_calls"))
    found = of_value(tmp_path, [{**step, "step_number": n} for n in range(20)], "steps.jsonl")
    assert [row["line"] for row in of(found, "tool_call")] == list(range(1, 21))
    assert [row["seq"] for row in found] == [*range(1, 11)] * 4


def test_of_several_calls_in_one_step_no_outcome_is_told_apart(tmp_path: Path) -> None:
    step = next(step for step in RUNS[0] if step.get("tool_calls"))
    two = {**step, "tool_calls": step["tool_calls"] * 1 + [{**step["tool_calls"][0], "id": "other"}]}
    found = of(of_value(tmp_path, [RUNS[0][0], two]), "tool_call")
    assert shown(found, "status", "result_fp") == [("ok", None)] * 2
    failed = {**two, "error": {"type": "AgentToolExecutionError", "message": "one of them"}}
    assert (
        shown(of(of_value(tmp_path, [RUNS[0][0], failed]), "tool_call"), "status", "error_type") == [(None, None)] * 2
    )


def test_what_is_no_memory_is_left_to_others() -> None:
    for value in ({"steps": [1]}, [{"task": "x"}], [{"step_number": 1}], {"steps": "x"}, [], [[]], "x", None):
        for shape in ("lines", "document"):
            assert not MEMORY.sniff(source_of([value], [], shape))


def test_a_step_that_tells_of_nothing_known_is_a_row_all_the_same(tmp_path: Path) -> None:
    found = of_value(tmp_path, [*RUNS[0], {"system_prompt": "be kind"}])
    assert shown(found[-2:], "kind", "name") == [("outcome", "final_answer"), ("log", "system_prompt")]


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([*RUNS, CODE]).flatmap(spoilt))
def test_any_memory_is_borne(run: Any) -> None:
    bears(MEMORY, [run])
    bears(MEMORY, run)
