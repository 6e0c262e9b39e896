"""Writes the record that takes another's place, with what was measured, and links the two."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tomlkit

from advisor.catalog.answers import KEYS, AnswersFile, content_digest, parse_answers
from advisor.catalog.files import write_atomically
from advisor.errors import Fault, InputError, printable
from advisor.loop.watch import Watch, day
from advisor.selection.record import recommend

if TYPE_CHECKING:
    from advisor.diagnosis.findings import Citation

_OBSERVED = ("contradicted", "strained", "holds")


@dataclass(frozen=True)
class Superseding:
    """The new record: its id, the answers that changed (from, to), the deferrals that lapsed, and what it changes."""

    id: str
    answers: Mapping[str, tuple[str, str]]
    lapsed: tuple[str, ...]
    changes: Mapping[str, Any]


def supersede(old: Path, new: Path, file: AnswersFile, watched: Watch, mask: Callable[[str], str] = str) -> Superseding:
    """Writes a superseding answers file, unsigned, and the link to it into the old one.

    Answers that the logs contradict become what the logs show; unknown ones are filled in where the logs are strong
    enough. Each question that the logs say something of gets it as a note. A deferral that has lapsed is left out, so
    that the plane ships at version one unless somebody defers it again.

    Args:
        old: The answers file that is superseded. Remarks and layout in it stay as they are.
        new: The file to write.
        file: What `old` says.
        watched: The record held against logs.
        mask: Applied to everything that came out of the logs.

    Raises:
        InputError: The record is superseded already, `new` exists, or a file cannot be written.
    """
    if file.record.superseded_by:
        mend = "watch and supersede that record"
        raise InputError([Fault(str(old), f"is superseded by {file.record.superseded_by} already", mend)])
    if new.exists():
        raise InputError([Fault(str(new), "exists", "choose another name for the new record")])
    text = old.read_text(encoding="utf-8-sig")
    document = tomlkit.parse(text)
    name = _successor(file.id)
    answers = _answers(file, watched)
    document["id"] = name
    document.pop("sign_off", None)
    for key, (_, now) in answers.items():
        document["answers"][key] = now
    for key, note in _notes(file, watched, mask).items():
        _table(document, "notes")[key] = note
    for each in watched.lapsed:
        table, _, key = each.subject.partition(".")
        document[table].pop(key)
        document.add(tomlkit.comment(f"{each.subject} was deferred until {each.until}: {printable(each.reason)}"))
    record = _table(document, "record")
    record.update(
        {
            "date": watched.today,
            "supersedes": file.id,
            "supersedes_digest": content_digest(file),
            "evidence": mask(printable(_evidence(watched, answers))),
        }
    )
    if any(check.subject == "record.model_version" for check in watched.check.contradicted):
        record["model_version"] = mask(printable(watched.versions[0]))
    written = tomlkit.dumps(document)
    found = recommend(parse_answers(tomlkit.parse(written).unwrap(), str(new)))
    write_atomically(new, written)
    linked = tomlkit.parse(text)
    _table(linked, "record")["superseded_by"] = name
    try:
        write_atomically(old, tomlkit.dumps(linked))
    except InputError:
        new.unlink()
        raise
    return Superseding(
        id=name,
        answers=answers,
        lapsed=tuple(each.subject for each in watched.lapsed),
        changes=recommend(file).decision.changes_to(found.decision),
    )


def _successor(name: str) -> str:
    base, number = re.fullmatch(r"(.*?)(?:-(\d+))?", name).groups()  # type: ignore[union-attr]
    return f"{base}-{int(number or 1) + 1}"


def _answers(file: AnswersFile, watched: Watch) -> dict[str, tuple[str, str]]:
    given = file.answers.model_dump()
    shown = {check.subject: check.shows for check in watched.check.contradicted if check.subject in KEYS}
    shown |= {hint.question: hint.shows for hint in watched.check.unanswered if hint.strong}
    return {key: (given[key], str(shown[key])) for key in KEYS if shown.get(key)}


def _notes(file: AnswersFile, watched: Watch, mask: Callable[[str], str]) -> dict[str, str]:
    """What was seen of each question, after what was noted of it before."""
    said: dict[str, str] = {}
    for check in watched.check.checks:
        if check.subject in KEYS and check.verdict in _OBSERVED:
            verdict = f"{check.recorded} {'is ' if check.verdict != 'holds' else ''}{check.verdict}"
            said[check.subject] = _noted(watched.today, verdict, check.observed, check.evidence)
    for hint in watched.check.unanswered:
        verdict = f"the logs {'speak for' if hint.strong else 'hint at'} {hint.shows}"
        said[hint.question] = _noted(watched.today, verdict, hint.observed, hint.evidence)
    return {
        key: " ".join(filter(None, (file.notes.get(key, "").strip(), mask(printable(said[key])))))
        for key in KEYS
        if key in said
    }


def _noted(today: str, verdict: str, observed: str, evidence: Iterable[Citation]) -> str:
    places = ", ".join([f"{row.file}:{row.line}" for row in evidence][:2])
    return f"{today}: {verdict}. {observed}" + (f" See {places}." if places else "")


def _evidence(watched: Watch, answers: Mapping[str, tuple[str, str]]) -> str:
    said = f"Held against {watched.rows} rows"
    if watched.window:
        said += f" from {day(watched.window[0])} to {day(watched.window[1])}"
    wrong = [check.subject for check in watched.check.contradicted]
    said += f"; contradicted: {', '.join(wrong) or 'nothing'}"
    if answers:
        said += f"; answers changed: {', '.join(f'{key} {was} to {now}' for key, (was, now) in answers.items())}"
    found = [f"{each.signature} ({each.said})" for each in watched.found]
    return f"{said}; named signatures seen: {', '.join(found) or 'none'}. Knowledge {watched.check.knowledge_version}."


def _table(document: tomlkit.TOMLDocument, name: str) -> Any:
    if name not in document:
        document[name] = tomlkit.table()
    return document[name]
