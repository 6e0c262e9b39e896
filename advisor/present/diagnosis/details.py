"""The details of a diagnosis as terminal text: what was read and could be checked, then every finding with its rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from advisor.diagnosis.findings import Citation, Diagnosis, Finding, Severity
from advisor.errors import printable
from advisor.present.diagnosis import words

SEVERITY_STYLE: Mapping[Severity, str] = {
    "critical": "bold white on red",
    "high": "bold red",
    "medium": "bold yellow",
    "low": "bold blue",
}
_LONG = 20
"""Files, bad records, guessed kinds and versions that are listed at most; JSON has them all."""


def draw(console: Console, diagnosis: Diagnosis) -> None:
    """Everything below the summary."""
    console.print()
    console.print(Rule("Details", style="dim"))
    _inventory(console, diagnosis)
    _assessability(console, diagnosis)
    for finding in words.loud(diagnosis):
        _finding(console, finding)
    if quiet := words.quiet(diagnosis):
        _heading(console, "No symptom shown")
        table = _table("Detector", "Verdict", "What was seen")
        for finding in quiet:
            table.add_row(finding.signature, words.verdict(finding.verdict), _seen(finding))
        console.print(table)
    if diagnosis.versions:
        _heading(console, "Versions seen")
        table = _table("Of", "Version", "Rows", "Seen (UTC)")
        for row in diagnosis.versions[:_LONG]:
            when = words.period(row["first_us"], row["last_us"])
            table.add_row(words.header(row["of"]), printable(str(row["version"])), f"{row['rows_']:,}", when)
        console.print(table)
        _more(console, len(diagnosis.versions))
    for name, lens in diagnosis.lenses.items():
        _heading(console, f"Lens: {printable(str(name))}")
        _pairs(console, lens.items() if isinstance(lens, Mapping) else [("", lens)])
    if diagnosis.log_next:
        _heading(console, "Log next")
        table = _table("Column", "Unlocks")
        for column, ids in diagnosis.log_next:
            table.add_row(printable(column), ", ".join(ids))
        console.print(table)


def _inventory(console: Console, diagnosis: Diagnosis) -> None:
    files: Sequence[Mapping[str, Any]] = diagnosis.inventory.get("files", ())
    if files:
        _heading(console, "What was read")
        table = _table("File", "Format", "Rows", "Bad", "Note")
        for file in files[:_LONG]:
            note = file.get("skipped_reason")
            table.add_row(
                printable(str(file["path"])),
                printable(str(file.get("format") or "")),
                f"{file.get('rows', 0):,}",
                f"{file.get('bad_rows', 0):,}",
                printable(f"skipped: {note}" if note else ""),
            )
        console.print(table)
        _more(console, len(files))
        bad = [(file["path"], each) for file in files for each in file.get("bad", ())]
        for path, each in bad[:_LONG]:
            console.print(Text(printable(f"bad record {path}:{each['line']}: {each['why']}"), style="yellow"))
        _more(console, len(bad))
    guessed: Sequence[Mapping[str, Any]] = diagnosis.inventory.get("guessed_kinds", ())
    if guessed:
        _heading(console, "Kinds that were guessed from names (a mapping file settles them)")
        _rows(console, guessed[:_LONG])
        _more(console, len(guessed))
    if diagnosis.inventory.get("copies"):
        console.print(Text(f"{words.number(diagnosis.inventory['copies'], 'row')} stood twice and counted once."))
    if diagnosis.skew_us:
        console.print(
            Text(f"Workers' clocks are up to {words.span(diagnosis.skew_us)} apart; that much is allowed for.")
        )


def _more(console: Console, many: int) -> None:
    if many > _LONG:
        console.print(Text(f"and {many - _LONG} more; --format json has them all", style="dim"))


def _assessability(console: Console, diagnosis: Diagnosis) -> None:
    _heading(console, "What this log can show")
    table = _table("Detector", "Grade", "Missing")
    for id, each in diagnosis.assessability.items():
        grade = Text(each.grade if each.grade != "none" else "-", style="" if each.grade != "none" else "yellow")
        table.add_row(id, grade, printable(", ".join(each.missing)))
    console.print(table)
    said = "; ".join(f"{grade if grade != 'none' else '-'} {text}" for grade, text in words.GRADE_WORDS.items())
    console.print(Text(said, style="dim"))


def _finding(console: Console, finding: Finding) -> None:
    console.print()
    console.print(
        Text.assemble(
            (finding.signature, "bold cyan"),
            (f"  {words.verdict(finding.verdict)}, ", ""),
            (finding.severity, SEVERITY_STYLE[finding.severity]),
        )
    )
    console.print(Text(printable(f"{finding.title}. {finding.said}")))
    pairs: list[tuple[str, Any]] = [
        ("Cases", words.cases(finding)),
        ("How sure", words.sureness(finding)),
        ("Where", f"{finding.pattern}, boundary part {finding.sdb_part}"),
        ("Refuted", finding.refuted),
        ("Cause", finding.cause),
        ("Cause seen", finding.cause_seen or "nothing in the log speaks for it"),
        ("Checked", finding.checked),
        ("Also think of", finding.traps),
        ("Refuted by", finding.refuted_by),
        ("Correction", finding.correction),
        ("Thresholds", ", ".join(words.thresholds(finding))),
    ]
    _pairs(console, pairs)
    _citations(console, "Rows", finding.evidence)
    _citations(console, "Rows that show the cause", finding.cause_evidence)
    for name, rows in finding.detail.items():
        console.print(Padding(Text(printable(name), style="dim"), (0, 0, 0, 2)))
        _rows(console, rows, indent=4)


def _citations(console: Console, name: str, citations: Sequence[Citation]) -> None:
    if citations:
        console.print(Padding(Text(name, style="dim"), (0, 0, 0, 2)))
    for each in citations:
        when = words.instant(each.ts_us)
        line = Text.assemble(
            (printable(words.place(each)), "bold"), f"  {when}  " if when else "  ", printable(each.text)
        )
        console.print(Padding(line, (0, 0, 0, 4)))


def _seen(finding: Finding) -> str:
    said = printable(finding.said)
    if finding.verdict == "insufficient" and finding.of < finding.relevant:
        said += f" Only {finding.of:,} of {finding.relevant:,} {finding.unit} carry what is needed."
    set_by_user = [each for each in words.thresholds(finding) if each.endswith("(set by you)")]
    return f"{said} {', '.join(set_by_user)}" if set_by_user else said


def _rows(console: Console, rows: Sequence[Mapping[str, Any]], indent: int = 0) -> None:
    """A small table of rows with equal keys; one that is wider than the console gives each row its own lines."""
    keys = words.keys(rows)
    cells = [[printable(words.cell(key, row.get(key))) for key in keys] for row in rows]
    heads = [printable(words.header(key)) for key in keys]
    widths = [max(map(len, column)) + 2 for column in zip(heads, *cells, strict=True)]
    if sum(widths) + indent <= console.width or len(keys) == 1:
        table = _table(*heads)
        for row in cells:
            table.add_row(*row)
        console.print(Padding(table, (0, 0, 0, indent)))
        return
    for row in cells:
        said = ", ".join(f"{head} {value}" for head, value in zip(heads, row, strict=True) if value)
        console.print(Padding(Text(said), (0, 0, 0, indent)))


def _pairs(console: Console, pairs: Iterable[tuple[str, Any]]) -> None:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True, style="dim")
    grid.add_column(overflow="fold")
    for name, value in pairs:
        lines = [f"- {each}" for each in value] if isinstance(value, tuple) else [str(value or "")]
        if any(lines):
            grid.add_row(printable(str(name)), Text("\n".join(map(printable, lines))))
    console.print(Padding(grid, (0, 0, 0, 2)))


def _heading(console: Console, text: str) -> None:
    console.print()
    console.print(Text(text, style="bold cyan"))


def _table(*columns: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    for column in columns:
        table.add_column(Text(column), overflow="fold")
    return table
