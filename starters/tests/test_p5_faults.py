"""P5 under its faults: many writers, stale writes, timers that were overtaken, workers that died."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from starters.agent.runtime.cases import Case
from starters.agent.runtime.clock import SystemClock
from starters.agent.runtime.db import Database
from starters.agent.runtime.errors import Conflict, IllegalTransition, LeaseLost, StaleWrite
from starters.agent.runtime.leases import Leases
from starters.agent.runtime.p5_state import DDL, Machine, StateSpine, Timers

Make = Callable[..., Any]
# A counter that may step from one state to the same: writers only differ in the version they have seen.
STEPS = {"open": frozenset({"open", "done"}), "done": frozenset({"open"})}


def counting(case: Case) -> tuple[str, dict[str, Any]]:
    return "open", {"n": case.result.get("n", 0) + 1}


def together(work: Callable[[int], object], n: int) -> list[BaseException]:
    failed: list[BaseException] = []
    start = threading.Barrier(n)

    def one(number: int) -> None:
        start.wait()
        try:
            work(number)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failed


CROWDS = [(12, 10), pytest.param(1_000, 1, marks=pytest.mark.chaos)]


@pytest.mark.parametrize(("writers", "each"), CROWDS)
def test_writers_on_one_row_lose_nothing_and_retry_at_most_three_times(world: Make, writers: int, each: int) -> None:
    made = world(DDL, SystemClock())
    machine = Machine(made.db, made.clock, STEPS)
    machine.create("row", "t", {})
    assert not together(lambda _: [machine.apply("row", counting, "test") for _ in range(each)], writers)
    case = machine.read("row")
    assert case is not None and case.result == {"n": each * writers} and case.version == each * writers
    retries = [row["retries"] for row in made.db.rows("SELECT retries FROM transition ORDER BY retries")]
    assert len(retries) == each * writers and max(retries) <= 3


@pytest.mark.parametrize(("writers", "each"), CROWDS)
def test_writers_on_many_rows_do_not_wait_for_each_other(world: Make, writers: int, each: int) -> None:
    made = world(DDL, SystemClock())
    machine = Machine(made.db, made.clock, STEPS)
    for number in range(writers):
        machine.create(f"row-{number}", "t", {})

    def write(number: int) -> None:
        for _ in range(each):
            machine.apply(f"row-{number}", counting, "test")

    assert not together(write, writers)
    assert {row["version"] for row in made.db.rows("SELECT version FROM machine")} == {each}
    assert {row["retries"] for row in made.db.rows("SELECT retries FROM transition")} == {0}


def test_a_write_at_a_version_that_has_passed_is_refused(world: Make) -> None:
    made = world(DDL)
    machine = Machine(made.db, made.clock, STEPS)
    case = machine.create("row", "t", {})
    machine.write("row", case.version, "open", {"by": "first"}, "first")
    with pytest.raises(StaleWrite):
        machine.write("row", case.version, "open", {"by": "second"}, "second")
    now = machine.read("row")
    assert now is not None and now.result == {"by": "first"} and now.version == 1


def test_a_step_that_the_machine_does_not_know_is_refused(world: Make) -> None:
    made = world(DDL)
    machine = Machine(made.db, made.clock, STEPS)
    machine.create("row", "t", {})
    machine.apply("row", lambda _: ("done", {}), "test")
    with pytest.raises(IllegalTransition):
        machine.apply("row", lambda _: ("done", {}), "test")
    assert made.count("transition") == 1


def test_the_same_row_with_another_payload_is_refused(world: Make) -> None:
    made = world(DDL)
    machine = Machine(made.db, made.clock, STEPS)
    machine.create("row", "t", {"a": 1})
    machine.create("row", "t", {"a": 1})
    with pytest.raises(Conflict):
        machine.create("row", "t", {"a": 2})


def test_the_version_is_the_number_of_transitions(world: Make) -> None:
    made = world(DDL)
    spine = StateSpine(made.db, made.clock, made.leases, made.inbox)
    spine.open("C-1", "t", {})
    for state in ("waiting", "stopped", "open", "done"):
        spine.move("C-1", state, {"s": state}, "test")
    case = spine.read("C-1")
    assert case is not None and case.version == made.count("transition", "machine_id = 'C-1'") == 4


def test_a_timer_that_was_overtaken_does_nothing_even_if_the_state_is_the_same_again(world: Make) -> None:
    made = world(DDL)
    machine = Machine(made.db, made.clock, STEPS)
    timers = Timers(made.db, made.clock, machine)
    case = machine.create("row", "t", {})
    timers.set(case, "end", made.clock.now() + 1_000, "done")
    machine.override("row", "open", {"by": "a person"}, "a person")
    made.clock.sleep(2_000)
    assert [fired for _, fired in timers.fire_due()] == [False]
    now = machine.read("row")
    assert now is not None and now.state == "open" and now.result == {"by": "a person"}
    assert [row["state"] for row in made.db.rows("SELECT state FROM timer")] == ["stale"]


def test_a_timer_fires_at_its_time_and_not_before(world: Make) -> None:
    made = world(DDL)
    machine = Machine(made.db, made.clock, STEPS)
    timers = Timers(made.db, made.clock, machine)
    timers.set(machine.create("row", "t", {}), "end", made.clock.now() + 1_000, "done")
    made.clock.sleep(999)
    assert timers.fire_due() == []
    made.clock.sleep(1)
    assert [fired for _, fired in timers.fire_due()] == [True]


def test_a_timer_fires_once_with_many_sweepers(world: Make) -> None:
    made = world(DDL, SystemClock())
    machine = Machine(made.db, made.clock, STEPS)
    timers = Timers(made.db, made.clock, machine)
    for number in range(10):
        timers.set(machine.create(f"row-{number}", "t", {}), "end", made.clock.now() - 1, "done")
    fired: list[str] = []
    assert not together(lambda _: fired.extend(timer for timer, done in timers.fire_due() if done), 6)
    assert len(fired) == len(set(fired)) == 10
    assert made.count("transition") == 10


def test_a_case_that_nothing_moves_comes_before_a_person(world: Make) -> None:
    made = world(DDL)
    spine = StateSpine(made.db, made.clock, made.leases, made.inbox, stuck_after_ms=1_000)
    spine.open("C-1", "t", {})
    made.clock.sleep(999)
    spine.move("C-1", "throttled", {}, "test")
    made.clock.sleep(999)
    assert not any(done for _, done in spine.timers.fire_due())
    made.clock.sleep(1)
    spine.timers.fire_due()
    case = spine.read("C-1")
    assert case is not None and case.state == "needs_person"
    assert [(row["request_id"], row["code"]) for row in made.inbox.open()] == [("C-1", "stuck")]


def test_a_dead_workers_lease_is_taken_over_and_its_late_write_refused(world: Make) -> None:
    made = world(DDL)
    machine = Machine(made.db, made.clock, STEPS, made.leases)
    machine.create("row", "t", {})
    dead = made.leases.take("row", "dead")
    made.clock.sleep(dead.ttl_ms + 1)
    living = Leases(made.db, made.clock).take("row", "living")
    machine.apply("row", lambda _: ("open", {"by": "living"}), "living", living)
    with pytest.raises(LeaseLost):
        machine.apply("row", lambda _: ("done", {"by": "dead"}), "dead", dead)
    case = machine.read("row")
    assert case is not None and case.result == {"by": "living"} and case.version == 1


def test_a_row_is_locked_only_while_it_is_written(world: Make) -> None:
    made = world(DDL, SystemClock())
    machine = Machine(made.db, made.clock, STEPS)
    machine.create("row", "t", {})

    def slow(case: Case) -> tuple[str, dict[str, Any]]:
        # Somebody else writes while this one still thinks; it has to think again.
        other = Database(made.url)
        if not case.result:
            Machine(other, made.clock, STEPS).apply("row", counting, "quick")
        other.close()
        return counting(case)

    assert machine.apply("row", slow, "slow").result == {"n": 2}
