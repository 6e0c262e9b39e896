"""What checks said, as SQL over rows: who may say it, what allows and what refuses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

CHECKS = "('gate_decision', 'verification', 'approval_decision')"
"""Kinds of row that say whether a proposal may take effect."""
_VERIFIED = "kind = 'verification' AND decision IS NULL AND status"
ALLOWS = f"(kind IN {CHECKS} AND (decision IN ('allow', 'approve', 'modify', 'warn') OR ({_VERIFIED} = 'ok')))"
REFUSED = f"(kind IN {CHECKS} AND (decision IN ('deny', 'reject') OR ({_VERIFIED} IN ('rejected', 'denied'))))"
DECIDED = f"({ALLOWS} OR {REFUSED})"


def home(shared: str) -> str:
    """SQL: where a proposal's id holds: everywhere, or inside its request if it is one of `shared`.

    An id that only one request uses is a key as it is, whether or not all rows name the request; one that several use
    (calls numbered from 1 in each) is a key inside its request only.
    """
    return f"CASE WHEN proposal_id IN (SELECT proposal_id FROM {shared}) THEN COALESCE(request_id, '?') ELSE '' END"


VERIFIER = "COALESCE(policy_id, agent_name, name)"
"""Whose decision a row is."""
OF_VERIFIER = (
    "kind IN ('gate_decision', 'verification') AND COALESCE(decision_source, 'rule') NOT IN ('human', 'timeout')"
)
"""Decisions of programs and models; those of people and of time running out say nothing of a verifier."""


def whole(row: Mapping[str, Any], name: str) -> int:
    """A count from a query; zero where a sum had nothing to add."""
    return int(row[name] or 0)
