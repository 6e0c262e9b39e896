"""The options that several commands share, and where they say how a document is to look."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Format(StrEnum):
    """How a document is written."""

    terminal = "terminal"
    markdown = "markdown"
    html = "html"
    json = "json"


FormatOption = Annotated[Format, typer.Option("--format", "-f", help="How the document is written.")]
OutputOption = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="Write the document to FILE, not to the screen."),
]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Print no remarks, only the document.")]
NoColorOption = Annotated[bool, typer.Option("--no-color", help="No colours (also: the variable NO_COLOR).")]


@dataclass(frozen=True)
class Look:
    """How a terminal document is drawn: `color` or not, and `width` in columns."""

    color: bool
    width: int


def look(no_color: bool, output: Path | None) -> Look:
    """Colours only on a terminal that wants them; the terminal's width, or 100 columns in a file or a pipe."""
    terminal = output is None and sys.stdout.isatty()
    color = terminal and not no_color and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    if not terminal:
        return Look(color=False, width=int(os.environ.get("COLUMNS") or 100))
    import shutil

    return Look(color=color, width=min(shutil.get_terminal_size().columns, 120))
