from __future__ import annotations

import random
from typing import Any

from tests.diagnosis.logs import finding

ID = "P4-ungated-tool"


def calls(
    tool: str, many: int, gated: bool, first: int = 0, effect: str | None = "write", **extra: Any
) -> list[dict[str, Any]]:
    """Calls of a tool, one a request; the gate decides just before each where it is there."""
    rows: list[dict[str, Any]] = []
    for number in range(first, first + many):
        of = {"request_id": f"r{number}", "tool_call_id": f"{tool}-{number}"}
        if gated:
            rows.append({**of, "kind": "gate_decision", "decision": "allow", "ts_us": number * 1000})
        call = {**of, "kind": "tool_call", "tool_name": tool, "ts_us": number * 1000 + 9, "status": "ok", **extra}
        rows.append({**call, **({"side_effect": effect} if effect else {})})
    return rows


def test_a_writing_tool_that_never_meets_the_gate_lies_beside_it() -> None:
    found = finding(ID, [*calls("refund", 20, True), *calls("drop_table", 5, False)])
    assert (found.verdict, found.count, found.of, found.severity) == ("present", 5, 25, "critical")
    assert found.detail["Tools"][0] == {"tool": "drop_table", "calls": 5, "gated": 0}
    assert all("drop_table" in cited.text for cited in found.evidence)


def test_ungated_calls_in_other_requests_only_are_likely() -> None:
    assert finding(ID, [*calls("refund", 20, True), *calls("drop", 5, False, first=100)]).verdict == "likely"


def test_a_path_around_the_gate_shows_in_the_share_of_one_tool() -> None:
    rows = [*calls("refund", 20, True), *calls("pay", 20, True), *calls("pay", 5, False, first=50)]
    assert finding(ID, rows).count == 5
    assert finding(ID, rows, overrides={"share": 0.5}).verdict == "absent"


def test_tools_that_are_all_gated_are_absent_and_few_calls_insufficient() -> None:
    assert finding(ID, [*calls("refund", 10, True), *calls("pay", 10, True)]).verdict == "absent"
    assert finding(ID, calls("refund", 4, True)).verdict == "insufficient"


def test_reads_and_calls_by_a_person_are_left_out() -> None:
    rows = [
        *calls("refund", 20, True),
        *calls("search", 9, False, effect="read"),
        *calls("fix", 9, False, agent_role="human"),
    ]
    found = finding(ID, rows)
    assert found.verdict == "absent"
    assert found.checked[:2] == ("9 reads are left out.", "9 calls by a person are left out.")


def test_a_decision_cached_for_the_session_covers_later_calls_of_the_tool() -> None:
    session = [{**row, "request_id": "s"} for row in [*calls("edit", 1, True), *calls("edit", 9, False, first=1)]]
    found = finding(ID, [*session, *calls("refund", 9, True)])
    assert found.verdict == "absent"
    assert "9 calls rest on an earlier decision on the same tool in their request." in found.checked


def test_a_gate_that_names_the_tool_and_not_the_call_counts() -> None:
    gates = [
        {"kind": "gate_decision", "decision": "allow", "tool_name": "pay", "request_id": f"r{n}", "ts_us": n * 1000}
        for n in range(9)
    ]
    assert finding(ID, [*gates, *calls("pay", 9, False), *calls("refund", 9, True)]).verdict == "absent"


def test_calls_that_were_refused_have_met_a_gate() -> None:
    refused = [{**row, "status": "denied"} for row in calls("drop", 9, False)]
    assert finding(ID, [*calls("refund", 9, True), *refused]).verdict == "absent"


def test_a_decision_after_the_call_is_no_gate() -> None:
    late = calls("pay", 9, True)
    for row in late[::2]:
        row["ts_us"] += 500
    assert finding(ID, [*calls("refund", 9, True), *late]).count == 9


def test_a_gate_that_logs_only_denials_shows_nothing() -> None:
    denials = [
        {"kind": "gate_decision", "decision": "deny", "tool_call_id": f"refund-{n}", "request_id": f"r{n}", "ts_us": n}
        for n in range(9)
    ]
    found = finding(ID, [*calls("refund", 20, False), *denials])
    assert found.verdict == "insufficient"
    assert any("writes no row when it allows" in said for said in found.checked)


def test_decisions_that_join_no_call_show_nothing() -> None:
    gates = [
        {"kind": "gate_decision", "decision": "allow", "proposal_id": f"other{n}", "request_id": f"r{n}", "ts_us": n}
        for n in range(9)
    ]
    assert finding(ID, [*gates, *calls("refund", 20, False)]).verdict == "insufficient"


def test_without_side_effects_it_is_possible_at_grade_c() -> None:
    found = finding(ID, [*calls("refund", 20, True, effect=None), *calls("drop", 5, False, effect=None)])
    assert (found.verdict, found.grade) == ("possible", "C")


def test_without_a_gate_nothing_can_be_said() -> None:
    found = finding(ID, calls("drop", 5, False))
    assert found.verdict == "not_assessable"
    assert "kind:gate_decision" in found.missing


def test_the_order_of_lines_changes_nothing() -> None:
    rows = [
        *calls("refund", 20, True),
        *calls("drop", 5, False),
        *calls("pay", 20, True),
        *calls("pay", 4, False, first=30),
    ]
    found = [finding(ID, random.Random(seed).sample(rows, len(rows))) for seed in (1, 2)]
    assert [(one.verdict, one.count, one.of) for one in found] == [("present", 9, 49)] * 2
