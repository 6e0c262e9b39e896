"""What a question looks like: plain values that the full screen and the plain mode both print."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import wrap

from advisor.catalog.answers import KEYS, choices
from advisor.catalog.load import Catalog
from advisor.catalog.models import PLANES
from advisor.interview import flow
from advisor.present import words
from advisor.selection.decision import Decision
from advisor.selection.record import DecisionRecord

LETTERS = {
    "yes": "y",
    "no": "n",
    "partly": "p",
    "unknown": "u",
    "seconds": "s",
    "minutes": "m",
    "hours": "h",
    "days": "d",
}
KEYS_HELP = "b back   t note   ? help   w save   q leave"


@dataclass(frozen=True)
class QuestionView:
    """One question as it stands: `answer` and `note` hold what was said before."""

    key: str
    heading: str
    wording: str
    help: str
    examples: tuple[tuple[str, str], ...]
    changes: str
    effects: tuple[tuple[str, str], ...]
    options: tuple[str, ...]
    answer: str | None
    note: str


def question_view(
    question: str, record: DecisionRecord, catalog: Catalog, effects: dict[str, str], answer: str | None
) -> QuestionView:
    """Everything that is shown of a question."""
    entry = catalog.questions[question]
    names = ("long", "short") if entry.choices else ("yes", "no")
    return QuestionView(
        key=question,
        heading=f"Question {KEYS.index(question) + 1} of {len(KEYS)}, step {entry.step}: {flow.STEPS[entry.step]}",
        wording=entry.wording,
        help=entry.help,
        examples=((names[0], entry.example_yes), (names[1], entry.example_no)),
        changes=entry.changes,
        effects=tuple(effects.items()),
        options=choices(question),
        answer=answer,
        note=record.notes.get(question, ""),
    )


def panel(decision: Decision) -> list[tuple[str, str]]:
    """The record as it grows, in label and value."""
    level = f" {decision.p6_level}" if "P6" in decision.control else ""
    settled = {"v1": "yes", "deferred": "later", "not_needed": "no", "undetermined": "?"}
    planes = ", ".join(f"{words.PLANE_TITLES[p]} {settled[decision.planes[p]]}" for p in PLANES)
    return [
        ("class", _known(decision.runtime_class)),
        ("spine", _known(decision.spine)),
        ("coordination", words.joined(decision.coordination) if decision.coordination else "none yet"),
        ("control", (words.joined(decision.control) + level) if decision.control else "none yet"),
        ("planes", planes),
    ]


def _known(value: str) -> str:
    return "?" if value == "undetermined" else value


def body(view: QuestionView, width: int, height: int) -> list[str]:
    """The question's text within `height` lines: the examples go first where it would not fit, then the help."""
    wording = wrap(view.wording, width)
    note = wrap(f"Note: {view.note}", width) if view.note else []
    helped = wrap(view.help, width)
    examples = [
        line for name, text in view.examples for line in wrap(f"{name}: {text}", width, subsequent_indent="     ")
    ]
    changes = wrap(view.changes, width)
    now = [
        line for value, text in view.effects for line in wrap(f"{value} now: {text}", width, subsequent_indent="     ")
    ]
    for parts in (
        (helped, examples, changes, now, note),
        (helped, examples, changes, note),
        (helped, changes, note),
        (changes, note),
        (note,),
    ):
        lines = [*wording, *(line for part in parts if part for line in ("", *part))]
        if len(lines) <= height:
            return lines
    return wording[:height]
