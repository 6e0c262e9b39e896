"""A diagnosis as SARIF 2.1.0: a rule for each detector, a result for each finding, a note for what was not checked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from advisor import __version__
from advisor.diagnosis.findings import Citation, Diagnosis, Finding, Severity
from advisor.diagnosis.fingerprint import fingerprint
from advisor.errors import printable
from advisor.present.diagnosis import words
from advisor.present.json_text import json_text

if TYPE_CHECKING:
    from advisor.loop.evidence.check import Check, RecordCheck

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
LEVELS: Mapping[Severity, str] = {"critical": "error", "high": "error", "medium": "warning", "low": "note"}


def render(diagnosis: Diagnosis, check: RecordCheck | None = None) -> str:
    """The SARIF log as text."""
    return json_text(log(diagnosis, check))


def log(diagnosis: Diagnosis, check: RecordCheck | None = None) -> dict[str, Any]:
    """The SARIF log as JSON values; rules stand in the order of their ids, whatever was found.

    A statement of a record is a rule too, after the detectors; it has a result where the logs contradict it.
    """
    rules = sorted(diagnosis.findings, key=lambda finding: finding.signature)
    at = {finding.signature: index for index, finding in enumerate(rules)}
    stated = sorted(check.checks, key=lambda each: each.subject) if check else []
    unchecked = [f for f in diagnosis.findings if f.verdict in ("not_assessable", "insufficient")]
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "advisor",
                        "version": __version__,
                        "semanticVersion": __version__,
                        "rules": [*map(_rule, rules), *map(_record_rule, stated)],
                        "properties": {"knowledgeVersion": diagnosis.knowledge_version},
                    }
                },
                "automationDetails": {"id": "advisor/diagnosis/"},
                "columnKind": "unicodeCodePoints",
                "invocations": [
                    {
                        "executionSuccessful": True,
                        "toolExecutionNotifications": [_notification(f, at[f.signature]) for f in unchecked],
                    }
                ],
                "results": [
                    *(_result(f, at[f.signature]) for f in words.shown(diagnosis)),
                    *(
                        _contradiction(each, rule)
                        for rule, each in enumerate(stated, len(rules))
                        if each.verdict == "contradicted"
                    ),
                ],
                "properties": _about(diagnosis, check),
            }
        ],
    }


def _rule(finding: Finding) -> dict[str, Any]:
    """A detector, as the catalog describes it; nothing of the log is in it."""
    parts = {
        "Cause": finding.cause,
        "Correction": finding.correction,
        "Refuted by": finding.refuted_by,
        "Known false positives": "; ".join(finding.traps),
    }
    return {
        "id": finding.signature,
        "name": "".join(word[:1].upper() + word[1:] for word in finding.signature.split("-")),
        "shortDescription": {"text": finding.title},
        "fullDescription": {"text": f"{finding.title}. {finding.cause}"},
        "help": {
            "text": "\n".join(f"{name}: {text}" for name, text in parts.items()),
            "markdown": "\n\n".join(f"**{name}.** {text}" for name, text in parts.items()),
        },
        "properties": {"tags": ["agent-runtime", finding.pattern, finding.sdb_part, finding.status]},
    }


def _about(diagnosis: Diagnosis, check: RecordCheck | None) -> dict[str, str]:
    about = {"read": words.was_read(diagnosis), "rest": words.rest(diagnosis), **words.over_time(diagnosis)}
    if unused := words.unused(diagnosis):
        about["baseline"] = " ".join(unused)
    if check:
        from advisor.present.diagnosis.record_check import headline

        about["record"] = headline(check)
    return {name: printable(text) for name, text in about.items()}


def _record_rule(each: Check) -> dict[str, Any]:
    """A statement of a record, as its question is worded."""
    from advisor.present.diagnosis.record_check import MEANING, rule_id

    return {
        "id": rule_id(each),
        "shortDescription": {"text": printable(each.wording)},
        "help": {"text": "\n".join(f"{name}: {text}" for name, text in MEANING.items())},
        "properties": {"tags": ["agent-runtime", "decision-record", *each.lines]},
    }


def _contradiction(each: Check, rule: int) -> dict[str, Any]:
    """An error where the answer alone would change the decision, else a warning."""
    from advisor.present.diagnosis.record_check import rule_id, told

    return {
        "ruleId": rule_id(each),
        "ruleIndex": rule,
        "kind": "fail",
        "level": "error" if each.would_change else "warning",
        "message": {"text": printable(told(each))},
        "locations": [_location(row) for row in each.evidence[:1]],
        "relatedLocations": [
            {**_location(row), "id": number, "message": {"text": printable(row.text)}}
            for number, row in enumerate(each.evidence, 1)
        ],
        "partialFingerprints": {"advisorFinding/v1": fingerprint(rule_id(each), ())},
        "properties": {"verdict": each.verdict, "recorded": printable(each.recorded), "shows": each.shows},
    }


def _result(finding: Finding, rule: int) -> dict[str, Any]:
    said = f"{finding.title} ({words.verdict(finding.verdict)}): {finding.said} Correction: {finding.correction}"
    made: dict[str, Any] = {
        "ruleId": finding.signature,
        "ruleIndex": rule,
        "kind": "fail",
        "level": LEVELS[finding.severity],
        "message": {"text": printable(said)},
        "locations": [_location(each) for each in finding.evidence[:1]],
        "relatedLocations": [
            {**_location(each), "id": number, "message": {"text": printable(each.text)}}
            for number, each in enumerate((*finding.evidence, *finding.cause_evidence), 1)
        ],
        # Neither numbers nor places: those change from log to log while the finding stays the same.
        "partialFingerprints": {"advisorFinding/v1": finding.fingerprint},
        "rank": round(finding.confidence * 100, 1),
        "properties": {
            "verdict": finding.verdict,
            "severity": finding.severity,
            "grade": finding.grade,
            "count": finding.count,
            "of": finding.of,
            "unit": finding.unit,
        },
    }
    if finding.scope:
        made["properties"]["scope"] = [printable(each) for each in finding.scope]
    if finding.standing:
        made["properties"]["baseline"] = printable(words.standing(finding))
    if finding.accepted:
        made["suppressions"] = [
            {"kind": "external", "status": "accepted", "justification": printable(words.standing(finding))}
        ]
    if finding.cause_seen:
        made["properties"]["causeSeen"] = printable(finding.cause_seen)
    return made


def _notification(finding: Finding, rule: int) -> dict[str, Any]:
    """Why a detector could say nothing."""
    said = f"{finding.signature} is {words.verdict(finding.verdict)}: {finding.said}"
    return {
        "level": "note",
        "message": {"text": printable(said)},
        "associatedRule": {"id": finding.signature, "index": rule},
        "properties": {"verdict": finding.verdict, "missing": list(finding.missing)},
    }


def _location(citation: Citation) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": {"uri": uri(citation.file)}}
    if citation.line > 0:
        physical["region"] = {"startLine": citation.line}
    return {"physicalLocation": physical}


def uri(file: str) -> str:
    """The URI of a file as it was named: relative ones stay so; standard input has a name of its own."""
    if file == "-":
        return "stdin"
    path = PurePath(file)
    if path.is_absolute():
        return "file://" + quote(path.as_posix(), errors="surrogateescape")
    # A colon in the first part would read as a scheme.
    named = quote(path.as_posix(), safe="/", errors="surrogateescape")
    return named or "unknown"
