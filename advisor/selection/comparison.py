"""What changed between two records, and which answers account for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from advisor.catalog.answers import KEYS, Answers, AnswersFile
from advisor.catalog.models import Frozen
from advisor.selection.record import DecisionRecord, recommend


class ChangedAnswer(Frozen):
    """One answer that differs between the two files."""

    question: str
    from_: str = Field(alias="from")
    to: str


class ChangedField(Frozen):
    """One field of the decision that differs, and the answers that account for it.

    `because` is `each` where any one of `answers` alone brings the change, `together` where it takes all of them, and
    `recorded` where no answer does: a decision written in the answers file (a deferred plane, a first step) differs.
    """

    field: str
    from_: Any = Field(alias="from")
    to: Any
    because: Literal["each", "together", "recorded"]
    answers: tuple[str, ...]


class Comparison(Frozen):
    """The JSON shape `advisor/comparison/1`."""

    schema_: Literal["advisor/comparison/1"] = Field(default="advisor/comparison/1", alias="schema")
    new: str
    old: str
    same_decision: bool
    answers: tuple[ChangedAnswer, ...]
    changes: tuple[ChangedField, ...]


def compare(new: DecisionRecord, old: DecisionRecord) -> Comparison:
    """Compares two records; every field of the decision that differs is traced to the answers behind it."""
    changed = tuple(
        ChangedAnswer(question=key, to=new.answers[key], **{"from": old.answers[key]})
        for key in KEYS
        if new.answers[key] != old.answers[key]
    )
    before, after = _flat(old), _flat(new)
    fields = tuple(
        ChangedField(field=name, to=after[name], **{"from": before[name]}, **_account(name, new, old, changed))
        for name in after
        if after[name] != before[name]
    )
    return Comparison(
        new=new.title,
        old=old.title,
        same_decision=new.decision == old.decision,
        answers=changed,
        changes=fields,
    )


def _flat(record: DecisionRecord) -> dict[str, Any]:
    dump = record.decision.model_dump(mode="json")
    planes = dump.pop("planes")
    return {**dump, **{f"planes.{plane}": status for plane, status in planes.items()}}


def _account(
    name: str, new: DecisionRecord, old: DecisionRecord, changed: tuple[ChangedAnswer, ...]
) -> Mapping[str, Any]:
    here, before = _decided(new.answers)[name], _decided(old.answers)[name]
    if here == before:
        return {"because": "recorded", "answers": ()}
    alone = [c.question for c in changed if _decided({**old.answers, c.question: c.to})[name] == here]
    if alone:
        return {"because": "each", "answers": tuple(alone)}
    needed = [c.question for c in changed if _decided({**new.answers, c.question: c.from_})[name] != here]
    return {"because": "together", "answers": tuple(needed or [c.question for c in changed])}


def _decided(answers: Mapping[str, str]) -> dict[str, Any]:
    """The decision that these answers alone give, without what a file records beside them."""
    file = AnswersFile(schema=1, id="x", title="x", answers=Answers.model_validate(dict(answers)))
    return _flat(recommend(file))
