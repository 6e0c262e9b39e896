from __future__ import annotations

from typing import Any

from advisor.diagnosis.lenses import lenses
from advisor.traces.table import table_of

T = 1_776_000_000_000_000


def rows() -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    for number in range(20):
        start = T + number * 1_000_000
        request = {"request_id": f"r{number}"}
        made += [
            {
                **request,
                "kind": "llm_call",
                "ts_us": start,
                "duration_us": (number + 1) * 1000,
                "status": "ok",
                "model_version": "m1",
                "attempt": 1 + (number < 4),
            },
            {
                **request,
                "kind": "gate_decision",
                "ts_us": start + 1,
                "decision": "allow",
                "decision_source": "rule",
                "policy_version": "v7" if number % 2 else None,
                "proposal_id": f"p{number}",
                "duration_us": 10,
            },
            {
                **request,
                "kind": "commit",
                "ts_us": start + 2,
                "proposal_id": f"p{number}",
                "status": "ok",
                "verification_id": f"v{number}" if number < 15 else None,
            },
        ]
        if number < 10:
            made.append(
                {**request, "kind": "outcome", "ts_us": start + 500_000, "status": "ok" if number < 7 else "error"}
            )
    return made


def test_the_operational_lens_has_nearest_rank_latencies_and_rates() -> None:
    seen = lenses(table_of(rows()))["operational"]
    assert seen["latency_ms"]["llm_call"] == {"n": 20, "p50": 10.0, "p95": 19.0}
    assert seen["retry_rate"] == 0.2
    assert seen["error_rate"] == 0.0
    assert seen["most_requests_open"] == 1
    assert seen["coverage"]["duration_ms"] == 0.6667


def test_the_business_lens_counts_requests_by_stage_and_says_how_many_ended() -> None:
    seen = lenses(table_of(rows()))["business"]
    assert seen["funnel"] == {"opened": 20, "produced": 20, "sent": 20, "closed": 7, "failed": 3, "escalated": 0}
    assert seen["coverage"] == {"request_id": 1.0, "outcome": 0.5}


def test_the_users_states_tell_a_stage_alone() -> None:
    made = [*rows(), {"request_id": "r1", "kind": "state_transition", "to_state": "offer_sent", "ts_us": T}]
    seen = lenses(table_of(made), {"sent": ["offer_sent"]})["business"]
    assert seen["funnel"]["sent"] == 1
    assert seen["stages_named_by_user"] == ["sent"]


def test_the_compliance_lens_shares_lineage_and_versions() -> None:
    seen = lenses(table_of(rows()))["compliance"]
    assert seen["decisions_by"] == {"rule": 20}
    assert seen["requests_with_whole_lineage"] == 0.75
    assert seen["coverage"]["policy_version_per_decision"] == 0.5
    assert seen["coverage"]["model_version_per_call"] == 1.0
    assert seen["redaction"]["status"] == "no content logged"


def test_personal_data_in_content_is_counted_not_shown() -> None:
    made = [*rows(), {"kind": "message", "text": "write to jane@example.org", "ts_us": T}]
    assert lenses(table_of(made))["compliance"]["redaction"] == {
        "status": "personal data or keys seen",
        "rows_with_content": 1,
        "rows_with_personal_data": 1,
    }


def test_an_empty_log_gives_no_figures_and_no_error() -> None:
    seen = lenses(table_of([]))
    assert seen["operational"]["error_rate"] is None
    assert seen["compliance"]["requests_with_whole_lineage"] is None
