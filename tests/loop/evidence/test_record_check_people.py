from __future__ import annotations

import pytest

from advisor.loop.evidence.stamp import same_model
from tests.loop.evidence.records import (
    DAY,
    MINUTE,
    SECOND,
    Rows,
    approvals,
    check_of,
    checked,
    consumed,
    requests,
    verdict,
    writes,
)


class TestPeople:
    @pytest.mark.parametrize(
        ("rows", "expected"),
        [
            (writes(30) + approvals(30), "holds"),
            (writes(30) + approvals(20), "strained"),
            (writes(30) + approvals(5), "contradicted"),
            (writes(30) + approvals(30, before=False), "contradicted"),
            (writes(30) + approvals(30, source="hook"), "contradicted"),
            (writes(6) + approvals(1), "strained"),
            (writes(30), "not_observable"),
        ],
    )
    def test_whether_a_person_decides_on_every_action(self, rows: Rows, expected: str) -> None:
        answers = {"person_decides_every_action": "yes"}
        assert verdict(answers, rows, "person_decides_every_action") == expected

    def test_an_approval_of_another_proposal_does_not_count(self) -> None:
        rows = [{**row, "proposal_id": f"p{n}"} for n, row in enumerate(writes(30))]
        right = [{**row, "proposal_id": f"p{n}"} for n, row in enumerate(approvals(30))]
        wrong = [{**row, "proposal_id": f"q{n}"} for n, row in enumerate(approvals(30))]
        late = [{**row, "proposal_id": f"p{n}"} for n, row in enumerate(approvals(30, before=False))]
        answers = {"person_decides_every_action": "yes"}
        assert verdict(answers, rows + right, "person_decides_every_action") == "holds"
        assert verdict(answers, rows + wrong, "person_decides_every_action") == "contradicted"
        assert verdict(answers, rows + late, "person_decides_every_action") == "contradicted"

    @pytest.mark.parametrize(
        ("question", "kind", "plane"),
        [
            ("outside_envelope", "escalation", "escalation"),
            ("stop_in_flight", "cancel_request", "kill_switch"),
            ("volume_can_overwhelm", "throttle", "throttling"),
        ],
    )
    def test_a_plane_that_is_in_use_contradicts_that_none_is_needed(self, question: str, kind: str, plane: str) -> None:
        rows = [{"kind": kind, "request_id": f"r{n}", "ts_us": n} for n in range(8)]
        answers = {
            question: "no",
            "approval_above_threshold_only": "no",
            "person_decides_every_action": "no",
            "consequential": "no",
            "auditors_ask": "no",
        }
        found = checked(answers, rows)
        assert check_of(found, question).verdict == "contradicted"
        assert check_of(found, f"planes.{plane}").verdict == "contradicted"
        assert found.revised["planes"][plane] == "v1"
        one = checked(answers, rows[:1])
        assert (check_of(one, question).verdict, check_of(one, f"planes.{plane}").verdict) == ("strained", "strained")
        silent = checked(answers, requests(30, SECOND))
        assert check_of(silent, question).verdict == "not_observable"

    def test_a_deferred_plane_that_is_asked_for_already_is_strained(self) -> None:
        rows = [{"kind": "throttle", "request_id": f"r{n}", "ts_us": n} for n in range(8)]
        deferred = {"throttling": {"status": "deferred", "until": "2027-01-01", "reason": "one tenant"}}
        answers = {"volume_can_overwhelm": "yes"}
        assert verdict(answers, rows, "planes.throttling", planes=deferred) == "strained"
        assert verdict(answers, rows, "planes.throttling") == "holds"

    def test_approvals_that_nobody_answers_contradict_an_approval_plane_at_version_1(self) -> None:
        asked = [
            {"kind": "approval_request", "approval_id": f"a{n}", "request_id": f"r{n}", "ts_us": n * MINUTE}
            for n in range(40)
        ]
        late = [{"kind": "llm_call", "request_id": "z", "ts_us": 3 * DAY}]
        answered = [{**row, "approval_id": f"a{n}"} for n, row in enumerate(approvals(38))]
        lapsed = [{**row, "approval_id": f"a{n}"} for n, row in enumerate(approvals(30, source="timeout"))]
        answers = {"consequential": "yes", "person_decides_every_action": "no"}
        assert verdict(answers, asked + late, "planes.approval") == "contradicted"
        assert verdict(answers, asked + late + lapsed, "planes.approval") == "contradicted"
        assert verdict(answers, asked + late + answered, "planes.approval") == "holds"
        # Requests that are not due yet are nobody's fault.
        assert verdict(answers, asked, "planes.approval") == "holds"
        assert verdict(answers, late, "planes.approval") == "not_observable"

    def test_where_a_person_decides_anyway_their_decisions_do_not_contradict_that_no_plane_is_needed(self) -> None:
        rows = [
            {"kind": "approval_request", "approval_id": f"a{n}", "request_id": f"r{n}", "ts_us": n} for n in range(9)
        ]
        answers = {"consequential": "yes", "person_decides_every_action": "yes"}
        assert verdict(answers, rows, "planes.approval") == "holds"

    def test_rate_limits_met_strain_only(self) -> None:
        rows = [
            {"kind": "llm_call", "status": "error", "error_type": "RateLimitError", "request_id": f"r{n}", "ts_us": n}
            for n in range(30)
        ]
        assert verdict({"volume_can_overwhelm": "no"}, rows, "volume_can_overwhelm") == "strained"


class TestStreams:
    def test_consumers_whose_model_changed_are_not_pinned(self) -> None:
        answers = {"consumers_pinned": "yes"}
        assert verdict(answers, consumed(["m-1", "m-2"]), "consumers_pinned") == "contradicted"
        assert verdict(answers, consumed(["m-1"]), "consumers_pinned") == "holds"
        assert verdict(answers, consumed(["m-1", "m-2"], each=4), "consumers_pinned") == "strained"

    def test_two_versions_side_by_side_may_each_be_pinned(self) -> None:
        rows = consumed(["m-1", "m-2"], interleaved=True)
        assert verdict({"consumers_pinned": "yes"}, rows, "consumers_pinned") == "strained"

    def test_a_trial_run_of_a_version_does_not_count(self) -> None:
        rows = consumed(["m-1"], each=200) + consumed(["m-2"], each=5)
        assert verdict({"consumers_pinned": "yes"}, rows, "consumers_pinned") == "holds"

    def test_callers_that_may_not_consume_the_log_strain_only(self) -> None:
        rows = [{**row, "kind": "llm_call", "agent_name": "a"} for row in consumed(["m-1", "m-2"])]
        assert verdict({"consumers_pinned": "yes"}, rows, "consumers_pinned") == "strained"

    def test_events_that_flow_strain_that_no_stream_exists(self) -> None:
        assert verdict({"event_stream_exists": "no"}, consumed(["m"]), "event_stream_exists") == "strained"
        assert verdict({"event_stream_exists": "yes"}, consumed(["m"]), "event_stream_exists") == "holds"
        assert verdict({"event_stream_exists": "yes"}, requests(9, 9), "event_stream_exists") == "not_observable"

    def test_replays_strain_that_history_need_not_replay(self) -> None:
        rows = [{**row, "is_replay": True} for row in consumed(["m"])]
        assert verdict({"history_must_replay": "no"}, rows, "history_must_replay") == "strained"

    def test_rows_without_a_request_contradict_a_console_that_came_first(self) -> None:
        rows = [{"kind": "llm_call", "ts_us": n} for n in range(50)]
        assert verdict({}, rows, "sequence.console") == "contradicted"
        assert verdict({}, requests(30, 9), "sequence.console") == "holds"
        assert verdict({}, requests(30, 9) + rows, "sequence.console") == "strained"


class TestStamp:
    @pytest.mark.parametrize(
        ("stamped", "logged", "same"),
        [
            ("Claude Sonnet 4.6", "claude-sonnet-4-6-20260301", True),
            ("Claude Sonnet 4.6", "us.anthropic.claude-sonnet-4-6-20260301-v1:0", True),
            ("Claude Sonnet 4.6", "claude-sonnet-4-5-20250929", False),
            ("claude-sonnet-4", "claude-sonnet-4-5-20250929", False),
            ("gpt-4o", "gpt-4o-2024-08-06", True),
            ("gpt-4o", "gpt-4o-mini", False),
            ("gpt-4o", "chatgpt-4o-latest", False),
            ("gemini-2.0-flash", "models/gemini-2.0-flash-001", False),
            ("", "gpt-4o", False),
        ],
    )
    def test_a_name_with_a_date_is_the_same_model_and_a_size_or_number_is_not(
        self, stamped: str, logged: str, same: bool
    ) -> None:
        assert same_model(stamped, logged) is same

    def test_calls_of_another_model_contradict_the_stamp_and_a_mix_strains(self) -> None:
        stamp = {"date": "2026-05-19", "model_version": "Claude Sonnet 4.6"}
        old = [
            {"kind": "llm_call", "model_version": "claude-sonnet-4-6", "request_id": f"r{n}", "ts_us": n}
            for n in range(40)
        ]
        new = [{**row, "model_version": "claude-opus-5"} for row in old]
        found = checked({}, new, record=stamp)
        assert check_of(found, "record.model_version").verdict == "contradicted"
        assert found.lines[-1].verdict == "contradicted"
        assert verdict({}, old, "record.model_version", record=stamp) == "holds"
        assert verdict({}, old + new, "record.model_version", record=stamp) == "strained"
        assert verdict({}, new[:5], "record.model_version", record=stamp) == "strained"
