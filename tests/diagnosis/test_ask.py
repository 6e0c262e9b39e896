from __future__ import annotations

import tomllib
from math import isclose
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.catalog.load import shipped
from advisor.diagnosis.ask import Consultation, begin, conclude, read_symptoms, symptoms_template
from advisor.diagnosis.ask.model import MODEL, NOTHING, asked_of, chances, priors, value
from advisor.diagnosis.ask.questions import SAID, Said, entries
from advisor.errors import InputError
from advisor.present.diagnosis import render_diagnosis

CATALOG = shipped()
EVERY = entries(CATALOG)
IDS = list(asked_of(CATALOG))


def honest(truth: str) -> Consultation:
    """Everything that is asked, answered by someone who has just this fault and sees it plainly."""
    consultation = begin(CATALOG)
    while (question := consultation.next) is not None:
        seen = question.kind != "refuted_by" and chances(CATALOG)[question.id][truth] > 0.5
        consultation = consultation.answer(question.id, "yes" if seen else "no")
    return consultation


@pytest.mark.parametrize("truth", EVERY)
def test_every_entry_is_found_by_plain_answers(truth: str) -> None:
    consultation = honest(truth)
    found = conclude(consultation)
    assert [each.signature for each in found.findings if each.verdict == "possible"] == [truth]
    assert consultation.settled
    assert f"refuted_by:{truth}" in consultation.said
    # Fewer than one question for each of the entries, which asking them in turn would take.
    assert len(consultation.said) < len(EVERY) / 2


def test_someone_who_sees_none_of_it_gets_no_finding() -> None:
    found = conclude(honest(NOTHING))
    assert not found.found
    assert {each.verdict for each in found.findings} == {"insufficient", "not_assessable"}


def test_questions_start_with_what_divides_the_candidates_best() -> None:
    first = begin(CATALOG).next
    assert first is not None
    gains = {id: begin(CATALOG).gain(id) for id in begin(CATALOG).open}
    assert isclose(gains[first.id], max(gains.values()), abs_tol=1e-8)
    assert first.kind in ("pattern", "way", "part")


def test_the_prior_is_even_over_the_entries_and_the_numbers_are_chances() -> None:
    prior = priors(CATALOG)
    assert isclose(sum(prior.values()), 1)
    assert len({prior[id] for id in EVERY}) == 1
    assert all(0 < p < 1 for row in chances(CATALOG).values() for p in row.values())
    assert all(text for _, text in MODEL.values())


ANSWERED = st.dictionaries(st.sampled_from(IDS), st.sampled_from(SAID), max_size=25)


def consulted(said: dict[str, Said]) -> Consultation:
    consultation = begin(CATALOG)
    for question, answer in said.items():
        consultation = consultation.answer(question, answer)
    return consultation


@settings(max_examples=60, deadline=None)
@given(ANSWERED)
def test_any_answers_give_chances_that_sum_to_one_and_gains_that_are_none_below_zero(said: dict[str, Said]) -> None:
    consultation = consulted(said)
    assert isclose(sum(consultation.probabilities.values()), 1)
    assert all(consultation.gain(id) > -1e-9 for id in consultation.open[:8])


@settings(max_examples=40, deadline=None)
@given(ANSWERED, st.randoms())
def test_the_order_of_answers_and_what_is_not_known_change_no_chance(said: dict[str, Said], random: object) -> None:
    items = list(said.items())
    random.shuffle(items)  # type: ignore[attr-defined]
    one, other = consulted(said).probabilities, consulted(dict(items)).probabilities
    assert all(isclose(one[id], other[id], rel_tol=1e-9) for id in one)
    known = consulted({id: answer for id, answer in said.items() if answer != "unknown"}).probabilities
    assert all(isclose(one[id], known[id], rel_tol=1e-9) for id in one)


@settings(max_examples=40, deadline=None)
@given(ANSWERED)
def test_no_answers_make_more_than_possible_of_grade_d(said: dict[str, Said]) -> None:
    found = conclude(consulted(said))
    assert {each.signature for each in found.findings} == set(EVERY)
    for each in found.findings:
        assert each.verdict in ("possible", "refuted", "insufficient", "not_assessable")
        assert each.grade in ("D", "none")
        assert each.confidence <= 0.30
        affirmed = said.get(f"symptom:{each.signature}") == "yes"
        assert (each.verdict in ("possible", "refuted")) is affirmed
        assert bool(each.evidence) is affirmed
    assert not found.found


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from(SAID), min_size=30, max_size=30))
def test_the_questions_end_and_none_is_asked_twice(answers: list[Said]) -> None:
    consultation = begin(CATALOG)
    for answer in answers:
        question = consultation.next
        if question is None:
            break
        assert question.id not in consultation.said
        if question.kind == "refuted_by":
            assert consultation.said[f"symptom:{question.about}"] == "yes"
        consultation = consultation.answer(question.id, answer)
    assert consultation.next is None
    assert len(consultation.said) <= value("most")


def test_what_refutes_a_symptom_refutes_its_finding() -> None:
    consultation = consulted({"symptom:P5-stale-timer": "yes", "refuted_by:P5-stale-timer": "yes"})
    finding = next(each for each in conclude(consultation).findings if each.signature == "P5-stale-timer")
    assert finding.verdict == "refuted"
    assert EVERY["P5-stale-timer"].refuted_by in str(finding.refuted)


def test_taking_an_answer_back_leaves_no_trace() -> None:
    one = begin(CATALOG).answer("pattern:P5", "yes")
    assert one.answer("way:drift", "no").back() == one
    assert begin(CATALOG).back() == begin(CATALOG)


def test_the_evidence_is_the_answers_in_the_order_given_and_what_to_log_is_named() -> None:
    found = conclude(honest("P5-stale-timer"))
    finding = found.findings[0]
    assert finding.evidence[0].text.endswith("moves it anyway. yes")
    assert finding.evidence[0].file == "(answers)"
    assert "kind:timer_fire" in dict(found.log_next)


@pytest.mark.parametrize("format", ["terminal", "markdown", "html", "json"])
def test_the_same_report_shows_it(format: str) -> None:
    shown = render_diagnosis(conclude(honest("P5-stale-timer")), format)
    assert "P5-stale-timer" in shown
    assert "possible" in shown


def test_a_file_of_answers_takes_the_place_of_a_terminal(tmp_path: Path) -> None:
    path = tmp_path / "seen.toml"
    path.write_text('[pattern]\nP5 = "yes"\n[symptom]\nP5-stale-timer = "yes"\nP5-lost-update = "no"\n')
    consultation = read_symptoms(path, CATALOG)
    assert consultation.said == {"pattern:P5": "yes", "symptom:P5-stale-timer": "yes", "symptom:P5-lost-update": "no"}


def test_every_fault_of_a_file_of_answers_is_named_with_its_mend(tmp_path: Path) -> None:
    path = tmp_path / "seen.toml"
    path.write_text('symptoms = 1\n[symptom]\nP5-stale-timers = "yes"\nP5-stale-timer = "maybe"\nP5-lost-update = []\n')
    with pytest.raises(InputError) as faults:
        read_symptoms(path, CATALOG)
    said = str(faults.value).splitlines()
    assert len(said) == 4
    assert "use the tables pattern" in said[0]
    assert "yes | no | unknown" in said[2]


def test_the_template_asks_everything_and_says_nothing(tmp_path: Path) -> None:
    path = tmp_path / "seen.toml"
    path.write_text(symptoms_template(CATALOG))
    assert set(read_symptoms(path, CATALOG).said) == set(IDS)
    assert {said for table in tomllib.loads(path.read_text()).values() for said in table.values()} == {"unknown"}
    assert not conclude(read_symptoms(path, CATALOG)).found
