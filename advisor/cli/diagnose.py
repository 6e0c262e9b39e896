"""`advisor diagnose`: failures in logs, in prose (`--text`), in answers (`--ask`), and over time (`--outcomes`)."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from advisor.cli.completing import detector_ids
from advisor.cli.configuring import ConfigOption, NoConfigOption, settings_of
from advisor.cli.exits import FailOn
from advisor.cli.options import NoColorOption, OutputOption, QuietOption, look


class DiagnosisFormat(StrEnum):
    """How a diagnosis is written."""

    terminal = "terminal"
    markdown = "markdown"
    html = "html"
    json = "json"
    sarif = "sarif"
    junit = "junit"
    summary = "summary"


def diagnose(
    context: typer.Context,
    logs: Annotated[
        list[str] | None,
        typer.Argument(metavar="[LOG...]", help="Files, folders, globs, - for stdin, or a URL of a database."),
    ] = None,
    mapping: Annotated[
        Path | None,
        typer.Option("--mapping", "-m", metavar="FILE", help="What the log's fields and names mean (TOML)."),
    ] = None,
    record: Annotated[
        Path | None, typer.Option("--record", metavar="ANSWERS", help="Check the decision record against the logs.")
    ] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="ID.NAME=VALUE", help="Override a threshold; may be repeated.")
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(
            "--only", metavar="ID", autocompletion=detector_ids, help="Run only this detector; may be repeated."
        ),
    ] = None,
    fail_on: Annotated[
        FailOn, typer.Option("--fail-on", metavar="LEVEL", help=f"Exit 1 from here on: {', '.join(FailOn)}.")
    ] = FailOn.likely,
    baseline: Annotated[
        Path | None, typer.Option("--baseline", metavar="FILE", help="Findings that are accepted for now (TOML).")
    ] = None,
    write_baseline: Annotated[
        Path | None, typer.Option("--write-baseline", metavar="FILE", help="Propose a baseline of what is found now.")
    ] = None,
    today: Annotated[
        str | None, typer.Option("--today", metavar="DATE", hidden=True, help="The day to hold a baseline against.")
    ] = None,
    bundle: Annotated[
        Path | None, typer.Option("--bundle", metavar="FILE", help="Seal report, rows and versions in FILE (.zip).")
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", metavar="WHEN", help="Leave older work out: 2026-11-22, 24h, 7d.")
    ] = None,
    cache: Annotated[
        Path | None, typer.Option("--cache", metavar="DIR", help="Keep what was read; the next run reads it faster.")
    ] = None,
    infer: Annotated[bool, typer.Option("--infer", help="Write an answers file from the logs (to -o FILE).")] = False,
    ask: Annotated[bool, typer.Option("--ask", help="No logs: ask for symptoms, one at a time.")] = False,
    answers: Annotated[
        Path | None, typer.Option("--answers", metavar="FILE", help="With --ask: symptoms from a file, no terminal.")
    ] = None,
    plain: Annotated[bool, typer.Option("--plain", help="With --ask: plain lines, for screen readers.")] = False,
    force: Annotated[bool, typer.Option("--force", help="With --infer: fill in what is unknown in FILE.")] = False,
    text: Annotated[bool, typer.Option("--text", help="The inputs are reports in prose.")] = False,
    outcomes: Annotated[
        Path | None, typer.Option("--outcomes", metavar="TABLE", help="A table of outcomes with times: reliability.")
    ] = None,
    chart: Annotated[
        Path | None, typer.Option("--chart", metavar="FILE", help="With --outcomes: the chart as .svg or .png.")
    ] = None,
    request: Annotated[
        str | None, typer.Option("--request", metavar="ID", help="One request's story, in order, with its gaps.")
    ] = None,
    init_mapping: Annotated[bool, typer.Option("--init-mapping", help="Propose a mapping file for the logs.")] = False,
    check_mapping: Annotated[
        bool, typer.Option("--check-mapping", help="What each signature gains from the mapping.")
    ] = False,
    explain_mapping: Annotated[bool, typer.Option("--explain-mapping", help="List every guessed kind.")] = False,
    emit_sql: Annotated[
        str | None, typer.Option("--emit-sql", metavar="DIALECT", help="Print the queries for a warehouse.")
    ] = None,
    engine: Annotated[
        str | None, typer.Option("--engine", metavar="ENGINE", help="Where the queries run: duckdb or spark.")
    ] = None,
    save_events: Annotated[
        Path | None, typer.Option("--save-events", metavar="FILE", help="Keep the events as Parquet.")
    ] = None,
    memory: Annotated[
        str | None, typer.Option("--memory", metavar="SIZE", help="The most memory to take, such as 512MB.")
    ] = None,
    threads: Annotated[
        int | None, typer.Option("--threads", min=1, max=1024, help="Threads; all cores, unless given.")
    ] = None,
    no_redact: Annotated[
        bool, typer.Option("--no-redact", help="Show secrets and personal data as they stand in the log.")
    ] = False,
    format: Annotated[
        DiagnosisFormat, typer.Option("--format", "-f", help="How the document is written.")
    ] = DiagnosisFormat.terminal,
    output: OutputOption = None,
    also: Annotated[
        list[Path] | None,
        typer.Option("--also", metavar="FILE", help="Write it to FILE as well: .md .html .json .sarif .xml or .txt."),
    ] = None,
    no_config: NoConfigOption = False,
    config: ConfigOption = None,
    quiet: QuietOption = False,
    no_color: NoColorOption = False,
) -> int:
    """Find out from logs which pattern or boundary part is failing. Exit 1 if something is present or likely."""
    import gc

    from advisor.cli.diagnosing import logs as of_logs
    from advisor.cli.diagnosing import readings, without_logs
    from advisor.cli.diagnosing.gate import Gate, day
    from advisor.cli.diagnosing.job import Job
    from advisor.errors import Fault, InputError

    gc.enable()
    modes = {
        "--text": text,
        "--outcomes": outcomes is not None,
        "--ask": ask,
        "--infer": infer,
        "--write-baseline": write_baseline is not None,
        "--request": request is not None,
        "--init-mapping": init_mapping,
        "--check-mapping": check_mapping,
        "--explain-mapping": explain_mapping,
        "--emit-sql": emit_sql is not None,
    }
    chosen = [name for name, given in modes.items() if given]
    faults = []
    if len(chosen) > 1:
        faults.append(
            Fault("advisor diagnose", f"{' and '.join(chosen)} are each a job of its own", "give one of them")
        )
    alone = {"--outcomes", "--ask", "--emit-sql"} & set(chosen)
    if not logs and not alone:
        faults.append(Fault("advisor diagnose", "was given no logs", "name files, folders, a glob, or - for stdin"))
    if logs and alone:
        faults.append(Fault(f"advisor diagnose {min(alone)}", "reads no logs", "leave the paths out"))
    if format == DiagnosisFormat.summary and (chosen or not record):
        mend = "add --record ANSWERS, and leave other jobs out"
        faults.append(Fault("--format summary", "is of logs held against a decision record", mend))
    if bundle and chosen:
        faults.append(Fault("advisor diagnose --bundle", f"seals no {chosen[0]}", "leave one of them out"))
    if also and chosen:
        faults.append(
            Fault("advisor diagnose --also", f"is for findings, not for {chosen[0]}", "leave one of them out")
        )
    if faults:
        raise InputError(faults)
    job = Job(
        logs=tuple(logs or ()),
        mapping=mapping,
        only=tuple(only) if only else None,
        sets=tuple(set_ or ()),
        settings=settings_of(context),
        since=since,
        cache=cache,
        memory=memory,
        threads=threads,
        redact=not no_redact,
        format=format.value,
        output=output,
        quiet=quiet,
        look=look(no_color, output),
    )
    if write_baseline and baseline not in (None, write_baseline):
        mend = "name the same file, or leave --baseline out"
        raise InputError(
            [Fault(f"--write-baseline {write_baseline}", "is another file than the baseline in use", mend)]
        )
    if write_baseline:
        baseline = write_baseline if write_baseline.exists() else None
    job.say_settings()
    gate = Gate(fail_on, baseline, day(today))
    if text:
        return without_logs.prose(job)
    if outcomes is not None:
        return without_logs.over_time(job, outcomes, chart)
    if ask:
        return without_logs.ask(job, gate, answers, plain)
    if emit_sql is not None:
        return of_logs.emit(job, emit_sql)
    if init_mapping:
        return readings.propose_mapping(job)
    if check_mapping or explain_mapping:
        return readings.mapping_report(job, gains=check_mapping)
    if infer:
        return readings.infer(job, force)
    if request is not None:
        return readings.story(job, request)
    return of_logs.logs(job, gate, record, engine, save_events, write_baseline, bundle, tuple(also or ()))
