"""A comparison of two records in each format."""

from __future__ import annotations

from typing import Any

from advisor.errors import printable
from advisor.present import words
from advisor.present.json_text import json_text
from advisor.selection.comparison import ChangedField, Comparison


def render(comparison: Comparison, format: str, *, color: bool, width: int) -> str:
    """The comparison as terminal text, Markdown, an HTML page or JSON."""
    if format == "json":
        return json_text(comparison.model_dump(mode="json", by_alias=True))
    if format == "terminal":
        return _terminal(comparison, color, width)
    from advisor.present.templates import environment, stylesheet

    rows = [(_name(c), *_values(c), because(c)) for c in comparison.changes]
    if format == "markdown":
        return environment().get_template("comparison.md.j2").render(comparison=comparison, rows=rows)
    return environment().get_template("comparison.html.j2").render(comparison=comparison, rows=rows, style=stylesheet())


def because(change: ChangedField) -> str:
    """Which answers account for a change, in a phrase."""
    if change.because == "recorded":
        return "a decision recorded in the answers file"
    names = ", ".join(change.answers)
    return names if len(change.answers) == 1 else f"{'any of' if change.because == 'each' else 'together'} {names}"


def _terminal(comparison: Comparison, color: bool, width: int) -> str:
    from rich.console import Console
    from rich.text import Text

    from advisor.present.terminal import to_text

    def draw(console: Console) -> None:
        console.print(Text(printable(comparison.new), style="bold"))
        console.print(Text(f"against {printable(comparison.old)}", style="dim"))
        console.print()
        if comparison.same_decision:
            console.print(Text("The decision is the same.", style="green"))
        for change in comparison.changes:
            console.print(
                Text.assemble(
                    (_name(change), "bold"),
                    f"  {_value(change.from_)} -> ",
                    (_value(change.to), "bold yellow"),
                )
            )
            console.print(Text(f"  because of {because(change)}"))
        if comparison.answers:
            console.print()
            console.print(Text("Answers that differ", style="bold cyan"))
        for answer in comparison.answers:
            console.print(Text(f"{answer.question}  {answer.from_} -> {answer.to}"))

    return to_text(draw, color=color, width=width)


def _name(change: ChangedField) -> str:
    name = change.field.removeprefix("planes.")
    return words.PLANE_TITLES.get(name, name.replace("_", " "))


def _values(change: ChangedField) -> tuple[str, str]:
    """Both sides in words; of a sequence only the steps that the other side lacks."""
    if change.field != "sequence":
        return _value(change.from_), _value(change.to)
    gone = [step for step in change.from_ if step not in change.to]
    new = [step for step in change.to if step not in change.from_]
    return f"with {', '.join(gone)}" if gone else "as before", f"with {', '.join(new)}" if new else "without"


def _value(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(value) or "none"
    return words.STATUS_WORDS.get(value, str(value))
