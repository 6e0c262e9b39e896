"""`advisor watch RECORD LOG...`: a decision record's assumptions as monitors, and the record that takes its place."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from advisor.cli.configuring import ConfigOption, NoConfigOption, settings_of
from advisor.cli.options import Format, FormatOption, NoColorOption, OutputOption, QuietOption, look

if TYPE_CHECKING:
    from advisor.loop.supersede import Superseding


def watch(
    context: typer.Context,
    record: Annotated[Path, typer.Argument(metavar="RECORD", help="The answers file that the record is made of.")],
    logs: Annotated[list[str], typer.Argument(metavar="LOG...", help="Files, folders, globs, or - for stdin.")],
    supersede: Annotated[
        Path | None,
        typer.Option("--supersede", metavar="NEW", help="Write the record that takes its place, and link the two."),
    ] = None,
    today: Annotated[
        str | None, typer.Option("--today", metavar="DATE", help="The day that deferrals are held against; else today.")
    ] = None,
    mapping: Annotated[
        Path | None, typer.Option("--mapping", metavar="FILE", help="What the logs' fields mean (TOML).")
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", metavar="TIME", help="Leave older units of work out: 2026-11-01, 7d, 12h.")
    ] = None,
    cache: Annotated[
        Path | None, typer.Option("--cache", metavar="DIR", help="Keep what was read; changes no result.")
    ] = None,
    memory: Annotated[
        str | None, typer.Option("--memory", metavar="SIZE", help="The engine's most memory, such as 512MB.")
    ] = None,
    threads: Annotated[int | None, typer.Option("--threads", min=1, max=1024, help="The engine's threads.")] = None,
    no_redact: Annotated[
        bool, typer.Option("--no-redact", help="Show secrets and personal data as they stand in the logs.")
    ] = False,
    format: FormatOption = Format.terminal,
    output: OutputOption = None,
    no_config: NoConfigOption = False,
    config: ConfigOption = None,
    quiet: QuietOption = False,
    no_color: NoColorOption = False,
) -> int:
    """Hold a record's assumptions against logs: what holds, what is strained or contradicted, and which way it moves.

    Exit 1 if a signed record is contradicted, a deferral has lapsed, or a signature of its patterns is there.
    """
    import gc

    from advisor.catalog.answers import read_answers
    from advisor.cli.diagnosing.gate import day
    from advisor.cli.diagnosing.job import Job, progress, read
    from advisor.cli.output import deliver, remark
    from advisor.diagnosis.diagnose import of_log
    from advisor.errors import Fault, InputError
    from advisor.loop.watch import signatures
    from advisor.loop.watch import watch as watched_by
    from advisor.present.drift import render_watch
    from advisor.present.redaction import redact

    gc.enable()
    if tables := [one for one in logs if "://" in one]:
        mend = "export it to Parquet, or ask advisor diagnose"
        raise InputError(Fault(one, "is no file, and watch reads files", mend) for one in tables)
    style = look(no_color, output)
    job = Job(
        logs=tuple(logs),
        mapping=mapping,
        only=None,
        sets=(),
        settings=settings_of(context),
        since=since,
        cache=cache,
        memory=memory,
        threads=threads,
        redact=not no_redact,
        format=format.value,
        output=output,
        quiet=quiet,
        look=style,
    )
    file, on = read_answers(record), day(today)
    job.say_settings()
    log, rules = read(job)
    with progress(quiet) as report:
        diagnosis = of_log(log, rules, overrides=job.overrides(), only=signatures(file), progress=report)
    found = watched_by(file, diagnosis, log.table, on)
    if supersede:
        from advisor.loop.supersede import supersede as superseded

        made = superseded(record, supersede, file, found, redact if job.redact else str)
        remark(_made(record, supersede, made), quiet)
    deliver(
        render_watch(found, format.value, color=style.color, width=style.width, redact=job.redact),
        output,
    )
    return int(found.alarming)


def _made(record: Path, new: Path, made: Superseding) -> str:
    from advisor.present import words

    said = f"{new}: supersedes {record} as {made.id}; "
    said += f"{len(made.answers)} answers changed, the decision: {words.in_words(made.changes)}"
    if made.lapsed:
        said += f"; lapsed deferrals left out: {', '.join(made.lapsed)}"
    return f"{said}. Unsigned: read it, correct it, sign it."
