"""`advisor scaffold ANSWERS DEST`: a starter project from a workload; run again, it updates without losing edits."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from advisor.cli.options import NoColorOption, QuietOption, look


class EngineChoice(StrEnum):
    """Who drives the cases."""

    sql = "sql"
    dbos = "dbos"


def scaffold(
    answers: Annotated[Path, typer.Argument(metavar="ANSWERS", help="An answers file (TOML).")],
    destination: Annotated[Path, typer.Argument(metavar="DEST", help="The project's folder: new, empty, or ours.")],
    engine: Annotated[
        EngineChoice, typer.Option("--engine", help="Who drives the cases: the SQL runtime, or DBOS for many machines.")
    ] = EngineChoice.sql,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be done as a tree; write nothing.")
    ] = False,
    quiet: QuietOption = False,
    no_color: NoColorOption = False,
) -> None:
    """A starter project that runs at once; run again, it is updated without losing your edits."""
    from advisor.catalog.answers import read_answers
    from advisor.cli.output import deliver, remark
    from advisor.present.scaffolding import render_plan
    from advisor.starter import scaffold as build

    plan = build(read_answers(answers), destination, engine=engine.value, dry_run=dry_run, place=str(answers))
    style = look(no_color, None)
    deliver(render_plan(plan, dry_run=dry_run, color=style.color, width=style.width), None)
    for line in plan.remarks:
        remark(f"{answers}: {line}", quiet)
