"""`advisor recommend ANSWERS...`: the decision record; several files side by side; one against another."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from advisor.cli.options import Format, FormatOption, NoColorOption, OutputOption, QuietOption, look


def recommend(
    answers: Annotated[list[Path], typer.Argument(metavar="ANSWERS...", help="Answers files (TOML).")],
    against: Annotated[
        Path | None,
        typer.Option("--against", metavar="OLD", help="Show what changed since this answers file, and why."),
    ] = None,
    format: FormatOption = Format.terminal,
    output: OutputOption = None,
    quiet: QuietOption = False,
    no_color: NoColorOption = False,
) -> None:
    """The decision record of a workload; several answers files stand side by side."""
    from advisor.catalog.answers import content_digest, read_answers
    from advisor.cli.output import deliver, remark
    from advisor.errors import Fault, InputError, gather
    from advisor.present import render_comparison, render_records
    from advisor.selection import recommend as decide

    if against and len(answers) != 1:
        raise InputError([Fault("advisor recommend --against", "compares two files", "name one new file and one old")])
    files = gather(read_answers, [*answers, *([against] if against else [])])
    records = [decide(file) for file in files]
    style = look(no_color, output)
    if against:
        text = render_comparison(records[0], records[1], format.value, color=style.color, width=style.width)
    else:
        text = render_records(records, format.value, color=style.color, width=style.width)
    deliver(text, output)
    stamp = files[0].record
    if against and stamp.supersedes == files[1].id and stamp.supersedes_digest != content_digest(files[1]):
        remark(f"{against}: was changed since {answers[0]} took its place", quiet)
    for path, record in zip(answers, records, strict=False):
        if record.superseded_by:
            remark(f"{path}: superseded by {record.superseded_by}; go by that record", quiet)
        elif not record.signed:
            remark(f"{path}: unsigned; a senior engineer signs the spine off in [sign_off]", quiet)
