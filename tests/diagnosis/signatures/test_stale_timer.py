from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from advisor.catalog.load import shipped
from advisor.diagnosis.detector import Facts
from advisor.diagnosis.diagnose import run
from advisor.traces.load import load
from tests.diagnosis.logs import finding

ID = "P5-stale-timer"
SAMPLES = Path(__file__).parents[2] / "traces/samples/temporal"


def case(name: str, *, override: int | None = 20, versions: bool = True, **fire: Any) -> list[dict[str, Any]]:
    """A timer set at 10, an override, the fire at 30, and the transition that it causes at 31."""
    of, timer = {"resource_id": name, "request_id": name}, f"t-{name}"
    set_row = {**of, "kind": "timer_set", "timer_id": timer, "ts_us": 10}
    fired = {**of, "kind": "timer_fire", "timer_id": timer, "ts_us": 30, **fire}
    moved = {**of, "kind": "state_transition", "caused_by": timer, "to_state": "expired", "ts_us": 31}
    if versions:
        set_row["scheduled_version"] = "3"
    rows = [set_row, fired, moved]
    if override is not None:
        rows.append({**of, "kind": "override", "ts_us": override, **({"new_version": "4"} if versions else {})})
    return rows


def test_a_fire_at_a_version_that_an_override_replaced_and_that_moves_the_case_is_stale() -> None:
    found = finding(ID, case("a"))
    assert (found.verdict, found.count, found.severity, found.grade) == ("present", 1, "critical", "A")
    kinds = [cited.text.split()[0] for cited in found.evidence]
    assert kinds == ["timer_set", "override", "timer_fire", "state_transition"]
    assert found.cause_seen == "1 were set at a version that the override had replaced"


def test_without_versions_it_is_likely() -> None:
    assert finding(ID, case("a", versions=False)).verdict == "likely"


def test_an_override_before_the_setting_or_after_the_fire_outdates_nothing() -> None:
    assert finding(ID, case("a", override=5, versions=False)).verdict == "absent"
    assert finding(ID, case("a", override=40)).verdict == "absent"


def test_a_timer_that_was_set_again_is_not_stale() -> None:
    again = {"kind": "timer_set", "timer_id": "t-a", "resource_id": "a", "ts_us": 25, "scheduled_version": "4"}
    assert finding(ID, [*case("a"), again]).verdict == "absent"


def test_a_fire_that_was_skipped_is_a_version_check_at_work() -> None:
    rows = [row for row in case("a", status="skipped") if row["kind"] != "state_transition"]
    found = finding(ID, rows)
    assert found.verdict == "absent"
    assert "1 were skipped or refused: the version is checked there." in found.checked


def test_a_fire_that_only_notifies_moves_nothing() -> None:
    rows = [row for row in case("a") if row["kind"] != "state_transition"]
    found = finding(ID, [*rows, *case("b", override=40)])
    assert found.verdict == "absent"
    assert any(said.startswith("1 fires after an override moved nothing") for said in found.checked)


def test_a_transition_that_was_refused_is_none() -> None:
    rows = [{**row, "status": "rejected"} if row["kind"] == "state_transition" else row for row in case("a")]
    assert finding(ID, rows).verdict == "absent"


def test_a_cause_may_name_the_fire_and_not_the_timer() -> None:
    rows = [
        {**row, "caused_by": "e9"} if row["kind"] == "state_transition" else row for row in case("a", event_id="e9")
    ]
    assert finding(ID, rows).verdict == "present"


def test_a_transition_may_name_the_timer_in_its_own_column() -> None:
    rows = [{("timer_id" if name == "caused_by" else name): value for name, value in row.items()} for row in case("a")]
    assert finding(ID, rows).verdict == "present"


def test_a_transition_without_a_cause_is_possible() -> None:
    rows = [{k: v for k, v in row.items() if k != "caused_by"} for row in case("a")]
    found = finding(ID, rows)
    assert (found.verdict, found.grade) == ("possible", "C")


def test_an_override_of_another_case_outdates_nothing() -> None:
    assert finding(ID, [*case("a", override=None), *case("b", override=40)]).verdict == "absent"


def test_each_fire_of_a_timer_that_repeats_is_judged_by_its_own_setting() -> None:
    later = [{**row, "ts_us": row["ts_us"] + 100} for row in case("a", override=None)]
    found = finding(ID, [*case("a"), *later])
    assert (found.count, found.of) == (1, 2)


def test_engines_without_transitions_show_the_action_that_comes_next() -> None:
    rows = [row for row in case("a", versions=False) if row["kind"] != "state_transition"]
    action = {"kind": "tool_call", "request_id": "a", "tool_name": "send_reminder", "ts_us": 31}
    found = finding(ID, [*rows, action])
    assert (found.verdict, found.grade) == ("likely", "B")


def test_without_overrides_nothing_can_be_said() -> None:
    found = finding(ID, case("a", override=None))
    assert found.verdict == "not_assessable"
    assert "kind:override" in found.missing


def test_signals_of_a_healthy_history_are_no_overrides() -> None:
    table = load([str(SAMPLES / "test_replayer_event_tracing.json")]).table
    found = run(table, shipped(), facts=Facts(), overrides={}, only=[ID]).findings[0]
    assert found.verdict == "not_assessable"


def test_the_order_of_lines_changes_nothing() -> None:
    rows = [row for name in "abc" for row in case(name)] + case("d", override=40)
    found = [finding(ID, random.Random(seed).sample(rows, len(rows))) for seed in (1, 2)]
    assert [(one.verdict, one.count, one.of) for one in found] == [("present", 3, 4)] * 2
