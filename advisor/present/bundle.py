"""What an evidence bundle holds: the report, the rows that it cites, thresholds, and the files that it used."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from advisor.diagnosis.findings import Citation, Diagnosis
from advisor.present.diagnosis import render_diagnosis
from advisor.present.diagnosis.masking import masked

if TYPE_CHECKING:
    from advisor.loop.evidence.check import RecordCheck
    from advisor.selection.record import DecisionRecord

_MASK = re.compile(rb"\[([a-z-]{2,16}):([0-9a-f]{4})\]")
MASKED = "secrets and personal data that the rules know are masked; equal masks were equal values"
PLAIN = "nothing is masked; rows.jsonl has the original lines where the log is plain lines of text"
COPIED = "answers, mapping and baseline are copies of the files as they were given"


def contents(
    diagnosis: Diagnosis,
    *,
    check: RecordCheck | None = None,
    record: DecisionRecord | None = None,
    used: Mapping[str, bytes],
    redact: bool = True,
    original: Callable[[Citation], str | None],
) -> dict[str, bytes]:
    """The members of a bundle, in order.

    Args:
        diagnosis: What was found.
        check: The record held against the same logs.
        record: The decision record.
        used: Files that the user gave, as they are, by the member's name.
        redact: Mask secrets and personal data in everything that came out of the logs.
        original: Gives the whole line that a row stands in; asked only where nothing is masked.
    """
    shown = masked(diagnosis) if redact else diagnosis
    made = {
        f"report.{format}": render_diagnosis(diagnosis, format, check=check, redact=redact).encode()
        for format in ("json", "html")
    }
    rows = [_line(row) for row in _rows(shown, None if redact else original)]
    made["rows.jsonl"] = "".join(rows).encode("utf-8", "backslashreplace")
    made["thresholds.json"] = _pretty(
        {
            each.signature: {"in_force": dict(each.thresholds), "set_by_user": list(each.overridden)}
            for each in sorted(diagnosis.findings, key=lambda each: each.signature)
            if each.thresholds
        }
    )
    if redact:
        made = _numbered(made)
    if record:
        made["record.json"] = _pretty(record.to_json())
    return {**made, **used}


def _rows(diagnosis: Diagnosis, original: Callable[[Citation], str | None] | None) -> list[dict[str, Any]]:
    rows = []
    for finding in diagnosis.findings:
        for role, cited in (("symptom", finding.evidence), ("cause", finding.cause_evidence)):
            for each in cited:
                place = {"file": each.file, "line": each.line, "event_id": each.event_id, "ts_us": each.ts_us}
                whole = {"original": original(each)} if original else {}
                rows.append({"signature": finding.signature, "role": role, **place, "text": each.text, **whole})
    return rows


def _numbered(members: Mapping[str, bytes]) -> dict[str, bytes]:
    """Masks numbered in order of appearance: their hashes are keyed anew at each run, and a bundle's bytes are not."""
    seen: dict[bytes, int] = {}

    def number(found: re.Match[bytes]) -> bytes:
        return b"[%b:%04x]" % (found[1], seen.setdefault(found[0], len(seen) + 1))

    return {name: _MASK.sub(number, data) for name, data in members.items()}


def _line(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False) + "\n"


def _pretty(value: Any) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()
