"""One request told in order: proposals, verifications, commits, rejects and people, with the gaps between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from advisor.diagnosis.citations import cite
from advisor.diagnosis.findings import Citation
from advisor.errors import Fault, InputError
from advisor.traces.table import EventTable

MOST = 2000
"""Rows of one request that are told; what lies beyond is counted."""
LONG_PAUSE_US = 3_600_000_000
"""One hour, as in predicate S1."""
ROLES = {
    "proposal": "proposes",
    "llm_call": "proposes",
    "verification": "verifies",
    "gate_decision": "verifies",
    "commit": "commits",
    "cas": "commits",
    "state_transition": "commits",
    "compensation": "undoes",
    "reject": "rejects",
    "approval_request": "asks a person",
    "approval_decision": "a person decides",
    "escalation": "asks a person",
    "override": "a person decides",
    "cancel_request": "stops",
    "cancelled": "stops",
}
"""What each kind is at the boundary; others are told without a role."""


@dataclass(frozen=True)
class Step:
    """One row of the story: what it is at the boundary (or ""), the row, and a gap that lies before it (or None)."""

    role: str
    row: Citation
    gap: str | None


@dataclass(frozen=True)
class Story:
    """A request from its first row to its last; `untold` rows lie beyond the limit; `gaps` are what is missing."""

    request_id: str
    steps: tuple[Step, ...]
    untold: int
    gaps: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """The shape `advisor/story/1`."""
        return {
            "schema": "advisor/story/1",
            "request_id": self.request_id,
            "steps": [
                {
                    "role": step.role,
                    "file": step.row.file,
                    "line": step.row.line,
                    "ts_us": step.row.ts_us,
                    "text": step.row.text,
                    "gap_before": step.gap,
                }
                for step in self.steps
            ],
            "untold": self.untold,
            "gaps": list(self.gaps),
        }


def story(table: EventTable, request_id: str) -> Story:
    """Tells one request.

    Raises:
        InputError: No row carries this id; a few that exist are named.
    """
    given = request_id.replace("'", "''")
    rows = table.query(
        "SELECT row_id, kind, ts_us, status, proposal_id, verification_id, decision FROM events "
        f"WHERE request_id = '{given}' ORDER BY ord, ts_us, row_id LIMIT {MOST + 1}"
    )
    if not rows:
        some = table.query(
            "SELECT request_id, COUNT(*) AS many FROM events WHERE request_id IS NOT NULL "
            "GROUP BY request_id ORDER BY many DESC, request_id LIMIT 3"
        )
        mend = f"there are {', '.join(str(row['request_id']) for row in some)}" if some else "no row carries any id"
        raise InputError([Fault(f"--request {request_id}", "is the id of no row", mend)])
    told = rows[:MOST]
    untold = 0
    if len(rows) > MOST:
        every = table.query(f"SELECT COUNT(*) AS many FROM events WHERE request_id = '{given}'")[0]["many"]
        untold = int(every) - MOST
    cited: dict[int, Citation] = {}
    for start in range(0, len(told), 20):
        for citation in cite(table, [row["row_id"] for row in told[start : start + 20]]):
            cited[citation.row_id] = citation
    steps = tuple(
        Step(ROLES.get(row["kind"], ""), cited[row["row_id"]], _gap(told[at - 1], row) if at else None)
        for at, row in enumerate(told)
    )
    return Story(request_id, steps, untold, tuple(_missing(told)))


def _gap(before: dict[str, Any], row: dict[str, Any]) -> str | None:
    if before["ts_us"] is None or row["ts_us"] is None:
        return "no time on one side" if (before["ts_us"] is None) != (row["ts_us"] is None) else None
    pause = row["ts_us"] - before["ts_us"]
    return f"{pause / 3_600_000_000:.1f} hours without a row" if pause >= LONG_PAUSE_US else None


def _missing(rows: list[dict[str, Any]]) -> list[str]:
    """What the boundary's contract asks for and the rows do not show."""
    kinds = {row["kind"] for row in rows}
    commits = [row for row in rows if row["kind"] == "commit"]
    verified = {row["proposal_id"] for row in rows if row["kind"] in ("gate_decision", "verification")}
    asked = sum(row["kind"] == "approval_request" for row in rows)
    decided = sum(row["kind"] == "approval_decision" for row in rows)
    said = []
    unverified = sum(row["proposal_id"] not in verified or row["proposal_id"] is None for row in commits)
    if unverified:
        said.append(f"{unverified} of {len(commits)} commits have no verification in this request")
    if commits and not kinds & {"proposal", "llm_call"}:
        said.append("commits without a proposal or model call")
    if asked > decided:
        said.append(f"{asked - decided} of {asked} approval requests have no decision")
    if "outcome" not in kinds:
        said.append("no outcome: whether it ended is not logged")
    return said
