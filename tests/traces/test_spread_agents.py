"""A call inside an agent's span is that agent's, though it does not say so."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from advisor.diagnosis.diagnose import diagnose
from tests.traces.logs import read

SAMPLES = Path(__file__).parent / "samples"


def row(kind: str, span: str, above: str | None = None, agent: str | None = None, trace: str = "t") -> dict[str, Any]:
    told = {"sdb.kind": kind, "span_id": span, "parent_span_id": above, "gen_ai.agent.name": agent, "trace_id": trace}
    return {"ts": "2026-04-22T00:00:00Z", **{name: value for name, value in told.items() if value is not None}}


def agents(folder: Path, *rows: dict[str, Any]) -> dict[str, str | None]:
    """The agent's name by trace and span."""
    log = read(folder, "".join(json.dumps(each) + "\n" for each in rows), "spans.jsonl")
    found = log.table.query("SELECT trace_id, span_id, agent_name FROM events WHERE kind <> 'agent'")
    return {f"{each['trace_id']}/{each['span_id']}": each["agent_name"] for each in found}


TREE = [
    row("agent", "a", agent="planner"),
    row("workflow", "turn", "a"),
    row("llm_call", "l1", "turn"),
    row("tool_call", "t1", "turn"),
    row("agent", "b", "t1", agent="writer"),
    row("llm_call", "l2", "b"),
    row("llm_call", "l3", "b", agent="own"),
    row("llm_call", "free"),
    row("llm_call", "lost", "nowhere"),
]
NAMES = {
    "t/turn": None,
    "t/l1": "planner",
    "t/t1": "planner",
    "t/l2": "writer",
    "t/l3": "own",
    "t/free": None,
    "t/lost": None,
}


def test_the_nearest_agent_above_counts_and_an_own_name_stays(tmp_path: Path) -> None:
    assert agents(tmp_path, *TREE) == NAMES


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_lines_changes_nothing(tmp_path: Path, seed: int) -> None:
    assert agents(tmp_path, *random.Random(seed).sample(TREE, len(TREE))) == NAMES


def test_equal_ids_in_another_trace_are_other_spans(tmp_path: Path) -> None:
    other = [row("agent", "a", agent="other", trace="u"), row("llm_call", "l1", "a", trace="u")]
    lost = row("llm_call", "l9", "b", trace="u")
    assert agents(tmp_path, *TREE, *other, lost) == {**NAMES, "u/l1": "other", "u/l9": None}


def test_a_circle_of_parents_ends(tmp_path: Path) -> None:
    circle = [
        row("workflow", "x", "y"),
        row("workflow", "y", "x"),
        row("llm_call", "l", "x"),
        row("llm_call", "z", "z"),
    ]
    found = agents(tmp_path, row("agent", "a", agent="planner"), *circle)
    assert found == {"t/x": None, "t/y": None, "t/l": None, "t/z": None}


def test_logs_without_traces_or_without_agents_are_read_as_before(tmp_path: Path) -> None:
    bare = [{name: value for name, value in each.items() if name != "trace_id"} for each in TREE]
    assert agents(tmp_path, *bare) == {name.replace("t/", "None/"): agent for name, agent in NAMES.items()}
    assert set(agents(tmp_path, *(each for each in TREE if each["sdb.kind"] != "agent")).values()) == {None, "own"}


@pytest.mark.parametrize("name", ["strands/spans.jsonl", "openai_agents", "phoenix/api.json", "otlp/spans.jsonl"])
def test_the_agents_of_frameworks_that_name_them_on_their_own_spans_only(name: str) -> None:
    found = diagnose([str(SAMPLES / name)]).assessability["SDB-loop-without-progress"]
    assert found.missing == ()
