"""Reliability over time inside a diagnosis: the sentences, the chart, momentum, and null where there is too little."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache

import jsonschema
import pytest

from advisor.diagnosis.findings import Diagnosis
from advisor.diagnosis.reliability.days import Cell, Counted
from advisor.diagnosis.reliability.momentum import Momentum
from advisor.diagnosis.reliability.trend import PER_CALL, of_counts
from advisor.present.diagnosis import render_diagnosis
from advisor.present.diagnosis.terminal import SCREEN
from advisor.present.reliability import sentences
from tests.present import diagnoses
from tests.present.test_diagnosis_documents import SCHEMAS

EVIL = "<script>alert(1)</script> kept.person@example.com"
MOMENTUM = Momentum(verdict="negative", said="Momentum is negative; suspect the spine.", margin=0.01)


@cache
def falling(version: str = "m-2") -> Diagnosis:
    """Thirty days of outcomes that fall by a point a day; a version starts on the fifteenth."""
    cells = tuple(Cell(day, "m-1" if day < 15 else version, 95 - day - (day * 7) % 3, 100) for day in range(30))
    trend = of_counts(Counted(cells, "2026-10-01", 0, ()))
    assert trend.verdict == "falling"
    return replace(diagnoses.rich(), reliability=trend, momentum=MOMENTUM)


@pytest.mark.parametrize("format", ["terminal", "markdown", "html", "sarif", "junit"])
def test_every_format_says_how_reliability_moves(format: str) -> None:
    found = falling()
    assert found.reliability
    text = " ".join(render_diagnosis(found, format, width=200).replace("\\", "").split())
    assert [line for line in sentences(found.reliability) if line not in text] == []
    assert "Momentum is negative; suspect the spine." in text
    assert PER_CALL not in text


@pytest.mark.parametrize("width", [60, 80])
def test_the_first_screen_has_a_fall_on_it_and_stays_one_screen(width: int) -> None:
    lines = render_diagnosis(falling(), "terminal", width=width).splitlines()
    rule = next(at for at, line in enumerate(lines) if line.startswith("─"))
    summary = "\n".join(lines[:rule])
    assert rule - 1 <= SCREEN
    assert "Reliability is falling: -" in summary
    assert "momentum is negative" in summary.replace("\n", " ")


def test_the_page_draws_it() -> None:
    page = render_diagnosis(falling(), "html")
    assert page.count('<svg class="c"') == 1
    assert '<svg class="c"' not in render_diagnosis(diagnoses.rich(), "html")


def test_json_has_both_or_null() -> None:
    schema = json.loads((SCHEMAS / "diagnosis-1.json").read_text(encoding="utf-8"))
    document = json.loads(render_diagnosis(falling(), "json"))
    jsonschema.validate(document, schema)
    assert document["reliability"]["schema"] == "advisor/reliability/1"
    jsonschema.validate(document["reliability"], json.loads((SCHEMAS / "reliability-1.json").read_text()))
    assert document["momentum"]["verdict"] == "negative"
    quiet = json.loads(render_diagnosis(diagnoses.quiet(), "json"))
    assert (quiet["reliability"], quiet["momentum"], quiet["record"]) == (None, None, None)


@pytest.mark.parametrize("format", ["terminal", "markdown", "html", "json", "sarif", "junit"])
def test_a_version_is_a_word_of_the_log(format: str) -> None:
    text = render_diagnosis(falling(EVIL), format, width=200)
    assert "person@example" not in text
    if format in ("html", "junit"):
        assert "<script>alert" not in text
