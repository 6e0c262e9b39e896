"""What a mapping file gains, and which kinds were guessed, in each format."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from advisor.diagnosis.findings import Assessability
from advisor.diagnosis.gains import Gains
from advisor.errors import printable
from advisor.present.json_text import json_text
from advisor.traces.propose import GuessedKind


def render_gains(gains: Gains, format: str, *, color: bool = False, width: int = 100) -> str:
    """Each signature's grade without and with the mapping, those that gain first; JSON is `advisor/gains/1`."""
    if format == "json":
        rows = [
            {
                "signature": gain.signature,
                "before": gain.before.grade if gain.before else None,
                "after": gain.after.grade,
                "missing": list(gain.after.missing),
            }
            for gain in gains.signatures
        ]
        document = {
            "schema": "advisor/gains/1",
            "rows": list(gains.rows),
            "guessed": list(gains.guessed),
            "columns": [list(column) for column in gains.columns],
            "signatures": rows,
        }
        return json_text(document)
    head = ("Signature", "Without", "With", "Still missing")
    table = [
        (gain.signature, _grade(gain.before), _grade(gain.after), ", ".join(gain.after.missing))
        for gain in gains.signatures
    ]
    before, after = ("-" if gains.rows[0] is None else f"{gains.rows[0]:,}"), f"{gains.rows[1]:,}"
    said = [
        f"Rows: {before} without the mapping, {after} with it.",
        f"Rows of guessed kinds: {'-' if gains.guessed[0] is None else gains.guessed[0]} and {gains.guessed[1]}.",
        *(f"{name}: filled in {old:.0%} of rows, and {new:.0%}." for name, old, new in gains.columns[:20]),
    ]
    return _document("What the mapping gains", said, head, table, format, color, width)


def render_guessed(
    kinds: Sequence[GuessedKind],
    format: str,
    *,
    color: bool = False,
    width: int = 100,
    redact: Callable[[str], str] = str,
) -> str:
    """Every kind that was guessed from an event's name, with the first row of it; JSON is `advisor/guessed-kinds/1`."""
    if format == "json":
        rows = [{**each._asdict(), "name": redact(each.name)} for each in kinds]
        return json_text({"schema": "advisor/guessed-kinds/1", "kinds": rows})
    table = [(redact(each.name), each.kind, f"{each.rows:,}", f"{each.file}:{each.line}") for each in kinds]
    said = [
        f"{sum(each.rows for each in kinds):,} rows were guessed from {len(kinds)} names; evidence from them is of "
        "grade C at best. Confirm or correct each under [[sources.kinds]] of a mapping file."
        if kinds
        else "No kind was guessed."
    ]
    return _document("Guessed kinds", said, ("Name", "Kind", "Rows", "First"), table, format, color, width)


def _grade(allowed: Assessability | None) -> str:
    return "-" if allowed is None or allowed.grade == "none" else allowed.grade


def _document(
    title: str,
    said: Sequence[str],
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    format: str,
    color: bool,
    width: int,
) -> str:
    if format == "terminal":
        return _terminal(title, said, head, rows, color, width)
    from advisor.present.templates import environment, stylesheet

    name = "table.md.j2" if format == "markdown" else "table.html.j2"
    view = {"title": title, "said": said, "head": head, "rows": rows, "style": stylesheet()}
    return environment().get_template(name).render(**view)


def _terminal(
    title: str, said: Sequence[str], head: Sequence[str], rows: Sequence[Sequence[str]], color: bool, width: int
) -> str:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from advisor.present.terminal import to_text

    def draw(console: Console) -> None:
        console.print(Text(title, style="bold"))
        for line in said:
            console.print(Text(printable(line)))
        if not rows:
            return
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
        for at, name in enumerate(head):
            table.add_column(name, overflow="fold", no_wrap=False, ratio=None if at < len(head) - 1 else 1)
        for row in rows:
            table.add_row(*(Text(printable(cell)) for cell in row))
        console.print()
        console.print(table)

    return to_text(draw, color=color, width=width)
