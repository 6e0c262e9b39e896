from __future__ import annotations

import random
from typing import Any

from advisor.diagnosis.findings import Finding
from tests.diagnosis.logs import finding

ID = "P2-dirty-compensation"
SECOND = 1_000_000


def saga(
    number: int,
    did: list[str],
    undid: list[str],
    *,
    check: str | None = None,
    statuses: dict[str, str] | None = None,
    **extra: Any,
) -> list[dict[str, Any]]:
    """A saga: commits a second apart, then compensations, then what a check found; statuses by `do x` or `undo x`."""
    told, base, name = statuses or {}, number * 1000 * SECOND, f"s{number}"
    rows: list[dict[str, Any]] = [
        {
            "kind": "commit",
            "saga_id": name,
            "action_id": action,
            "side_effect": "external_write",
            "status": told.get(f"do {action}", "ok"),
            "ts_us": base + at * SECOND,
            "end_us": base + at * SECOND + SECOND // 2,
            **extra,
        }
        for at, action in enumerate(did)
    ]
    rows += [
        {
            "kind": "compensation",
            "saga_id": name,
            "compensates": action,
            "status": told.get(f"undo {action}", "ok"),
            "ts_us": base + (100 + at) * SECOND,
        }
        for at, action in enumerate(undid)
    ]
    if check:
        rows.append({"kind": "reconcile", "saga_id": name, "status": check, "ts_us": base + 500 * SECOND})
    return rows


def clean(many: int = 5) -> list[dict[str, Any]]:
    return [row for number in range(many) for row in saga(number, ["a", "b", "c"], ["c", "b", "a"])]


def found(rows: list[dict[str, Any]], **given: Any) -> Finding:
    return finding(ID, rows, **given)


def test_a_check_that_finds_the_state_not_clean_is_present_and_critical() -> None:
    one = found([*clean(), *saga(9, ["a", "b"], ["b", "a"], check="error")])
    assert (one.verdict, one.severity, one.count, one.of, one.grade) == ("present", "critical", 1, 6, "A")
    assert [row.text.split()[0] for row in one.evidence] == ["commit"] * 2 + ["compensation"] * 2 + ["reconcile"]


def test_sagas_undone_last_first_are_absent() -> None:
    assert found(clean()).verdict == "absent"


def test_an_effect_without_a_compensation_is_likely() -> None:
    one = found([*clean(), *saga(9, ["a", "b", "c"], ["c", "a"])])
    assert (one.verdict, one.severity, one.count) == ("likely", "medium", 1)
    assert "1 landed effects without a compensation" in one.said


def test_a_compensation_that_fails_in_the_end_is_likely_and_one_that_recovers_is_not() -> None:
    assert found(saga(9, ["a"], ["a"], statuses={"undo a": "error"})).verdict == "likely"
    rows = saga(9, ["a"], ["a", "a"])
    rows[1]["status"] = "error"
    assert found(rows).verdict == "absent"


def test_forward_order_and_undoing_twice_are_possible_and_name_the_cause() -> None:
    one = found(saga(9, ["a", "b", "c"], ["a", "b", "c"]))
    assert (one.verdict, one.count) == ("possible", 1)
    assert one.cause_seen is not None and "2 in forward order" in one.cause_seen
    twice = found(saga(9, ["a"], ["a", "a"]))
    assert twice.verdict == "possible" and "1 actions undone twice" in twice.said


def test_peers_that_ran_side_by_side_have_no_order() -> None:
    rows = saga(9, ["a", "b", "c"], ["a", "b", "c"])
    for row in rows[:3]:
        row |= {"ts_us": 0, "end_us": 90 * SECOND}
    assert found(rows).verdict == "absent"
    for row in rows[:3]:
        row["resource_id"] = "account/1"
    rows[1]["end_us"] += 1
    rows[2]["end_us"] += 2
    assert found(rows).verdict == "possible"


def test_effects_on_one_resource_are_ordered_by_when_they_landed_and_not_by_when_they_began() -> None:
    rows = saga(9, ["a", "b"], ["b", "a"])
    rows[0] |= {"resource_id": "ledger/1", "end_us": rows[1]["ts_us"] + 2}
    rows[1] |= {"resource_id": "ledger/1", "end_us": rows[1]["ts_us"] + 1}
    assert (found(rows).verdict, found(rows).count) == ("possible", 1)
    rows[0]["end_us"] -= 2
    assert found(rows).verdict == "absent"


def test_order_is_seen_past_a_peer_that_overlaps_both() -> None:
    rows = saga(9, ["a", "b", "c"], ["a", "c", "b"])
    rows[1] |= {"ts_us": rows[0]["ts_us"], "end_us": rows[2]["end_us"]}
    one = found(rows)
    assert (one.verdict, one.detail["Sagas that are not clean"][0]["forward"]) == ("possible", 1)


def test_a_check_that_finds_the_state_clean_refutes_it() -> None:
    one = found([*clean(), *saga(9, ["a", "b"], ["a"], check="ok")])
    assert (one.verdict, one.count) == ("refuted", 1)
    assert one.refuted is not None


def test_the_last_check_counts_and_one_before_the_compensations_does_not() -> None:
    rows = saga(9, ["a", "b"], ["b", "a"], check="error")
    rows.append({**rows[-1], "status": "ok", "ts_us": rows[-1]["ts_us"] + 1})
    assert found(rows).verdict == "absent"
    before = saga(9, ["a", "b"], ["b", "a"])
    before.append({"kind": "reconcile", "saga_id": "s9", "status": "error", "ts_us": before[1]["ts_us"]})
    assert found(before).verdict == "absent"


def test_actions_without_effect_need_no_compensation() -> None:
    rows = saga(9, ["a", "b"], ["a"])
    rows[1]["side_effect"] = "read"
    assert found(rows).verdict == "absent"


def test_undoing_what_may_never_have_happened_is_right() -> None:
    one = found(saga(9, ["a", "b"], ["b", "a"], statuses={"do b": "timeout"}))
    assert one.verdict == "absent"
    assert any("whose effect is not known" in trap for trap in one.checked)


def test_a_compensation_without_an_outcome_proves_nothing() -> None:
    rows = saga(9, ["a", "b"], ["b", "a"])
    rows[2]["status"] = "pending"
    one = found(rows)
    assert one.verdict == "absent" and any("an attempt is no proof" in trap for trap in one.checked)


def test_sagas_are_requests_where_no_saga_is_named() -> None:
    rows = [{**row, "saga_id": None, "request_id": row["saga_id"]} for row in saga(9, ["a", "b"], ["a"], check="error")]
    assert found(rows).verdict == "present"


def test_a_check_by_request_reaches_a_named_saga() -> None:
    rows = [{**row, "request_id": "r9"} for row in saga(9, ["a", "b"], ["a"])]
    rows.append({"kind": "reconcile", "request_id": "r9", "status": "error", "ts_us": 10**12})
    assert found(rows).verdict == "present"


def test_without_rows_for_the_actions_nothing_can_be_said() -> None:
    rows = [row for row in saga(9, ["a"], ["a"]) if row["kind"] == "compensation"]
    one = found(rows)
    assert one.verdict == "not_assessable" and "kind:commit" in one.missing


def test_compensations_that_belong_nowhere_are_not_lumped_together() -> None:
    rows = [{**row, "saga_id": None} for row in clean()]
    assert found([*saga(9, ["a"], ["a"]), *rows]).verdict == "insufficient"


def test_the_order_of_lines_changes_nothing() -> None:
    rows = [*clean(), *saga(9, ["a", "b"], ["a"], check="error"), *saga(10, ["a", "b"], ["a", "b"])]
    one, other = found(rows), found(random.Random(5).sample(rows, len(rows)))
    assert (one.verdict, one.count, one.said, one.detail) == (other.verdict, other.count, other.said, other.detail)
