"""One page for whoever answers for the system: the decision, its risks, what is unknown, and what to decide next."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from textwrap import shorten
from typing import TYPE_CHECKING

from advisor.catalog.answers import AnswersFile
from advisor.catalog.load import shipped
from advisor.diagnosis.findings import SEVERITIES, VERDICTS, Diagnosis, Finding
from advisor.errors import printable
from advisor.present import plain
from advisor.present.diagnosis import words
from advisor.selection import recommend
from advisor.selection.record import DecisionRecord

if TYPE_CHECKING:
    from advisor.loop.evidence.check import RecordCheck

RISKS = 3
LISTED, DECISIONS = 4, 6
"""Convention: unknowns of one sort, and decisions, that the page names; the others are counted."""
_LONGEST = 140


@dataclass(frozen=True)
class Risk:
    """A finding in plain words: what happens, how sure that is, how often, what helps, and who accepts it if any."""

    what: str
    id: str
    severity: str
    sure: str
    rate: str
    helps: str
    accepted: str


@dataclass(frozen=True)
class Due:
    """Something to decide: when (a date, or "now"), and what."""

    when: str
    what: str


@dataclass(frozen=True)
class Summary:
    """The page. `next` is never empty: where nothing is due, it says so."""

    title: str
    date: str
    state: str
    decision: tuple[str, ...]
    risks: tuple[Risk, ...]
    beside_risks: str
    unknown: tuple[str, ...]
    next: tuple[Due, ...]
    read: str
    knowledge_version: str


def render_summary(
    diagnosis: Diagnosis, check: RecordCheck, file: AnswersFile, today: dt.date, *, redact: bool = True
) -> str:
    """The summary as one HTML page that fills at most one sheet of A4.

    Args:
        diagnosis: What was found.
        check: The record held against the same logs.
        file: The answers that the record is made of.
        today: The day on which deadlines are due or not.
        redact: Mask secrets and personal data in what came out of the logs.
    """
    from advisor.present.templates import environment

    if redact:
        from advisor.present.diagnosis.masking import masked

        diagnosis = masked(diagnosis)
    return environment().get_template("summary.html.j2").render(page=summary(diagnosis, check, file, today))


def summary(diagnosis: Diagnosis, check: RecordCheck, file: AnswersFile, today: dt.date) -> Summary:
    """What the page says."""
    record = recommend(file)
    symptoms = [each for each in diagnosis.findings if each.verdict in words.SHOWN]
    ranked = sorted(symptoms, key=lambda f: (f.accepted, SEVERITIES.index(f.severity), VERDICTS.index(f.verdict)))
    return Summary(
        title=_short(record.title),
        date=today.isoformat(),
        state=_signed(record),
        decision=tuple(_decision(record)),
        risks=tuple(_risk(each) for each in ranked[:RISKS]),
        beside_risks=_beside(diagnosis, len(ranked)),
        unknown=tuple(_unknown(diagnosis, check, record)),
        next=tuple(_next(diagnosis, check, file, record, today)),
        read=words.was_read(diagnosis),
        knowledge_version=diagnosis.knowledge_version,
    )


def _decision(record: DecisionRecord) -> Iterable[str]:
    yield plain.CLASSES[record.runtime_class]
    yield plain.SPINES[record.spine]
    yield from (plain.PATTERNS[each] for each in ("P1", "P2") if each in record.coordination)
    if "P4" in record.control:
        yield plain.PATTERNS["P4"]
    built = [plain.PLANES[name] for name, each in record.planes.items() if each.status == "v1"]
    later = [plain.PLANES[name] for name, each in record.planes.items() if each.status == "deferred"]
    if "P6" in record.control or built or later:
        said = [f"from the start by {_joined(built)}"] if built else []
        said += [f"later by {_joined(later)}"] if later else []
        yield f"{plain.PATTERNS['P6']}{': ' if said else ''}{'; '.join(said)}."


def _risk(finding: Finding) -> Risk:
    what, helps = _told(finding)
    return Risk(
        what=_sentence(what),
        id=finding.signature,
        severity=finding.severity,
        sure=plain.SURE[finding.verdict],
        rate=_rate(finding),
        helps=helps,
        accepted=_short(words.standing(finding)) if finding.accepted else "",
    )


def _told(finding: Finding) -> tuple[str, str]:
    """What it means and what helps; in the catalog's own words where the entry is the user's."""
    return plain.FINDINGS.get(finding.signature, (f"it shows “{finding.title}”", finding.correction))


def _rate(finding: Finding) -> str:
    if finding.rate is None:
        return "How often cannot be said."
    said = f"{finding.count:,} of {finding.of:,} {finding.unit}: {finding.rate * 100:.1f} %"
    if finding.interval:
        low, high = finding.interval
        said += f", and with 95 % confidence between {low * 100:.1f} % and {high * 100:.1f} %"
    return said + "."


def _beside(diagnosis: Diagnosis, many: int) -> str:
    """What is to be said beside the risks that are shown."""
    if many > RISKS:
        return f"{words.number(many - RISKS, 'risk')} more in the full report."
    if many == RISKS:
        return ""
    found = f"The logs show {words.number(many, 'risk') if many else 'no risk'}"
    dark = sum(each.verdict in ("not_assessable", "insufficient") for each in diagnosis.findings)
    more = f"; {dark} of {len(diagnosis.findings)} checks could not be made (below), so there may be others"
    return found + (more if dark else "; every check could be made") + "."


def _unknown(diagnosis: Diagnosis, check: RecordCheck, record: DecisionRecord) -> Iterable[str]:
    by = sorted(diagnosis.findings, key=lambda each: (SEVERITIES.index(each.severity), each.signature))
    for verdict, why in (
        ("not_assessable", "The logs do not hold what is needed to tell"),
        ("insufficient", "The logs hold too few cases to tell"),
    ):
        clauses = [f"whether {_told(f)[0]}" for f in by if f.verdict == verdict]
        if clauses:
            yield f"{why} {_listed(clauses, '; ')}."
    wordings = [shipped().questions[key].wording for key, answer in record.answers.items() if answer == "unknown"]
    if wordings:
        yield f"Nobody has answered yet: {_listed(wordings, ' ')}"
    hidden = check.totals["not_observable"]
    if hidden:
        yield f"{hidden} of {len(check.checks)} statements behind the decision cannot be checked in these logs."


def _next(
    diagnosis: Diagnosis, check: RecordCheck, file: AnswersFile, record: DecisionRecord, today: dt.date
) -> list[Due]:
    """What to decide, the most urgent first."""
    now = [
        Due("now", f"The decision on {what} is overdue since {until}. {why}")
        for until, what, why in _put_off(file)
        if until < today.isoformat()
    ]
    wrong = [_stated(each.subject) for each in check.contradicted]
    if wrong:
        change = "the decision changes with it" if check.revised else "the decision itself stays"
        now.append(
            Due(
                "now",
                f"Correct the decision record: the logs contradict what it says of {_listed(wrong, '; ')} ({change}).",
            )
        )
    if diagnosis.found:
        many = len(diagnosis.found)
        named = f"the {many} risks" if many > 1 else "the risk"
        now.append(Due("now", f"Say who mends {named} that the logs show or point to, and by when."))
    if diagnosis.reliability and diagnosis.reliability.verdict == "falling":
        now.append(Due("now", "Find out why results get worse over time."))
    if not record.signed:
        now.append(Due("now", "Have a senior engineer sign the decision."))
    if not record.stable:
        open_ = [shipped().questions[each.question].wording for each in record.depends_on if each.answer == "unknown"]
        if open_:
            now.append(Due("now", f"Answer what the decision still hangs on: {_listed(open_, ' ')}"))
    later = [
        Due(until, f"Decide on {what}, put off until then. {why}")
        for until, what, why in _put_off(file)
        if until >= today.isoformat()
    ]
    due = [*now, *later]
    if len(due) > DECISIONS:
        due = [*due[:DECISIONS], Due("later", f"{words.number(len(due) - DECISIONS, 'decision')} more.")]
    return due or [Due("none due", "No decision is due. Run the check again when a model, a rule or the load changes.")]


def _put_off(file: AnswersFile) -> list[tuple[str, str, str]]:
    """What was deferred: until when (ISO), what, and why; the earliest first."""
    named = {
        **{plain.PLANES[k]: v for k, v in file.planes.items()},
        **{plain.STEPS[k]: v for k, v in file.sequence.items()},
    }
    return sorted(
        (each.until or "", what, f"The reason was: “{_short(each.reason or '', 90)}”.")
        for what, each in named.items()
        if each.status == "deferred"
    )


def _stated(subject: str) -> str:
    """What a statement of the record is about."""
    kind, _, rest = subject.rpartition(".")
    if kind == "planes":
        return plain.PLANES[rest]
    if subject in shipped().questions:
        return f"“{shipped().questions[subject].wording}”"
    return {"record.model_version": "the model in use", "sequence.console": plain.STEPS["console"]}[subject]


def _signed(record: DecisionRecord) -> str:
    made = f"Decided {record.date}" if record.date else "The decision has no date"
    by = record.sign_off
    if not by:
        return f"{made}; nobody has signed it."
    return f"{made}; signed by {_short(by.name, 60)}, {_short(by.role, 60)}, on {by.date}."


def _listed(parts: list[str], between: str) -> str:
    shown = between.join(parts[: LISTED - 1])
    more = len(parts) - (LISTED - 1)
    return f"{shown}{between}and {more} more" + ("." if between == " " else "") if more > 0 else shown


def _joined(parts: list[str]) -> str:
    return ", ".join(parts[:-1]) + f" and {parts[-1]}" if len(parts) > 1 else parts[0]


def _sentence(clause: str) -> str:
    return f"{clause[:1].upper()}{clause[1:]}."


def _short(text: str, most: int = _LONGEST) -> str:
    return shorten(printable(text), most, placeholder=" …") if " " in text.strip()[:most] else printable(text)[:most]
