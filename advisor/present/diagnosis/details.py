"""The details of a diagnosis as terminal text: what was read and could be checked, then every finding with its rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from advisor.diagnosis.durations import span
from advisor.diagnosis.findings import Citation, Diagnosis, Finding, Severity
from advisor.errors import printable
from advisor.present.diagnosis import intake, lenses, words

if TYPE_CHECKING:
    from advisor.loop.evidence.check import RecordCheck

SEVERITY_STYLE: Mapping[Severity, str] = {
    "critical": "bold white on red",
    "high": "bold red",
    "medium": "bold yellow",
    "low": "bold blue",
}
_LONG = 20
"""Files, reasons, guessed kinds and versions that are listed at most; JSON has them all."""
_FEW = 3
"""Files that are named for one reason to skip them."""


def draw(console: Console, diagnosis: Diagnosis, check: RecordCheck | None = None) -> None:
    """Everything below the summary."""
    console.print()
    console.print(Rule("Details", style="dim"))
    _inventory(console, diagnosis)
    _assessability(console, diagnosis)
    for finding in words.loud(diagnosis):
        _finding(console, finding)
    if check:
        from advisor.present.diagnosis import record_check

        record_check.draw(console, check)
    for said in words.unused(diagnosis):
        console.print(Text(printable(said), style="yellow"))
    checked, unchecked = words.quiet(diagnosis)
    if checked or unchecked:
        _heading(console, "No symptom shown")
    if checked:
        table = _table("Detector", "Verdict", "What was seen")
        for finding in checked:
            table.add_row(finding.signature, words.verdict(finding.verdict), _seen(finding))
        console.print(table)
    if unchecked:
        console.print(Text(words.left_unchecked(unchecked)))
    if diagnosis.versions:
        _heading(console, "Versions seen")
        table = _table("Of", "Version", "Rows", "Seen (UTC)")
        for row in diagnosis.versions[:_LONG]:
            when = words.period(row["first_us"], row["last_us"])
            table.add_row(words.header(row["of"]), printable(str(row["version"])), f"{row['rows_']:,}", when)
        console.print(table)
        _more(console, len(diagnosis.versions))
    _over_time(console, diagnosis)
    for lens in lenses.views(diagnosis.lenses):
        _lens(console, lens)
    if diagnosis.log_next:
        _heading(console, "Log next")
        table = _table("Column", "Unlocks")
        for column, ids in diagnosis.log_next[:_LONG]:
            table.add_row(printable(column), ", ".join(ids))
        console.print(table)
        _more(console, len(diagnosis.log_next))


def _inventory(console: Console, diagnosis: Diagnosis) -> None:
    read = intake.intake(diagnosis.inventory)
    if read.rows or read.skipped:
        _heading(console, "What was read")
    if read.rows:
        table = _table(*(("Format", "Files") if read.by_format else ("File", "Format")), "Rows", "Bad")
        for name, of, rows, bad in read.rows[:_LONG]:
            table.add_row(printable(name), printable(of), f"{rows:,}", f"{bad:,}")
        console.print(table)
        _more(console, len(read.rows))
    for path, many, why in read.bad[:_LONG]:
        said = f"{words.number(many, 'bad record')} in {path}: {why}"
        console.print(Text(printable(said), style="yellow"))
    _more(console, len(read.bad))
    for each in read.skipped[:_LONG]:
        said = f"Skipped, {words.number(len(each.paths), 'file')}: {each.reason}"
        console.print(Text(printable(said), style="yellow"))
        for path in each.paths[:_FEW]:
            console.print(Padding(Text(printable(path)), (0, 0, 0, 2)))
        if len(each.paths) > _FEW:
            console.print(Padding(Text(f"and {len(each.paths) - _FEW:,} more", style="dim"), (0, 0, 0, 2)))
    _more(console, len(read.skipped))
    guessed: Sequence[Mapping[str, Any]] = diagnosis.inventory.get("guessed_kinds", ())
    if guessed:
        _heading(console, "Kinds that were guessed from names (a mapping file settles them)")
        _rows(console, guessed[:_LONG])
        _more(console, len(guessed))
    for remark in intake.remarks(diagnosis.inventory):
        console.print(Text(printable(remark)))
    if diagnosis.inventory.get("copies"):
        console.print(Text(f"{words.number(diagnosis.inventory['copies'], 'row')} stood twice and counted once."))
    if diagnosis.skew_us:
        console.print(Text(f"Workers' clocks are up to {span(diagnosis.skew_us)} apart; that much is allowed for."))


def _more(console: Console, many: int) -> None:
    if many > _LONG:
        console.print(Text(f"and {many - _LONG} more; --format json has them all", style="dim"))


def _over_time(console: Console, diagnosis: Diagnosis) -> None:
    if diagnosis.reliability is None:
        return
    from advisor.present.reliability import sentences

    _heading(console, f"Reliability over time: {diagnosis.reliability.verdict}")
    for line in sentences(diagnosis.reliability):
        console.print(Text(printable(line)))
    if diagnosis.momentum:
        console.print(Text(printable(diagnosis.momentum.said), style="bold"))
    for remark in words.trend_remarks(diagnosis):
        console.print(Text(printable(remark), style="dim"))


def _lens(console: Console, lens: lenses.Lens) -> None:
    _heading(console, printable(lens.title))
    for small in lens.tables:
        console.print(Padding(Text(printable(small.caption), style="dim"), (0, 0, 0, 2)))
        _rows(console, small.rows, indent=2)
    _pairs(console, lens.figures)
    if lens.coverage:
        console.print(Padding(Text(printable(lens.coverage), style="dim"), (0, 0, 0, 2)))


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
        ("About", ", ".join(finding.scope)),
        ("Baseline", words.standing(finding)),
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
