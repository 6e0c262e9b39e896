"""Secrets and personal data in any text of a log are masked in every format, unless the user says otherwise."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from advisor.diagnosis.findings import Citation, Diagnosis
from advisor.present.diagnosis import FORMATS, render_diagnosis
from tests.present import diagnoses

# A mark for each place, so that a leak says where.
PLACES = (
    """said text event cause cause-text refuted checked title cell version guessed why lens key source format""".split()
)


def secret(place: str) -> str:
    return f"{place}.person@example.com"


def full_of_secrets() -> Diagnosis:
    finding = diagnoses.finding(
        diagnoses.ENTRIES[0],
        "present",
        said=f"seen {secret('said')}",
        evidence=(Citation("logs/kept.person@example.com.log", 3, secret("event"), f"log {secret('text')}", 1, 1),),
        cause_seen=secret("cause"),
        cause_evidence=(Citation("a.log", 4, None, secret("cause-text")),),
        refuted=secret("refuted"),
        checked=(secret("checked"),),
        detail={secret("title"): ({"who": secret("cell")},)},
    )
    found = diagnoses.diagnosis({finding.signature: finding})
    version = {"of": "model_version", "version": secret("version"), "first_us": 1, "last_us": 2, "rows_": 1}
    file = {"path": "logs/kept.person@example.com.log", "format": secret("format"), "rows": 1, "bad_rows": 1,
            "skipped_reason": None, "bad": [{"line": 1, "why": secret("why")}]}  # fmt: skip
    guessed = {"name": secret("guessed"), "kind": "log", "rows": 1, "file": "a.log", "line": 1}
    return replace(
        found,
        inventory={**found.inventory, "files": [file], "guessed_kinds": [guessed]},
        versions=(version,),
        lenses={
            "lens": {"who": secret("lens"), "more": [secret("key")]},
            "compliance": {"decisions_by": {secret("source"): 1}},
        },
    )


@pytest.mark.parametrize("format", FORMATS)
def test_no_secret_is_left_and_files_keep_their_names(format: str) -> None:
    text = render_diagnosis(full_of_secrets(), format, width=120)
    assert re.findall(r"([\w-]+)\.person@", text.replace("kept.person@", "")) == []
    assert "[email:" in text.replace("\\", "")
    if format == "json":
        assert "kept.person@example.com" in text


def test_only_on_request_they_stand_as_they_were() -> None:
    text = render_diagnosis(full_of_secrets(), "json", redact=False)
    assert {place for place in PLACES if secret(place) in text} == set(PLACES)


def test_equal_values_are_joined_by_their_masks_across_the_document() -> None:
    found = full_of_secrets()
    same = replace(found.findings[0], said=f"x {secret('text')}", cause_seen=secret("other"))
    document = json.loads(render_diagnosis(replace(found, findings=(same,)), "json"))["findings"][0]
    mask = document["said"].removeprefix("x ")
    assert re.fullmatch(r"\[email:[0-9a-f]{4}\]", mask)
    assert document["evidence"][0]["text"] == f"log {mask}"
    assert document["cause_seen"] != mask
