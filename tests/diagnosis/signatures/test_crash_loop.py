from __future__ import annotations

import random
from typing import Any

from tests.diagnosis.logs import finding

ID = "P4-crash-loop"


def crashes(
    child: str, many: int, fault: str = "KeyError|no row", start: int = 0, **extra: Any
) -> list[dict[str, Any]]:
    """`many` crashes of a child, a minute apart, each followed by a restart; the last is not."""
    rows = []
    for number in range(many):
        at = (start + number * 60) * 1_000_000
        rows.append({"kind": "crash", "child_id": child, "error_fp": fault, "ts_us": at, **extra})
        if number < many - 1:
            rows.append({"kind": "restart", "child_id": child, "ts_us": at + 1_000_000})
    return rows


def tick(child: str, second: int, **extra: Any) -> dict[str, Any]:
    return {"kind": "ok_tick", "child_id": child, "ts_us": second * 1_000_000, **extra}


def test_a_fourth_death_of_one_fault_without_escalation_is_a_crash_loop() -> None:
    found = finding(ID, crashes("billing", 4))
    assert (found.verdict, found.count, found.of, found.grade) == ("present", 1, 1, "A")
    assert "No escalation" in str(found.cause_seen)
    assert [cited.text.split()[0] for cited in found.evidence] == ["crash"] * 4
    assert found.detail["Longest runs of one fault"][0]["crashes"] == 4


def test_three_deaths_are_within_the_restarts_allowed_and_the_limit_is_the_users_or_the_logs() -> None:
    assert finding(ID, crashes("billing", 3)).verdict == "absent"
    assert finding(ID, crashes("billing", 3), overrides={"max_restarts": 2}).verdict == "present"
    assert finding(ID, crashes("billing", 3, max_attempts=2)).verdict == "present"
    told = [{**row, "max_attempts": 2} if row["kind"] == "restart" else row for row in crashes("billing", 3)]
    assert finding(ID, told).verdict == "present"
    assert finding(ID, crashes("billing", 6, max_attempts=9)).verdict == "absent"


def test_a_success_between_ends_the_run() -> None:
    rows = [*crashes("billing", 2), tick("billing", 90), *crashes("billing", 2, start=200)]
    assert finding(ID, rows).verdict == "absent"


def test_a_step_that_succeeds_before_each_death_is_no_success_of_the_child() -> None:
    calls = [
        {"kind": "tool_call", "child_id": "billing", "status": "ok", "ts_us": n * 60_000_000 + 30} for n in range(5)
    ]
    assert finding(ID, [*crashes("billing", 5), *calls]).verdict == "present"
    done = [{**row, "kind": "outcome"} for row in calls]
    assert finding(ID, [*crashes("billing", 5), *done]).verdict == "absent"


def test_different_faults_are_no_loop() -> None:
    rows = [row for n in range(5) for row in crashes("billing", 1, f"KeyError|{n}", start=n * 60)]
    assert finding(ID, rows).verdict == "absent"


def test_equal_messages_of_different_types_are_different_faults() -> None:
    rows = [
        row
        for n in range(6)
        for row in crashes("billing", 1, "no", start=n * 60, error_type="ValueError" if n % 2 else "KeyError")
    ]
    assert finding(ID, rows).verdict == "absent"


def test_a_deployment_between_starts_a_new_run() -> None:
    rows = [*crashes("billing", 2, code_version="1"), *crashes("billing", 2, start=300, code_version="2")]
    assert finding(ID, rows).verdict == "absent"


def test_a_hand_over_when_the_restarts_are_used_up_is_as_it_should_be() -> None:
    rows = [*crashes("billing", 4), {"kind": "escalation", "child_id": "billing", "ts_us": 999_000_000}]
    found = finding(ID, rows)
    assert found.verdict == "absent"
    assert any("handed over" in said for said in found.checked)
    late = [*crashes("billing", 7), {"kind": "escalation", "child_id": "billing", "ts_us": 999_000_000}]
    assert finding(ID, late).verdict == "present"


def test_transient_faults_are_possible_at_most() -> None:
    found = finding(
        ID, crashes("billing", 8, "HTTPError|#", error_type="HTTPError", error_message="429 Too Many Requests")
    )
    assert found.verdict == "possible"
    assert "1 look transient (time-outs, rate limits, overload)." in found.checked


def test_an_outage_shared_by_half_of_the_children_is_possible_at_most() -> None:
    rows = [row for child in "ab" for row in crashes(child, 6, "DatabaseError|gone")] + [tick(c, 10) for c in "cd"]
    assert finding(ID, rows).verdict == "possible"
    more = [*rows, *[tick(child, 10) for child in "efghij"]]
    assert finding(ID, more).verdict == "present"


def test_a_later_success_of_the_same_version_refutes_it() -> None:
    rows = [*crashes("billing", 6, code_version="7"), tick("billing", 900, code_version="7")]
    found = finding(ID, rows)
    assert found.verdict == "refuted"
    assert "transient" in str(found.refuted)
    changed = [*crashes("billing", 6, code_version="7"), tick("billing", 900, code_version="8")]
    assert finding(ID, changed).verdict == "possible"


def test_an_engine_that_gave_up_by_itself_is_enough_and_a_count_of_restarts_is_likely() -> None:
    given_up = [
        {"kind": "crash", "child_id": "w", "error_fp": "x", "ts_us": 1, "status_raw": "MAX_RECOVERY_ATTEMPTS_EXCEEDED"}
    ]
    assert (finding(ID, given_up).verdict, finding(ID, given_up).grade) == ("present", "B")
    counted = [{"kind": "crash", "child_id": "w", "error_fp": "x", "ts_us": 1, "restart_count": 9}]
    assert finding(ID, counted).verdict == "likely"


def attempts(before: str, after: str, attempt: int = 9) -> list[dict[str, Any]]:
    """What a durable engine keeps of a call: the attempt with the failure before it, and the failure in the end."""
    call = {"tool_call_id": "c", "request_id": "r", "seq_scope": "workflow", "attempt": attempt}
    return [
        {**call, "kind": "log", "seq": 2, "ts_us": 2, "error_type": before},
        {**call, "kind": "tool_call", "seq": 1, "ts_us": 1, "error_type": after, "status": "error"},
    ]


def test_many_attempts_with_one_type_of_error_are_likely_at_grade_b() -> None:
    found = finding(ID, attempts("KeyError", "KeyError"))
    assert (found.verdict, found.grade) == ("likely", "B")
    assert finding(ID, attempts("KeyError", "ValueError")).verdict == "insufficient"
    assert finding(ID, attempts("KeyError", "KeyError", attempt=3)).verdict == "insufficient"


def test_without_crashes_nothing_can_be_said() -> None:
    found = finding(ID, [{"kind": "llm_call", "ts_us": 1}])
    assert found.verdict == "not_assessable"
    assert "kind:crash" in found.missing


def test_crashes_without_a_child_are_no_group() -> None:
    rows = [{"kind": "crash", "error_fp": "x", "ts_us": n} for n in range(9)]
    assert finding(ID, [*rows, *crashes("a", 1)]).verdict == "insufficient"


def test_the_order_of_lines_changes_nothing() -> None:
    rows = [row for child in "abc" for row in crashes(child, 5, f"KeyError|{child}")]
    found = [finding(ID, random.Random(seed).sample(rows, len(rows))) for seed in (1, 2)]
    assert [(one.verdict, one.count, one.of) for one in found] == [("present", 3, 3)] * 2
