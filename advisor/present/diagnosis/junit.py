"""A diagnosis as JUnit XML: a test case for each detector, so that CI shows what failed and what was not checked."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from advisor.diagnosis.findings import Diagnosis, Finding
from advisor.errors import printable
from advisor.present.diagnosis import words

if TYPE_CHECKING:
    from advisor.loop.evidence.check import Check, RecordCheck

_SKIPPED = ("not_assessable", "insufficient")


def render(diagnosis: Diagnosis, check: RecordCheck | None = None) -> str:
    """One suite: present and likely fail, what could not be checked is skipped with the reason, the rest passes.

    A possible finding passes, and says so in its output: it is no ground to stop a pipeline. What a baseline accepts is
    skipped, with who accepted it, why and until when. A statement of a record
    fails where the logs contradict it, and is skipped where they cannot show it.
    """
    stated = sorted(check.checks, key=lambda each: each.subject) if check else []
    failures = sum(finding.found for finding in diagnosis.findings) + len(check.contradicted if check else ())
    skipped = sum(finding.verdict in _SKIPPED or finding.accepted for finding in diagnosis.findings)
    skipped += sum(each.verdict == "not_observable" for each in stated)
    counts = {"tests": str(len(diagnosis.findings) + len(stated)), "failures": str(failures), "errors": "0"}
    root = Element("testsuites", {"name": "advisor diagnose", **counts})
    suite = SubElement(root, "testsuite", {"name": "advisor diagnose", **counts, "skipped": str(skipped)})
    properties = SubElement(suite, "properties")
    about = {"read": words.was_read(diagnosis), "knowledge": diagnosis.knowledge_version}
    unused = {f"baseline-{at}": said for at, said in enumerate(words.unused(diagnosis), 1)}
    for name, value in {**about, **words.over_time(diagnosis), **unused}.items():
        SubElement(properties, "property", {"name": name, "value": printable(value)})
    for finding in sorted(diagnosis.findings, key=lambda each: each.signature):
        _case(suite, finding)
    for each in stated:
        _statement(suite, each)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=False) + "\n"


def _case(suite: Element, finding: Finding) -> None:
    case = SubElement(suite, "testcase", {"classname": f"advisor.{finding.pattern}", "name": finding.signature})
    said = printable(finding.said)
    if finding.found:
        kind = f"{finding.verdict}, {finding.severity}"
        SubElement(case, "failure", {"type": kind, "message": f"{finding.title}: {said}"}).text = _text(finding)
    elif finding.accepted:
        SubElement(case, "skipped", {"message": f"{printable(words.standing(finding))}: {said}"})
    elif finding.verdict in _SKIPPED:
        SubElement(case, "skipped", {"message": f"{words.verdict(finding.verdict)}: {said}"})
    elif finding.verdict == "possible":
        SubElement(case, "system-out").text = f"possible, {finding.severity}: {said}\n{_text(finding)}"
    else:
        reason = f" {printable(finding.refuted)}" if finding.refuted else ""
        SubElement(case, "system-out").text = f"{finding.verdict}: {said}{reason}"


def _statement(suite: Element, each: Check) -> None:
    from advisor.present.diagnosis.record_check import rule_id, told

    case = SubElement(suite, "testcase", {"classname": "advisor.record", "name": rule_id(each)})
    said = printable(told(each))
    rows = "\n".join(printable(f"{words.place(row)}: {row.text}") for row in each.evidence)
    if each.verdict == "contradicted":
        SubElement(case, "failure", {"type": each.verdict, "message": said}).text = rows
    elif each.verdict == "not_observable":
        SubElement(case, "skipped", {"message": said})
    else:
        SubElement(case, "system-out").text = f"{said}\n{rows}".strip()


def _text(finding: Finding) -> str:
    rows = [f"{words.place(each)}: {each.text}" for each in finding.evidence]
    about = [f"Fingerprint: {finding.fingerprint}", *([words.standing(finding)] if finding.standing else [])]
    lines = [*rows, f"Cause: {finding.cause}", f"Correction: {finding.correction}", *about]
    if finding.cause_seen:
        lines.insert(len(rows), f"Cause seen: {finding.cause_seen}")
    return "\n".join(map(printable, lines))
