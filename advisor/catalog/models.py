"""The shapes of the knowledge base: one frozen model for each kind of entry.

A file `knowledge/<room>/<id>.toml` holds one entry; its name is the entry's id. Fields that name other entries hold
their ids; `catalog/check.py` asserts that each of them resolves.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
Slug = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]
Concern = Literal["Coordination", "State", "Control"]
SdbPart = Literal["proposer", "verifier", "commit", "reject"]
Plane = Literal["kill_switch", "escalation", "approval", "throttling"]
Severity = Literal["critical", "high", "medium", "low"]
PLANES: tuple[Plane, ...] = ("kill_switch", "escalation", "approval", "throttling")


class Frozen(BaseModel):
    """A value that never changes after it was read; unknown keys are faults. Validators are built on first use."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, defer_build=True)


class Entry(Frozen):
    """What every entry has. `section` cites the paper ("5.2") or says "ours"."""

    id: Slug
    title: Text
    section: Text
    references: tuple[Slug, ...] = Field(default=(), strict=False)
    readings: tuple[Slug, ...] = Field(default=(), strict=False)


class Rule(Frozen):
    """A flat condition over ids: every one of `all`, at least one of `any` (where given), none of `none`."""

    all: tuple[Slug, ...] = Field(default=(), strict=False)
    any: tuple[Slug, ...] = Field(default=(), strict=False)
    none: tuple[Slug, ...] = Field(default=(), strict=False)

    @property
    def ids(self) -> tuple[str, ...]:
        """Every id that the rule names, in the order written."""
        return (*self.all, *self.any, *self.none)


class Lineage(Frozen):
    """The distributed-systems result that a pattern descends from."""

    result: Text
    text: Text
    reference: Slug


class Contract(Frozen):
    """Question three of section 3.1: the typed contract."""

    input: Text
    output: Text
    deadline: Text
    retry_budget: Text
    partial_result: Text


class Boundary(Frozen):
    """The four parts of the stochastic-deterministic boundary, as one pattern assembles them."""

    proposer: Text
    verifier: Text
    commit: Text
    reject: Text


class FailureMode(Frozen):
    """A way in which a pattern itself fails; `signature` where the catalog can recognise it."""

    id: Slug
    text: Text
    signature: Slug | None = None


class ControlPlane(Frozen):
    """One of P6's four planes: called for when its rule holds (ids of predicates)."""

    title: Text
    text: Text
    called_for: Rule


class Pattern(Entry):
    """A runtime pattern; it enters by answering the three questions of section 3.1."""

    status: Literal["current", "candidate"] = "current"
    concern: Concern
    summary: Text
    lineage: Lineage
    transfers: Text
    does_not_transfer: Text
    inevitable: Text
    use_when: tuple[Text, ...] = Field(min_length=1, strict=False)
    do_not_use_when: tuple[Text, ...] = Field(min_length=1, strict=False)
    contract: Contract
    boundary: Boundary
    prevents: dict[Slug, Text] = Field(min_length=1)
    failure_modes: tuple[FailureMode, ...] = Field(default=(), strict=False)
    composes: dict[Slug, Text] = Field(default_factory=dict)
    migrations: dict[Slug, Text] = Field(default_factory=dict)
    chosen_when: Rule | None = None
    if_wrong: Slug | None = None
    planes: dict[Plane, ControlPlane] = Field(default_factory=dict)
    lexicon: tuple[Text, ...] = Field(default=(), strict=False)


class Question(Entry):
    """One question of the interview. `choices` maps each duration to its meaning; empty means yes/no/partly/unknown."""

    step: Literal[1, 2, 3, 4]
    order: int
    wording: Text
    help: Text
    example_yes: Text
    example_no: Text
    changes: Text
    comment: Text
    choices: dict[Slug, Text] = Field(default_factory=dict)


class Predicate(Entry, Rule):
    """One yes/no question of the method, over the ids of `questions`; it fires when its rule holds."""

    step: Literal[1, 2, 3, 4]
    order: int
    fires: Text
    fails: Text
    decides: tuple[Slug, ...] = Field(min_length=1, strict=False)


class Threshold(Frozen):
    """A number that a verdict turns on, and whose number it is."""

    value: float
    unit: Text
    source: Literal["paper", "convention"]
    text: Text


class Signature(Entry):
    """Something to recognise in production logs: a failure signature, a boundary weakness, or our extension of either.

    `needs` are columns of the event table without which nothing can be said; `wants` raise the evidence grade.
    `grades` holds the best evidence grade that a log format allows (A declared to D text hint; absent: not assessable).
    """

    number: Text
    pattern: Literal["P1", "P2", "P3", "P4", "P5", "P6", "SDB"]
    sdb_part: SdbPart
    status: Literal["current", "extension"] = "current"
    failure_way: Literal["functional", "performance", "drift"]
    symptom: Text
    cause: Text
    correction: Text
    severity: Severity
    test: Text
    evidence: Text
    partial: Text
    refuted_by: Text
    false_positives: tuple[Text, ...] = Field(min_length=1, strict=False)
    needs: tuple[Text, ...] = Field(min_length=1, strict=False)
    wants: tuple[Text, ...] = Field(default=(), strict=False)
    thresholds: dict[Slug, Threshold] = Field(default_factory=dict)
    grades: dict[Slug, Literal["A", "B", "C", "D"]] = Field(default_factory=dict)
    lexicon: tuple[Text, ...] = Field(default=(), strict=False)


class Incident(Entry):
    """One of the 21 published post-mortems of section 2.3, as we read it."""

    number: int
    summary: Text
    url: Text | None = None
    at_boundary: Literal["yes", "no", "unclear"]
    sdb_parts: tuple[SdbPart, ...] = Field(default=(), strict=False)
    fix: Text
    detectors: tuple[Slug, ...] = Field(default=(), strict=False)


class Framework(Entry):
    """One of the five frameworks audited in section 2.3."""

    url: Text
    summary: Text
    verifier_and_commit: Literal["explicit", "implicit"]


class Reference(Entry):
    """A source: a paper (arXiv id or DOI), a specification, or a public thread (URL)."""

    authors: Text
    year: int
    arxiv: Text | None = None
    doi: Text | None = None
    url: Text | None = None

    @model_validator(mode="after")
    def _has_an_address(self) -> Reference:
        if not (self.arxiv or self.doi or self.url):
            raise ValueError("a reference needs one of arxiv, doi, url")
        return self


class Reading(Entry):
    """What the paper leaves open, what this project decided, and why."""

    open: Text
    decision: Text
    why: Text


class CrosswalkRow(Frozen):
    """One category of another taxonomy, in this method's words."""

    code: Text
    name: Text
    share: Text | None = None
    sdb_parts: tuple[SdbPart, ...] = Field(default=(), strict=False)
    patterns: tuple[Slug, ...] = Field(default=(), strict=False)
    detectors: tuple[Slug, ...] = Field(default=(), strict=False)
    observable: Text


class Crosswalk(Entry):
    """Another failure taxonomy, mapped row by row."""

    summary: Text
    rows: tuple[CrosswalkRow, ...] = Field(min_length=1, strict=False)
