"""Answers about symptoms from a file, for where there is no terminal to ask on."""

from __future__ import annotations

from pathlib import Path
from textwrap import wrap

from advisor.catalog.files import read_toml
from advisor.catalog.load import Catalog
from advisor.diagnosis.ask.consultation import Consultation, begin
from advisor.diagnosis.ask.model import asked_of
from advisor.diagnosis.ask.questions import KINDS, SAID
from advisor.errors import Fault, InputError

_TITLES = {
    "pattern": "Which patterns are at work where it goes wrong?",
    "way": "How does it fail?",
    "part": "Which part of the boundary between model and system?",
    "symptom": "What do you see?",
    "refuted_by": "Only for symptoms that you see: what would speak against them?",
}


def read_symptoms(path: Path, catalog: Catalog) -> Consultation:
    """Reads a TOML file with the tables pattern, way, part, symptom and refuted_by: ids with yes, no or unknown.

    Raises:
        InputError: Every fault in it: tables and ids that there are not, answers that are none of the three.
    """
    asked = asked_of(catalog)
    consultation, faults = begin(catalog), []
    for kind, held in read_toml(path).items():
        if kind not in KINDS or not isinstance(held, dict):
            faults.append(Fault(f"{path}: {kind}", "is no table of answers", f"use the tables {', '.join(KINDS)}"))
            continue
        known = [id.partition(":")[2] for id, question in asked.items() if question.kind == kind]
        for about, said in held.items():
            where = f"{path}: {kind}.{about}"
            if about not in known:
                faults.append(Fault(where, "is nothing to ask for", f"use one of {', '.join(known)}"))
            elif said not in SAID:
                faults.append(Fault(where, "is no answer", f"answer one of {' | '.join(SAID)}, in quotes"))
            else:
                consultation = consultation.answer(f"{kind}:{about}", said)
    if faults:
        raise InputError(faults)
    return consultation


def symptoms_template(catalog: Catalog) -> str:
    """The file to fill in by hand: every question as a comment, every answer still unknown."""
    lines = ["# What you see of the trouble. Change the values in quotes: yes | no | unknown."]
    kind = ""
    for question in asked_of(catalog).values():
        if question.kind not in (kind, "symptom", "refuted_by"):
            kind = question.kind
            lines += ["", f"# {_TITLES[kind]}", f"[{kind}]"]
        if question.kind == kind:
            lines += _asked(question.wording, question.about)
    for kind in ("symptom", "refuted_by"):
        lines += ["", f"# {_TITLES[kind]}", f"[{kind}]"]
        for question in asked_of(catalog).values():
            if question.kind == kind:
                lines += _asked(question.wording.partition("? ")[2], question.about)
    return "\n".join(lines) + "\n"


def _asked(wording: str, about: str) -> list[str]:
    return [*(f"# {line}" for line in wrap(wording, 98)), f'{about} = "unknown"']
