"""`advisor explain ID`: an entry of the knowledge base with its neighbours."""

from __future__ import annotations

from typing import Annotated

import typer

from advisor.cli.completing import entry_ids
from advisor.cli.options import Format, FormatOption, NoColorOption, OutputOption, QuietOption, look


def explain(
    entry: Annotated[
        str,
        typer.Argument(
            metavar="ID", autocompletion=entry_ids, help="An id, or a signature's number such as P1a or S3."
        ),
    ],
    format: FormatOption = Format.terminal,
    output: OutputOption = None,
    quiet: QuietOption = False,
    no_color: NoColorOption = False,
) -> None:
    """Explain an entry of the knowledge base, with what it names and what names it."""
    from advisor.catalog.explain import explain as find
    from advisor.cli.output import deliver
    from advisor.present.explanation import render_explanation

    style = look(no_color, output)
    deliver(render_explanation(find(entry), format.value, color=style.color, width=style.width), output)
