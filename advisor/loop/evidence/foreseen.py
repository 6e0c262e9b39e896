"""Ties findings to the lines of the record that foresaw them, and says which nobody foresaw."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from advisor.catalog.load import Catalog
from advisor.diagnosis.findings import Finding
from advisor.selection.lines import Line
from advisor.selection.record import DecisionRecord

SHOWN = ("present", "likely", "possible")
How = Literal["line", "pattern", "open", "boundary", "unforeseen"]
_LINES = {"Coordination": "coordination", "State": "spine", "Control": "control"}


@dataclass(frozen=True)
class Foreseen:
    """One finding and the part of the record that it belongs to.

    Attributes:
        how: `line`: a line names this signature; `pattern`: the record chose its pattern; `open`: the record leaves
            its pattern undetermined, or holds it as the other side of a cost question; `boundary`: a weakness of the
            boundary, which every pattern crosses, that no line names; `unforeseen`: the record did not choose it.
        lines: The lines concerned, by step.
        if_wrong: What the author wrote for these lines.
        said: One sentence.
    """

    signature: str
    pattern: str
    verdict: str
    how: How
    lines: tuple[str, ...]
    if_wrong: tuple[str, ...]
    said: str


def foreseen(findings: Iterable[Finding], record: DecisionRecord, catalog: Catalog) -> tuple[Foreseen, ...]:
    """Every finding that is possible or more, tied to the record; in the findings' order."""
    return tuple(_tie(finding, record, catalog) for finding in findings if finding.verdict in SHOWN)


def _tie(finding: Finding, record: DecisionRecord, catalog: Catalog) -> Foreseen:
    naming = [line for line in record.lines if line.signature_if_wrong.id == finding.signature]
    if naming:
        steps = " and ".join(_title(line) for line in naming)
        return _made(
            finding, "line", naming, f"Foreseen: this is what the line {steps} said to expect if it were wrong."
        )
    if finding.pattern == "SDB":
        said = "A weakness of the boundary, which every pattern crosses; no line of the record names it."
        return _made(finding, "boundary", [], said)
    step = _LINES[catalog.patterns[finding.pattern].concern]
    line = next(each for each in record.lines if each.step == step)
    if finding.pattern in (record.spine, *record.coordination, *record.control):
        return _made(
            finding,
            "pattern",
            [line],
            f"The record chose {finding.pattern} ({_title(line)}); this is one of its signatures.",
        )
    if finding.pattern in record.spine_alternatives:
        said = f"The record holds {finding.pattern} as the other side of a cost question ({_title(line)})."
        return _made(finding, "open", [line], said)
    undecided = record.spine == "undetermined" if step == "spine" else f"{finding.pattern}?" in line.pattern
    if undecided:
        said = f"The record leaves open whether {finding.pattern} is chosen ({_title(line)})."
        return _made(finding, "open", [line], said)
    said = f"Unforeseen: the record did not choose {finding.pattern} ({_title(line)}: {line.pattern})."
    return _made(finding, "unforeseen", [line], said)


def _made(finding: Finding, how: How, lines: list[Line], said: str) -> Foreseen:
    return Foreseen(
        signature=finding.signature,
        pattern=finding.pattern,
        verdict=finding.verdict,
        how=how,
        lines=tuple(line.step for line in lines),
        if_wrong=tuple(line.if_wrong for line in lines if line.if_wrong and how != "unforeseen"),
        said=said,
    )


def _title(line: Line) -> str:
    return line.step.replace("_", " ")
