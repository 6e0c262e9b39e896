"""Diagnoses that need no logs: symptoms that are asked for, reports in prose, a table of outcomes."""

from __future__ import annotations

import sys
from pathlib import Path

from advisor.cli.diagnosing.gate import Gate
from advisor.cli.diagnosing.job import Job
from advisor.cli.output import deliver


def ask(job: Job, gate: Gate, answers: Path | None, plain: bool) -> int:
    """No logs: symptoms, one at a time, or from a file."""
    from advisor.present.diagnosis import render_diagnosis

    if answers:
        from advisor.catalog.load import shipped
        from advisor.diagnosis.ask import conclude, read_symptoms

        found = conclude(read_symptoms(answers, shipped()))
    else:
        from advisor.interview.ask import conduct, screen_of
        from advisor.interview.screens import Leave

        try:
            found = conduct(screen_of(plain=plain, color=job.look.color))
        except Leave:
            print("Nothing was answered.", file=sys.stderr)
            return 0
    deliver(render_diagnosis(found, job.format, color=job.look.color, width=job.look.width), job.output)
    return gate.code(found)


def prose(job: Job) -> int:
    """What reports in prose speak of."""
    from advisor.diagnosis.text import match
    from advisor.diagnosis.text.reading import read_reports
    from advisor.present.matches import render_matches

    given = sys.stdin.buffer.read().decode("utf-8", "replace") if "-" in job.logs else None
    read = read_reports(list(job.logs), given)
    matches = [match(report.text, report.title) for report in read]
    deliver(render_matches(read, matches, job.plain(), color=job.look.color, width=job.look.width), job.output)
    return int(any(found.scope == "in" for found in matches))


def over_time(job: Job, outcomes: Path, chart: Path | None) -> int:
    """Reliability over time, from a table of outcomes."""
    from advisor.diagnosis.reliability import reliability
    from advisor.present.chart import save_chart
    from advisor.present.reliability import render_reliability

    found = reliability(outcomes)
    if chart:
        save_chart(found, chart)
    deliver(render_reliability(found, job.plain(), color=job.look.color, width=job.look.width), job.output)
    return int(found.verdict == "falling")
