from __future__ import annotations

import random
from typing import Any

from advisor.diagnosis.detector import Facts
from tests.diagnosis.logs import finding

ID = "P6-approval-starvation"
MINUTE = 60_000_000
SLA = 10 * MINUTE


def approval(
    name: str,
    wait: int | None,
    source: str | None = "human",
    decision: str = "approve",
    at: int = 0,
    sla: int | None = SLA,
) -> list[dict[str, Any]]:
    """A request, and its decision so many minutes later."""
    asked = {"kind": "approval_request", "approval_id": name, "ts_us": at * MINUTE, **({"sla_us": sla} if sla else {})}
    if wait is None:
        return [asked]
    said = {"kind": "approval_decision", "approval_id": name, "decision": decision, "ts_us": (at + wait) * MINUTE}
    return [asked, {**said, **({"decision_source": source} if source else {})}]


def many(count: int, *args: Any, prefix: str = "a", **extra: Any) -> list[dict[str, Any]]:
    return [row for n in range(count) for row in approval(f"{prefix}{n}", *args, at=n, **extra)]


LAPSED = (10, "timeout", "deny")
END = {"kind": "log", "ts_us": 10_000 * MINUTE}


def test_requests_that_all_lapse_into_denials_are_starved() -> None:
    found = finding(ID, many(30, *LAPSED))
    assert (found.verdict, found.count, found.of, found.grade) == ("present", 30, 30, "A")
    assert found.cause_seen == "No person decided any of them"
    assert found.detail["Decisions by source"] == ({"source": "timeout", "decision": "deny", "requests": 30},)
    assert found.detail["Waits"][0]["requests"] == 30


def test_people_who_decide_in_time_are_absent_and_few_requests_insufficient() -> None:
    assert finding(ID, many(30, 2)).verdict == "absent"
    assert finding(ID, many(5, *LAPSED)).verdict == "insufficient"


def test_late_decisions_are_likely() -> None:
    found = finding(ID, [*many(15, 40), *many(15, 2, prefix="b")])
    assert (found.verdict, found.count) == ("likely", 15)


def test_waits_that_grow_are_named_as_cause() -> None:
    rows = [row for n in range(40) for row in approval(f"a{n}", 2 + n * n // 10, at=n)]
    assert str(finding(ID, rows).cause_seen).startswith("Waits grew")


def test_single_lapses_are_how_the_plane_is_designed() -> None:
    assert finding(ID, [*many(40, 2), *approval("x", *LAPSED), *approval("y", *LAPSED)]).verdict == "absent"


def test_open_requests_are_missed_only_when_their_time_is_over() -> None:
    fresh = [row for n in range(20) for row in approval(f"f{n}", None, at=35)]
    found = finding(ID, [*many(30, 2), *fresh, {"kind": "log", "ts_us": 40 * MINUTE}])
    assert (found.verdict, found.of) == ("absent", 30)
    assert found.checked[0].startswith("20 open requests")
    found = finding(ID, [*many(30, 2), *fresh, END])
    assert (found.verdict, found.count, found.of) == ("likely", 20, 50)


def test_nobody_ever_deciding_needs_no_decision_rows() -> None:
    found = finding(ID, [*many(20, None), END])
    assert (found.verdict, found.count, found.of) == ("likely", 20, 20)


def test_a_deadline_stands_for_a_missing_service_level() -> None:
    rows = [
        {**row, "deadline_us": row["ts_us"] + SLA} if row["kind"] == "approval_request" else row
        for row in many(20, 40, sla=None)
    ]
    assert finding(ID, rows).verdict == "likely"


def test_decisions_of_configuration_and_hooks_are_gates() -> None:
    found = finding(
        ID, [*many(30, 2), *many(30, 0, "config", "deny", prefix="c"), *many(30, 60, "hook", "deny", prefix="h")]
    )
    assert (found.verdict, found.of) == ("absent", 30)
    assert found.checked[2].startswith("60 decisions by configuration")


def test_withdrawn_requests_are_left_out() -> None:
    gone = [{"kind": "cancelled", "approval_id": f"w{n}", "ts_us": MINUTE} for n in range(30)]
    found = finding(ID, [*many(30, 2), *many(30, None, prefix="w"), *gone, END])
    assert (found.verdict, found.of) == ("absent", 30)


def test_without_a_service_level_mostly_time_outs_are_possible() -> None:
    rows = [*many(12, 60, "timeout", "deny", sla=None), *many(8, 2, sla=None, prefix="b")]
    assert finding(ID, rows).verdict == "possible"
    some = [*many(6, 60, "timeout", "deny", sla=None), *many(14, 2, sla=None, prefix="b")]
    assert finding(ID, some).verdict == "absent"


def test_a_tool_call_stands_for_the_approval_and_off_hours_are_pointed_out() -> None:
    rows = [
        {**{k: v for k, v in row.items() if k != "approval_id"}, "tool_call_id": row["approval_id"]}
        for row in many(30, *LAPSED)
    ]
    found = finding(ID, rows, facts=Facts(off_hours="18:00 to 08:00"))
    assert found.verdict == "present"
    assert "Off hours are declared and not taken out of the waits." in found.checked


def test_without_sources_or_service_levels_nothing_can_be_said() -> None:
    assert finding(ID, many(20, 60, None, sla=None)).verdict == "not_assessable"
    assert "kind:approval_request" in finding(ID, [{"kind": "llm_call", "ts_us": 1}]).missing


def test_requests_without_an_id_are_no_group() -> None:
    nameless = [{"kind": "approval_request", "ts_us": n, "sla_us": 1} for n in range(30)]
    assert finding(ID, [*many(12, 2), *nameless]).verdict == "insufficient"


def test_a_fifth_missed_at_the_boundary_fires_in_one_run_of_twenty_at_most() -> None:
    rng = random.Random(4)
    fired = 0
    for _ in range(20):
        rows = [row for n in range(60) for row in approval(f"a{n}", 40 if rng.random() < 0.2 else 2, at=n)]
        fired += finding(ID, rows).verdict != "absent"
    assert fired <= 3


def test_the_order_of_lines_changes_nothing() -> None:
    rows = [*many(15, 40), *many(15, 2, prefix="b"), *many(3, None, prefix="c")]
    found = [finding(ID, random.Random(seed).sample(rows, len(rows))) for seed in (1, 2)]
    assert (found[0].verdict, found[0].count, found[0].of) == (found[1].verdict, found[1].count, found[1].of)
    assert found[0].verdict == "likely"
