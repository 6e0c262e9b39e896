"""Steps 1 to 4 over every combination of the answers that each reads, against the method read line by line."""

from itertools import product

import pytest

from advisor.catalog.answers import KEYS, choices
from advisor.selection import recommend
from tests.workloads import answers_file, by_hand

STEPS = {
    "runtime": ("duration", "pauses_or_external_waits", "external_side_effects", "world_changes_during_unit"),
    "spine": (
        "pauses_or_external_waits",
        "state_not_reconstructible",
        "world_changes_during_pause",
        "event_stream_exists",
        "history_must_replay",
        "consumers_pinned",
    ),
    "P1": ("work_splits", "single_owner", "independent_subtasks", "deterministic_merge"),
    "P2": ("work_splits", "peers_with_side_effects", "partial_result_useful", "partial_write_costly"),
    "P4": ("external_side_effects", "wrong_write_costly"),
    "P6": (
        "consequential",
        "outside_envelope",
        "auditors_ask",
        "person_decides_every_action",
        "stop_in_flight",
        "volume_can_overwhelm",
        "approval_above_threshold_only",
    ),
}
BACKGROUND = dict.fromkeys(KEYS, "no") | {"duration": "minutes"}


def _known(key: str, step: str) -> list[str]:
    values = [value for value in choices(key) if value != "unknown"]
    return [value for value in values if value != "partly"] if step == "P6" else values


@pytest.mark.parametrize("step", STEPS)
def test_every_row_of_the_steps_truth_table(step: str) -> None:
    keys = STEPS[step]
    rows = 0
    for values in product(*(_known(key, step) for key in keys)):
        answers = BACKGROUND | dict(zip(keys, values, strict=True))
        decision = recommend(answers_file(answers)).decision
        assert decision.model_dump() == by_hand(answers), answers
        rows += 1
    assert rows >= 9


def test_partly_decides_as_no_does_but_is_reported() -> None:
    answers = BACKGROUND | {"outside_envelope": "partly"}
    record = recommend(answers_file(answers))
    assert record.decision == recommend(answers_file(BACKGROUND)).decision
    reported = next(each for each in record.predicates if each.id == "control-outside-envelope")
    assert (reported.answer, reported.fired) == ("partly", False)
    assert [each.question for each in record.depends_on] == ["outside_envelope"]
    assert record.stable


def test_a_workload_that_needs_no_pattern_says_so() -> None:
    record = recommend(answers_file(BACKGROUND))
    assert (record.spine, record.coordination, record.control) == ("none", (), ())
    assert record.sequence == ("state schema and its observability lens",)
    assert any("No pattern is needed" in warning for warning in record.warnings)
    assert record.lines[2].pattern == "none"


def test_a_deferred_plane_leaves_the_build_but_not_the_record() -> None:
    answers = BACKGROUND | {"volume_can_overwhelm": "yes"}
    deferred = {"throttling": {"status": "deferred", "until": "2027-03-31", "reason": "single tenant at launch"}}
    record = recommend(answers_file(answers, planes=deferred))
    assert record.control == ("P6",)
    assert record.planes["throttling"].model_dump() == {
        "status": "deferred",
        "reason": "single tenant at launch",
        "until": "2027-03-31",
    }
    assert "control plane: throttling" not in record.sequence
    assert record.p6_level == "light"


def test_deferring_the_console_needs_a_reason_and_warns() -> None:
    with pytest.raises(Exception, match="deferred without until and reason"):
        answers_file(BACKGROUND, sequence={"console": {"status": "deferred"}})
    recorded = {"console": {"status": "deferred", "until": "2027-01-31", "reason": "reuses the group's console"}}
    record = recommend(answers_file(BACKGROUND, sequence=recorded))
    assert record.sequence == ()
    assert any("reuses the group's console" in warning for warning in record.warnings)


def test_a_sign_off_signs() -> None:
    who = {"name": "R. Roe", "role": "principal engineer", "date": "2026-11-22"}
    assert not recommend(answers_file(BACKGROUND)).signed
    assert recommend(answers_file(BACKGROUND, sign_off=who)).signed
