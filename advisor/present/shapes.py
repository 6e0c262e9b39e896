"""The JSON shapes that have no type of their own in a lower room; `advisor.present.schemas` registers every one."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from advisor.catalog.models import Frozen
from advisor.diagnosis.detector import Grade
from advisor.diagnosis.text.report import Scope
from advisor.loop.evidence.foreseen import How
from advisor.loop.evidence.verdicts import Holding
from advisor.loop.measures import Unit
from advisor.loop.trend import Trend
from advisor.loop.watch import Status
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


class Measure(Frozen):
    """A number that logs give of a statement: `interval` is of 95 %, and null where cases are too few for one."""

    what: str
    unit: Unit
    value: float
    interval: tuple[float, float] | None
    cases: int
    trend: Trend


class Monitored(Statement):
    """A statement with the numbers that it is measured by."""

    measures: tuple[Measure, ...]


class LapsedDeferral(Frozen):
    """A deferral whose date has passed, and by how many days."""

    subject: str
    until: str
    days: int
    reason: str


class SeenFinding(Frozen):
    """A finding that is present or likely, and how the record stands to it."""

    signature: str
    verdict: str
    severity: str
    how: How
    said: str
    evidence: tuple[CheckedRow, ...]


class WatchDocument(Frozen):
    """The JSON shape `advisor/watch/1`: a record under watch; `window` is the logs' first and last microsecond."""

    schema_: Literal["advisor/watch/1"] = Field(default="advisor/watch/1", alias="schema")
    id: str
    title: str
    status: Status
    superseded_by: str | None
    today: str
    rows: int
    window: tuple[int, int] | None
    versions: tuple[str, ...]
    monitors: tuple[Monitored, ...]
    lapsed: tuple[LapsedDeferral, ...]
    found: tuple[SeenFinding, ...]
    lines: tuple[CheckedLine, ...]
    unanswered: tuple[Unanswered, ...]
    revised: dict[str, Any]
    totals: dict[Holding, int]
    conventions: dict[str, Limit]
    alarming: bool
    knowledge_version: str


class SignatureGain(Frozen):
    """A signature's grade without a mapping (null: the log could not be read) and with it, and what it still lacks."""

    signature: str
    before: Grade | Literal["none"] | None
    after: Grade | Literal["none"]
    missing: tuple[str, ...]


class GainsDocument(Frozen):
    """The JSON shape `advisor/gains/1`: rows, guessed ones and filled columns, without a mapping and with it."""

    schema_: Literal["advisor/gains/1"] = Field(default="advisor/gains/1", alias="schema")
    rows: tuple[int | None, int]
    guessed: tuple[int | None, int]
    columns: tuple[tuple[str, float, float], ...]
    signatures: tuple[SignatureGain, ...]


class GuessedName(Frozen):
    """A kind that was guessed from an event's name, on how many rows, and where first."""

    name: str
    kind: str
    rows: int
    file: str
    line: int


class GuessedKindsDocument(Frozen):
    """The JSON shape `advisor/guessed-kinds/1`: every kind that was guessed from an event's name."""

    schema_: Literal["advisor/guessed-kinds/1"] = Field(default="advisor/guessed-kinds/1", alias="schema")
    kinds: tuple[GuessedName, ...]


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
