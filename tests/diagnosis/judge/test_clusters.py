"""Clusters of failures with one cause: which there are, in which order, and what their trials share."""

from __future__ import annotations

from pathlib import Path

import pytest

from advisor.diagnosis.judge import judge
from advisor.diagnosis.judge.clusters import Cluster
from tests.diagnosis.judge.tables import Row, trials, write

NIGHT = {"group": "g1", "time": "2026-01-01T02:00:00Z"}
ALONE = {"group": "g1", "time": "2026-01-01T03:00:00Z"}
BETWEEN = "2026-01-01T02:30:00Z"
BEFORE = "2026-01-01T01:59:59Z"


@pytest.mark.parametrize(
    ("failed", "elsewhere", "shared"),
    [
        ([("v2", NIGHT), ("v2", ALONE)], BEFORE, ("version", "group", "time")),
        ([("v2", NIGHT), ("v1", ALONE)], BEFORE, ("group", "time")),
        ([("v2", NIGHT), ("v2", {**ALONE, "group": "g2"})], BEFORE, ("version", "time")),
        ([("v2", NIGHT), ("v2", {**ALONE, "group": ""})], BEFORE, ("version", "time")),
        ([("v2", NIGHT), ("v2", {**ALONE, "time": ""})], BEFORE, ("version", "group")),
        ([("v2", NIGHT), ("v2", ALONE)], BETWEEN, ("version", "group")),
        ([("v2", NIGHT), ("v2", ALONE)], NIGHT["time"], ("version", "group")),
        ([("v2", NIGHT), ("v2", ALONE)], ALONE["time"], ("version", "group")),
        ([("v2", NIGHT)], BEFORE, ("version", "group")),
    ],
)
def test_what_the_trials_of_an_outage_share(
    tmp_path: Path, failed: list[tuple[str, dict[str, str]]], elsewhere: str, shared: tuple[str, ...]
) -> None:
    rows = trials("other", "v2", "1", group="g3", time=elsewhere)
    for task, (version, where) in enumerate(failed):
        rows += trials(str(task), version, "0", error="502 bad gateway", **where)
    (cluster,) = judge(write(tmp_path / "o.csv", rows), "v2").clusters
    assert cluster.contiguous == shared


def test_outages_come_first_and_then_causes_that_two_cases_share(tmp_path: Path) -> None:
    rows: list[Row] = [
        *trials("a", "v2", "00", infrastructure=1), *trials("a", "v1", "0", error="503"),
        *trials("b", "v2", "000", error='turn limit 9 in "b"'), *trials("c", "v2", "0", error="turn limit 8 in 'c'"),
        *trials("d", "v2", "00", error="context length exceeded"), *trials("d", "v1", "0", error="max steps reached"),
        *trials("e", "v2", "00", error="the order is wrong"), *trials("f", "v2", "00", error="the order is wrong"),
        *trials("g", "v1", "00", error="bad json"), *trials("h", "v1", "00", error="bad json"),
    ]  # fmt: skip
    shown = [each.model_dump() for each in judge(write(tmp_path / "o.csv", rows), "v2", "v1").clusters]
    outage = {"infrastructure": True, "tasks": ("a",), "contiguous": ("version",)}
    marked = {"id": 1, "kind": "marked as infrastructure", "text": "", "trials": 2, "versions": ("v2",)}
    server = {"id": 2, "kind": "provider error", "text": "#", "trials": 1, "versions": ("v1",)}
    turns = Cluster(
        id=3,
        kind="exhausted turns",
        infrastructure=False,
        text="turn limit # in #",
        trials=4,
        tasks=("b", "c"),
        versions=("v2",),
        contiguous=("version",),
    )
    assert shown == [{**outage, **marked}, {**outage, **server}, turns.model_dump()]
