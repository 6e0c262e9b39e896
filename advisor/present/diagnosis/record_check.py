"""A record held against logs, as a section of the diagnosis: what is contradicted first, and what was foreseen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from advisor.diagnosis.findings import Citation
from advisor.errors import printable
from advisor.loop.evidence.check import Check, Hint, LineCheck, RecordCheck
from advisor.loop.evidence.conventions import CONVENTIONS, Convention
from advisor.loop.evidence.units import length
from advisor.present import words
from advisor.present.json_text import json_text
from advisor.present.redaction import redact as masked

if TYPE_CHECKING:
    from rich.console import Console

VERDICTS: Mapping[str, str] = {
    "contradicted": "contradicted",
    "strained": "strained",
    "holds": "holds",
    "not_observable": "not observable",
}
MEANING: Mapping[str, str] = {
    "contradicted": "the logs show the opposite, often enough to count",
    "strained": "the logs speak against it, too weakly to overturn it",
    "holds": "the logs speak for it",
    "not_observable": "these logs cannot show it",
}
HOW: Mapping[str, str] = {
    "line": "foreseen by a line",
    "pattern": "foreseen by a chosen pattern",
    "open": "left open by the record",
    "boundary": "a weakness of the boundary",
    "unforeseen": "unforeseen",
}
_STYLE = {"contradicted": "bold red", "strained": "yellow", "holds": "green", "not_observable": "dim"}


def render_record_check(
    check: RecordCheck, format: str, *, color: bool = False, width: int = 100, redact: bool = True
) -> str:
    """The section in one format.

    Args:
        check: A record held against logs.
        format: terminal | markdown | html | json. Markdown starts at a second-level heading and HTML is a `<section>`,
            so that both stand inside the report of the diagnosis; JSON is `advisor/record-check/1`.
        color: ANSI colours in terminal text.
        width: Columns of terminal text.
        redact: Mask secrets and personal data in everything that came out of the logs.
    """
    check = safe(check) if redact else check
    if format == "json":
        return json_text(check.to_json())
    if format == "terminal":
        from rich.text import Text

        from advisor.present.terminal import to_text

        def section(console: Console) -> None:
            draw(console, check)
            console.print()
            console.print(Text(f"Knowledge {check.knowledge_version}.", style="dim"))

        return to_text(section, color=color, width=width)
    from advisor.present.templates import environment

    name = "record_check.md.j2" if format == "markdown" else "record_check.html.j2"
    view = {
        "check": check,
        "headline": headline(check),
        "against": against(check),
        "holding": [each for each in check.checks if each.verdict == "holds"],
        "hidden": [each for each in check.checks if each.verdict == "not_observable"],
        "revised": revised(check),
        "conventions": CONVENTIONS,
        "verdict_words": VERDICTS,
        "meaning": MEANING,
        "how": HOW,
        "title_of": title_of,
        "in_words": words.in_words,
        "named": named,
        "limit": limit,
    }
    return environment().get_template(name).render(**view)


def safe(check: RecordCheck) -> RecordCheck:
    """The same check with secrets and personal data masked in what came out of the logs."""

    def cited(rows: Iterable[Citation]) -> tuple[Citation, ...]:
        return tuple(
            replace(row, text=masked(row.text), event_id=masked(row.event_id) if row.event_id else row.event_id)
            for row in rows
        )

    def one(each: Check | Hint) -> Any:
        return replace(each, observed=masked(each.observed), reason=masked(each.reason), evidence=cited(each.evidence))

    return replace(check, checks=tuple(map(one, check.checks)), unanswered=tuple(map(one, check.unanswered)))


def headline(check: RecordCheck) -> str:
    """How many statements of the record ended in each verdict."""
    said = {**VERDICTS, "holds": "hold"}
    return "Of what the record says, " + ", ".join(f"{n} {said[name]}" for name, n in check.totals.items()) + "."


def against(check: RecordCheck) -> list[Check]:
    """What the logs speak against, the loudest first."""
    return [each for each in check.checks if each.verdict in ("contradicted", "strained")]


def revised(check: RecordCheck) -> str:
    """What the decision becomes if the logs are right; empty where nothing decisive is contradicted."""
    return words.in_words(check.revised) if check.revised else ""


def title_of(each: Check) -> str:
    """A statement of the record: what it is about, and what the record says."""
    kind, _, rest = each.subject.rpartition(".")
    if kind == "planes":
        status = words.STATUS_WORDS.get(each.recorded, each.recorded)
        return f"control plane {words.PLANE_TITLES.get(rest, rest)} is {status}"
    if each.subject == "sequence.console":
        return "the console comes first"
    return f"{rest} is {each.recorded}" if kind == "record" else f"{each.subject} is answered {each.recorded}"


def rule_id(each: Check) -> str:
    """What a program calls the statement: `record-<question>`."""
    return f"record-{each.subject.removeprefix('record.')}"


def told(each: Check) -> str:
    """The statement with its verdict, what the logs say of it, why, and what hangs on it."""
    said = f"{VERDICTS[each.verdict].capitalize()}: {title_of(each)}. {each.observed}"
    said += f" Why: {each.reason.rstrip('.')}." if each.reason else ""
    return said + (
        f" Alone it would change the decision: {words.in_words(each.would_change)}." if each.would_change else ""
    )


def first_line(check: RecordCheck) -> str:
    """How many of the record's statements are contradicted, and which."""
    wrong = check.contradicted
    of = f"of {len(check.checks)} statements" if len(check.checks) != 1 else "of 1 statement"
    named = f" ({', '.join(each.subject.removeprefix('record.') for each in wrong)})" if wrong else ""
    totals = check.totals
    return (
        f"Record: {len(wrong) or 'none'} {of} contradicted{named}, "
        f"{totals['strained']} strained, {totals['not_observable']} not observable."
    )


def named(line: LineCheck) -> str:
    """What a line said to expect if it were wrong, in the author's words and the catalog's, and what became of it."""
    signature = line.signature or "undetermined"
    said = f"{line.if_wrong} ({signature})" if line.if_wrong else signature
    return f"{said}: {line.signature_verdict.replace('_', ' ')}" if line.signature_verdict else said


def draw(console: Console, check: RecordCheck) -> None:
    """The section on a console."""
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    def heading(text: str) -> None:
        console.print()
        console.print(Text(text, style="bold cyan"))

    def told(text: str, indent: int = 2, style: str = "") -> None:
        console.print(Padding(Text(printable(text), style=style), (0, 0, 0, indent)))

    def rows(citations: Sequence[Citation]) -> None:
        for row in citations:
            place = f"{row.file}:{row.line}"
            console.print(Padding(Text.assemble((printable(place), "bold"), "  ", printable(row.text)), (0, 0, 0, 4)))

    heading(printable(f"The record against these logs: {check.title}"))
    console.print(Text(headline(check)))
    if text := revised(check):
        console.print(Text(f"If the logs are right, the decision becomes: {text}.", style="bold"))
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    for column in ("Line", "Decided", "Verdict", "Named if wrong, and found"):
        table.add_column(column, overflow="fold")
    for line in check.lines:
        verdict = Text(VERDICTS[line.verdict], style=_STYLE[line.verdict])
        table.add_row(words.LINE_TITLES[line.step], printable(line.pattern), verdict, printable(named(line)))
    console.print(table)
    for each in against(check):
        console.print()
        loud = VERDICTS[each.verdict].capitalize()
        console.print(Text.assemble((loud, _STYLE[each.verdict]), ": ", (printable(title_of(each)), "bold")))
        told(each.observed)
        if each.reason:
            told(f"Why: {each.reason}.")
        if each.would_change:
            told(f"Alone it would change the decision: {words.in_words(each.would_change)}.")
        rows(each.evidence)
    for quiet, title in (("holds", "Holds"), ("not_observable", "Not observable in these logs")):
        mine = [each for each in check.checks if each.verdict == quiet]
        if mine:
            heading(title)
        for each in mine:
            said = each.observed if quiet == "holds" else each.reason or each.observed
            console.print(Text.assemble((printable(title_of(each)), "bold"), ": ", printable(said)))
            if quiet == "holds" and each.reason:
                told(f"but {each.reason}", style="dim")
    if check.unanswered:
        heading("What the logs show of questions that the record leaves unknown")
    for hint in check.unanswered:
        weight = "speak for" if hint.strong else "hint at"
        console.print(
            Text.assemble((hint.question, "bold"), f": the logs {weight} {hint.shows}. ", printable(hint.observed))
        )
    if check.findings:
        heading("Findings that the record foresaw, and those it did not")
    for found in check.findings:
        style = "bold red" if found.how == "unforeseen" else ""
        console.print(Text.assemble((found.signature, "bold"), f" ({found.verdict}): ", (printable(found.said), style)))
        for text in found.if_wrong:
            told(f"In the author's words: {text}")
    console.print()
    console.print(Text(conventions(), style="dim"))


def limit(each: Convention) -> str:
    """A number of the conventions with its unit; lengths of time as people say them."""
    return length(each.value) if each.unit == "microseconds" else f"{each.value:g} {each.unit}"


def conventions() -> str:
    """Whose the numbers are that the verdicts turn on."""
    limits = CONVENTIONS
    return (
        f"Ours: {limits['least_requests'].value:.0f} requests or actions to contradict an answer by a share, "
        f"{limits['few'].value:.0f} where being seen is enough, a habit from {limits['often'].value:.0%}; "
        "the method's: a pause is longer than one hour."
    )
