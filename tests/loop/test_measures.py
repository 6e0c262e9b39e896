"""What each statement is measured by: its value on logs whose answer is known, its interval, and its trend."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.catalog.answers import KEYS
from advisor.catalog.models import PLANES
from advisor.loop.evidence.questions import PROBES
from advisor.loop.measures import MEASURES, VERSION, Measured, measured
from advisor.traces.table import table_of
from tests.loop.evidence.records import DAY, HOUR, MINUTE, Rows, approvals, requests, steady, writes


def values(subject: str, rows: Rows) -> list[tuple[float, int]]:
    """Value and cases of every measure of a statement, those without a case left out."""
    table = table_of(rows)
    found = [measured(table, each, ["m-1"] if each is VERSION else ()) for each in MEASURES[subject]]
    return [(round(each.value, 4), each.cases) for each in found if each]


def delegated(status: str, at: int) -> dict[str, Any]:
    return {"kind": "delegation", "request_id": f"r{at}", "ts_us": at, "end_us": at + 2 * MINUTE, "status": status}


BUSY_DAYS: Rows = [
    {"kind": "approval_request", "approval_id": f"a{n}", "request_id": f"r{n}", "ts_us": n * DAY, "sla_us": HOUR}
    for n in range(4)
] + [
    {
        "kind": "approval_decision",
        "approval_id": f"a{n}",
        "request_id": f"r{n}",
        "ts_us": n * DAY + (n + 1) * MINUTE,
        "decision_source": "timeout" if n == 2 else "human",
        "decision": "deny",
    }
    for n in range(3)
]
BUSY_DAYS.append({"kind": "outcome", "request_id": "r9", "ts_us": 9 * DAY})


@pytest.mark.parametrize(
    ("subject", "rows", "wanted"),
    [
        ("duration", requests(9, 2 * DAY), [(2 * DAY, 9)]),
        ("pauses_or_external_waits", requests(4, 9 * HOUR) + steady(0, HOUR), [(1.0, 4), (3 * HOUR, 4)]),
        ("pauses_or_external_waits", requests(4, 30 * MINUTE), [(0.0, 4)]),
        (
            "world_changes_during_unit",
            [{"kind": "gate", "request_id": f"r{n % 4}", "ts_us": n, "policy_version": f"v{n > 5}"} for n in range(8)],
            [(0.5, 4)],
        ),
        ("external_side_effects", writes(3) + writes(1, effect="read") + writes(5, effect="unknown"), [(0.75, 4)]),
        ("work_splits", [delegated("ok", n + 1) for n in range(3)] + requests(1, HOUR, agent_name="solo"), [(0.75, 4)]),
        ("independent_subtasks", [delegated("ok", 0), delegated("ok", 0)], [(1.0, 1)]),
        (
            "deterministic_merge",
            [
                {"kind": "merge", "span_id": "a", "ts_us": 1},
                {"kind": "merge", "span_id": "b", "ts_us": 2},
                {"kind": "llm_call", "parent_span_id": "b", "ts_us": 3},
            ],
            [(0.5, 2)],
        ),
        ("peers_with_side_effects", writes(2, agent_name="a") + writes(1, agent_name="b"), [(0.5, 2)]),
        (
            "partial_result_useful",
            [delegated("ok", 0), delegated("timeout", 1), {"kind": "merge", "partial": True, "ts_us": 2}],
            [(0.5, 2), (1.0, 1)],
        ),
        ("partial_write_costly", [*writes(4), {**writes(1)[0], "status": "error"}], [(0.25, 4)]),
        (
            "outside_envelope",
            [*requests(3, HOUR), {"kind": "escalation", "request_id": "r0", "ts_us": 5}],
            [(1 / 3, 3)],
        ),
        ("person_decides_every_action", writes(4) + approvals(1), [(0.25, 4)]),
        ("approval_above_threshold_only", writes(4) + approvals(2), [(0.5, 4)]),
        (
            "stop_in_flight",
            [*requests(4, HOUR), {"kind": "cancel_request", "request_id": "r1", "ts_us": 5}],
            [(0.25, 4)],
        ),
        (
            "volume_can_overwhelm",
            [*requests(6, MINUTE, apart_us=20 * MINUTE), {"kind": "throttle", "request_id": "r5", "ts_us": 2 * HOUR}],
            [(3.0, 2), (1 / 6, 6)],
        ),
        ("planes.approval", BUSY_DAYS, [(2 * MINUTE, 3), (0.5, 4)]),
        ("sequence.console", [*requests(1, HOUR), {"kind": "log", "ts_us": 1}], [(0.8, 5)]),
        (
            "record.model_version",
            [{"kind": "llm_call", "ts_us": n, "model_version": f"m-{n % 4}"} for n in range(8)],
            [(0.25, 8)],
        ),
    ],
)
def test_a_statement_is_measured_by(subject: str, rows: Rows, wanted: list[tuple[float, int]]) -> None:
    assert values(subject, rows) == [(round(value, 4), cases) for value, cases in wanted]


def test_measures_belong_to_statements_that_are_checked_and_none_is_measured_in_an_empty_log() -> None:
    known = {*KEYS, *(f"planes.{plane}" for plane in PLANES), "sequence.console", "record.model_version"}
    assert set(MEASURES) <= known
    probed = {probe.subject for probe in PROBES}
    assert {"duration", "pauses_or_external_waits", "external_side_effects", "planes.approval"} <= set(
        MEASURES
    ) & probed
    for subject in MEASURES:
        assert values(subject, [{"kind": "unknown"}]) == []


def duration(lengths: list[int]) -> Measured:
    rows: Rows = [
        {"kind": "outcome", "request_id": f"r{n}", "ts_us": n, "end_us": n + each} for n, each in enumerate(lengths)
    ]
    found = measured(table_of(rows), MEASURES["duration"][0])
    assert found is not None
    return found


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 10**9), min_size=1, max_size=40))
def test_the_interval_of_a_median_lies_between_order_statistics_around_it(lengths: list[int]) -> None:
    found, placed = duration(lengths), sorted(lengths)
    assert found.value == placed[(len(placed) - 1) // 2]
    if found.interval is None:
        assert len(lengths) < 6
    else:
        low, high = found.interval
        assert placed[0] <= low <= found.value <= high <= placed[-1]


def test_the_interval_of_a_median_covers_it_as_often_as_it_says() -> None:
    draw, covered, runs = random.Random(7), 0, 120
    for _ in range(runs):
        low, high = duration([int(draw.expovariate(1) * 10**6) + 1 for _ in range(25)]).interval or (0, 0)
        covered += low <= 693_147 <= high
    assert covered / runs >= 0.9
