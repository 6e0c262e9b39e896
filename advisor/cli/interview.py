"""`advisor interview`: asks, saves after every answer, resumes, and ends with the record."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from advisor.cli.options import NoColorOption, look


def interview(
    answers: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="ANSWERS", help="The answers file to write or resume."),
    ] = None,
    template: Annotated[bool, typer.Option("--template", help="Write an answers file to fill in by hand.")] = False,
    force: Annotated[bool, typer.Option("--force", help="With --template: overwrite the file.")] = False,
    plain: Annotated[bool, typer.Option("--plain", help="Plain lines, for screen readers.")] = False,
    no_color: NoColorOption = False,
) -> None:
    """Be asked the method's questions; every answer is saved at once, and starting again resumes."""
    from advisor.errors import Fault, InputError

    if template:
        from advisor.cli.output import deliver
        from advisor.interview.template import template as written

        if answers and answers.exists() and not force:
            raise InputError([Fault(str(answers), "exists", "choose another name, or add --force")])
        deliver(written(), answers)
        return
    path = answers or Path("answers.toml")
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        mend = f"fill in {path} by hand: advisor interview --template -o {path}"
        raise InputError([Fault("advisor interview", "needs a terminal", mend)])

    from advisor.interview.draft import Draft
    from advisor.interview.run import conduct
    from advisor.interview.screens import FullScreen, Leave, PlainScreen
    from advisor.present import render_records

    draft = Draft(path)
    style = look(no_color, None)
    plain = plain or os.environ.get("TERM") == "dumb"
    try:
        record = conduct(draft, PlainScreen() if plain else FullScreen(style.color))
    except Leave:
        if draft.is_new:
            print("Nothing was answered, nothing was written.")
        else:
            print(f"Saved in {path}. Go on with: advisor interview -o {path}")
        return
    print(render_records([record], "terminal", color=style.color and not plain, width=style.width))
    print(f"Saved in {path}. See it again with: advisor recommend {path}")
