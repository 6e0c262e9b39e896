"""Faults against signatures: what the diagnosis names in the telemetry of each drill, with its defence and without."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from advisor.diagnosis.diagnose import diagnose
from advisor.diagnosis.findings import FOUND, Diagnosis
from advisor.starter import scaffold
from tests.starter.combinations import Combination, in_project
from tests.starter.test_generated_projects import REQUEST, package

LIKELY_AT_MOST = {"P2-oversized-compensation"}
"""What logs alone cannot make certain: whether a narrower action was possible."""
REQUESTS = 3


@dataclass(frozen=True)
class Cell:
    """One drill of one project.

    Attributes:
        verdict: Of the fault's own signature, without the defence.
        row: The first row that shows it.
        others: What else was found without the defence (present or likely).
        defended: What was found with the defence.
    """

    project: str
    fault: str
    verdict: str
    grade: str
    row: str
    others: tuple[str, ...]
    defended: tuple[str, ...]

    @property
    def right(self) -> bool:
        """Whether the fault was named at grade A, nothing else was, and nothing at all with the defence."""
        wanted = "likely" if self.fault in LIKELY_AT_MOST else "present"
        return (self.verdict, self.grade) == (wanted, "A") and not self.others and not self.defended


def found(diagnosis: Diagnosis) -> tuple[str, ...]:
    """The signatures that are present or likely."""
    return tuple(each.signature for each in diagnosis.findings if each.verdict in FOUND)


def cells(project: str, drills: Path) -> Iterator[Cell]:
    """A cell for each drill that has left its telemetry in a folder, in the order of their names."""
    for folder in sorted(path.parent for path in drills.glob("*/without.jsonl")):
        without = diagnose([str(folder / "without.jsonl")])
        own = next(each for each in without.findings if each.signature == folder.name)
        first = own.evidence[0] if own.evidence else None
        yield Cell(
            project=project,
            fault=folder.name,
            verdict=own.verdict,
            grade=without.assessability[own.signature].grade,
            row=f"{Path(first.file).name}:{first.line}" if first else "-",
            others=tuple(each for each in found(without) if each != folder.name),
            defended=found(diagnose([str(folder / "with.jsonl")])) if (folder / "with.jsonl").exists() else (),
        )


@dataclass(frozen=True)
class Project:
    """A starter that was generated, run healthy and drilled: what the healthy run shows, and a cell for each fault."""

    id: str
    healthy: tuple[str, ...]
    cells: tuple[Cell, ...]


def projects(combinations: Iterable[Combination], folder: Path) -> Iterator[Project]:
    """Generates each combination, runs requests through it, performs every drill that it has, and reads the logs.

    Raises:
        AssertionError: A request or a drill did not end as it should.
    """
    for combination in combinations:
        place = folder / combination.id
        scaffold(combination.answers(), place)
        name = package(place).name
        for number in range(REQUESTS):
            done = in_project(place, "-m", name, "run", f"C-{number}", REQUEST.replace("C-1", f"C-{number}"))
            assert done.returncode == 0, done.stderr
        done = in_project(place, "-m", name, "drill", "--all")
        assert done.returncode == 0, done.stdout + done.stderr
        yield Project(
            id=combination.id,
            healthy=found(diagnose([str(place / "telemetry.jsonl")])),
            cells=tuple(cells(combination.id, place / "drill")),
        )
