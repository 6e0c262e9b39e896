"""What records say, sentence by sentence, for answers drawn by lot: against a golden text (`REWRITE_GOLDEN=1`).

The truth tables hold what is decided; this holds how it is told, under answers that nobody would have chosen.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from advisor.catalog.answers import KEYS, choices
from advisor.catalog.load import shipped
from advisor.catalog.models import PLANES
from advisor.selection import DecisionRecord, recommend
from advisor.selection.comparison import compare
from advisor.selection.to_watch import to_watch
from tests.workloads import answers_file, by_hand

GOLDEN = Path(__file__).parent / "golden"
TABLES = {
    "if_wrong": {"spine": "drift", "sequence": "blind"},
    "planes": {
        "kill_switch": {"status": "deferred", "until": "2027-03-31", "reason": "one tenant"},
        "approval": {"status": "v1", "reason": "The board asks for it."},
        "throttling": {"status": "v1"},
    },
    "sequence": {"console": {"status": "deferred", "until": "2027-01-31", "reason": "the group has one"}},
    "sign_off": {"name": "R. Roe", "role": "engineer", "date": "2026-11-22"},
    "record": {"date": "2026-11-22", "model_version": "m-1", "supersedes": "old", "evidence": "measured"},
    "notes": {"duration": "asked twice"},
}


def drawn(lot: int) -> dict[str, str]:
    """Answers by lot: the more even the number, the fewer unknowns."""
    dice = random.Random(lot)
    plain = [lambda c: c[:-1], lambda c: [*c[:-1], *c], lambda c: c][lot % 3]
    return {key: (options := plain(choices(key)))[dice.randrange(len(options))] for key in KEYS}


def told(record: DecisionRecord) -> Iterator[str]:
    """Everything a record says, a line each."""
    for line in record.lines:
        foreseen = line.signature_if_wrong.id or line.signature_if_wrong.text
        yield f"{line.step} | {line.pattern} | {line.predicate} | {foreseen} | {line.if_wrong}"
    yield from (f"why {name}: {text}" for name, text in record.why.items())
    yield from (f"why not {name}: {text}" for name, text in record.why_not.items())
    yield from (f"plane {name}: {each.status}, {each.reason} {each.until}" for name, each in record.planes.items())
    yield from (f"{p.id} ({p.question}, {p.section}): {p.answer}, {p.fired}" for p in record.predicates)
    yield f"stable {record.stable}, signed {record.signed}, {record.date} {record.model_version} {record.notes}"
    for each in record.depends_on:
        yield f"depends on {each.question} ({each.answer}, {each.together_with}): {each.outcomes}"
    yield from (f"to {each.to} at {each.trigger}: {each.text}" for each in record.migrations)
    yield from (f"warning: {text}" for text in record.warnings)
    yield f"readings: {', '.join(record.readings)}"
    yield from (f"watch {each.entry.id}: {each.foreseen_by}" for each in to_watch(record, shipped()))


def test_what_is_said() -> None:
    said = []
    for lot in range(24):
        record = recommend(answers_file(drawn(lot), **(TABLES if lot % 2 else {})))
        said += [f"# {lot}", *told(record), ""]
    text = "\n".join(said)
    path = GOLDEN / "words.txt"
    if os.environ.get("REWRITE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8"), "words.txt differs; look, then REWRITE_GOLDEN=1"


def test_a_record_as_plain_json_values_under_the_names_of_its_shape() -> None:
    record = recommend(answers_file(drawn(1), **TABLES))
    document = record.to_json()
    assert document == json.loads(json.dumps(document))
    assert document["schema"] == "advisor/record/1"
    assert document["flips"][0]["from"] == record.flips[0].from_
    assert document["spine_alternatives"] == list(record.spine_alternatives)


@pytest.mark.parametrize("lot", range(0, 18, 3))
def test_flips_are_the_single_answers_that_change_what_the_method_says(lot: int) -> None:
    answers = drawn(lot)
    here = by_hand(answers)
    expected = {}
    for key in KEYS:
        for value in choices(key):
            there = by_hand(answers | {key: value}) if value not in ("unknown", answers[key]) else here
            changed = {name: there[name] for name in here if here[name] != there[name]}
            if "planes" in changed:
                changed["planes"] = {p: there["planes"][p] for p in PLANES if there["planes"][p] != here["planes"][p]}  # type: ignore[index]
            if changed:
                expected[key, answers[key], value] = changed
    record = recommend(answers_file(answers))
    flips = {(each.question, each.from_, each.to): each.changes for each in record.flips}
    assert flips == {change: json.loads(json.dumps(fields)) for change, fields in expected.items()}


@pytest.mark.parametrize("lot", range(1, 5))
def test_a_comparison_traces_each_field_to_answers_that_bring_it(lot: int) -> None:
    old, new = (recommend(answers_file(drawn(each))) for each in (lot, lot + 24))
    found = compare(new, old)
    assert {a.question: (a.from_, a.to) for a in found.answers} == {
        key: (old.answers[key], new.answers[key]) for key in KEYS if old.answers[key] != new.answers[key]
    }
    assert (found.same_decision, found.new, found.old) == (old.decision == new.decision, "Test", "Test")

    def flat(record: DecisionRecord) -> dict[str, object]:
        dump = record.decision.model_dump(mode="json")
        return dump | {f"planes.{plane}": status for plane, status in dump.pop("planes").items()}

    def after(answers: dict[str, str], field: str) -> object:
        return flat(recommend(answers_file(answers)))[field]

    here, there = flat(old), flat(new)
    assert {each.field: (each.from_, each.to) for each in found.changes} == {
        name: (here[name], there[name]) for name in there if name != "planes" and here[name] != there[name]
    }
    for each in found.changes:
        alone = [a.question for a in found.answers if after(old.answers | {a.question: a.to}, each.field) == each.to]
        if alone:
            assert (each.because, list(each.answers)) == ("each", alone)
            continue
        assert each.because == "together"
        back = {a.question: new.answers | {a.question: a.from_} for a in found.answers}
        needed = [question for question, answers in back.items() if after(answers, each.field) != each.to]
        assert list(each.answers) == (needed or list(back))
