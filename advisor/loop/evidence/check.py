"""Checks a decision record against a log: each answer, each control plane, each line, and each finding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from advisor.catalog.answers import KEYS, Answers, AnswersFile
from advisor.catalog.load import Catalog, shipped
from advisor.catalog.models import PLANES, Plane
from advisor.diagnosis.citations import cite
from advisor.diagnosis.findings import Citation, Diagnosis, Finding
from advisor.loop.evidence import stamp, verdicts
from advisor.loop.evidence.conventions import CONVENTIONS
from advisor.loop.evidence.foreseen import Foreseen, foreseen
from advisor.loop.evidence.observation import Number, Observation, observe
from advisor.loop.evidence.questions import PROBES, UNLOGGED
from advisor.loop.evidence.verdicts import LOUDEST_FIRST, Holding, Judged
from advisor.selection.record import DecisionRecord, recommend
from advisor.traces.table import EventTable

ROW = ("file", "line", "event_id", "text")
"""What a cited row says in JSON."""
_LINE_OF_STEP = {1: "runtime_class", 2: "spine", 3: "coordination", 4: "control"}
# A wait over an hour makes a workload long-horizon whatever its duration (section 4.1).
_MORE_LINES = {"pauses_or_external_waits": ("runtime_class",)}
_PLANES_QUESTION = {
    "kill_switch": "stop_in_flight",
    "escalation": "outside_envelope",
    "approval": "planes.approval",
    "throttling": "volume_can_overwhelm",
}


@dataclass(frozen=True)
class Check:
    """One statement of the record against the log.

    Attributes:
        subject: A question's id, `planes.<plane>`, `record.model_version` or `sequence.console`.
        lines: The lines of the record that rest on it, by step.
        wording: What is asked or stated.
        recorded: What the record says.
        observed: What the log says, with its numbers.
        reason: Why the verdict is no louder, or what it rests on.
        shows: The answer that the log speaks for; None where it speaks for none.
        would_change: Fields of the decision that this answer alone, changed to `shows`, would change.
    """

    subject: str
    lines: tuple[str, ...]
    wording: str
    recorded: str
    verdict: Holding
    observed: str
    reason: str
    shows: str | None
    numbers: Mapping[str, Number]
    evidence: tuple[Citation, ...]
    would_change: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Hint:
    """What a log shows of a question that the record leaves unknown."""

    question: str
    shows: str
    strong: bool
    observed: str
    reason: str
    evidence: tuple[Citation, ...]


@dataclass(frozen=True)
class LineCheck:
    """One line of the record: the loudest verdict of what it rests on, and what became of the signature it named."""

    step: str
    pattern: str
    verdict: Holding
    contradicted: tuple[str, ...]
    strained: tuple[str, ...]
    signature: str | None
    signature_verdict: str | None
    if_wrong: str | None


@dataclass(frozen=True)
class RecordCheck:
    """A record held against a log, in the JSON shape `advisor/record-check/1`.

    Attributes:
        revised: The decision's fields that change if every contradicted answer becomes what the log shows.
    """

    id: str
    title: str
    lines: tuple[LineCheck, ...]
    checks: tuple[Check, ...]
    unanswered: tuple[Hint, ...]
    findings: tuple[Foreseen, ...]
    revised: Mapping[str, Any]
    knowledge_version: str

    @property
    def contradicted(self) -> tuple[Check, ...]:
        """The statements that the log contradicts."""
        return tuple(check for check in self.checks if check.verdict == "contradicted")

    @property
    def unforeseen(self) -> tuple[Foreseen, ...]:
        """Findings of patterns that the record did not choose."""
        return tuple(each for each in self.findings if each.how == "unforeseen")

    @property
    def totals(self) -> dict[str, int]:
        """How many checks ended in each verdict."""
        return {verdict: sum(check.verdict == verdict for check in self.checks) for verdict in LOUDEST_FIRST}

    def to_json(self) -> dict[str, Any]:
        """The check as plain JSON values."""
        from dataclasses import asdict

        def plain(value: Any) -> Any:
            if isinstance(value, Mapping):
                return {str(key): plain(each) for key, each in value.items()}
            return [plain(each) for each in value] if isinstance(value, (tuple, list)) else value

        said: dict[str, Any] = plain(asdict(self))
        for each in (*said["checks"], *said["unanswered"]):
            each["evidence"] = [{key: row[key] for key in ROW} for row in each["evidence"]]
        limits = {name: plain(each._asdict()) for name, each in CONVENTIONS.items()}
        return {"schema": "advisor/record-check/1", **said, "totals": self.totals, "conventions": limits}


def check_record(
    file: AnswersFile, diagnosis: Diagnosis, table: EventTable, catalog: Catalog | None = None
) -> RecordCheck:
    """Holds the record of an answers file against a log and its findings.

    Args:
        file: The answers.
        diagnosis: What the detectors found in the same table.
        table: The events.
        catalog: The knowledge base; the shipped one unless given.
    """
    catalog = catalog or shipped()
    record = recommend(file, catalog)
    seen = observe(table, PROBES)
    seen |= {question: Observation(said=why, why=why) for question, why in UNLOGGED.items()}
    changes = {(flip.question, flip.to): flip.changes for flip in record.flips}

    def made(
        subject: str, lines: tuple[str, ...], wording: str, recorded: str, on: Observation, judged: Judged
    ) -> Check:
        verdict, reason = judged
        off = verdict in ("contradicted", "strained")
        return Check(
            subject=subject,
            lines=lines,
            wording=wording,
            recorded=recorded,
            verdict=verdict,
            observed=on.said,
            reason=reason if reason != on.said else "",
            shows=on.shows,
            numbers=on.numbers,
            evidence=cite(table, on.rows) if off or verdict == "holds" else (),
            would_change=changes.get((subject, str(on.shows)), {}) if off else {},
        )

    def lines_of(question: str) -> tuple[str, ...]:
        return (_LINE_OF_STEP[catalog.questions[question].step], *_MORE_LINES.get(question, ()))

    checks: list[Check] = []
    for key in KEYS:
        if (answer := record.answers[key]) != "unknown":
            judge = verdicts.of_duration if key == "duration" else verdicts.of_answer
            wording = catalog.questions[key].wording
            checks.append(made(key, lines_of(key), wording, answer, seen[key], judge(answer, seen[key])))
    checks += [
        made(f"planes.{plane}", ("control",), catalog.patterns["P6"].planes[plane].text, status, on, judged)
        for plane, status, on, judged in _planes(record, seen)
    ]
    threaded = seen["sequence.console"]
    said = "the console comes first: rows are threaded by a request's id"
    checks.append(made("sequence.console", ("sequence",), said, "yes", threaded, verdicts.of_answer("yes", threaded)))
    if record.model_version:
        on = stamp.stamped(record.model_version, stamp.versions_called(table))
        said = "the model version that the record was made for"
        verdict, _ = verdicts.of_answer("yes", on)
        checks.append(made("record.model_version", ("date",), said, record.model_version, on, (verdict, on.why)))
    return RecordCheck(
        id=record.id,
        title=record.title,
        lines=_lines(record, checks, {finding.signature: finding for finding in diagnosis.findings}),
        checks=tuple(sorted(checks, key=lambda check: LOUDEST_FIRST.index(check.verdict))),
        unanswered=tuple(
            Hint(key, on.shows, on.strong, on.said, on.why, cite(table, on.rows))
            for key in KEYS
            if record.answers[key] == "unknown" and (on := seen[key]).shows is not None
        ),
        findings=foreseen(diagnosis.findings, record, catalog),
        revised=_revised(file, record, checks, catalog),
        knowledge_version=catalog.version,
    )


def _planes(record: DecisionRecord, seen: Mapping[str, Observation]) -> list[tuple[Plane, str, Observation, Judged]]:
    """Each plane that the record decides on, with what was seen of it."""
    found: list[tuple[Plane, str, Observation, Judged]] = []
    alone = record.answers["person_decides_every_action"] == "yes"
    for plane in PLANES:
        status, on = record.planes[plane].status, seen[_PLANES_QUESTION[plane]]
        if status == "undetermined":
            continue
        person = alone and plane in ("approval", "escalation")
        judged = verdicts.of_plane(status, on, person)
        if plane == "approval" and status == "v1":
            judged = verdicts.of_approval(on)
        found.append((plane, status, on, judged))
    return found


def _lines(record: DecisionRecord, checks: list[Check], findings: Mapping[str, Finding]) -> tuple[LineCheck, ...]:
    made = []
    for line in record.lines:
        mine = [check for check in checks if line.step in check.lines]
        named = line.signature_if_wrong.id
        made.append(
            LineCheck(
                step=line.step,
                pattern=line.pattern,
                verdict=min((check.verdict for check in mine), key=LOUDEST_FIRST.index, default="not_observable"),
                contradicted=tuple(check.subject for check in mine if check.verdict == "contradicted"),
                strained=tuple(check.subject for check in mine if check.verdict == "strained"),
                signature=named,
                signature_verdict=findings[named].verdict if named and named in findings else None,
                if_wrong=line.if_wrong,
            )
        )
    return tuple(made)


def _revised(file: AnswersFile, record: DecisionRecord, checks: list[Check], catalog: Catalog) -> dict[str, Any]:
    """What the decision becomes once every contradicted answer is what the log shows."""
    changed = {c.subject: c.shows for c in checks if c.verdict == "contradicted" and c.subject in KEYS}
    if not changed:
        return {}
    answers = Answers.model_validate({**record.answers, **changed})
    return record.decision.changes_to(recommend(file.model_copy(update={"answers": answers}), catalog).decision)
