"""`advisor judge OUTCOMES`: section 5.4 on a table of outcomes, per case and for the batch."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from advisor.cli.options import Format, FormatOption, NoColorOption, OutputOption, QuietOption, look


def judge(
    outcomes: Annotated[
        list[Path],
        typer.Argument(metavar="OUTCOMES...", help="Tables (CSV, JSON lines, Parquet), benchmark results, or traces."),
    ],
    current: Annotated[str | None, typer.Option("--current", metavar="V", help="The version that fails.")] = None,
    prior: Annotated[str | None, typer.Option("--prior", metavar="V", help="The version to compare with.")] = None,
    infrastructure_as_failure: Annotated[
        bool, typer.Option("--infrastructure-as-failure", help="Count infrastructure trials as failures in pass^k.")
    ] = False,
    format: FormatOption = Format.terminal,
    output: OutputOption = None,
    quiet: QuietOption = False,
    no_color: NoColorOption = False,
) -> int:
    """Judge outcomes: functional, replay divergence or variance, and pass^k. Exit 1 if something was found."""
    import gc

    from advisor.cli.output import deliver
    from advisor.diagnosis.judge import judge as judged
    from advisor.present.judgement import render_judgement

    gc.enable()
    judgement = judged(outcomes, current, prior, infrastructure_as_failure=infrastructure_as_failure)
    style = look(no_color, output)
    deliver(render_judgement(judgement, format.value, color=style.color, width=style.width), output)
    return int(judgement.found)
