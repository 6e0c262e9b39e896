"""How often each detector fires on runs that passed, beside runs that failed.

`python benchmarks/passing_runs.py NAME=FOLDER...` reads result files whose runs carry outcomes (tau-bench, tau2-bench,
MedAgentBench and the like), diagnoses every run by itself and all passing ones together, and prints both. With
`--write` the figures go to passing_runs.json, which docs/limits.md shows. SOURCES says where the folders can be got.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from advisor.catalog.load import shipped
from advisor.diagnosis.detector import Facts
from advisor.diagnosis.detectors import detectors
from advisor.diagnosis.diagnose import run
from advisor.diagnosis.findings import FOUND, Diagnosis
from advisor.traces.load import load
from advisor.traces.table import EventTable, table_of

FIGURES = Path(__file__).with_suffix(".json")
SOURCES = {
    "tau-bench": "https://github.com/sierra-research/tau-bench at 59a200c (MIT), historical_trajectories/",
    "whissle": "https://github.com/WhissleAI/tau2-bench-w at bfcb460 (MIT), results/",
    "blakeelias-tau2": "https://github.com/blakeelias/tau2-bench at 75c6100 (MIT), data/",
    "activegraph-tau2": "https://github.com/yoheinakajima/activegraph-tau2-bench at 2d8e2c2 (Apache-2.0), runs/",
}
"""Public sets of runs with outcomes, by the name that the figures go under."""


def outcomes(table: EventTable) -> dict[str, bool]:
    """Whether each run passed; runs without an outcome, and those with several that disagree, are left out."""
    rows = table.query(
        "SELECT request_id, MIN(status = 'ok') AS passed FROM events"
        " WHERE kind = 'outcome' AND request_id IS NOT NULL AND status IN ('ok', 'error')"
        " GROUP BY request_id HAVING MIN(status = 'ok') = MAX(status = 'ok') ORDER BY request_id"
    )
    return {str(row["request_id"]): bool(row["passed"]) for row in rows}


def of_runs(table: EventTable, runs: Iterable[str]) -> Diagnosis:
    """The diagnosis of some runs alone."""
    rows = table.query("SELECT * FROM events WHERE request_id IN (SELECT UNNEST(?)) ORDER BY row_id", [list(runs)])
    kept = [{name: value for name, value in row.items() if value is not None and name != "ord"} for row in rows]
    return run(table_of(kept), shipped(), facts=Facts(), overrides={}, only=list(detectors()))


def figures(folder: str) -> dict[str, Any]:
    """Runs by outcome, and for each detector in how many of them it fires, and on all that passed together."""
    table = load([folder]).table
    ended = outcomes(table)
    fired: dict[bool, Counter[str]] = {True: Counter(), False: Counter()}
    for name, passed in ended.items():
        fired[passed].update(each.signature for each in of_runs(table, [name]).findings if each.verdict in FOUND)
    together = of_runs(table, [name for name, passed in ended.items() if passed])
    return {
        "passed": sum(ended.values()),
        "failed": len(ended) - sum(ended.values()),
        "fired": {
            each.signature: [fired[True][each.signature], fired[False][each.signature], each.verdict]
            for each in sorted(together.findings, key=lambda finding: finding.signature)
            if fired[True][each.signature] or fired[False][each.signature] or each.verdict in FOUND
        },
    }


def main(given: list[str]) -> int:
    if not given:
        print(
            "Name the folders that were got from:", *(f"  {name}: {where}" for name, where in SOURCES.items()), sep="\n"
        )
        return 0
    write = "--write" in given
    found = {}
    for name, _, folder in (each.partition("=") for each in given if each != "--write"):
        found[name] = {"source": SOURCES.get(name, folder), **figures(folder)}
        print(f"{name}: {found[name]['passed']} runs passed, {found[name]['failed']} failed")
        for id, (passed, failed, together) in found[name]["fired"].items():
            print(f"  {id:<30} fires on {passed} that passed and {failed} that failed; all that passed: {together}")
    if write:
        FIGURES.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
