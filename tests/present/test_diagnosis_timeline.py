"""Drawings of when things happened: what shares a lane, how far apart marks stand, and that texts stay texts."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from advisor.diagnosis.findings import Finding
from advisor.present.diagnosis import timeline
from tests.present import diagnoses

SVG = "{http://www.w3.org/2000/svg}"


def of(id: str) -> Finding:
    return next(each for each in diagnoses.rich().findings if each.signature == id)


def labels(svg: str) -> list[str]:
    return [each.text or "" for each in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def marks(svg: str) -> list[float]:
    root = ElementTree.fromstring(svg)
    dots = [float(each.get("cx", "")) for each in root.iter(f"{SVG}circle")]
    crosses = [each.get("d", "") for each in root.iter(f"{SVG}path") if each.get("class") == "bad"]
    return sorted(dots + [float(d[1:].split()[0]) + 5 for d in crosses])


@pytest.mark.parametrize(
    ("id", "heading", "lanes"),
    [
        ("P2-dirty-compensation", "Sagas", ["s-9", "s-12"]),
        ("P5-cas-contention", "Compare-and-swap operations", ["op-0", "op-1", "op-2", "other rows"]),
        ("P6-approval-starvation", "Approvals", ["ap-1", "ap-2"]),
        ("P4-crash-loop", "Children", ["c-1"]),
        ("P6-ignored-kill", "Requests", ["r-17"]),
    ],
)
def test_rows_of_one_saga_operation_or_approval_share_a_lane(id: str, heading: str, lanes: list[str]) -> None:
    drawn = timeline.threads(of(id), "t")
    assert drawn is not None
    assert drawn[0] == heading
    assert [label for label in labels(drawn[1]) if label in lanes] == lanes


def test_marks_stand_as_far_apart_as_their_times_and_each_has_its_row_as_tooltip() -> None:
    finding = replace(of("P2-dirty-compensation"), evidence=diagnoses.rows(
        (0, "commit saga_id=s"), (250, "commit saga_id=s status=error"), (1000, "compensation saga_id=s")))  # fmt: skip
    drawn = timeline.threads(finding, "t")
    assert drawn is not None
    first, second, third = marks(drawn[1])
    assert second - first == pytest.approx((third - first) / 4, abs=0.2)
    titles = [each.text or "" for each in ElementTree.fromstring(drawn[1]).iter(f"{SVG}title")]
    for citation in finding.evidence:
        assert any(f"{citation.file}:{citation.line}" in title and citation.text in title for title in titles)
    assert drawn[1].count('class="bad"') == 1


def test_rows_without_times_or_without_ids_give_no_drawing() -> None:
    finding = of("P2-dirty-compensation")
    timeless = tuple(replace(each, ts_us=None) for each in finding.evidence)
    beyond = tuple(replace(each, ts_us=10**30) for each in finding.evidence)
    assert timeline.threads(replace(finding, evidence=timeless), "t") is None
    assert timeline.threads(replace(finding, evidence=beyond), "t") is None
    assert timeline.threads(replace(finding, evidence=diagnoses.rows((0, "log"), (5, "log"))), "t") is None
    assert timeline.evidence([replace(finding, evidence=finding.evidence[:1])], "t") is None


def test_rows_at_one_instant_are_drawn() -> None:
    finding = replace(of("P2-dirty-compensation"), evidence=diagnoses.rows((0, "commit saga_id=s"), (0, "x saga_id=s")))
    drawn = timeline.threads(finding, "t")
    assert drawn is not None
    assert len(set(marks(drawn[1]))) == 1


def test_many_lanes_are_cut_and_counted() -> None:
    texts = [(at, f"cas op_id=op-{at:02}") for at in range(20)]
    drawn = timeline.threads(replace(of("P5-cas-contention"), evidence=diagnoses.rows(*texts), cause_evidence=()), "t")
    assert drawn is not None
    assert sum(label.startswith("op-") for label in labels(drawn[1])) == 12
    assert "and 8 more" in labels(drawn[1])


def test_versions_are_bars_and_those_without_times_are_left_out() -> None:
    drawn = timeline.versions(diagnoses.VERSIONS, "t")
    assert drawn is not None
    assert drawn.count('class="bar"') == len(diagnoses.VERSIONS)
    assert timeline.versions(diagnoses.hostile().versions, "t") is None


def test_a_hostile_id_is_text_in_the_drawing() -> None:
    bad = "</text><script>alert(1)</script>\x1b\u202e"
    rows = diagnoses.rows((0, f"commit saga_id={bad}"), (9, f"{bad} saga_id={bad}"))
    drawn = timeline.threads(replace(of("P2-dirty-compensation"), evidence=rows), "t")
    assert drawn is not None
    assert "<script" not in drawn[1]
    assert not re.search(r"[\x00-\x1f\u202e]", drawn[1])
    assert any("</text><script>" in label for label in labels(drawn[1]))
