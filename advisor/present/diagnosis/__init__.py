"""Hands a diagnosis over: a screen, a page, a document, or a file for code review and for CI; secrets masked first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from advisor.diagnosis.findings import Diagnosis
from advisor.present.json_text import json_text

if TYPE_CHECKING:
    from advisor.loop.evidence.check import RecordCheck

FORMATS = ("terminal", "markdown", "html", "json", "sarif", "junit")


def render_diagnosis(
    diagnosis: Diagnosis,
    format: str,
    *,
    check: RecordCheck | None = None,
    color: bool = False,
    width: int = 100,
    redact: bool = True,
) -> str:
    """The diagnosis in one of FORMATS.

    Args:
        diagnosis: What was found.
        format: One of FORMATS; JSON is `advisor/diagnosis/1`, SARIF is 2.1.0, JUnit is what Jenkins reads.
        check: A record held against the same logs, which joins the report.
        color: ANSI colours in terminal text.
        width: Columns of terminal text.
        redact: Mask secrets and personal data in everything that came out of the logs.
    """
    if redact:
        from advisor.present.diagnosis.masking import masked

        diagnosis = masked(diagnosis)
    if redact and check:
        from advisor.present.diagnosis.record_check import safe

        check = safe(check)
    if format == "json":
        from advisor.present.diagnosis.document import document

        return json_text(document(diagnosis, check).to_json())
    if format == "sarif":
        from advisor.present.diagnosis.sarif import render as sarif

        return sarif(diagnosis, check)
    if format == "junit":
        from advisor.present.diagnosis.junit import render as junit

        return junit(diagnosis, check)
    if format == "terminal":
        from advisor.present.diagnosis.terminal import render as terminal

        return terminal(diagnosis, check, color=color, width=width)
    from advisor.present.diagnosis.pages import html, markdown

    return markdown(diagnosis, check) if format == "markdown" else html(diagnosis, check)
