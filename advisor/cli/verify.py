"""`advisor verify BUNDLE`: whether an evidence bundle is as it was sealed."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from advisor.cli.options import OutputOption


class VerificationFormat(StrEnum):
    """How the result is written."""

    terminal = "terminal"
    json = "json"


def verify(
    bundle: Annotated[Path, typer.Argument(metavar="BUNDLE", help="A file that diagnose --bundle wrote.")],
    head: Annotated[
        str | None, typer.Option("--head", metavar="HASH", help="The head that was recorded when it was made.")
    ] = None,
    format: Annotated[
        VerificationFormat, typer.Option("--format", "-f", help="How the result is written.")
    ] = VerificationFormat.terminal,
    output: OutputOption = None,
) -> int:
    """Check that an evidence bundle was not changed. Exit 1 if it was, one line a change.

    Without --head this shows that the bundle agrees with its own manifest; it is not signed, so only the recorded head
    tells it from one that was rebuilt whole.
    """
    from advisor.cli.output import deliver
    from advisor.loop.verification import verify as verified
    from advisor.present.verification import render_verification

    found = verified(bundle, head)
    deliver(render_verification(found, format.value), output)
    return int(not found.intact)
