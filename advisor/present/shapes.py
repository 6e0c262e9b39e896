"""The JSON shapes that have no type of their own in a lower room; `docs/schemas/` is generated from them."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from advisor.catalog.models import Frozen
from advisor.diagnosis.text.report import Scope
from advisor.loop.evidence.foreseen import How
from advisor.loop.evidence.verdicts import Holding
from advisor.starter.plan import Action


class MatchCandidate(Frozen):
    """One thing that a report may speak of; `score` ranks the candidates of one report and is no probability."""

    pattern: str
    signature: str | None
    sdb_part: str | None
    score: float
    because: tuple[str, ...]


class MatchDocument(Frozen):
    """The JSON shape `advisor/match/1`: what one report in prose speaks of, the best candidate first."""

    schema_: Literal["advisor/match/1"] = Field(default="advisor/match/1", alias="schema")
    scope: Scope
    candidates: tuple[MatchCandidate, ...]
    abstained: bool
    because: tuple[str, ...]


class StoryStep(Frozen):
    """One row of a story: what it is at the boundary, where it stands, and a gap before it."""

    role: str
    file: str
    line: int
    ts_us: int | None
    text: str
    gap_before: str | None


class StoryDocument(Frozen):
    """The JSON shape `advisor/story/1`: one request in order; `untold` rows lie beyond the limit."""

    schema_: Literal["advisor/story/1"] = Field(default="advisor/story/1", alias="schema")
    request_id: str
    steps: tuple[StoryStep, ...]
    untold: int
    gaps: tuple[str, ...]


class CheckedRow(Frozen):
    """A row that a statement is held against."""

    file: str
    line: int
    event_id: str | None
    text: str


class Statement(Frozen):
    """One statement of the record against the logs; `would_change` is what the answer alone would change if mended."""

    subject: str
    lines: tuple[str, ...]
    wording: str
    recorded: str
    verdict: Holding
    observed: str
    reason: str
    shows: str | None
    numbers: dict[str, float | int | str | None]
    evidence: tuple[CheckedRow, ...]
    would_change: dict[str, Any]


class Unanswered(Frozen):
    """What the logs show of a question that the record leaves unknown."""

    question: str
    shows: str
    strong: bool
    observed: str
    reason: str
    evidence: tuple[CheckedRow, ...]


class CheckedLine(Frozen):
    """One line of the record, with the loudest verdict of what it rests on."""

    step: str
    pattern: str
    verdict: Holding
    contradicted: tuple[str, ...]
    strained: tuple[str, ...]
    signature: str | None
    signature_verdict: str | None
    if_wrong: str | None


class ForeseenFinding(Frozen):
    """A finding and the part of the record that it belongs to."""

    signature: str
    pattern: str
    verdict: str
    how: How
    lines: tuple[str, ...]
    if_wrong: tuple[str, ...]
    said: str


class Limit(Frozen):
    """A number that verdicts on a record turn on, and whose it is."""

    value: float
    unit: str
    source: str
    text: str


class RecordCheckDocument(Frozen):
    """The JSON shape `advisor/record-check/1`: a decision record held against logs."""

    schema_: Literal["advisor/record-check/1"] = Field(default="advisor/record-check/1", alias="schema")
    id: str
    title: str
    lines: tuple[CheckedLine, ...]
    checks: tuple[Statement, ...]
    unanswered: tuple[Unanswered, ...]
    findings: tuple[ForeseenFinding, ...]
    revised: dict[str, Any]
    knowledge_version: str
    totals: dict[Holding, int]
    conventions: dict[str, Limit]


class ScaffoldStep(Frozen):
    """What happened to one file of a project."""

    path: str
    action: Action


class ScaffoldDocument(Frozen):
    """The JSON shape `advisor/scaffold/1`: what was written into a project."""

    schema_: Literal["advisor/scaffold/1"] = Field(default="advisor/scaffold/1", alias="schema")
    destination: str
    fresh: bool
    steps: tuple[ScaffoldStep, ...]
    conflicts: tuple[str, ...]
    remarks: tuple[str, ...]


class AskedQuestion(Frozen):
    """A question of the interview with what may be answered."""

    id: str
    step: int
    wording: str
    help: str
    choices: tuple[str, ...]
    example_yes: str
    example_no: str


class QuestionsDocument(Frozen):
    """The JSON shape `advisor/questions/1`: the interview's questions in order."""

    schema_: Literal["advisor/questions/1"] = Field(default="advisor/questions/1", alias="schema")
    questions: tuple[AskedQuestion, ...]
    knowledge_version: str
