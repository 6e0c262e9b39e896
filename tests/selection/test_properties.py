"""What must hold for any answers, checked against every completion of the unknowns."""

import json
import random

from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.catalog.answers import KEYS, choices
from advisor.selection import recommend
from advisor.selection.decision import Decision
from tests.workloads import answers_file, any_answers, by_hand, completions, mostly_known


def _decision(answers: dict[str, str]) -> Decision:
    return recommend(answers_file(answers)).decision


@given(mostly_known())
@settings(max_examples=60, deadline=None)
def test_unknowns_are_resolved_over_every_completion(answers: dict[str, str]) -> None:
    record = recommend(answers_file(answers))
    outcomes = [by_hand(each) for each in completions(answers)]
    assert record.stable == all(outcome == outcomes[0] for outcome in outcomes)
    shown = record.decision.model_dump()
    for name in ("runtime_class", "dominant_concern", "spine", "p6_level"):
        values = {outcome[name] for outcome in outcomes}
        assert shown[name] == (values.pop() if len(values) == 1 else "undetermined"), name
    for name in ("coordination", "control", "spine_alternatives", "sequence"):
        common = [each for each in outcomes[0][name] if all(each in outcome[name] for outcome in outcomes)]
        assert list(shown[name]) == common, name
    for plane, status in shown["planes"].items():
        values = {outcome["planes"][plane] for outcome in outcomes}
        assert status == (values.pop() if len(values) == 1 else "undetermined"), plane


@given(mostly_known(max_unknown=4))
@settings(max_examples=40, deadline=None)
def test_depends_on_names_exactly_the_answers_that_could_change_the_decision(answers: dict[str, str]) -> None:
    record = recommend(answers_file(answers))
    expected = set()
    for key in KEYS:
        if answers[key] not in ("unknown", "partly"):
            continue
        values = ("seconds", "minutes", "hours", "days") if key == "duration" else ("yes", "no")
        others = completions({k: v for k, v in answers.items() if k != key})
        if any(len({json.dumps(by_hand(each | {key: v})) for v in values}) > 1 for each in others):
            expected.add(key)
    assert {each.question for each in record.depends_on} == expected


@given(any_answers())
@settings(max_examples=60, deadline=None)
def test_an_outcome_is_the_record_that_this_answer_would_give(answers: dict[str, str]) -> None:
    here = _decision(answers).model_dump(mode="json")
    for dependency in recommend(answers_file(answers)).depends_on:
        base = answers | dependency.together_with
        assert not dependency.together_with or dependency.answer in ("unknown", "partly")
        start = _decision(base).model_dump(mode="json") if dependency.together_with else here
        for value, changed in dependency.outcomes.items():
            merged = start | changed | {"planes": start["planes"] | changed.get("planes", {})}
            assert merged == _decision(base | {dependency.question: value}).model_dump(mode="json")
        assert len({json.dumps(outcome) for outcome in dependency.outcomes.values()}) > 1


@given(any_answers())
@settings(max_examples=40, deadline=None)
def test_flips_are_exactly_the_single_changes_that_change_the_decision(answers: dict[str, str]) -> None:
    here = _decision(answers)
    expected = {
        (key, answers[key], value): here.changes_to(_decision(answers | {key: value}))
        for key in KEYS
        for value in choices(key)
        if value not in ("unknown", answers[key])
    }
    flips = {(f.question, f.from_, f.to): f.changes for f in recommend(answers_file(answers)).flips}
    assert flips == {change: effect for change, effect in expected.items() if effect}


@given(any_answers(), st.randoms())
@settings(max_examples=40, deadline=None)
def test_the_order_of_answers_never_matters(answers: dict[str, str], shuffler: random.Random) -> None:
    items = list(answers.items())
    shuffler.shuffle(items)
    assert recommend(answers_file(dict(items))).to_json() == recommend(answers_file(answers)).to_json()


def test_nothing_answered_is_undetermined_and_quick() -> None:
    record = recommend(answers_file({}))
    assert not record.stable
    assert (record.runtime_class, record.spine, record.p6_level) == ("undetermined",) * 3
    assert {each.question for each in record.depends_on} == set(KEYS) - {"world_changes_during_unit"}
