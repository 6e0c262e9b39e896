"""The statistics of the judge against brute force: pass^k, Fisher, McNemar, permutation, Holm."""

from __future__ import annotations

import random
from math import comb

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.diagnosis.judge.exact import batch, case_p_value, holm
from advisor.diagnosis.judge.pass_k import curve


@given(
    st.dictionaries(
        st.tuples(st.integers(0, 6), st.integers(1, 6)).filter(lambda c: c[0] <= c[1]), st.integers(1, 5), min_size=1
    )
)
@settings(max_examples=60, deadline=None)
def test_pass_k_is_the_mean_over_all_choices_of_k_trials(counts: dict[tuple[int, int], int]) -> None:
    found = curve(counts)
    for k, (hat, at) in enumerate(zip(found.pass_hat, found.pass_at, strict=True), 1):
        tasks = [(c, n) for (c, n), many in counts.items() for _ in range(many) if n >= k]
        assert hat == pytest.approx(sum(comb(c, k) / comb(n, k) for c, n in tasks) / len(tasks))
        assert at == pytest.approx(1 - sum(comb(n - c, k) / comb(n, k) for c, n in tasks) / len(tasks))
    if len({n for _, n in counts}) == 1:
        assert list(found.pass_hat) == sorted(found.pass_hat, reverse=True)
    assert curve(counts) == found


@given(st.tuples(*[st.integers(0, 5)] * 4))
@settings(deadline=None)
def test_fisher_counts_the_tables_that_are_as_bad_or_worse(drawn: tuple[int, int, int, int]) -> None:
    c, n, pc, pn = min(drawn[0], drawn[1]), drawn[1], min(drawn[2], drawn[3]), drawn[3]
    found = case_p_value((c, n, pc, pn))
    if not n or not pn:
        assert found is None
        return
    failures, total = n - c, n - c + pn - pc
    worse = sum(
        comb(total, f) * comb(n + pn - total, n - f)
        for f in range(failures, min(n, total) + 1)
        if n - f <= n + pn - total
    )
    assert found == pytest.approx(worse / comb(n + pn, n))


def test_mcnemar_and_the_permutation_agree_on_single_pairs() -> None:
    counts = {(0, 1, 1, 1): 9, (1, 1, 0, 1): 2, (1, 1, 1, 1): 5}
    tested = batch(counts)
    assert (tested.test, tested.fails_only_on_current, tested.fails_only_on_prior) == ("mcnemar", 9, 2)
    assert tested.p_value == pytest.approx(2 * sum(comb(11, k) for k in range(9, 12)) / 2**11)
    repeated = batch({**counts, (2, 2, 2, 2): 1})
    assert repeated.test == "permutation"
    assert repeated.p_value == pytest.approx(tested.p_value)


def chances(counts: tuple[int, int, int, int]) -> dict[int, float]:
    """How likely each number of passes on the current version is when labels are permuted inside one case."""
    c, n, pc, pn = counts
    total = comb(n + pn, n)
    return {x: comb(c + pc, x) * comb(n + pn - c - pc, n - x) / total for x in range(n + 1)}


@pytest.mark.parametrize(
    "cases",
    [
        [(0, 3, 3, 3), (1, 3, 2, 3)],
        [(0, 3, 2, 4), (2, 5, 3, 3), (2, 5, 3, 3), (1, 2, 0, 2)],
        [(3, 3, 0, 3)],
        [(0, 2, 1, 1), (1, 1, 1, 1), (0, 3, 0, 3), (2, 2, 1, 4)],
        [(1, 4, 1, 4), (0, 0, 2, 3), (2, 3, 0, 0)],
    ],
)
def test_the_permutation_counts_the_outcomes_that_lie_as_far_off(cases: list[tuple[int, int, int, int]]) -> None:
    both = [case for case in cases if case[1] and case[3]]
    seen, sums = sum(case[0] for case in both), {0: 1.0}
    for case in both:
        step = chances(case)
        sums = {
            total: sum(p * step.get(total - before, 0) for before, p in sums.items())
            for total in range(max(sums) + case[1] + 1)
        }
    mean = sum(total * p for total, p in sums.items())
    tested = batch({case: cases.count(case) for case in cases})
    assert tested.test == "permutation"
    assert tested.cases == len(both)
    assert tested.effect == pytest.approx(sum(pc / pn - c / n for c, n, pc, pn in both) / len(both))
    assert tested.p_value == pytest.approx(
        sum(p for total, p in sums.items() if abs(total - mean) >= abs(seen - mean) - 1e-9)
    )
    assert tested.fails_only_on_current == sum(c == 0 and pc == pn for c, _, pc, pn in both)
    assert tested.fails_only_on_prior == sum(c == n and pc == 0 for c, n, pc, pn in both)


def test_a_batch_that_cannot_vary_or_be_compared_says_so() -> None:
    assert batch({(0, 3, 0, 3): 2, (3, 3, 2, 2): 1}) == ("permutation", 3, 0.0, 1.0, 0, 0)
    assert batch({(1, 3, 0, 0): 2, (0, 0, 1, 1): 1}) == ("none", 0, None, None, 0, 0)
    assert batch({}) == ("none", 0, None, None, 0, 0)
    assert batch({(1, 1, 3, 4): 1}).p_value == 1.0, "a sum of chances is no more than one, whatever its rounding"
    assert batch({(1, 1, 1, 1): 4}) == ("mcnemar", 4, 0.0, 1.0, 0, 0)


def test_the_exact_distribution_goes_over_into_its_normal_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    cases = {(30, 60, 29, 50): 9, (10, 40, 12, 60): 4, (5, 5, 5, 5): 3, (0, 5, 0, 5): 3}
    exact, small = batch(cases), batch({(1, 2, 2, 2): 40, (2, 2, 1, 2): 25})
    # 9 x 60 + 4 x 40 trials on the current version can vary; those of cases that always pass or fail cannot.
    monkeypatch.setattr("advisor.diagnosis.judge.exact._EXACT_UP_TO", 700)
    assert batch(cases) == exact
    monkeypatch.setattr("advisor.diagnosis.judge.exact._EXACT_UP_TO", 699)
    limit = batch(cases)
    assert (exact.test, limit.test) == ("permutation", "permutation (normal)")
    assert exact.p_value is not None
    assert 0.01 < exact.p_value < 0.2
    assert limit.p_value == pytest.approx(exact.p_value, abs=0.005)
    assert batch({(300, 600, 300, 600): 9}).p_value == 1.0
    monkeypatch.setattr("advisor.diagnosis.judge.exact._EXACT_UP_TO", 100)
    assert batch({(1, 2, 2, 2): 40, (2, 2, 1, 2): 25}).p_value == pytest.approx(small.p_value, abs=0.005)


def test_intervals_are_of_95_percent_over_tasks_with_enough_trials() -> None:
    found = curve({(2, 2): 50, (0, 2): 50, (1, 1): 100, (0, 0): 7})
    assert found.tasks == (200, 100)
    assert found.pass_hat == pytest.approx((0.75, 0.5))
    assert found.pass_at == pytest.approx((0.75, 0.5))
    for (low, high), mean, many in zip(found.intervals, (0.75, 0.5), (200, 100), strict=True):
        spread = 1.96 * (mean * (1 - mean) / many) ** 0.5
        assert (low, high) == pytest.approx((mean - spread, mean + spread), abs=0.011)
    assert curve({(2, 2): 50, (0, 2): 50, (1, 1): 100}) == found
    assert curve({(3, 3): 4}).intervals == ((1.0, 1.0),) * 3
    assert curve({}) == curve({(0, 0): 3}) == ((), (), (), ())


def test_holm() -> None:
    assert holm([0.6, 0.9, 0.5]) == pytest.approx([1.0, 1.0, 1.0])
    assert holm([0.2, 0.3]) == pytest.approx([0.4, 0.4])
    assert holm([None]) == [None]
    assert holm([0.01, None, 0.04, 0.03]) == pytest.approx([0.03, None, 0.06, 0.06])


@pytest.mark.slow
def test_the_batch_test_keeps_its_error_rate() -> None:
    generator = random.Random(7)
    rejected = 0
    for _ in range(400):
        counts: dict[tuple[int, int, int, int], int] = {}
        for _case in range(30):
            rate = generator.betavariate(1, 1)
            c, p = (sum(generator.random() < rate for _ in range(3)) for _ in range(2))
            counts[c, 3, p, 3] = counts.get((c, 3, p, 3), 0) + 1
        tested = batch(counts)
        assert tested.p_value is not None
        rejected += tested.p_value < 0.05
    assert rejected <= 400 * 0.05 + 3 * (400 * 0.05 * 0.95) ** 0.5
