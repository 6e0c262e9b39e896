"""A diagnosis as terminal text: a screen that is enough at three in the morning, and the details below it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from advisor.diagnosis.findings import Diagnosis, Finding
from advisor.errors import printable
from advisor.present.diagnosis import details, words
from advisor.present.diagnosis.details import SEVERITY_STYLE
from advisor.present.terminal import to_text

if TYPE_CHECKING:
    from advisor.loop.evidence.check import RecordCheck

SCREEN = 23
"""Lines of the summary at most: a small terminal's 24, less the one with the prompt."""


def render(diagnosis: Diagnosis, check: RecordCheck | None = None, *, color: bool, width: int) -> str:
    """The summary, then the details."""

    def draw(console: Console) -> None:
        for line in summary(console, diagnosis, check):
            console.print(line)
        details.draw(console, diagnosis, check)
        console.print()
        console.print(Text(words.counts(diagnosis), style="bold"))
        console.print(
            Text(f"Knowledge {diagnosis.knowledge_version}. `advisor explain ID` explains any id.", style="dim")
        )

    return to_text(draw, color=color, width=width)


def summary(console: Console, diagnosis: Diagnosis, check: RecordCheck | None = None) -> list[Text]:
    """At most SCREEN lines: what was read, what was found, how much was not, and what to log next."""
    head = clipped(console, Text(printable(words.was_read(diagnosis)), style="dim"), 2)
    foot = clipped(console, Text(words.counts(diagnosis), style="bold"), 2)
    if check:
        from advisor.present.diagnosis.record_check import first_line

        style = "bold red" if check.contradicted else ""
        foot += clipped(console, Text(printable(first_line(check)), style=style), 2)
    if diagnosis.reliability and diagnosis.reliability.verdict == "falling":
        foot += clipped(console, Text(printable(words.falling(diagnosis)), style="bold red"), 2)
    unused = words.unused(diagnosis)
    if unused:
        more = f" (and {len(unused) - 1} more, below)" if len(unused) > 1 else ""
        foot += clipped(console, Text(printable(unused[0] + more), style="yellow"), 2)
    if diagnosis.log_next:
        said = [printable(f"Log next: {words.next_columns(diagnosis, most)}") for most in range(5, 0, -1)]
        fitting = next((each for each in said if cell_len(each) <= console.width), said[-1])
        foot += clipped(console, Text(fitting, style="cyan"), 1)
    room = SCREEN - len(head) - len(foot) - 2
    found = words.shown(diagnosis)
    middle = _findings(console, found, room) if found else _nothing(console, diagnosis, room)
    return [*head, Text(), *middle, Text(), *foot]


_BEGINNING = 6
"""Columns at least for where a shortened path begins."""

# How many lines of what was said, of rows and of the fix a finding gets, from a title only to all of it.
_STEPS = ((0, 0, 0), (1, 1, 1), (2, 1, 2), (4, 2, 3))


def _findings(console: Console, found: tuple[Finding, ...], room: int) -> list[Text]:
    """As much of each finding as there is room for, a step at a time, the first findings first."""
    blocks = [_block(console, finding, *_STEPS[0]) for finding in found]
    for step in _STEPS[1:]:
        for at, finding in enumerate(found):
            larger = _block(console, finding, *step)
            if sum(map(len, blocks)) - len(blocks[at]) + len(larger) <= room:
                blocks[at] = larger
    lines = [line for block in blocks for line in block]
    if len(lines) > room:
        lines = [*lines[: room - 1], Text(f"and {len(lines) - room + 1} more, below", style="dim")]
    return lines


def _block(console: Console, finding: Finding, said: int, rows: int, fix: int) -> list[Text]:
    """A finding in a few lines: what it is, what was seen, where, and what to do."""
    lines = clipped(console, title(finding), 1)
    if finding.standing:
        lines += clipped(console, Text(printable(words.standing(finding)), style="yellow"), 1, "  ")
    lines += clipped(console, Text(printable(finding.said)), said, "  ")
    for first in finding.evidence[:1]:
        place = _short(printable(words.place(first)), console.width // 2)
        seen = Text.assemble(("see ", "cyan"), (place, "bold"), " ", printable(first.text))
        lines += clipped(console, seen, rows, "  ")
    return lines + clipped(console, Text.assemble(("fix ", "green"), printable(finding.correction)), fix, "  ")


def title(finding: Finding) -> Text:
    """Severity, title, verdict and id."""
    return Text.assemble(
        (finding.severity.upper(), SEVERITY_STYLE[finding.severity]),
        " ",
        (printable(finding.title), "bold"),
        f", {words.verdict(finding.verdict)} ",
        (f"({finding.signature})", "dim"),
    )


_FEW = 3
"""Lines of ids that a group has at most where nothing was found; what was excluded may have all the room."""


def _nothing(console: Console, diagnosis: Diagnosis, room: int) -> list[Text]:
    """What was excluded and what could not be checked: by name where there is room, else how many."""
    groups = words.excluded(diagnosis)
    room -= 1 + len(groups)
    lines = [Text("Nothing was found. That excludes only what the log could show:")]
    for name, findings in groups:
        ids = ", ".join(finding.signature for finding in findings)
        most = 1 + max(0, room if name == words.QUIET["absent"] else min(room, _FEW - 1))
        named = Text.assemble((f"{name}: ", "bold"), ids)
        if len(named.wrap(console, console.width - 2)) > most:
            named = Text.assemble((f"{name}: ", "bold"), f"{len(findings)} (see below)")
        taken = clipped(console, named, most, "  ")
        room -= len(taken) - 1
        lines += taken
    return lines


def clipped(console: Console, text: Text, most: int, indent: str = "") -> list[Text]:
    """The text in at most that many lines of the console's width; an ellipsis stands for the rest."""
    if not most:
        return []
    width = console.width - len(indent)
    if most == 1:
        text.truncate(width, overflow="ellipsis")
        return [_indented(text, indent)]
    lines = list(text.wrap(console, width, overflow="fold"))
    if len(lines) > most:
        lines = lines[:most]
        lines[-1].rstrip()
        lines[-1].truncate(width - 1)
        lines[-1].append("…")
    return [_indented(line, indent) for line in lines]


def _short(place: str, most: int) -> str:
    """A long place without its middle: where it begins, its file, and in any case its line."""
    if cell_len(place) <= most:
        return place
    name = place[place.rfind("/") :] if "/" in place else place
    tail = name if cell_len(name) + _BEGINNING < most else place[-(most - _BEGINNING - 1) :]
    while cell_len(tail) + _BEGINNING >= most and len(tail) > _BEGINNING:
        tail = tail[1:]
    head = place[: -len(tail)]
    while cell_len(head) + cell_len(tail) >= most:
        head = head[:-1]
    return f"{head}…{tail}"


def _indented(line: Text, indent: str) -> Text:
    line.rstrip()
    return Text.assemble(indent, line) if indent else line
