"""The lenses of a diagnosis: figures with units, each with its coverage, and nothing where there is no row."""

from __future__ import annotations

from dataclasses import replace

import pytest

from advisor.diagnosis.lenses import lenses
from advisor.present.diagnosis import render_diagnosis
from advisor.present.diagnosis.lenses import share, views
from advisor.traces.table import table_of
from tests.present import diagnoses

SAID = (
    "Operational lens: latency, load, errors, retries",
    "at most 17 requests",
    "3.1 % of steps with a status",
    "2 approvals",
    "Coverage: a duration on over 99.9 % of steps, a status on 97 % of steps.",
    "closed (your states)",
    "64.8 %",
    "sent, escalated",
    "Coverage: a request id on 97 % of rows, an outcome for 67.1 % of requests.",
    "human 38, not said 12",
    "under 0.1 % of requests with commits",
    "personal data or keys seen: 3 of 1,200 rows with text",
    "a model version on 0 % of model calls.",
)


@pytest.mark.parametrize("format", ["terminal", "markdown", "html"])
def test_figures_have_units_and_every_lens_its_coverage(format: str) -> None:
    text = " ".join(render_diagnosis(diagnoses.rich(), format, width=200).replace("\\", "").split())
    assert [part for part in SAID if part not in text] == []
    for absent in ("Retry rate", "attempt number", "Throttled", "prompt version on", "latency_ms", "None"):
        assert absent not in text


def test_times_stand_in_the_unit_that_suits_them() -> None:
    (latency,) = views(diagnoses.LENSES)[0].tables
    assert [(row["Step"], row["Half within"], row["95 % within"]) for row in latency.rows] == [
        ("model call", "812 ms", "4.03 s"),
        ("whole request", "1.02 min", "4.63 d"),
    ]


def test_lenses_without_a_row_are_not_shown() -> None:
    nothing = lenses(table_of([{"kind": "log", "ts_us": 1}]))
    shown = views(nothing)
    assert [lens.title.split()[0] for lens in shown] == ["Business"]
    assert shown[0].figures == ()
    assert shown[0].tables == ()
    assert shown[0].coverage == "Coverage: a request id on 0 % of rows."
    assert views({"operational": {**nothing["operational"]}, "compliance": nothing["compliance"]}) == []


def test_json_has_them_as_they_are() -> None:
    import json

    document = json.loads(render_diagnosis(diagnoses.rich(), "json"))
    assert document["lenses"] == diagnoses.LENSES


def test_a_lens_that_is_new_is_shown_key_by_key() -> None:
    found = replace(diagnoses.rich(), lenses={"money": {"spent_cents": 12}})
    assert "Lens: money" in render_diagnosis(found, "terminal")
    assert "spent cents  12" in render_diagnosis(found, "terminal")


@pytest.mark.parametrize(
    ("value", "said"),
    [(0, "0 %"), (1, "100 %"), (0.00001, "under 0.1 %"), (0.99999, "over 99.9 %"), (0.5, "50 %"), (0.123, "12.3 %")],
)
def test_only_all_is_all_and_only_none_is_none(value: float, said: str) -> None:
    assert share(value) == said
