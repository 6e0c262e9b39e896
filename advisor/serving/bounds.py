"""Keeps a result to a size that a model can read, and says what was left out."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from advisor.present.diagnosis.document import DiagnosisDocument
from advisor.present.diagnosis.words import SHOWN
from advisor.serving.visible import visible

MOST = 60_000
"""Convention: characters of JSON from which on parts are left out."""
CASES, ROWS, FILES = 100, 2, 20
_FULL = "the whole report: advisor diagnose --format json"
Cut = tuple[str, Callable[[dict[str, Any]], None]]


def _quiet(document: dict[str, Any]) -> None:
    document["findings"] = [each for each in document["findings"] if each["verdict"] in (*SHOWN, "refuted")]


def _details(document: dict[str, Any]) -> None:
    for each in document["findings"]:
        each["detail"] = {}


def _rows(document: dict[str, Any]) -> None:
    for each in document["findings"]:
        each["evidence"], each["cause_evidence"] = each["evidence"][:ROWS], each["cause_evidence"][:ROWS]


def _inventory(document: dict[str, Any]) -> None:
    document["inventory"]["files"] = document["inventory"]["files"][:FILES]
    for name in ("guessed_kinds", "unused_fields", "unread_values"):
        document["inventory"][name] = document["inventory"][name][:FILES]
    document["versions"] = document["versions"][:FILES]


def _lenses(document: dict[str, Any]) -> None:
    document["lenses"], document["reliability"], document["momentum"] = {}, None, None


def _held(document: dict[str, Any]) -> None:
    for each in (document["record"] or {}).get("checks", ()):
        each["evidence"] = each["evidence"][:1]


def _few(document: dict[str, Any]) -> None:
    document["findings"] = document["findings"][:5]


_CUTS: Sequence[Cut] = (
    ("tables beside the findings", _details),
    (f"files, names and versions beyond {FILES} of each", _inventory),
    ("the three lenses and the trend over time", _lenses),
    (f"rows beyond {ROWS} a finding", _rows),
    ("rows beyond 1 a statement of the record", _held),
    ("findings beyond the first 5", _few),
)


def bounded(document: DiagnosisDocument, every: bool) -> tuple[DiagnosisDocument, tuple[str, ...]]:
    """The document without what makes it too long, the least telling first, and what that was.

    Args:
        document: The whole document.
        every: Keep the findings that show no symptom too; `assessability` names them in any case.
    """
    plain = visible(document.to_json())
    cut: list[str] = []
    if not every:
        many = len(plain["findings"])
        _quiet(plain)
        if many > len(plain["findings"]):
            cut.append(f"{many - len(plain['findings'])} findings without a symptom: ask with every_finding")
    for what, leave_out in _CUTS:
        if len(json.dumps(plain)) <= MOST:
            break
        before = json.dumps(plain)
        leave_out(plain)
        if json.dumps(plain) != before:
            cut.append(f"{what}; {_FULL}")
    return DiagnosisDocument.model_validate(plain), tuple(cut)
