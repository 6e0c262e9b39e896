"""The generated parts of the page on limits: what public logs have shown so far, and which numbers are conventions."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from advisor.catalog.load import shipped
from advisor.catalog.models import Signature
from advisor.diagnosis.diagnose import diagnose
from advisor.diagnosis.findings import VERDICTS

SAMPLES = Path(__file__).resolve().parent.parent / "tests" / "traces" / "samples"
PUBLIC = (
    "application",
    "benchmarks/swe_agent.traj",
    "benchmarks/swe_agent_history.traj",
    "benchmarks/tau2_bench.json",
    "benchmarks/tau_bench.json",
    "benchmarks/who_and_when.json",
    "claude_code/session.jsonl",
    "inspect/guess_number.eval",
    "inspect/tool_call_error.json",
    "langfuse",
    "managed_agents/reject.jsonl",
    "medagentbench",
    "temporal/customer-service-workflow-history.json",
    "temporal/input-guardrail-workflow-history.json",
    "temporal/test_replayer_complete_history.json",
    "temporal/test_replayer_event_tracing.json",
    "temporal/test_replayer_swallowed_activity_cancellation.json",
)
"""Samples that other people published, their origin and licence beside each; the others we wrote with the real SDKs."""


def public_logs() -> str:
    """For each detector: in how many public samples it could be assessed, and the loudest verdict there."""
    seen: dict[str, Counter[str]] = {}
    for name in PUBLIC:
        for finding in diagnose([str(SAMPLES / name)], threads=1).findings:
            seen.setdefault(finding.signature, Counter())[finding.verdict] += 1
    entries = _detected()
    lines = ["| id | assessable | of these with enough cases | loudest verdict |", "| --- | --- | --- | --- |"]
    for entry in entries:
        verdicts = seen[entry.id]
        assessable = len(PUBLIC) - verdicts["not_assessable"]
        loudest = next((each for each in VERDICTS if verdicts[each]), "")
        shown = loudest.replace("_", " ") if assessable else "no public log"
        lines.append(
            f"| {entry.id} | {assessable} of {len(PUBLIC)} | {assessable - verdicts['insufficient']} | {shown} |"
        )
    return "\n".join(lines)


def conventions() -> str:
    """Every threshold by whose number it is."""
    rows = [(entry.id, slug, each) for entry in _detected() for slug, each in entry.thresholds.items()]
    mine = sum(each.source == "convention" for *_, each in rows)
    lines = [
        f"{mine} of {len(rows)} thresholds are ours and no more than conventions:",
        "",
        "| threshold | value | unit | whose | what |",
        "| --- | --- | --- | --- | --- |",
    ]
    lines += [f"| `{id}.{slug}` | {t.value:g} | {t.unit} | {t.source} | {t.text} |" for id, slug, t in rows]
    return "\n".join(lines)


def _detected() -> list[Signature]:
    return [*shipped().signatures.values(), *shipped().weaknesses.values()]
