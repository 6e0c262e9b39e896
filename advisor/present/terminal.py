"""A record as terminal text, drawn by rich into a string; what a user typed is text, never markup."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Sequence

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from advisor.catalog.load import shipped
from advisor.catalog.models import PLANES
from advisor.errors import printable
from advisor.present import words
from advisor.selection.record import DecisionRecord
from advisor.selection.to_watch import to_watch

_FIRED_STYLE: dict[bool | None, str] = {True: "bold green", False: "dim", None: "yellow"}
_STATUS_STYLE = {"v1": "green", "deferred": "yellow", "not_needed": "dim", "undetermined": "yellow"}


def to_text(draw: Callable[[Console], None], *, color: bool, width: int) -> str:
    """Whatever `draw` prints on a console of that width, with ANSI colours or without, and no trailing blanks."""
    out = io.StringIO()
    console = Console(
        file=out,
        width=max(width, 40),
        force_terminal=color,
        color_system="standard" if color else None,
        no_color=not color,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
    )
    draw(console)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


def render(records: Sequence[DecisionRecord], *, color: bool, width: int) -> str:
    """One record whole, or several side by side and then what each hangs on."""

    def draw(console: Console) -> None:
        if len(records) == 1:
            _record(console, records[0])
            return
        side_by_side(console, records)
        for record in records:
            _heading(console, printable(record.title))
            console.print(Text(words.state_of(record)))
            _hangs_on(console, record)

    return to_text(draw, color=color, width=width)


def side_by_side(console: Console, records: Iterable[DecisionRecord]) -> None:
    """The paper's Table 7: one row a workload."""
    table = _table("Workload", "Class", "Spine", "Coordination", "Control", "Signed", fold=0)
    for record in records:
        spine, coordination, control = (record.lines[at].pattern for at in (1, 2, 3))
        signed = "yes" if record.signed else "no"
        table.add_row(printable(record.title), record.runtime_class, spine, coordination, control, signed)
    console.print(table)


def _record(console: Console, record: DecisionRecord) -> None:
    console.print(Text(printable(record.title), style="bold"))
    settled = record.stable and record.signed and not record.superseded_by
    console.print(Text(words.state_of(record), style="green" if settled else "yellow"))
    if lineage := words.lineage_of(record):
        console.print(Text(printable(lineage)))
    for warning in record.warnings:
        console.print(Text(f"! {printable(warning)}", style="yellow"))
    console.print()
    console.print(_six_lines(record))
    if record.why:
        _heading(console, "Why")
        console.print(_pairs((name, Text(printable(text))) for name, text in record.why.items()))
    if record.why_not:
        _heading(console, "Why not")
        console.print(_pairs((name, Text(printable(text), style="dim")) for name, text in record.why_not.items()))
    _heading(console, "Predicates")
    console.print(_predicates(record))
    _heading(console, "Control planes")
    console.print(_pairs((words.PLANE_TITLES[p], _plane(record, p)) for p in PLANES))
    _hangs_on(console, record)
    _heading(console, "Watch for")
    for watched in to_watch(record, shipped()):
        line = Text.assemble((watched.entry.id, "bold"), (f"  ({watched.foreseen_by})", "dim"))
        console.print(line)
        console.print(Padding(Text(watched.entry.symptom), (0, 0, 0, 2)))
    _heading(console, "Build in this order")
    for number, step in enumerate(record.sequence, 1):
        console.print(Text(f"{number}. {step}"))
    if record.migrations:
        _heading(console, "If the spine has to move")
        console.print(_pairs((f"{m.from_} to {m.to}", Text(m.text)) for m in record.migrations))
    _heading(console, "Readings used")
    console.print(Text(", ".join(record.readings), style="dim"))
    console.print(
        Text(f"Knowledge {record.knowledge_version}. `advisor explain ID` explains any id above.", style="dim")
    )


def _six_lines(record: DecisionRecord) -> RenderableType:
    rows = []
    for line in record.lines:
        signature = line.signature_if_wrong.id or line.signature_if_wrong.text
        wrong = f"{line.if_wrong} ({signature})" if line.if_wrong else signature
        text = Text.assemble(
            (printable(line.pattern), "bold"),
            f"\nbecause {printable(line.predicate)}",
            (f"\nif wrong: {printable(wrong)}", "magenta"),
        )
        rows.append((words.LINE_TITLES[line.step], text))
    return _pairs(rows)


def _predicates(record: DecisionRecord) -> RenderableType:
    table = _table("Predicate", "Question", "Answer", "Fires", fold=None)
    for each in record.predicates:
        fired = Text(words.FIRED_WORDS[each.fired], style=_FIRED_STYLE[each.fired])
        table.add_row(each.id, each.question, each.answer, fired)
    return table


def _plane(record: DecisionRecord, plane: str) -> Text:
    each = record.planes[plane]  # type: ignore[index]
    until = f" until {each.until}" if each.until else ""
    return Text.assemble(
        (words.STATUS_WORDS[each.status] + until, _STATUS_STYLE[each.status]), "  ", printable(each.reason)
    )


def _hangs_on(console: Console, record: DecisionRecord) -> None:
    if record.depends_on:
        _heading(console, "Depends on")
        for each in record.depends_on:
            console.print(Text.assemble((each.question, "bold"), f" is {each.answer}"))
            for line in words.dependency_lines(each):
                console.print(Padding(Text(line), (0, 0, 0, 2)))
    settled = [f for f in record.flips if f.from_ != "unknown"]
    if settled:
        _heading(console, "What would flip it")
        table = _table("If this answer", "became", "then", fold=2)
        for question, _, to, effect in words.grouped_flips(settled):
            table.add_row(question, to, effect)
        console.print(table)


def _heading(console: Console, text: str) -> None:
    console.print()
    console.print(Text(text, style="bold cyan"))


def _table(*columns: str, fold: int | None) -> Table:
    """A table without lines in which only the column `fold` wraps."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    for at, column in enumerate(columns):
        table.add_column(column, no_wrap=fold is not None and at != fold, overflow="fold")
    return table


def _pairs(rows: Iterable[tuple[str, Text]]) -> RenderableType:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True, style="bold")
    grid.add_column(overflow="fold")
    for name, text in rows:
        grid.add_row(name, text)
    return grid
