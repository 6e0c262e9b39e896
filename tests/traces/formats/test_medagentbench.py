from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from advisor.catalog.load import shipped
from advisor.diagnosis.detector import Facts
from advisor.diagnosis.diagnose import run
from advisor.traces.formats.medagentbench import FORMATS
from advisor.traces.load import load
from advisor.traces.records import Record, Source

SAMPLES = Path(__file__).parents[1] / "samples" / "medagentbench"
ODD = st.sampled_from([None, [], {}, "text", 10**30, True, [None], {"a": [1]}])


def rows(name: str) -> list[dict[str, Any]]:
    return load([str(SAMPLES / name)]).table.query(
        "SELECT line, kind, tool_name, status, reason_code, side_effect FROM events ORDER BY ord, row_id"
    )


def test_a_write_has_what_the_agent_was_told_beside_what_the_server_did() -> None:
    refused = [row for row in rows("task3_2.json") if row["tool_name"] == "POST"]
    assert [(row["kind"], row["status"], row["reason_code"]) for row in refused] == [
        ("tool_call", "ok", None),
        ("reject", "rejected", "HTTP 400"),
        ("tool_result", "ok", None),
    ]
    accepted = [row["kind"] for row in rows("task3_3.json") if row["tool_name"] == "POST"]
    assert accepted == ["tool_call", "commit", "tool_result"]


def test_a_refusal_told_as_success_is_found_and_an_accepted_write_is_not() -> None:
    def verdict(name: str) -> str:
        table = load([str(SAMPLES / name)]).table
        return run(table, shipped(), facts=Facts(), overrides={}, only=["SDB-reject-as-success"]).findings[0].verdict

    assert verdict("task3_2.json") == "present"
    assert verdict("task3_3.json") in ("absent", "insufficient")


@given(st.data())
def test_odd_values_anywhere_raise_nothing_and_every_run_is_accounted_for(data: st.DataObject) -> None:
    value = json.loads((SAMPLES / "task3_2.json").read_text())
    place: Any = value
    for _ in range(data.draw(st.integers(0, 4))):
        if isinstance(place, dict) and place:
            key = data.draw(st.sampled_from(sorted(place)))
        elif isinstance(place, list) and place:
            key = data.draw(st.integers(0, len(place) - 1))
        else:
            break
        if data.draw(st.booleans()):
            place[key] = data.draw(ODD)
            break
        place = place[key]
    bad: list[int] = []
    source = Source(Path("x.json"), "lines", iter([Record(1, value)]), [value], lambda line, why: bad.append(line))
    assert list(FORMATS[0].read(source)) or bad
