"""The console: static HTML from SQL. Three lenses over the same rows, and a page for each request.

Operational: is it well? Business: what became of the work? Compliance: who decided what, under which policy and model?
Everything shown came from outside at some time, so everything is escaped, and no page runs a script.
"""

from __future__ import annotations

import html
import os
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from .runtime.cases import FINAL, STATES, Case
from .runtime.clock import iso
from .runtime.db import Row, digest, parse
from .runtime.project import Project

_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem;color:#1b1f24}"
    "table{border-collapse:collapse;width:100%;margin:.5rem 0 1.5rem}th,td{text-align:left;padding:.3rem .6rem;"
    "border-bottom:1px solid #d8dee4;vertical-align:top;overflow-wrap:anywhere}th{font-weight:600}"
    "nav a{margin-right:1.5rem}.bad{color:#b3261e;font-weight:600}.good{color:#1a7f37}"
)
_LENSES = (("index.html", "Operational"), ("business.html", "Business"), ("compliance.html", "Compliance"))


def write(project: Project, folder: str | Path, limit: int = 500) -> str:
    """Writes the console and returns the path of its first page."""
    target = Path(folder)
    (target / "requests").mkdir(parents=True, exist_ok=True)
    cases = project.spine.cases(limit)
    pages = {
        "index.html": _operational(project, cases),
        "business.html": _business(project, cases),
        "compliance.html": _compliance(project),
    }
    for name, body in pages.items():
        _put(target / name, _page(dict(_LENSES)[name], body))
    for case in cases:
        _put(target / "requests" / page_of(case.id), _page(case.id, _request(project, case), "../"))
    return str(target / "index.html")


def page_of(case_id: str) -> str:
    """The file name of a request's page: readable where that is safe, and never a path."""
    safe = "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in case_id)[:60]
    return f"{safe}.html" if safe == case_id else f"{safe}-{digest(case_id)[:8]}.html"


def _operational(project: Project, cases: Sequence[Case]) -> str:
    db, now = project.base.db, project.base.clock.now()
    states = Counter(case.state for case in cases)
    waiting = [case for case in cases if case.state not in FINAL]
    oldest = min((case.updated for case in waiting), default=now)
    doubtful = db.rows("SELECT key, tool, calls FROM effect WHERE state = 'intent' ORDER BY at LIMIT 50")
    repeated = db.row("SELECT count(*) AS n FROM effect WHERE calls > 1")
    figures = [
        ("cases under way", len(waiting)),
        ("the oldest has not moved for", _span(now - oldest) if waiting else "-"),
        ("effects called more than once", repeated["n"] if repeated else 0),
        ("proposals per committed one", _proposals_per_commit(project)),
    ]
    if "transition" in db.tables():
        figures.append(("compare-and-swap retries, 99th percentile", _retries_p99(project)))
    parts = [
        _table(("figure", "now"), figures),
        "<h2>States</h2>",
        _table(("state", "cases", "means"), [(name, states[name], text) for name, text in STATES.items()]),
        "<h2>Effects without an answer</h2>",
        _table(("key", "tool", "calls"), [(row["key"], row["tool"], row["calls"]) for row in doubtful]),
        "<h2>For a person</h2>",
        _table(
            ("entry", "request", "code", "reason", "since"),
            [
                (e["id"], _link(e["request_id"]), e["code"], e["reason"], iso(e["opened"]))
                for e in project.base.inbox.open()
            ],
        ),
    ]
    if project.approval:
        rows = [(a["id"], _link(a["request_id"]), a["reason"], iso(a["due"])) for a in project.approval.open()]
        parts += ["<h2>Approvals</h2>", _table(("approval", "request", "why", "until"), rows)]
    if project.kill_switch:
        rows = [(k["scope"], k["reason"], k["thrown_by"], iso(k["at"])) for k in project.kill_switch.thrown()]
        parts += ["<h2>Stopped</h2>", _table(("scope", "reason", "by", "since"), rows)]
    return "".join(parts)


def _business(project: Project, cases: Sequence[Case]) -> str:
    tenants = sorted({case.tenant for case in cases})
    by_tenant = {tenant: Counter(case.state for case in cases if case.tenant == tenant) for tenant in tenants}
    names = [name for name in STATES if any(counts[name] for counts in by_tenant.values())]
    rows = [(tenant, *(by_tenant[tenant][name] for name in names)) for tenant in tenants]
    last = [(_link(case.id), case.tenant, case.state, iso(case.updated)) for case in cases[:200]]
    return (
        "<h2>Outcomes by tenant</h2>"
        + _table(("tenant", *names), rows)
        + "<h2>Requests</h2>"
        + _table(("request", "tenant", "state", "moved"), last)
    )


def _compliance(project: Project) -> str:
    db = project.base.db
    chain = project.base.audit.verify()
    word = '<span class="good">unbroken</span>' if chain.unbroken else '<span class="bad">broken</span>'
    faults = "".join(f"<li>{_safe(fault)}</li>" for fault in chain.faults)
    policies = db.rows(
        "SELECT policy_version, state, code, count(*) AS n FROM proposal"
        " GROUP BY policy_version, state, code ORDER BY policy_version, n DESC, state, code"
    )
    models = db.rows("SELECT model, prompt_version, state, count(*) AS n FROM proposal GROUP BY model, prompt_version, state"
                     " ORDER BY model, prompt_version, state")  # fmt: skip
    last = db.rows("SELECT * FROM audit ORDER BY seq DESC LIMIT 200")
    return (
        f"<p>Audit chain: {word}, {chain.sealed} rows sealed, {chain.unsealed} not yet.</p><ul>{faults}</ul>"
        + "<h2>Decisions by policy</h2>"
        + _table(("policy", "proposal", "code", "n"), [tuple(row.values()) for row in policies])
        + "<h2>Decisions by model</h2>"
        + _table(("model", "prompt", "proposal", "n"), [tuple(row.values()) for row in models])
        + "<h2>Audit log</h2>"
        + _table(_AUDIT, [_audit(row) for row in last])
    )


_AUDIT = ("time", "request", "who", "did", "policy", "model", "detail")


def _audit(row: Row) -> tuple[Any, ...]:
    link = _link(row["request_id"]) if row["request_id"] else ""
    detail = ", ".join(f"{key}: {value}" for key, value in parse(row["detail"]).items() if value is not None)
    return (
        iso(row["at"]),
        link,
        row["actor"],
        row["act"],
        row["policy_version"] or "",
        row["model_version"] or "",
        detail,
    )


def _request(project: Project, case: Case) -> str:
    db = project.base.db
    proposals = db.rows("SELECT * FROM proposal WHERE request_id = ? ORDER BY at, attempt", case.id)
    effects = db.rows("SELECT * FROM effect WHERE request_id = ? ORDER BY at, key", case.id)
    parts = [
        _table(
            ("", ""),
            [
                ("state", case.state),
                ("tenant", case.tenant),
                ("version", case.version),
                ("moved", iso(case.updated)),
                ("payload", case.payload),
                ("result", case.result),
            ],
        ),
        "<h2>Proposals</h2>",
        _table(
            ("seam", "try", "state", "code", "reason", "model", "policy", "verification", "content"),
            [
                (
                    p["seam"],
                    p["attempt"],
                    p["state"],
                    p["code"] or "",
                    p["reason"] or "",
                    p["model"],
                    p["policy_version"] or "",
                    p["verification_id"] or "",
                    p["content"],
                )
                for p in proposals
            ],
        ),
        "<h2>Effects</h2>",
        _table(("key", "tool", "state", "calls"), [(e["key"], e["tool"], e["state"], e["calls"]) for e in effects]),
    ]
    if "transition" in db.tables():
        steps = db.rows("SELECT * FROM transition WHERE machine_id = ? ORDER BY version", case.id)
        rows = [(t["version"], t["from_state"], t["to_state"], t["cause"], iso(t["at"])) for t in steps]
        parts += ["<h2>Transitions</h2>", _table(("version", "from", "to", "cause", "time"), rows)]
    parts += ["<h2>Audit</h2>", _table(_AUDIT, [_audit(row) for row in project.base.audit.of(case.id)])]
    return "".join(parts)


def _proposals_per_commit(project: Project) -> str:
    rows = project.base.db.rows("SELECT state, count(*) AS n FROM proposal GROUP BY state")
    counts = {row["state"]: row["n"] for row in rows}
    return f"{sum(counts.values()) / counts['committed']:.2f}" if counts.get("committed") else "-"


def _retries_p99(project: Project) -> int | str:
    rows = project.base.db.rows("SELECT retries FROM transition ORDER BY retries")
    return rows[min(len(rows) - 1, len(rows) * 99 // 100)]["retries"] if rows else "-"


def _span(ms: int) -> str:
    minutes = max(ms, 0) // 60_000
    return f"{minutes // 1440} d {minutes // 60 % 24} h {minutes % 60} min"


class _Html(str):
    """Text that is HTML already."""


def _safe(value: object) -> str:
    return value if isinstance(value, _Html) else html.escape(str(value))


def _link(case_id: str) -> _Html:
    return _Html(f'<a data-request href="requests/{quote(page_of(case_id))}">{html.escape(case_id)}</a>')


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    body = "".join("<tr>" + "".join(f"<td>{_safe(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    if not body:
        return "<p>none</p>"
    return "<table><tr>" + "".join(f"<th>{_safe(name)}</th>" for name in head) + f"</tr>{body}</table>"


def _page(title: str, body: str, up: str = "") -> str:
    links = "".join(f'<a href="{up}{name}">{lens}</a>' for name, lens in _LENSES)
    inside = body.replace('<a data-request href="requests/', '<a href="') if up else body
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{_safe(title)}</title><style>{_STYLE}</style>'
        f"<nav>{links}</nav><h1>{_safe(title)}</h1>{inside}</html>\n"
    )


def _put(path: Path, text: str) -> None:
    """Whole or not at all: somebody may be looking at the page."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".page-")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    Path(name).chmod(0o644)
    Path(name).replace(path)
