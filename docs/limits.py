"""The generated parts of the page on limits: what public logs have shown so far, and which numbers are conventions."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from advisor.catalog.load import shipped
from advisor.catalog.models import Signature
from advisor.diagnosis.diagnose import diagnose
from advisor.diagnosis.findings import VERDICTS
from advisor.diagnosis.statistics import wilson

FIGURES = Path(__file__).resolve().parent.parent / "benchmarks" / "one_line_rules.json"
PASSING = FIGURES.with_name("passing_runs.json")
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


def parts() -> dict[str, str]:
    """The generated parts of the page."""
    return {
        "public logs": public_logs(),
        "passing runs": passing_runs(),
        "conventions": conventions(),
        "one line": one_line_rules(),
    }


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


def passing_runs() -> str:
    """In how many public runs that passed, and that failed, each detector fires."""
    sets = json.loads(PASSING.read_text(encoding="utf-8"))
    lines = ["| runs | passed | failed | fires on passed | fires on failed |", "|---" * 5 + "|"]
    for name, each in sets.items():
        fired = each["fired"].items()
        passed, failed = (
            ", ".join(f"{id} {counts[at]}" for id, counts in fired if counts[at]) or "nothing" for at in (0, 1)
        )
        lines.append(
            f"| [{name}]({each['source'].split()[0]}) | {each['passed']} | {each['failed']} | {passed} | {failed} |"
        )
    total = sum(each["passed"] for each in sets.values())
    fires = sum(counts[0] for each in sets.values() for counts in each["fired"].values())
    high = wilson(min(fires, total), total)[1]
    said = f"{fires} findings (present or likely) on {total} runs that passed"
    lines += ["", f"{said}; at most {high:.1%} of such runs, with 95 % confidence."]
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


def one_line_rules() -> str:
    """Each detector beside the lines of SQL that stand for it, and where a line does as well."""
    figures = json.loads(FIGURES.read_text(encoding="utf-8"))
    lines = ["| id | hits: drills | hits: drawn | false: quiet | false: busy | public |", "|---" * 6 + "|"]
    for id, each in figures.items():
        cells = (
            f"{one['first']} / {one['careful']} / {one['detector']} of {one['of']}" if one["of"] else ""
            for one in each["logs"].values()
        )
        lines.append(f"| {id} | {' | '.join(cells)} |")
    first, careful = (
        [id for id, each in figures.items() if _as_well(who, each["logs"])] for who in ("first", "careful")
    )
    worse = [id for id in figures if id not in careful]
    lines += [
        "",
        f"- The first line does as well as the detector for {len(first)} of {len(figures)}: {', '.join(first)}.",
        f"- The careful line does as well for {len(careful)} of {len(figures)}: {', '.join(careful)}.",
        f"- It does worse for {len(worse)}: {', '.join(worse)}.",
        "",
        "The careful lines that do as well, over the events that `--save-events` keeps:",
        "",
        "```text",
        *(f"{id}: {figures[id]['careful']}" for id in careful),
        "```",
    ]
    return "\n".join(lines)


def _as_well(who: str, logs: dict[str, dict[str, int]]) -> bool:
    """Whether a line misses no more faults than the detector, and raises no more false alarms."""
    hits = all(logs[name][who] >= logs[name]["detector"] for name in ("drills", "faulty"))
    return hits and all(logs[name][who] <= logs[name]["detector"] for name in ("quiet", "healthy"))


def _detected() -> list[Signature]:
    return [*shipped().signatures.values(), *shipped().weaknesses.values()]
