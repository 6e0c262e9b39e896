"""The interview itself: questions in the method's order, a gate after each step, the record at the end."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from advisor.catalog.answers import ID, KEYS
from advisor.catalog.load import Catalog, shipped
from advisor.catalog.models import PLANES
from advisor.interview import flow
from advisor.interview.draft import Draft, id_from
from advisor.interview.screens import Screen
from advisor.interview.view import panel, question_view
from advisor.present import words
from advisor.selection.facets import Facets, facets_of
from advisor.selection.record import DecisionRecord, recommend


def conduct(draft: Draft, screen: Screen, today: Callable[[], dt.date] = dt.date.today) -> DecisionRecord:
    """Asks until the record is complete and returns it; every answer is on disk before the next question.

    Raises:
        Leave: The user wants to stop; the file holds all that was answered.
        InputError: The file cannot be written.
    """
    catalog = shipped()
    facets = facets_of(catalog)
    if draft.is_new:
        title = screen.text("What is this workload called?", "", lambda said: None if said else "Please name it.")
        proposed = id_from(title)
        draft.begin(title, screen.text("A short id for files and projects", proposed, _plain_id))
    while True:
        _ask_all(draft, screen, catalog, facets, today)
        if _planes(draft, screen, catalog):
            return recommend(draft.file)


def _plain_id(said: str) -> str | None:
    return None if ID.match(said) else "Use a-z, 0-9 and hyphens, as in contract-renewal."


def _ask_all(draft: Draft, screen: Screen, catalog: Catalog, facets: Facets, today: Callable[[], dt.date]) -> None:
    wanted: str | None = None
    passed = flow.gates_passed(draft.answered, facets, catalog)
    told: set[str] = set()
    while True:
        question = wanted or flow.next_question(draft.answered, facets)
        step = flow.step_of(question, catalog)
        if wanted is None and step - 1 > passed:
            passed += 1
            if _gate(passed, draft, screen, today) == "back":
                passed -= 1
                wanted = flow.question_before(_first_of(passed + 2, catalog), draft.answered)
            continue
        if question is None:
            return
        passed = min(passed, step - 1)
        wanted = _ask(question, draft, screen, catalog, facets, told)


def _first_of(step: int, catalog: Catalog) -> str | None:
    return next((key for key in KEYS if catalog.questions[key].step >= step), None)


def _ask(question: str, draft: Draft, screen: Screen, catalog: Catalog, facets: Facets, told: set[str]) -> str | None:
    """Asks one question until it is answered; returns the question to go back to, or None to go on."""
    remarks: list[str] = []
    passed_over = [
        key
        for key in flow.skipped(draft.answered, facets)
        if KEYS.index(key) < KEYS.index(question) and key not in told
    ]
    if passed_over:
        told.update(passed_over)
        remarks.append(f"Skipped, for they can no longer change anything: {', '.join(passed_over)}.")
    while True:
        answered, file = draft.answered, draft.file
        record = recommend(file)
        told_effects = flow.effects(question, answered, facets, file)
        view = question_view(question, record, catalog, told_effects, answered.get(question))
        said = screen.question(view, panel(record.decision), remarks)
        remarks = []
        match said:
            case "back":
                before = flow.question_before(question, answered)
                if before:
                    return before
                remarks = ["This is the first question."]
            case "note":
                draft.note(question, screen.text("Why? (a note for the record)", view.note, lambda _: None))
            case "help":
                screen.help(view)
            case "save":
                remarks = [f"Saved in {draft.path}. Every answer is saved as soon as it is given."]
            case _:
                draft.answer(question, said)
                return None


def _gate(step: int, draft: Draft, screen: Screen, today: Callable[[], dt.date]) -> str:
    record = recommend(draft.file)
    heading = f"Step {step} is written down: {flow.STEPS[step]}"
    said = screen.gate(heading, flow.artifact(step, record), panel(record.decision))
    if said == "go" and step == 2 and not record.signed:
        _sign_off(draft, screen, today)
    return said


def _sign_off(draft: Draft, screen: Screen, today: Callable[[], dt.date]) -> None:
    ask = "The spine is the dearest choice to move later. Does a senior engineer sign it off?"
    if screen.choose(ask, ("not now", "sign")) == "sign":
        name = screen.text("Name", "", lambda said: None if said else "A sign-off needs a name.")
        role = screen.text("Role", "senior engineer", lambda said: None if said else "A sign-off needs a role.")
        draft.sign(name, role, screen.text("Date", today().isoformat(), _is_date))


def _is_date(said: str) -> str | None:
    try:
        dt.date.fromisoformat(said)
    except ValueError:
        return "Write the date as 2026-11-22."
    return None


def _planes(draft: Draft, screen: Screen, catalog: Catalog) -> bool:
    """Asks of each plane that is called for whether it ships at version 1; True once all are decided."""
    for plane in PLANES:
        file = draft.file
        record = recommend(file)
        if plane in file.planes or record.planes[plane].status != "v1":
            continue
        title = words.PLANE_TITLES[plane]
        label = f"{title.capitalize()} is called for: {record.planes[plane].reason} When does it ship?"
        if screen.choose(label, ("version 1", "deferred")) == "version 1":
            draft.plane(plane, "v1")
        else:
            until = screen.text("Deferred until", "", _is_date)
            reason = screen.text("Why", "", lambda said: None if said else "A deferral needs a reason.")
            draft.plane(plane, "deferred", until, reason)
    return True
