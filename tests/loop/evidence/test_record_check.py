from __future__ import annotations

import json
import random

from advisor.catalog.load import shipped
from advisor.loop.evidence.conventions import CONVENTIONS
from advisor.loop.evidence.questions import PROBES, UNLOGGED
from tests.loop.evidence.records import (
    DAY,
    HOUR,
    MINUTE,
    SECOND,
    Rows,
    approvals,
    check_of,
    checked,
    consumed,
    requests,
    steady,
    verdict,
    writes,
)


class TestDuration:
    def test_a_conversational_record_whose_requests_last_days_is_contradicted(self) -> None:
        found = checked({"duration": "seconds"}, requests(30, 3 * DAY))
        check = check_of(found, "duration")
        assert (check.verdict, check.shows) == ("contradicted", "days")
        assert "3.0 days" in check.observed
        assert check.would_change["runtime_class"] == "long-horizon"
        assert found.revised["runtime_class"] == "long-horizon"
        assert found.lines[0].verdict == "contradicted"
        assert check.evidence

    def test_few_requests_strain_and_never_contradict(self) -> None:
        assert verdict({"duration": "seconds"}, requests(5, 3 * DAY), "duration") == "strained"

    def test_what_lasts_as_answered_holds(self) -> None:
        assert verdict({"duration": "seconds"}, requests(30, 9 * SECOND), "duration") == "holds"
        assert verdict({"duration": "minutes"}, requests(30, 9 * MINUTE), "duration") == "holds"

    def test_one_slow_request_among_many_changes_nothing_and_a_slow_tail_strains(self) -> None:
        quick = requests(60, 9 * SECOND)
        one = [{**row, "request_id": "slow"} for row in requests(1, 2 * DAY)]
        assert verdict({"duration": "seconds"}, quick + one, "duration") == "holds"
        tail = [{**row, "request_id": f"slow{row['request_id']}"} for row in requests(8, 2 * DAY)]
        assert verdict({"duration": "seconds"}, quick + tail, "duration") == "strained"

    def test_hours_for_days_strains_for_the_class_is_the_same(self) -> None:
        assert verdict({"duration": "days"}, requests(60, 5 * HOUR), "duration") == "strained"

    def test_a_log_shorter_than_one_unit_of_work_shows_nothing(self) -> None:
        check = check_of(checked({"duration": "days"}, requests(40, 9 * SECOND, apart_us=MINUTE)), "duration")
        assert check.verdict == "not_observable"
        assert "covers" in check.reason

    def test_shorter_than_answered_contradicts_only_where_the_ends_are_logged(self) -> None:
        assert verdict({"duration": "days"}, requests(60, 9 * SECOND), "duration") == "contradicted"
        assert verdict({"duration": "days"}, requests(60, 9 * SECOND, ended=False), "duration") == "strained"

    def test_sessions_may_hold_idle_time(self) -> None:
        rows = requests(30, 3 * DAY, request_id_source="session.id")
        assert verdict({"duration": "seconds"}, rows, "duration") == "strained"

    def test_rows_without_a_request_are_no_request(self) -> None:
        rows = [{**row, "request_id": None} for row in requests(30, 3 * DAY)]
        assert verdict({"duration": "seconds"}, rows, "duration") == "not_observable"


class TestPauses:
    def test_requests_that_stand_still_contradict_a_no(self) -> None:
        check = check_of(checked({"pauses_or_external_waits": "no"}, requests(30, DAY)), "pauses_or_external_waits")
        assert check.verdict == "contradicted"
        assert "30 of 30" in check.observed
        assert {"spine", "runtime_class"} == set(check.lines)

    def test_one_odd_pause_strains(self) -> None:
        rows = requests(40, 5 * MINUTE) + [{**row, "request_id": "odd"} for row in requests(1, DAY)]
        assert verdict({"pauses_or_external_waits": "no"}, rows, "pauses_or_external_waits") == "strained"

    def test_few_pauses_strain_whatever_their_share(self) -> None:
        rows = requests(27, 5 * MINUTE) + [
            {**row, "request_id": f"odd {row['request_id']}"} for row in requests(3, DAY)
        ]
        assert verdict({"pauses_or_external_waits": "no"}, rows, "pauses_or_external_waits") == "strained"

    def test_a_long_busy_request_has_no_pause(self) -> None:
        rows = steady(30, 5 * HOUR)
        assert verdict({"pauses_or_external_waits": "no"}, rows, "pauses_or_external_waits") == "holds"
        assert verdict({"pauses_or_external_waits": "yes"}, rows, "pauses_or_external_waits") == "contradicted"

    def test_a_span_over_everything_does_not_hide_a_pause(self) -> None:
        rows = requests(30, DAY)
        rows += [
            {"kind": "workflow", "request_id": f"r{n}", "ts_us": n * HOUR, "end_us": n * HOUR + DAY} for n in range(30)
        ]
        assert verdict({"pauses_or_external_waits": "no"}, rows, "pauses_or_external_waits") == "contradicted"

    def test_in_a_short_log_nothing_can_be_said_about_pauses(self) -> None:
        rows = requests(40, SECOND, apart_us=MINUTE)
        assert verdict({"pauses_or_external_waits": "yes"}, rows, "pauses_or_external_waits") == "not_observable"

    def test_one_wrong_clock_does_not_make_a_short_log_a_long_one(self) -> None:
        rows = requests(40, SECOND, apart_us=SECOND)
        wrong = [{"kind": "llm_call", "request_id": "other", "ts_us": 90 * DAY}]
        assert verdict({"pauses_or_external_waits": "yes"}, rows + wrong, "pauses_or_external_waits") == "strained"
        assert verdict({"duration": "days"}, rows + wrong, "duration") == "not_observable"

    def test_effects_before_a_pause_strain_a_reconstructible_state(self) -> None:
        rows = requests(30, DAY)
        rows += [
            {"kind": "commit", "side_effect": "external_write", "request_id": f"r{n}", "ts_us": n * HOUR + 1}
            for n in range(30)
        ]
        found = checked({"state_not_reconstructible": "no"}, rows)
        assert check_of(found, "state_not_reconstructible").verdict == "strained"

    def test_policies_that_change_under_way_contradict_a_world_that_holds_still(self) -> None:
        rows = requests(30, DAY)
        for at, row in enumerate(rows):
            row["policy_version"] = "v1" if at % 4 < 2 else "v2"
        answers = {"world_changes_during_unit": "no", "world_changes_during_pause": "no"}
        assert verdict(answers, rows, "world_changes_during_pause") == "contradicted"
        assert verdict(answers, rows, "world_changes_during_unit") == "contradicted"


class TestEffects:
    def test_tools_that_write_outside_contradict_a_no(self) -> None:
        found = checked({"external_side_effects": "no"}, writes(12))
        check = check_of(found, "external_side_effects")
        assert (check.verdict, check.numbers["writes"]) == ("contradicted", 12)
        assert check.would_change["control"] == ["P4"]

    def test_two_writes_or_guessed_ones_strain(self) -> None:
        assert verdict({"external_side_effects": "no"}, writes(2), "external_side_effects") == "strained"
        assert (
            verdict({"external_side_effects": "no"}, writes(50, declared_by="guess"), "external_side_effects")
            == "strained"
        )

    def test_reads_alone_hold_a_no_and_never_contradict_a_yes(self) -> None:
        assert verdict({"external_side_effects": "no"}, writes(50, effect="read"), "external_side_effects") == "holds"
        assert (
            verdict({"external_side_effects": "yes"}, writes(50, effect="read"), "external_side_effects") == "strained"
        )

    def test_tools_that_do_not_say_what_they_do_show_nothing(self) -> None:
        rows = [{"kind": "tool_call", "request_id": f"r{n}", "ts_us": n} for n in range(50)]
        assert verdict({"external_side_effects": "no"}, rows, "external_side_effects") == "not_observable"

    def test_peers_that_write_contradict_only_where_compensations_run(self) -> None:
        rows = writes(20, agent_name="a") + writes(20, agent_name="b")
        assert verdict({"peers_with_side_effects": "no"}, rows, "peers_with_side_effects") == "strained"
        rows += [{"kind": "compensation", "request_id": "r1", "ts_us": 5}]
        assert verdict({"peers_with_side_effects": "no"}, rows, "peers_with_side_effects") == "contradicted"

    def test_torn_writes_and_compensations_strain_cheap_partial_writes(self) -> None:
        rows = writes(20) + writes(20) + [{"kind": "compensation", "request_id": f"r{n}", "ts_us": n} for n in range(9)]
        for row in rows[:9]:
            row["status"] = "error"
        check = check_of(checked({"partial_write_costly": "no"}, rows), "partial_write_costly")
        assert (check.verdict, check.numbers["torn"], check.numbers["compensations"]) == ("strained", 9, 9)
        assert verdict({"partial_write_costly": "yes"}, rows, "partial_write_costly") == "holds"
        assert verdict({"partial_write_costly": "yes"}, writes(9), "partial_write_costly") == "not_observable"

    def test_partial_merges_contradict_that_none_is_useful(self) -> None:
        rows = [{"kind": "merge", "partial": n % 2 == 0, "request_id": f"r{n}", "ts_us": n} for n in range(40)]
        assert verdict({"partial_result_useful": "no"}, rows, "partial_result_useful") == "contradicted"


class TestSplitting:
    def test_delegation_contradicts_that_work_does_not_split(self) -> None:
        rows = [{"kind": "delegation", "agent_name": "a", "request_id": f"r{n}", "ts_us": n} for n in range(30)]
        assert verdict({"work_splits": "no"}, rows, "work_splits") == "contradicted"
        assert verdict({"work_splits": "no"}, rows[:3], "work_splits") == "strained"

    def test_one_agent_a_request_strains_a_split(self) -> None:
        rows = [{"kind": "llm_call", "agent_name": "a", "request_id": f"r{n}", "ts_us": n} for n in range(30)]
        assert verdict({"work_splits": "yes"}, rows, "work_splits") == "strained"
        assert verdict({"work_splits": "no"}, rows, "work_splits") == "holds"

    def test_people_and_prompts_in_a_conversation_are_no_agents(self) -> None:
        rows = [
            {"kind": kind, "agent_name": name, "request_id": f"r{n}", "ts_us": n}
            for n in range(30)
            for kind, name in (
                ("message", "system"),
                ("message", "user"),
                ("tool_call", "user"),
                ("llm_call", "assistant"),
            )
        ]
        assert verdict({"work_splits": "no"}, rows, "work_splits") == "holds"

    def test_several_names_that_call_models_may_be_steps_and_strain_only(self) -> None:
        rows = [
            {"kind": "llm_call", "agent_name": name, "request_id": f"r{n}", "ts_us": n}
            for n in range(30)
            for name in ("draft", "polish")
        ]
        assert verdict({"work_splits": "no"}, rows, "work_splits") == "strained"
        declared = [{**row, "agent_role": "sub_agent"} for row in rows]
        assert verdict({"work_splits": "no"}, declared, "work_splits") == "contradicted"

    def test_side_by_side_is_independent_and_in_turn_strains(self) -> None:
        def tasks(apart: int) -> Rows:
            return [
                {
                    "kind": "delegation",
                    "request_id": f"r{n}",
                    "ts_us": n * DAY + k * apart,
                    "end_us": n * DAY + k * apart + 10,
                }
                for n in range(25)
                for k in range(3)
            ]

        assert verdict({"independent_subtasks": "no"}, tasks(1), "independent_subtasks") == "contradicted"
        assert verdict({"independent_subtasks": "yes"}, tasks(20), "independent_subtasks") == "strained"

    def test_a_model_under_the_merge_strains_a_merge_by_code(self) -> None:
        merges = [{"kind": "merge", "span_id": f"s{n}", "request_id": f"r{n}", "ts_us": n} for n in range(9)]
        calls = [{"kind": "llm_call", "parent_span_id": f"s{n}", "request_id": f"r{n}", "ts_us": n} for n in range(9)]
        assert verdict({"deterministic_merge": "yes"}, merges + calls, "deterministic_merge") == "strained"
        assert verdict({"deterministic_merge": "yes"}, merges, "deterministic_merge") == "holds"
        assert verdict({"deterministic_merge": "no"}, merges, "deterministic_merge") == "contradicted"


class TestWhole:
    def test_every_question_is_looked_for_or_said_to_be_in_no_log(self) -> None:
        questions = set(shipped().questions)
        probed = {probe.subject for probe in PROBES}
        assert questions <= probed | set(UNLOGGED)
        assert not probed & set(UNLOGGED)

    def test_unknown_answers_are_not_judged_but_hinted_at(self) -> None:
        found = checked({"duration": "unknown"}, requests(30, 3 * DAY))
        assert "duration" not in {check.subject for check in found.checks}
        assert ("duration", "days", True) in {(hint.question, hint.shows, hint.strong) for hint in found.unanswered}

    def test_partly_is_never_contradicted(self) -> None:
        answers = dict.fromkeys((q for q in shipped().questions if q != "duration"), "partly")
        found = checked(answers, requests(30, 3 * DAY) + writes(30))
        verdicts = {check.verdict for check in found.checks if check.subject in answers}
        assert "contradicted" not in verdicts
        assert check_of(found, "external_side_effects").verdict == "strained"

    def test_an_empty_log_and_one_of_unreadable_rows_contradict_nothing(self) -> None:
        for rows in ([], [{"kind": "unknown", "error_message": "broken"}] * 50):
            for workload in shipped().workloads.values():
                found = checked(workload.answers.model_dump(), rows)
                assert not found.contradicted
                assert {c.verdict for c in found.checks} == {"not_observable"}

    def test_what_cannot_be_said_has_a_reason(self) -> None:
        found = checked(shipped().workloads["contract-renewal"].answers.model_dump(), requests(3, 9))
        assert all(check.observed or check.reason for check in found.checks)
        assert all(check.reason or check.observed for check in found.checks if check.verdict == "not_observable")

    def test_the_order_of_lines_changes_nothing(self) -> None:
        answers = shipped().workloads["billing-assist"].answers.model_dump()
        rows = requests(30, 2 * DAY) + writes(30) + approvals(9) + consumed(["a", "b"])
        shuffled = random.Random(3).sample(rows, len(rows))

        def told(events: Rows) -> list[tuple[str, str, str]]:
            return sorted((c.subject, c.verdict, c.observed) for c in checked(answers, events).checks)

        assert told(rows) == told(shuffled)

    def test_json_names_its_schema_and_holds_the_conventions(self) -> None:
        found = checked({"duration": "seconds"}, requests(30, 3 * DAY))
        said = json.loads(json.dumps(found.to_json()))
        assert said["schema"] == "advisor/record-check/1"
        assert set(said["conventions"]) == set(CONVENTIONS)
        assert said["totals"]["contradicted"] == len(found.contradicted) > 0
        assert set(said["checks"][0]["evidence"][0]) == {"file", "line", "event_id", "text"}
