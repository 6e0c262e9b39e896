"""`advisor diagnose`: what reports in prose speak of (`--text`), and reliability over time (`--outcomes`)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from advisor.cli.options import Format, FormatOption, NoColorOption, OutputOption, QuietOption, look


def diagnose(
    reports: Annotated[
        list[str] | None, typer.Argument(metavar="[REPORT...]", help="Files, folders, globs, or - for stdin.")
    ] = None,
    text: Annotated[bool, typer.Option("--text", help="The inputs are reports in prose.")] = False,
    outcomes: Annotated[
        Path | None, typer.Option("--outcomes", metavar="TABLE", help="A table of outcomes with times: reliability.")
    ] = None,
    format: FormatOption = Format.terminal,
    output: OutputOption = None,
    quiet: QuietOption = False,
    no_color: NoColorOption = False,
) -> int:
    """Match reports in prose (--text), or follow reliability over time (--outcomes). Exit 1 if something is found."""
    import gc

    from advisor.cli.output import deliver
    from advisor.errors import Fault, InputError

    gc.enable()
    style = look(no_color, output)
    if outcomes is not None and not reports:
        from advisor.diagnosis.reliability import reliability
        from advisor.present.reliability import render_reliability

        found = reliability(outcomes)
        deliver(render_reliability(found, format.value, color=style.color, width=style.width), output)
        return int(found.verdict == "falling")
    if not text or not reports or outcomes is not None:
        mend = "use --text REPORT... for prose, or --outcomes TABLE alone for reliability over time"
        raise InputError([Fault("advisor diagnose", "reads no logs in this version", mend)])

    import sys

    from advisor.diagnosis.text import match
    from advisor.diagnosis.text.reading import read_reports
    from advisor.present.matches import render_matches

    given = sys.stdin.buffer.read().decode("utf-8", "replace") if "-" in reports else None
    read = read_reports(reports, given)
    matches = [match(report.text, report.title) for report in read]
    deliver(render_matches(read, matches, format.value, color=style.color, width=style.width), output)
    return int(any(found.scope == "in" for found in matches))
