"""The decision record: the five steps run over an answers file, with everything a review board asks (section 4.6)."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Literal

from pydantic import Field

from advisor.catalog.answers import AnswersFile, SignOff
from advisor.catalog.load import Catalog, shipped
from advisor.catalog.models import PLANES, Frozen, Plane
from advisor.selection.decision import Decision, Status, decide, is_stable
from advisor.selection.facets import Facets, facets_of
from advisor.selection.lines import Line, lines_of
from advisor.selection.reasons import fired, pattern_reasons, plane_reason
from advisor.selection.remarks import readings, warnings
from advisor.selection.sensitivity import Dependency, Flip, dependencies, flips


class PlaneRecord(Frozen):
    """One control plane: its status, why, and until when it is deferred (ISO date or null)."""

    status: Status
    reason: str
    until: str | None


class FiredPredicate(Frozen):
    """One predicate with its question, the answer given, and whether it fired (null: an unknown decides)."""

    id: str
    question: str
    answer: str
    fired: bool | None
    section: str


class Migration(Frozen):
    """What moving from the chosen spine to the other one would take, and the signature that triggers it."""

    from_: str = Field(alias="from")
    to: str
    trigger: str | None
    text: str


class DecisionRecord(Frozen):
    """The record of one workload, in the JSON shape `advisor/record/1`; `decision` gathers what was decided."""

    schema_: Literal["advisor/record/1"] = Field(default="advisor/record/1", alias="schema")
    id: str
    title: str
    runtime_class: str
    dominant_concern: str
    spine: str
    spine_alternatives: tuple[str, ...]
    coordination: tuple[str, ...]
    control: tuple[str, ...]
    p6_level: str
    planes: dict[Plane, PlaneRecord]
    predicates: tuple[FiredPredicate, ...]
    lines: tuple[Line, ...]
    stable: bool
    depends_on: tuple[Dependency, ...]
    flips: tuple[Flip, ...]
    why: dict[str, str]
    why_not: dict[str, str]
    migrations: tuple[Migration, ...]
    sequence: tuple[str, ...]
    signed: bool
    sign_off: SignOff | None
    date: str | None
    model_version: str | None
    supersedes: str | None
    superseded_by: str | None
    evidence: str | None
    answers: dict[str, str]
    notes: dict[str, str]
    warnings: tuple[str, ...]
    knowledge_version: str
    readings: tuple[str, ...]

    @property
    def decision(self) -> Decision:
        """What was decided: the fields that an answer can change."""
        fields = {name: getattr(self, name) for name in Decision.model_fields if name != "planes"}
        return Decision(planes={plane: each.status for plane, each in self.planes.items()}, **fields)

    def to_json(self) -> dict[str, Any]:
        """The record as plain JSON values."""
        return self.model_dump(mode="json", by_alias=True)


def recommend(file: AnswersFile, catalog: Catalog | None = None) -> DecisionRecord:
    """Runs the five steps over an answers file.

    Args:
        file: The answers, four-valued; what is missing is unknown.
        catalog: The knowledge base; the shipped one unless given.

    Returns:
        The decision record (JSON shape `advisor/record/1`).
    """
    catalog = catalog or shipped()
    facets = _facets(catalog)
    given: dict[str, str] = file.answers.model_dump()
    decision = decide(facets, given, file)
    why, why_not = pattern_reasons(catalog, facets, given, decision)
    decided = {name: getattr(decision, name) for name in Decision.model_fields if name != "planes"}
    return DecisionRecord(
        id=file.id,
        title=file.title,
        planes={plane: _plane(plane, catalog, facets, given, file, decision) for plane in PLANES},
        predicates=tuple(
            FiredPredicate(
                id=name,
                question=", ".join(entry.ids),
                answer=", ".join(given[q] for q in entry.ids),
                fired=fired(entry, given),
                section=entry.section,
            )
            for name, entry in catalog.predicates.items()
        ),
        lines=lines_of(catalog, facets, given, file, decision),
        stable=is_stable(facets, given),
        depends_on=dependencies(facets, given, file),
        flips=flips(facets, given, file),
        why=why,
        why_not=why_not,
        migrations=_migrations(catalog, decision),
        signed=file.sign_off is not None,
        sign_off=file.sign_off,
        date=file.record.date,
        model_version=file.record.model_version,
        supersedes=file.record.supersedes,
        superseded_by=file.record.superseded_by,
        evidence=file.record.evidence,
        answers=given,
        notes=file.notes,
        warnings=tuple(warnings(given, file, decision)),
        knowledge_version=catalog.version,
        readings=readings(catalog, facets, given, file, decision),
        **decided,
    )


@lru_cache(maxsize=4)
def _facets(catalog: Catalog) -> Facets:
    return facets_of(catalog)


def _plane(
    plane: Plane,
    catalog: Catalog,
    facets: Facets,
    given: dict[str, str],
    file: AnswersFile,
    decision: Decision,
) -> PlaneRecord:
    recorded = file.planes.get(plane)
    status = decision.planes[plane]
    reason = plane_reason(plane, catalog, facets, given)
    if recorded and recorded.reason and status in {"v1", "deferred"}:
        reason = recorded.reason if status == "deferred" else f"{reason} {recorded.reason}"
    return PlaneRecord(
        status=status, reason=reason, until=recorded.until if recorded and status == "deferred" else None
    )


def _migrations(catalog: Catalog, decision: Decision) -> tuple[Migration, ...]:
    if decision.spine not in catalog.patterns:
        return ()
    pattern = catalog.patterns[decision.spine]
    return tuple(
        Migration(**{"from": decision.spine}, to=to, trigger=catalog.patterns[decision.spine].if_wrong, text=text)
        for to, text in pattern.migrations.items()
        if to in catalog.patterns and catalog.patterns[to].status == "current"
    )
