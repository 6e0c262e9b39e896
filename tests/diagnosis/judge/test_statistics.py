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


def test_holm() -> None:
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
