"""Asks for symptoms where there are no logs, one at a time, and ends in a diagnosis; any question may stay open."""

from __future__ import annotations

import sys

from advisor.catalog.load import shipped
from advisor.diagnosis.ask import Consultation, begin, conclude
from advisor.diagnosis.ask.model import NOTHING
from advisor.diagnosis.findings import Diagnosis
from advisor.errors import Fault, InputError
from advisor.interview.screens import FullScreen, Leave, PlainScreen, Screen

SHOWN = 3


def screen_of(*, plain: bool, color: bool) -> Screen:
    """The screen to ask on.

    Raises:
        InputError: There is no terminal.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise InputError([Fault("advisor diagnose --ask", "needs a terminal", "use --answers FILE")])
    return PlainScreen() if plain else FullScreen(color)


def conduct(screen: Screen) -> Diagnosis:
    """Asks until one entry is settled, nothing is worth asking any more, or the user ends it.

    Raises:
        Leave: The user ended it before the first answer.
    """
    consultation = begin(shipped())
    remarks: list[str] = []
    while (question := consultation.next) is not None:
        lines = [*remarks, question.wording, *([question.help] if question.help else [])]
        try:
            said = screen.symptom(f"Question {len(consultation.said) + 1}", lines, panel(consultation))
        except Leave:
            if not consultation.said:
                raise
            break
        remarks = []
        match said:
            case "back":
                remarks = [] if consultation.said else ["This is the first question."]
                consultation = consultation.back()
            case "yes" | "no" | "unknown":
                consultation = consultation.answer(question.id, said)
    return conclude(consultation)


def panel(consultation: Consultation) -> list[tuple[str, str]]:
    """What the answers point to so far; nothing before the first one."""
    if not consultation.said:
        return []
    ranked = sorted(consultation.probabilities.items(), key=lambda each: (-each[1], each[0]))
    named = {NOTHING: "nothing in the catalog"}
    told = ", ".join(f"{named.get(id, id)} {chance:.0%}" for id, chance in ranked[:SHOWN])
    return [("likeliest so far", told)]
