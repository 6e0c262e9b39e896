"""Puts results into words: one function a kind of result, one module a format; nothing here prints."""

from __future__ import annotations

from collections.abc import Sequence

from advisor.present.json_text import json_text
from advisor.selection.record import DecisionRecord

FORMATS = ("terminal", "markdown", "html", "json")


def render_records(records: Sequence[DecisionRecord], format: str, *, color: bool = False, width: int = 100) -> str:
    """One record, or several side by side.

    Args:
        records: At least one; JSON is one object for one, a list for several.
        format: One of FORMATS.
        color: ANSI colours in terminal text.
        width: Columns of terminal text.
    """
    if format == "json":
        documents = [record.to_json() for record in records]
        return json_text(documents[0] if len(documents) == 1 else documents)
    if format == "terminal":
        from advisor.present import terminal

        return terminal.render(records, color=color, width=width)
    if format == "markdown":
        from advisor.present import markdown

        return markdown.render(records)
    from advisor.present import html

    return html.render(records)


def render_comparison(
    new: DecisionRecord, old: DecisionRecord, format: str, *, color: bool = False, width: int = 100
) -> str:
    """What changed from one record to another, and which answers account for it."""
    from advisor.present.comparison import render
    from advisor.selection.comparison import compare

    return render(compare(new, old), format, color=color, width=width)
