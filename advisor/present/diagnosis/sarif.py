"""A diagnosis as SARIF 2.1.0: a rule for each detector, a result for each finding, a note for what was not checked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from advisor import __version__
from advisor.diagnosis.findings import Citation, Diagnosis, Finding, Severity
from advisor.errors import printable
from advisor.present.diagnosis import words

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
LEVELS: Mapping[Severity, str] = {"critical": "error", "high": "error", "medium": "warning", "low": "note"}


def render(diagnosis: Diagnosis) -> str:
    """The SARIF log as text."""
    return json.dumps(log(diagnosis), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def log(diagnosis: Diagnosis) -> dict[str, Any]:
    """The SARIF log as JSON values; rules stand in the order of their ids, whatever was found."""
    rules = sorted(diagnosis.findings, key=lambda finding: finding.signature)
    at = {finding.signature: index for index, finding in enumerate(rules)}
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
                        "rules": [_rule(finding) for finding in rules],
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
                "results": [_result(f, at[f.signature]) for f in words.shown(diagnosis)],
                "properties": {"read": printable(words.was_read(diagnosis)), "rest": words.rest(diagnosis)},
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
        "partialFingerprints": {"advisorSignature/v1": fingerprint(finding)},
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
    if finding.cause_seen:
        made["properties"]["causeSeen"] = printable(finding.cause_seen)
    return made


def fingerprint(finding: Finding) -> str:
    """What stays the same of a finding from run to run: which detector speaks of which part."""
    return sha256("\0".join((finding.signature, finding.pattern, finding.sdb_part)).encode()).hexdigest()


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
