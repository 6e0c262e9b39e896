from __future__ import annotations

import random
from typing import Any

from advisor.diagnosis.reliability.momentum import from_events
from advisor.traces.table import table_of

DAY = 86_400_000_000
T = 20_000 * DAY


def log(
    end: tuple[float, float],
    call: tuple[float, float],
    calls: tuple[int, int] = (3, 3),
    per_day: int = 60,
    evaluated: int = 400,
    days: int = 40,
    seed: int = 3,
) -> list[dict[str, Any]]:
    """Daily requests with outcomes, and evaluations of single calls; rates and chains move from first to last day."""
    rng = random.Random(seed)
    rows: list[dict[str, Any]] = []
    for day in range(days):
        at = day / (days - 1)
        p_end, p_call = (a + (b - a) * at for a, b in (end, call))
        for number in range(per_day):
            request = {"request_id": f"{day}-{number}", "ts_us": T + day * DAY + number}
            rows += [{**request, "kind": "llm_call"}] * round(calls[0] + (calls[1] - calls[0]) * at)
            rows.append({**request, "kind": "outcome", "status": "ok" if rng.random() < p_end else "error"})
        rows += [
            {
                "kind": "evaluation",
                "ts_us": T + day * DAY + n,
                "eval_label": "pass" if rng.random() < p_call else "fail",
            }
            for n in range(evaluated)
        ]
    return rows


def verdict(*args: Any, **more: Any) -> Any:
    found = from_events(table_of(log(*args, **more)).query)
    assert found is not None
    return found[1]


def test_a_fall_with_level_calls_is_negative_momentum_and_prints_what_could_have_been_seen() -> None:
    found = verdict((0.95, 0.60), (0.98, 0.98))
    assert found.verdict == "negative"
    assert found.smallest_drop < found.margin
    assert "smallest per-call drop" in found.said


def test_calls_that_fall_as_well_explain_the_fall() -> None:
    assert verdict((0.95, 0.60), (0.98, 0.86)).verdict == "calls_fall_too"


def test_few_evaluations_cannot_show_that_calls_are_level() -> None:
    found = verdict((0.95, 0.80), (0.98, 0.98), evaluated=2)
    assert found.verdict == "insufficient"
    assert "cannot exclude" in found.said


def test_longer_chains_are_named_before_the_spine() -> None:
    assert verdict((0.95, 0.60), (0.98, 0.98), calls=(3, 9)).verdict == "chains_grow"


def test_level_reliability_has_nothing_to_explain() -> None:
    assert verdict((0.9, 0.9), (0.98, 0.98)).verdict == "not_falling"


def test_no_evaluations_and_too_few_days_are_verdicts() -> None:
    assert verdict((0.95, 0.60), (0.98, 0.98), evaluated=0).verdict == "insufficient"
    assert verdict((0.95, 0.60), (0.98, 0.98), days=6).verdict == "insufficient"


def test_a_log_without_outcomes_says_nothing_of_reliability() -> None:
    assert from_events(table_of([{"kind": "llm_call", "ts_us": T}]).query) is None
