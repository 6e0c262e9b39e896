"""The judgement as a whole: its JSON document, its table, and every remark, against counts done by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from advisor.diagnosis.judge import Judgement, judge
from tests.diagnosis.judge.tables import Row, trials, write

NO_PRIOR = "No prior version was named: nothing can be said about divergence."
CANDIDATE = "A divergence marked as candidate cannot reach significance with its own trials; the batch test decides."
ONE_TRIAL = "There is one trial a case: this compares pass rates (k = 1), and says nothing about consistency."


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Judgement:
    """Three divergences, two of one cause; and a case that an outage took all trials of."""
    rows = trials("a", "new", "000")
    for task in "bc":
        rows += trials(task, "new", "000", error="context length exceeded")
    rows += trials("d", "new", "0", error="503") + [row for task in "abcd" for row in trials(task, "old", "111")]
    return judge(write(tmp_path_factory.mktemp("outcomes") / "o.csv", rows), "new")


def test_the_document(judged: Judgement) -> None:
    document = judged.to_json()
    diverges = {
        "verdict": "replay_divergence",
        "current": [0, 3],
        "prior": [3, 3],
        "p_value": pytest.approx(1 / 20),  # one of the C(6, 3) ways to choose who fails
        "p_adjusted": pytest.approx(3 / 20),
        "candidate": True,
        "more_trials_needed": 0,
        "infrastructure_trials": 0,
        "verifier_in_doubt": False,
        "reason": None,
    }
    outage = {"verdict": "infrastructure", "current": [0, 0], "p_value": None, "p_adjusted": None, "candidate": False}
    shared = {"kind": "context overflow", "infrastructure": False, "text": "context length exceeded", "trials": 6}
    down = {"kind": "provider error", "infrastructure": True, "text": "#", "trials": 1}
    batch = {"test": "permutation", "fails_only_on_prior": 0, "effect": 1.0}
    assert document == {
        "schema": "advisor/judgement/1",
        "current": "new",
        "prior": "old",
        "cases": [
            {**diverges, "task": "a", "cluster": None},
            {**diverges, "task": "b", "cluster": 2},
            {**diverges, "task": "c", "cluster": 2},
            {**diverges, **outage, "task": "d", "cluster": 1, "infrastructure_trials": 1},
        ],
        "totals": {"infrastructure": 1, "replay_divergence": 3},
        "pass_k": {"new": [0.0] * 3, "old": [1.0] * 3},
        "pass_k_intervals": {"new": [[0.0, 0.0]] * 3, "old": [[1.0, 1.0]] * 3},
        "pass_at_k": {"new": [0.0] * 3, "old": [1.0] * 3},
        "tasks_at_k": {"new": [3] * 3, "old": [4] * 3},
        "batch_test": {
            **batch,
            "cases": 3,
            "p_value": pytest.approx(2 / 20**3),
            "fails_only_on_current": 3,
            "without_clusters": {**batch, "cases": 1, "p_value": pytest.approx(2 / 20), "fails_only_on_current": 1},
        },
        "clusters": [
            {**down, "id": 1, "tasks": ["d"], "versions": ["new"], "contiguous": ["version"]},
            {**shared, "id": 2, "tasks": ["b", "c"], "versions": ["new"], "contiguous": ["version"]},
        ],
        "rows": 22,
        "duplicates": 0,
        "infrastructure_as_failure": False,
        "remarks": [CANDIDATE, "2 cases fail with one cause (context overflow): one explanation, not 2."],
    }
    assert list(document["totals"]) == ["infrastructure", "replay_divergence"]


def test_the_cases_as_a_table(judged: Judgement) -> None:
    frame = judged.to_pandas()
    assert frame.index.name == "task"
    assert list(frame.index) == ["a", "b", "c", "d"]
    assert frame.loc["d"].dropna().to_dict() == {
        "verdict": "infrastructure",
        "candidate": False,
        "more_trials_needed": 0,
        "infrastructure_trials": 1,
        "verifier_in_doubt": False,
        "cluster": 1,
        "current_passes": 0,
        "current_trials": 0,
        "prior_passes": 3,
        "prior_trials": 3,
    }
    assert set(frame.columns) - set(frame.loc["d"].dropna().index) == {"p_value", "p_adjusted", "reason"}
    assert frame.loc["a", "p_value"] == pytest.approx(1 / 20)


def test_both_sides_of_a_table_keep_passes_and_trials_apart(tmp_path: Path) -> None:
    rows = [*trials("a", "new", "0100"), *trials("a", "old", "11011")]
    judged = judge(write(tmp_path / "o.csv", rows), "new")
    sides = judged.to_pandas().loc["a", ["current_passes", "current_trials", "prior_passes", "prior_trials"]]
    assert sides.to_list() == [1, 4, 4, 5]
    assert judged.to_json()["batch_test"]["without_clusters"] is None


@pytest.mark.parametrize(
    ("rows", "remarks"),
    [
        (trials("a", "v", "1"), [NO_PRIOR, ONE_TRIAL]),
        (trials("a", "v", "11") + trials("b", "v", "1"), [NO_PRIOR]),
        (trials("a", "v", "0", error="429"), [NO_PRIOR]),
        (trials("a", "v", "11") * 2, [NO_PRIOR, "2 rows repeat another one byte for byte and were counted once."]),
        (
            trials("a", "new", "0") + trials("a", "old", "111") + trials("b", "new", "01") + trials("c", "new", "000"),
            ["9 more trials would decide the cases with too few."],  # two, then one and three, then three
        ),
        (
            [row for task in "ab" for side in ("new", "old") for row in trials(task, side, "000", passed_2=1)]
            + trials("c", "new", "111", passed_2=1),
            ["In 2 cases the second verifier disagrees; nothing functional is claimed there."],
        ),
        (trials("a", "new", "000") + trials("a", "old", "111"), [CANDIDATE]),
        (trials("a", "new", "0000") + trials("a", "old", "1111"), []),  # p is 1/70
        (
            trials("a", "new", "111") + trials("b", "new", "0", error="429") + trials("a", "old", "0", error="429"),
            ["2 cases fail with one cause (rate limit): one explanation, not 2."],
        ),
    ],
)  # fmt: skip
def test_what_is_remarked(tmp_path: Path, rows: list[Row], remarks: list[str]) -> None:
    current = "new" if any(row["version"] == "old" for row in rows) else None
    assert list(judge(write(tmp_path / "o.csv", rows), current).remarks) == remarks


def test_which_versions_are_compared_and_which_cases_are_told(tmp_path: Path) -> None:
    rows = trials("a", "v1", "1") + trials("a", "v2", "000") + trials("a", "v3", "00") + trials("b", "v1", "1")
    path = write(tmp_path / "o.csv", rows)
    alone = judge(path, "v2")
    assert (alone.current, alone.prior, set(alone.pass_k)) == ("v2", None, {"v2"})
    assert [(case.task, case.current, case.prior) for case in alone.cases] == [("a", (0, 3), (0, 0))]
    against = judge(path, "v2", "v3")
    assert (against.prior, set(against.pass_k)) == ("v3", {"v2", "v3"})
    assert [(case.task, case.current, case.prior) for case in against.cases] == [("a", (0, 3), (0, 2))]
    assert not against.found
