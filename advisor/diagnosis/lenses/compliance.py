"""The compliance lens: who decided what under which policy and model, and whether content is free of personal data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Query = Callable[[str], list[dict[str, Any]]]

_ROWS = """
SELECT SUM(CASE WHEN kind = 'commit' THEN 1 ELSE 0 END) AS commits,
       SUM(CASE WHEN kind = 'commit' AND proposal_id IS NOT NULL THEN 1 ELSE 0 END) AS commits_with_proposal,
       SUM(CASE WHEN kind = 'commit' AND verification_id IS NOT NULL THEN 1 ELSE 0 END) AS commits_with_verification,
       SUM(CASE WHEN kind IN ('gate_decision', 'approval_decision') THEN 1 ELSE 0 END) AS decisions,
       SUM(CASE WHEN kind IN ('gate_decision', 'approval_decision') AND policy_version IS NOT NULL
                THEN 1 ELSE 0 END) AS decisions_with_policy,
       SUM(CASE WHEN kind IN ('gate_decision', 'approval_decision') AND decision_source IS NOT NULL
                THEN 1 ELSE 0 END) AS decisions_with_source,
       SUM(CASE WHEN kind = 'llm_call' THEN 1 ELSE 0 END) AS calls,
       SUM(CASE WHEN kind = 'llm_call' AND model_version IS NOT NULL THEN 1 ELSE 0 END) AS calls_with_model,
       SUM(CASE WHEN kind = 'llm_call' AND prompt_version IS NOT NULL THEN 1 ELSE 0 END) AS calls_with_prompt
FROM events WHERE kind IN ('commit', 'gate_decision', 'approval_decision', 'llm_call')
"""
_LINEAGE = """
WITH decided AS (
    SELECT request_id, MAX(CASE WHEN kind = 'commit' THEN 1 ELSE 0 END) AS committed,
           MAX(CASE WHEN kind = 'commit' AND (proposal_id IS NULL OR verification_id IS NULL) THEN 1 ELSE 0 END) AS gap
    FROM events WHERE request_id IS NOT NULL AND kind = 'commit'
    GROUP BY request_id
)
SELECT COUNT(*) AS requests, SUM(1 - gap) AS whole FROM decided WHERE committed = 1
"""
# Shapes of personal data and of keys: e-mail addresses, long card-like digits, well-known key prefixes.
_PERSONAL = (
    "[a-z0-9._%+-]+@[a-z0-9-]+[.][a-z]{2,}|[0-9]{4}[ -][0-9]{4}[ -][0-9]{4}[ -][0-9]{4}"
    "|sk-[a-z0-9_-]{20,}|akia[0-9a-z]{16}|gh[pousr]_[a-z0-9]{20,}"
)
_CONTENT = f"""
SELECT COUNT(*) AS texts, SUM(CASE WHEN regexp_matches(LOWER(text), '{_PERSONAL}') THEN 1 ELSE 0 END) AS personal
FROM events WHERE text IS NOT NULL AND kind <> 'unknown'
"""


def look(query: Query) -> dict[str, Any]:
    """Shares of decisions, calls and commits that say who and under which version; and rows with personal data."""
    rows, lineage, content = query(_ROWS)[0], query(_LINEAGE)[0], query(_CONTENT)[0]
    texts, personal = content["texts"] or 0, content["personal"] or 0
    return {
        "decisions_by": {
            row["source"]: row["many"]
            for row in query(
                "SELECT COALESCE(decision_source, 'not said') AS source, COUNT(*) AS many FROM events "
                "WHERE kind IN ('gate_decision', 'approval_decision') GROUP BY COALESCE(decision_source, 'not said') "
                "ORDER BY many DESC, source"
            )
        },
        "requests_with_whole_lineage": _share(lineage["whole"], lineage["requests"]),
        "redaction": {
            "status": "no content logged" if not texts else "personal data or keys seen" if personal else "none seen",
            "rows_with_content": texts,
            "rows_with_personal_data": personal,
        },
        "coverage": {
            "policy_version_per_decision": _share(rows["decisions_with_policy"], rows["decisions"]),
            "source_per_decision": _share(rows["decisions_with_source"], rows["decisions"]),
            "model_version_per_call": _share(rows["calls_with_model"], rows["calls"]),
            "prompt_version_per_call": _share(rows["calls_with_prompt"], rows["calls"]),
            "proposal_per_commit": _share(rows["commits_with_proposal"], rows["commits"]),
            "verification_per_commit": _share(rows["commits_with_verification"], rows["commits"]),
        },
    }


def _share(part: Any, whole: Any) -> float | None:
    return round((part or 0) / whole, 4) if whole else None
