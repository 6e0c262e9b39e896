"""Compares detectors with the one line of SQL that somebody would write instead: hits and false alarms of each.

    python benchmarks/one_line_rules.py [--draws 20] [--write]

Labelled logs: the starters' drills without their defence (one log a fault: a hit), the drills with it and healthy runs
of generated projects (every alarm is false), and logs drawn by `simulated_logs.py`, healthy and faulty. Nobody labelled
the public samples; what is raised there is counted beside. A detector's alarm is *present* or *likely*; a line's is any
row. `--write` keeps the figures for docs/limits.md.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "docs"))

from limits import PUBLIC, SAMPLES
from simulated_logs import SIMULATED

from advisor.catalog.answers import read_answers
from advisor.catalog.load import shipped
from advisor.diagnosis.detector import Facts
from advisor.diagnosis.diagnose import run
from advisor.starter import scaffold
from advisor.traces.load import load
from advisor.traces.table import EventTable, table_of
from starters.agent.drill import drills, perform

ROOT = Path(__file__).resolve().parent.parent
FIGURES = ROOT / "benchmarks" / "one_line_rules.json"
ALARMS = ("present", "likely")

# The line that comes to mind first: written before any figure was seen, and not changed since. After SELECT 1 FROM.
FIRST = {
    "P1-merge-dominance": "events WHERE kind = 'merge_field' GROUP BY winner_agent HAVING COUNT(*) > 0.5 * "
    "(SELECT COUNT(*) FROM events WHERE kind = 'merge_field')",
    "P1-shadow-retries": "events e WHERE attempt > 1 AND ts_us > (SELECT MIN(deadline_us) FROM events p "
    "WHERE p.request_id = e.request_id)",
    "P2-dirty-compensation": "events WHERE kind = 'commit' AND status = 'ok' AND request_id IN (SELECT request_id "
    "FROM events WHERE kind = 'compensation') AND action_id NOT IN (SELECT compensates FROM events "
    "WHERE compensates IS NOT NULL)",
    "P2-duplicate-effect": "events WHERE kind = 'commit' AND status = 'ok' GROUP BY request_id, action_id "
    "HAVING COUNT(*) > 1",
    "P2-oversized-compensation": "events WHERE action_type IS NOT NULL GROUP BY action_type "
    "HAVING COUNT(*) FILTER (kind = 'compensation') > COUNT(*) FILTER (kind = 'commit')",
    "P3-late-events": "events e WHERE kind = 'event_consume' AND status = 'ok' AND event_time_us < "
    "(SELECT MAX(event_time_us) FROM events p WHERE p.kind = 'event_consume' AND p.partition_key = e.partition_key "
    "AND p.ts_us < e.ts_us)",
    "P3-replay-divergence": "events WHERE event_in IS NOT NULL GROUP BY event_in "
    "HAVING COUNT(DISTINCT output_hash) > 1 AND COUNT(DISTINCT model_version) > 1",
    "P4-crash-loop": "events WHERE kind = 'crash' GROUP BY child_id, error_fp HAVING COUNT(*) > 3",
    "P4-slow-gate": "events HAVING MEDIAN(duration_us) FILTER (kind = 'gate_decision') > "
    "MEDIAN(duration_us) FILTER (kind = 'tool_call')",
    "P5-cas-contention": "events WHERE kind = 'cas' AND attempt > 4",
    "P5-lost-update": "events WHERE kind IN ('state_transition', 'cas') AND status = 'ok' "
    "GROUP BY kind, resource_id, expected_version HAVING COUNT(*) > 1",
    "P5-stale-timer": "events e WHERE kind = 'timer_fire' AND COALESCE(status, 'ok') = 'ok' AND EXISTS (SELECT 1 "
    "FROM events o WHERE o.kind = 'override' AND o.resource_id = e.resource_id AND o.ts_us < e.ts_us)",
    "P6-approval-starvation": "events WHERE kind = 'approval_decision' AND decision_source = 'timeout'",
    "P6-ignored-kill": "events e WHERE kind IN ('tool_call', 'llm_call', 'commit') AND ts_us > (SELECT MIN(ts_us) "
    "FROM events c WHERE c.kind = 'cancel_request' AND c.request_id = e.request_id)",
    "SDB-blind-verifier": "events WHERE kind = 'gate_decision' HAVING COUNT(*) > 0 "
    "AND COUNT(*) FILTER (decision = 'deny') = 0",
    "SDB-identical-retries": "events WHERE kind = 'tool_call' GROUP BY request_id, tool_name, args_hash "
    "HAVING COUNT(*) > 1",
    "SDB-model-dependent-verifier": "(SELECT AVG(CAST(decision = 'deny' AS INT)) AS share FROM events "
    "WHERE kind = 'gate_decision' GROUP BY model_version) HAVING MAX(share) - MIN(share) > 0.05",
    "SDB-no-budget": "events WHERE kind = 'llm_call' GROUP BY request_id HAVING COUNT(*) > 50",
    "SDB-reject-as-success": "events WHERE kind IN ('tool_call', 'tool_result') AND status = 'ok' AND proposal_id IN "
    "(SELECT proposal_id FROM events WHERE decision IN ('deny', 'reject'))",
    "SDB-unverified-commit": "events WHERE kind = 'commit' AND side_effect = 'external_write' "
    "AND verification_id IS NULL",
    "SDB-untyped-reject": "events WHERE decision IN ('deny', 'reject') AND reason_code IS NULL",
}
# As strong as one line gets: with the catalog's thresholds, and its false positives left out where a condition can.
CAREFUL = FIRST | {
    "P1-merge-dominance": "events WHERE kind = 'merge_field' GROUP BY winner_agent HAVING COUNT(*) >= 20 AND COUNT(*) "
    "> 0.65 * (SELECT COUNT(*) FROM events WHERE kind = 'merge_field')",
    "P1-shadow-retries": "events e WHERE attempt > 1 AND NOT COALESCE(cleanup, FALSE) AND ts_us > 1000000 + "
    "(SELECT MIN(deadline_us) FROM events p WHERE p.request_id = e.request_id)",
    "P2-dirty-compensation": "events WHERE kind = 'reconcile' AND status <> 'ok' OR kind = 'commit' AND status = 'ok' "
    "AND request_id IN (SELECT request_id FROM events WHERE kind = 'compensation') AND action_id NOT IN "
    "(SELECT compensates FROM events WHERE compensates IS NOT NULL AND status = 'ok')",
    "P2-duplicate-effect": "events WHERE kind = 'commit' AND status = 'ok' AND action_id NOT IN (SELECT compensates "
    "FROM events WHERE compensates IS NOT NULL) GROUP BY request_id, action_id HAVING COUNT(*) > 1",
    "P3-replay-divergence": "(SELECT MODE(output_hash) AS often FROM events WHERE event_in IS NOT NULL "
    "GROUP BY event_in, model_version) HAVING COUNT(DISTINCT often) > 1",
    "P4-crash-loop": "events c WHERE kind = 'crash' AND NOT EXISTS (SELECT 1 FROM events t WHERE t.kind = 'ok_tick' "
    "AND t.child_id = c.child_id) GROUP BY child_id, error_fp HAVING COUNT(*) > 3",
    "P4-slow-gate": "events HAVING COUNT(*) FILTER (kind = 'gate_decision') >= 20 AND MEDIAN(duration_us) "
    "FILTER (kind = 'gate_decision') > 2 * MEDIAN(duration_us) FILTER (kind = 'tool_call')",
    "P5-cas-contention": "(SELECT MAX(attempt) AS tries FROM events WHERE kind = 'cas' GROUP BY op_id) "
    "HAVING QUANTILE_DISC(tries, 0.99) > 4",
    "P5-lost-update": "events WHERE kind IN ('state_transition', 'cas') AND status = 'ok' "
    "GROUP BY kind, resource_id, expected_version HAVING COUNT(DISTINCT op_id) > 1",
    "P5-stale-timer": "events e WHERE kind = 'timer_fire' AND COALESCE(status, 'ok') = 'ok' AND EXISTS (SELECT 1 "
    "FROM events o WHERE o.kind = 'override' AND o.resource_id = e.resource_id AND o.ts_us < e.ts_us AND o.ts_us > "
    "(SELECT MAX(ts_us) FROM events s WHERE s.kind = 'timer_set' AND s.timer_id = e.timer_id AND s.ts_us < e.ts_us))",
    "P6-approval-starvation": "events WHERE kind = 'approval_decision' HAVING COUNT(*) >= 10 "
    "AND AVG(CAST(decision_source = 'timeout' AS INT)) > 0.8",
    "P6-ignored-kill": "events e WHERE kind IN ('tool_call', 'llm_call', 'commit') AND NOT COALESCE(cleanup, FALSE) "
    "AND ts_us > 1000000 + (SELECT MIN(ts_us) FROM events c WHERE c.kind = 'cancel_request' "
    "AND (c.request_id = e.request_id OR c.cancel_scope = 'all'))",
    "SDB-blind-verifier": "events WHERE kind = 'gate_decision' HAVING COUNT(*) >= 300 "
    "AND COUNT(*) FILTER (decision = 'deny') = 0",
    "SDB-identical-retries": "events WHERE kind = 'tool_call' GROUP BY request_id, tool_name, args_hash, result_fp "
    "HAVING COUNT(*) >= 4",
    "SDB-model-dependent-verifier": "(SELECT AVG(CAST(decision = 'deny' AS INT)) AS share FROM events "
    "WHERE kind = 'gate_decision' GROUP BY model_version HAVING COUNT(*) >= 30) HAVING MAX(share) - MIN(share) > 0.05",
    "SDB-reject-as-success": "events WHERE kind IN ('tool_call', 'tool_result') AND status = 'ok' AND proposal_id IN "
    "(SELECT proposal_id FROM events WHERE decision IN ('deny', 'reject')) AND proposal_id NOT IN (SELECT proposal_id "
    "FROM events WHERE decision IN ('allow', 'approve') AND proposal_id IS NOT NULL)",
    "SDB-unverified-commit": "events WHERE kind = 'commit' AND side_effect = 'external_write' "
    "AND verification_id IS NULL AND proposal_id NOT IN (SELECT proposal_id FROM events "
    "WHERE decision IN ('allow', 'approve') AND proposal_id IS NOT NULL)",
    "SDB-untyped-reject": "events WHERE decision IN ('deny', 'reject') HAVING COUNT(*) >= 5 "
    "AND AVG(CAST(reason_code IS NULL AS INT)) > 0.2",
}


def alarms(table: EventTable, wanted: set[str]) -> dict[str, dict[str, bool]]:
    """Who raises an alarm on a log, for each of some ids: the first line, the careful one, the detector."""
    found = run(table, shipped(), facts=Facts(), overrides={}, only=sorted(wanted)).findings
    verdicts = {one.signature: one.verdict in ALARMS for one in found}

    def asked(line: str) -> bool:
        return bool(table.query(f"SELECT 1 FROM {line} LIMIT 1"))

    return {id: {"first": asked(FIRST[id]), "careful": asked(CAREFUL[id]), "detector": verdicts[id]} for id in wanted}


def quiet_logs(folder: Path) -> Iterator[Path]:
    """Healthy runs of generated projects, and every drill with its defence on."""
    for answers in sorted((ROOT / "knowledge" / "workloads").glob("*.toml")):
        project = folder / answers.stem
        scaffold(read_answers(answers), project)
        package = next((project / "src").iterdir()).name
        for number in range(5):
            asked = json.dumps({"customer": f"C-{number}", "amount_cents": 10_000})
            command = [sys.executable, "-m", package, "run", f"C-{number}", asked]
            env = {"PYTHONPATH": str(project / "src"), "PATH": ""}
            subprocess.run(command, cwd=project, env=env, check=True, stdout=subprocess.DEVNULL)
        yield project / "telemetry.jsonl"
    for id, drill in drills().items():
        perform(drill, folder, True)
        yield folder / id / "with.jsonl"


def measured(draws: int) -> dict[str, Any]:
    """Counts of alarms by id, set of logs and who raised them."""
    sets = ("drills", "faulty", "quiet", "healthy", "public")
    ids = {id: {name: dict.fromkeys(("of", "first", "careful", "detector"), 0) for name in sets} for id in FIRST}

    def count(name: str, table: EventTable, wanted: set[str]) -> None:
        for id, told in alarms(table, wanted).items():
            ids[id][name]["of"] += 1
            for who, raised in told.items():
                ids[id][name][who] += raised

    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for log in quiet_logs(folder):
            count("quiet", load([str(log)]).table, set(FIRST))
        for id, drill in drills().items():
            perform(drill, folder, False)
            count("drills", load([str(folder / id / "without.jsonl")]).table, {id})
    for name in PUBLIC:
        count("public", load([str(SAMPLES / name)]).table, set(FIRST))
    for id, draw in SIMULATED.items():
        for seed in range(draws):
            for name, faulty in (("healthy", False), ("faulty", True)):
                count(name, table_of(draw(random.Random(f"{id}/{seed}"), faulty)), {id})
    return ids


def main() -> int:
    """Prints the comparison, and keeps it with `--write`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--draws", type=int, default=20)
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    figures = measured(asked.draws)
    heads = ("hits: drills", "drawn", "false: quiet", "busy", "public")
    print(f"{'first/careful/detector of logs':32}" + "".join(f"{head:>15}" for head in heads))
    for id, sets in figures.items():
        cells = (f"{one['first']}/{one['careful']}/{one['detector']} of {one['of']}" for one in sets.values())
        print(f"{id:32}" + "".join(f"{cell:>15}" for cell in cells))
    if asked.write:
        kept = {id: {"careful": f"SELECT 1 FROM {CAREFUL[id]}", "logs": sets} for id, sets in figures.items()}
        FIGURES.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
