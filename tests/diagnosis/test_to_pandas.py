"""Results as tables for notebooks: a row for each finding, cited row and case, typed to be sorted and filtered."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from advisor.catalog.load import shipped
from advisor.diagnosis.detector import Facts
from advisor.diagnosis.diagnose import run
from advisor.diagnosis.findings import Diagnosis
from advisor.diagnosis.judge import judge
from advisor.traces.table import table_of


def diagnosed(*only: str) -> Diagnosis:
    rows = [
        {"kind": "approval_request", "approval_id": f"a{n}", "request_id": f"r{n}", "ts_us": n * 1_000_000, "sla_us": 1}
        for n in range(40)
    ] + [
        {
            "kind": "approval_decision",
            "approval_id": f"a{n}",
            "request_id": f"r{n}",
            "ts_us": n * 1_000_000 + 9,
            "decision": "deny",
            "decision_source": "timeout",
        }
        for n in range(40)
    ]
    return run(table_of(rows), shipped(), facts=Facts(), overrides={}, only=only)


def test_findings_are_a_table_by_signature() -> None:
    found = diagnosed("P6-approval-starvation", "P2-dirty-compensation")
    frame = found.to_pandas()
    assert list(frame.index) == [each.signature for each in found.findings]
    starved = frame.loc["P6-approval-starvation"]
    assert (starved["verdict"], starved["count"], starved["of"]) == ("present", 40, 40)
    assert starved["low"] < starved["rate"] == 1.0
    assert starved["first_row"] == "(rows):1"
    assert frame["verdict"].dtype.ordered
    assert frame.sort_values("verdict").index[0] == "P6-approval-starvation"
    assert frame.loc["P2-dirty-compensation", "missing"].startswith("kind:")
    assert pd.isna(frame.loc["P2-dirty-compensation", "rate"])


def test_the_rows_that_findings_cite_are_a_table_with_times() -> None:
    frame = diagnosed("P6-approval-starvation").evidence_to_pandas()
    assert set(frame["signature"]) == {"P6-approval-starvation"}
    assert frame["time"].iloc[0] == pd.Timestamp("1970-01-01", tz="UTC")
    assert str(frame["time"].dtype).startswith("datetime64")
    assert diagnosed("P2-dirty-compensation").evidence_to_pandas().empty


def test_cases_are_a_table_by_task(tmp_path: Path) -> None:
    table = tmp_path / "outcomes.csv"
    rows = [f"t1,{version},{trial},{int(version == 'a')}" for version in "ab" for trial in range(4)]
    table.write_text("task,version,trial,passed\n" + "\n".join(rows) + "\n")
    frame = judge([table], current="b", prior="a").to_pandas()
    case = frame.loc["t1"]
    assert (case["verdict"], case["current_passes"], case["prior_passes"], case["prior_trials"]) == (
        "replay_divergence", 0, 4, 4,
    )  # fmt: skip
