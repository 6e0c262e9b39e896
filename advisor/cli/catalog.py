"""`advisor catalog`: the whole catalog by kind, its graph, and the check of a directory laid over it."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from advisor.cli.completing import kinds
from advisor.cli.options import Format, FormatOption, NoColorOption, OutputOption, QuietOption, look

catalog_app = typer.Typer(
    help="List the knowledge base by kind; draw its graph; check a directory laid over it.",
    rich_markup_mode=None,
    invoke_without_command=True,
)


class GraphAs(StrEnum):
    """How the graph is written."""

    mermaid = "mermaid"
    dot = "dot"
    graphml = "graphml"
    json = "json"


@catalog_app.callback()
def catalog(
    context: typer.Context,
    kind: Annotated[
        str | None,
        typer.Option("--kind", "-k", metavar="KIND", autocompletion=kinds, help="Only this kind, such as patterns."),
    ] = None,
    format: FormatOption = Format.terminal,
    output: OutputOption = None,
    quiet: QuietOption = False,
    no_color: NoColorOption = False,
) -> None:
    """List the knowledge base by kind; draw its graph; check a directory laid over it."""
    if context.invoked_subcommand:
        return
    from advisor.catalog.load import ROOMS, shipped
    from advisor.cli.output import deliver
    from advisor.errors import Fault, InputError
    from advisor.present.catalog_list import render_catalog

    if kind is not None and kind not in ROOMS:
        raise InputError([Fault(f"advisor catalog --kind {kind}", "is no kind", f"use one of {', '.join(ROOMS)}")])
    style = look(no_color, output)
    deliver(render_catalog(shipped(), kind, format.value, color=style.color, width=style.width), output)


@catalog_app.command()
def graph(
    as_: Annotated[GraphAs, typer.Option("--as", "--format", "-f", help="How the graph is written.")] = GraphAs.mermaid,
    output: OutputOption = None,
) -> None:
    """Write the knowledge graph as Mermaid, DOT, GraphML or JSON."""
    from advisor.catalog.graph import written
    from advisor.catalog.load import shipped
    from advisor.cli.output import deliver

    deliver(written(shipped(), as_.value), output)


@catalog_app.command()
def check(
    folder: Annotated[
        Path | None, typer.Argument(metavar="[DIR]", help="A directory to lay over the shipped one.")
    ] = None,
    quiet: QuietOption = False,
) -> None:
    """Check the shipped knowledge base, or a directory laid over it."""
    from advisor.catalog.admission import overlay
    from advisor.catalog.check import check as faults_of
    from advisor.catalog.load import shipped
    from advisor.cli.output import deliver, remark
    from advisor.errors import InputError

    if folder is None:
        faults = faults_of(shipped())
        if faults:
            raise InputError(faults)
        deliver(f"sound: {sum(1 for _ in shipped().entries())} entries", None)
        return
    laid = overlay(folder)
    for name in laid.replaced:
        remark(f"{folder}: {name} replaces the shipped entry", quiet)
    deliver(f"sound: {len(laid.added)} added, {len(laid.replaced)} replaced", None)
