"""Which question comes next, which can no longer change anything, and what each answer would do. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from advisor.catalog.answers import KEYS, AnswersFile, choices
from advisor.catalog.load import Catalog
from advisor.present.words import in_words
from advisor.selection.decision import decide
from advisor.selection.facets import Facets
from advisor.selection.record import DecisionRecord

Answered = Mapping[str, str]
# Part of step 1's written artifact: it decides nothing, and is compared with the answer about pauses.
ARTIFACT_ONLY = "world_changes_during_unit"
STEPS: Mapping[int, str] = {1: "runtime class", 2: "spine", 3: "coordination", 4: "control"}


def given(answered: Answered) -> dict[str, str]:
    """Every question with its answer; what was not asked yet is unknown."""
    return {key: answered.get(key, "unknown") for key in KEYS}


def can_change(question: str, answered: Answered, facets: Facets) -> bool:
    """Whether some completion of the unknown answers lets this one change the decision."""
    if question == ARTIFACT_ONLY:
        return True
    open_ = {**given(answered), question: "unknown"}
    return any(facet.reads(question, open_) is not None for facet in facets)


def skipped(answered: Answered, facets: Facets) -> list[str]:
    """Unanswered questions that can no longer change anything, in order."""
    return [key for key in KEYS if key not in answered and not can_change(key, answered, facets)]


def next_question(answered: Answered, facets: Facets) -> str | None:
    """The first unanswered question that can still change something."""
    return next((key for key in KEYS if key not in answered and can_change(key, answered, facets)), None)


def question_before(question: str | None, answered: Answered) -> str | None:
    """The last answered question before this one; None means that there is none."""
    before = KEYS if question is None else KEYS[: KEYS.index(question)]
    return next((key for key in reversed(before) if key in answered), None)


def step_of(question: str | None, catalog: Catalog) -> int:
    """The step that a question belongs to; 5 once all are asked."""
    return 5 if question is None else catalog.questions[question].step


def gates_passed(answered: Answered, facets: Facets, catalog: Catalog) -> int:
    """How many step gates lie behind: a gate is passed once a question of a later step is answered."""
    step = step_of(next_question(answered, facets), catalog)
    begun = any(catalog.questions[key].step >= step for key in answered)
    return max(0, step - 1 if begun else step - 2)


def effects(question: str, answered: Answered, facets: Facets, file: AnswersFile) -> dict[str, str]:
    """What each answer would change in the record as it stands, in words; those that change nothing are left out."""
    now = {**given(answered), question: "unknown"}
    before = decide(facets, now, file)
    told = {}
    for value in choices(question):
        if value not in {"unknown", "partly"}:
            changes = before.changes_to(decide(facets, {**now, question: value}, file))
            if changes:
                told[value] = in_words(changes)
    return told


def artifact(step: int, record: DecisionRecord) -> list[str]:
    """The written artifact of a step: what is put down before the next step is asked."""
    line = record.lines[step - 1]
    said = [f"{line.pattern}, because {line.predicate}."]
    match step:
        case 1:
            said = [f"Runtime class: {said[0]}", f"{record.dominant_concern} dominates the design."]
        case 2:
            expect = line.signature_if_wrong
            said = [
                f"Spine: {said[0]}",
                f"If this is wrong, expect {expect.id or 'an undetermined signature'}: {expect.text}",
            ]
        case 3:
            said = [f"Coordination: {said[0]}"]
        case _:
            said = [f"Control: {said[0]}"]
    undetermined = [d.question for d in record.depends_on if d.answer == "unknown"]
    return said if record.stable or step < 4 else [*said, f"Still open: {', '.join(undetermined)}."]
