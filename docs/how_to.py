"""The generated parts of the how-tos: a framework's snippet, and what each signature could show before it and after.

The figures are in `examples/diagnosed.json`, which tests/docs/test_how_to.py compares with real runs of the examples.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

EXAMPLES = Path(__file__).resolve().parent / "examples"
PAGES = ("langgraph", "openai-agents", "crewai", "temporal", "dbos")


def parts(name: str) -> dict[str, str]:
    """The generated parts of a framework's page."""
    snippet = (EXAMPLES / name / "telemetry.py").read_text(encoding="utf-8").strip()
    return {"snippet": f"```python\n{snippet}\n```", "signatures": _signatures(_runs()[name])}


def summary() -> str:
    """How much each framework's own log shows, and how much after the snippet."""
    lines = ["| framework | assessable before | after | grade A after |", "| --- | --- | --- | --- |"]
    for name in PAGES:
        run = _runs()[name]
        before, after = ([each["grade"] for each in run[when].values()] for when in ("before", "after"))
        seen, now = (len(grades) - grades.count("none") for grades in (before, after))
        lines.append(f"| [{name}]({name}.md) | {seen} of {len(before)} | {now} of {len(after)} | {after.count('A')} |")
    return "\n".join(lines)


def _runs() -> dict[str, Any]:
    held: dict[str, Any] = json.loads((EXAMPLES / "diagnosed.json").read_text(encoding="utf-8"))
    return held


def _signatures(run: dict[str, Any]) -> str:
    lines = ["| id | before | added | after |", "| --- | --- | --- | --- |"]
    for id, after in sorted(run["after"].items()):
        before = run["before"][id]
        page = "weaknesses" if id.startswith("SDB") else "signatures"
        link = f"[{id}](../catalog/{page}.md#{id.lower()})"
        lines.append(f"| {link} | {_grade(before)} | {_added(before['missing']) or '(nothing)'} | {_grade(after)} |")
    return "\n".join(lines)


def _grade(one: dict[str, Any]) -> str:
    return "not assessable" if one["grade"] == "none" else str(one["grade"])


def _added(missing: list[str]) -> str:
    """Missing columns as the attributes that carry them, by the kind of row that they stand on."""
    rows: dict[str, list[str]] = {}
    for name in missing:
        kind, dot, column = name.removeprefix("kind:").rpartition(".")
        if name.startswith("kind:"):
            rows.setdefault(name.removeprefix("kind:"), [])
        else:
            # Nobody writes a fingerprint: it is made of the error's type and message.
            rows.setdefault(kind if dot else "", []).append(f"`sdb.{column.replace('error_fp', 'error_type')}`")
    said = []
    for kind, columns in rows.items():
        listed = ", ".join(dict.fromkeys(columns))
        said.append(f"`sdb.kind` = `{kind}`" + (f" with {listed}" if listed else "") if kind else listed)
    return "; ".join(said)
