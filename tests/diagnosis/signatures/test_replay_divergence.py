from __future__ import annotations

import random
from typing import Any

import pytest

from advisor.diagnosis.detector import Facts
from advisor.diagnosis.findings import Finding
from advisor.diagnosis.signatures.p3.permuted import compare
from tests.diagnosis.logs import finding

ID = "P3-replay-divergence"


def event(
    number: int, outcomes: dict[str, list[str]], *, column: str = "to_state", **extra: Any
) -> list[dict[str, Any]]:
    """One event, consumed under model versions; for each version what came out, run by run."""
    return [
        {
            "kind": "event_consume",
            "event_in": f"e{number}",
            "consumer": "risk",
            "model_version": model,
            "run_id": f"{model}-{run}-{number}",
            "output_hash": f"h-{outcome}",
            column: outcome,
            "status": "ok",
            "ts_us": number * 100 + run,
            **extra,
        }
        for model, came in outcomes.items()
        for run, outcome in enumerate(came)
    ]


def events(many: int, outcomes: dict[str, list[str]], **given: Any) -> list[dict[str, Any]]:
    return [row for number in range(many) for row in event(number, outcomes, **given)]


def noisy(rate: float, other: float, many: int = 60, seed: int = 4) -> list[dict[str, Any]]:
    """Two runs under one model, two under another; each run flips to `b` at its model's rate."""
    random_ = random.Random(seed)

    def came(chance: float) -> list[str]:
        return ["b" if random_.random() < chance else "a" for _ in range(2)]

    return [row for number in range(many) for row in event(number, {"m1": came(rate), "m2": came(other)})]


DRIFTED = {"m1": ["hold", "hold"], "m2": ["ship", "ship"]}


def found(rows: list[dict[str, Any]], **given: Any) -> Finding:
    return finding(ID, rows, **given)


def test_outcomes_that_follow_the_model_are_divergence() -> None:
    one = found(events(20, DRIFTED))
    assert (one.verdict, one.count, one.of, one.severity, one.grade) == ("present", 20, 20, "high", "A")
    assert one.p_value is not None and one.p_value < 0.01
    assert one.cause_seen == "The model changed between the executions, under one policy"
    assert [row["outcome"] for row in one.detail["Outcomes side by side"][:2]] == ["hold", "ship"]
    assert "Across versions 100% of the pairs" in one.said and "large drift only" in one.said


def test_variance_that_does_not_follow_the_model_is_no_divergence() -> None:
    assert found(noisy(0.35, 0.35)).verdict in ("refuted", "absent")
    assert found(noisy(0.05, 0.7)).verdict == "present"


def test_equal_outcomes_are_absent() -> None:
    assert found(events(20, {"m1": ["hold", "hold"], "m2": ["hold"]})).verdict == "absent"


def test_as_much_disagreement_within_as_across_refutes_it() -> None:
    one = found(events(20, {"m1": ["a", "b"], "m2": ["a", "b"]}))
    assert one.verdict == "refuted" and one.refuted is not None


def test_without_repeats_inside_one_version_it_is_possible_at_most() -> None:
    one = found(events(20, {"m1": ["hold"], "m2": ["ship"]}))
    assert (one.verdict, one.p_value) == ("possible", None)
    few = [*events(9, DRIFTED), *[row for n in range(20, 40) for row in event(n, {"m1": ["hold"], "m2": ["ship"]})]]
    assert found(few).verdict == "possible"


def test_few_events_that_vary_within_one_version_are_insufficient() -> None:
    rows = events(3, {"m1": ["a", "b"], "m2": ["a", "b"]}) + events(20, {"m1": ["a"], "m2": ["a"]})[6:]
    assert found(rows).verdict == "insufficient"


def test_events_under_one_version_say_nothing() -> None:
    assert found(events(20, {"m1": ["hold", "ship"]})).verdict == "insufficient"
    assert found(events(5, {"m1": ["a", "a"], "m2": ["a"]})).verdict == "insufficient"


def test_prompt_and_index_are_contexts_as_well_and_mixed_ones_are_not_separable() -> None:
    rows = [{**row, "prompt_version": row["model_version"], "model_version": "m"} for row in events(20, DRIFTED)]
    one = found(rows)
    assert one.verdict == "present" and one.cause_seen is not None and "The prompt changed" in one.cause_seen
    both = found([{**row, "retrieval_index_version": row["model_version"]} for row in events(20, DRIFTED)])
    assert any("Not separable: the model and the retrieval index" in trap for trap in both.checked)


def test_a_policy_that_changed_with_the_model_is_not_the_models_doing() -> None:
    rows = [{**row, "policy_version": row["model_version"]} for row in events(20, DRIFTED)]
    one = found(rows)
    assert one.verdict == "possible"
    assert any("20 events ran under another policy version too" in trap for trap in one.checked)
    assert found([{**row, "policy_version": "p1"} for row in events(20, DRIFTED)]).verdict == "present"


def test_wording_counts_only_where_nothing_material_is_logged() -> None:
    rows = [{**row, "output_hash": f"words{at}"} for at, row in enumerate(events(20, {"m1": ["a", "a"], "m2": ["a"]}))]
    assert found(rows).verdict == "absent"
    hashes = found([{key: value for key, value in row.items() if key != "to_state"} for row in events(20, DRIFTED)])
    assert (hashes.verdict, hashes.severity) == ("present", "medium")
    assert any("wording and meaning" in trap for trap in hashes.checked)


def test_only_failed_events_were_replayed() -> None:
    rows = [{**row, "is_replay": True} for row in events(20, DRIFTED)]
    failed = [row for number in range(20) for row in event(number, {"m0": ["hold"]}, is_replay=False, status="error")]
    failed = [{**row, "status": "error"} for row in failed]
    one = found([*rows, *failed])
    assert one.verdict == "possible"
    assert any("20 of 20 replayed events had failed" in trap for trap in one.checked)


def test_skipped_and_failed_executions_are_left_out() -> None:
    rows = events(20, {"m1": ["a", "a"], "m2": ["a"]})
    rows += [{**row, "status": "skipped"} for row in events(20, {"m2": ["b", "b"]})]
    rows += [{**row, "status": "error"} for row in events(20, {"m2": ["b", "b"]})]
    one = found(rows)
    assert one.verdict == "absent" and any("40 executions were skipped" in trap for trap in one.checked)


def test_one_kind_of_row_is_compared_so_that_no_execution_counts_twice() -> None:
    rows = events(20, DRIFTED)
    calls = [{**row, "kind": "llm_call"} for row in rows]
    assert found([*rows, *calls]).of == found(rows).of == 20


def test_events_that_one_run_appends_are_one_outcome() -> None:
    rows = []
    for number in range(15):
        for model, run, types in (("m1", 0, "xy"), ("m1", 1, "yx"), ("m2", 0, "xz"), ("m2", 1, "zx")):
            rows += [
                {
                    "kind": "event_append",
                    "caused_by": f"e{number}",
                    "consumer": "risk",
                    "run_id": f"{number}{model}{run}",
                    "model_version": model,
                    "event_type": kind,
                    "ts_us": number,
                }
                for kind in types
            ]
    one = found(rows)
    assert (one.verdict, one.of) == ("present", 15)


def test_equal_inputs_stand_in_for_event_ids() -> None:
    rows = [{**row, "event_in": None, "input_hash": row["event_in"], "kind": "llm_call"} for row in events(20, DRIFTED)]
    assert found(rows).verdict == "present"


def test_missing_columns_are_named() -> None:
    one = found([{"kind": "event_consume", "ts_us": 1, "consumer": "risk"}])
    assert (one.verdict, one.missing) == ("not_assessable", ("event_in", "output_hash", "model_version"))


def flips(random_: random.Random, rate: float, other: float, many: int) -> list[dict[tuple[str, str], int]]:
    made = []
    for _ in range(many):
        cells: dict[tuple[str, str], int] = {}
        for context, chance in (("m1", rate), ("m1", rate), ("m2", other)):
            cell = (context, "b" if random_.random() < chance else "a")
            cells[cell] = cells.get(cell, 0) + 1
        made.append(cells)
    return made


def rate_of_firing(rate: float, other: float, runs: int, seed: int, many: int = 40) -> float:
    random_ = random.Random(seed)
    fired = 0
    for _ in range(runs):
        one = compare(flips(random_, rate, other, many), 999)
        fired += one.p_value is not None and one.p_value < 0.01
    return fired / runs


def test_pure_variance_seldom_looks_like_divergence() -> None:
    assert rate_of_firing(0.35, 0.35, runs=200, seed=1) <= 0.02


@pytest.mark.slow
def test_pure_variance_seldom_looks_like_divergence_over_many_logs() -> None:
    assert rate_of_firing(0.35, 0.35, runs=2000, seed=2) <= 0.015


def test_a_large_drift_is_seen_in_forty_events() -> None:
    assert rate_of_firing(0.05, 0.6, runs=20, seed=3) >= 0.8


def test_the_permutation_p_agrees_with_all_permutations_of_a_small_log() -> None:
    # Three events, each a, a | b: one of the three ways to place the b in each is as extreme, so p is 1/27.
    cells = [{("m1", "a"): 2, ("m2", "b"): 1}] * 3
    assert compare(cells, 20_000).p_value == pytest.approx(1 / 27, rel=0.3)


def test_the_order_of_lines_changes_nothing() -> None:
    rows = noisy(0.1, 0.5)
    one, other = found(rows), found(random.Random(5).sample(rows, len(rows)))
    assert (one.verdict, one.count, one.p_value, one.said) == (other.verdict, other.count, other.p_value, other.said)


def scored(scores: dict[str, list[float]], *, state: str = "hold", many: int = 20) -> list[dict[str, Any]]:
    """Events with a state and a score, the score by model version and run."""
    return [
        {**row, "to_state": state, "output_hash": f"{row['run_id']}"}
        for row in events(many, scores, column="eval_score")  # type: ignore[arg-type]
    ]


def test_numbers_beyond_the_stated_tolerance_are_divergence_of_medium_severity() -> None:
    rows = scored({"m1": [0.50, 0.52], "m2": [0.70, 0.71]})
    assert found(rows).verdict == "absent", "a score is no outcome unless the user says so"
    one = found(rows, facts=Facts(material={"to_state": 0, "eval_score": 0.05}))
    assert (one.verdict, one.severity, one.count) == ("present", "medium", 20)
    assert "Compared as the mapping states: to_state, eval_score (within 0.05)." in one.checked
    wide = found(rows, facts=Facts(material={"to_state": 0, "eval_score": 0.25}))
    assert (wide.verdict, wide.count) == ("absent", 0)


def test_a_state_that_moves_with_the_version_stays_high_beside_equal_numbers() -> None:
    rows = [
        {**row, "to_state": "ship" if row["model_version"] == "m2" else "hold"}
        for row in scored({"m1": [0.5, 0.5], "m2": [0.5, 0.5]})
    ]
    one = found(rows, facts=Facts(material={"to_state": 0, "eval_score": 0.05}))
    assert (one.verdict, one.severity) == ("present", "high")
    assert found(rows, facts=Facts(material={"eval_score": 0.05})).verdict == "absent", "the state is not material"


def test_numbers_that_stand_as_text_are_compared_as_numbers() -> None:
    rows = events(20, {"m1": ["10.0", "9.9"], "m2": ["10.1", "9.95"]})
    assert found(rows, facts=Facts(material={"to_state": 0.2})).verdict == "absent"
    exact = found(rows, facts=Facts(material={"to_state": 0}))
    assert exact.verdict != "absent" and exact.count == 20


@pytest.mark.parametrize(
    ("numbers", "tolerance", "classes"),
    [
        ([1.0, 1.05, 1.1], 0.05, 2),
        ([0.1, 0.3], 0.2, 1),
        ([1.0, 1.0], 0, 1),
        ([-1.0, 1.0], 1.9, 2),
        ([], 0.1, 0),
    ],
)
def test_no_two_numbers_that_differ_by_more_than_the_tolerance_are_equal(
    numbers: list[float], tolerance: float, classes: int
) -> None:
    from advisor.diagnosis.signatures.p3.material import _levels

    found = _levels(numbers, tolerance)
    assert len(set(found.values())) == classes
    assert all(abs(number - level) <= tolerance + 1e-9 for number, level in found.items())


def test_a_run_of_several_rows_has_its_outcomes_in_no_order() -> None:
    rows = [
        {**row, "run_id": f"{row['model_version']}-{row['event_in']}", "row": at, "to_state": state}
        for row in events(20, {"m1": ["x"], "m2": ["x"]})
        for at, state in enumerate(["1.0", "2.0"] if row["model_version"] == "m1" else ["2.01", "1.01"])
    ]
    rows = [{key: value for key, value in row.items() if key != "row"} for row in rows]
    assert found(rows, facts=Facts(material={"to_state": 0.05})).count == 0
    assert found(rows, facts=Facts(material={"to_state": 0.001})).count == 20


def test_rows_beyond_the_most_that_are_compared_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("advisor.diagnosis.signatures.p3.replay_divergence.MOST_ROWS", 40)
    seen = found(events(20, DRIFTED))  # two outcomes of each event
    assert any("more than 40 rows" in trap for trap in seen.checked)
    assert not any("by hash were taken" in trap for trap in found(events(19, DRIFTED)).checked)
