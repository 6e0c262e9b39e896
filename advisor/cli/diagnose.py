"""`advisor diagnose --text REPORT...`: what reports in prose speak of."""

from __future__ import annotations

from typing import Annotated

import typer

from advisor.cli.options import Format, FormatOption, NoColorOption, OutputOption, QuietOption, look


def diagnose(
    reports: Annotated[list[str], typer.Argument(metavar="REPORT...", help="Files, folders, globs, or - for stdin.")],
    text: Annotated[bool, typer.Option("--text", help="The inputs are reports in prose.")] = False,
    format: FormatOption = Format.terminal,
    output: OutputOption = None,
    quiet: QuietOption = False,
    no_color: NoColorOption = False,
) -> int:
    """Match reports in prose to patterns and signatures. Exit 1 if one is of the runtime."""
    import gc
    import sys

    from advisor.cli.output import deliver
    from advisor.diagnosis.text import match
    from advisor.diagnosis.text.reading import read_reports
    from advisor.errors import Fault, InputError
    from advisor.present.matches import render_matches

    gc.enable()
    if not text:
        what = "reads no logs in this version"
        raise InputError([Fault("advisor diagnose", what, "add --text to match incident reports in prose")])
    given = sys.stdin.buffer.read().decode("utf-8", "replace") if "-" in reports else None
    read = read_reports(reports, given)
    matches = [match(report.text, report.title) for report in read]
    style = look(no_color, output)
    deliver(render_matches(read, matches, format.value, color=style.color, width=style.width), output)
    return int(any(found.scope == "in" for found in matches))
