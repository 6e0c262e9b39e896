"""P6 under its faults: switches thrown elsewhere, answers that come twice or late, caps under many threads."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from starters.agent.runtime.cases import Case
from starters.agent.runtime.clock import SimulatedClock
from starters.agent.runtime.db import Database
from starters.agent.runtime.errors import Killed, NeedsPerson, Throttled
from starters.agent.runtime.p6_planes import (
    APPROVAL_DDL,
    KILL_DDL,
    THROTTLE_DDL,
    Approval,
    Cap,
    Escalation,
    KillSwitch,
    Throttling,
)

Make = Callable[..., Any]
CASE = Case("C-1", "acme", "open", {}, {}, 0, 0)
DDL = (*KILL_DDL, *APPROVAL_DDL, *THROTTLE_DDL)


@pytest.mark.parametrize("scope", ["*", "tenant:acme", "case:C-1", "tool:crm"])
def test_a_thrown_switch_stops_its_scope_until_it_is_restored(world: Make, scope: str) -> None:
    made = world(DDL)
    switch = KillSwitch(made.db, made.clock, made.audit)
    switch.check(CASE, "crm")
    switch.throw(scope, "ann", "wrong prices")
    with pytest.raises(Killed, match="wrong prices"):
        switch.check(CASE, "crm")
    other = Case("C-2", "other", "open", {}, {}, 0, 0)
    if scope == "*":
        with pytest.raises(Killed):
            switch.check(other, "mail")
    else:
        switch.check(other, "mail")
    assert switch.restore(scope, "ann")
    switch.check(CASE, "crm")
    assert not switch.restore(scope, "ann")


def test_a_scope_that_means_nothing_is_refused(world: Make) -> None:
    made = world(DDL)
    with pytest.raises(ValueError, match="none of"):
        KillSwitch(made.db, made.clock, made.audit).throw("everything", "ann", "")


WORKER = """
import sys, time
from {package}.runtime.audit import Audit
from {package}.runtime.cases import Case
from {package}.runtime.clock import SystemClock
from {package}.runtime.db import Database
from {package}.runtime.errors import Killed
from {package}.runtime.p6_planes import KillSwitch

db, clock = Database(sys.argv[1]), SystemClock()
switch = KillSwitch(db, clock, Audit(db, clock))
print("ready", flush=True)
try:
    while True:
        switch.check(Case("C-1", "acme", "open", {{}}, {{}}, 0, 0), "crm")
        print("tool", flush=True)
        time.sleep(0.05)
except Killed:
    print("stopped", flush=True)
"""


def test_workers_in_other_processes_stop_within_a_second(world: Make) -> None:
    made = world(DDL)
    package = KillSwitch.__module__.removesuffix(".runtime.p6_planes")
    code = WORKER.format(package=package)
    root = Path(sys.modules[package].__file__ or "").parents[len(package.split("."))]
    found = {"PYTHONPATH": os.pathsep.join([str(root), os.environ.get("PYTHONPATH", "")])}
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", code, made.url], stdout=subprocess.PIPE, text=True, env={**os.environ, **found}
        )
        for _ in range(2)
    ]
    try:
        for worker in workers:
            assert worker.stdout and worker.stdout.readline() == "ready\n"
            assert worker.stdout.readline() == "tool\n"
        began = time.monotonic()
        KillSwitch(made.db, made.clock, made.audit).throw("tenant:acme", "ann", "stop")
        for worker in workers:
            assert worker.wait(5) == 0
        assert time.monotonic() - began < 1
        assert all((worker.stdout.read() if worker.stdout else "").endswith("stopped\n") for worker in workers)
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()


def approval(made: Any, sla_ms: int = 1_000) -> Approval:
    return Approval(made.db, made.clock, made.audit, sla_ms)


def test_two_people_answer_at_once_and_one_answer_counts(world: Make) -> None:
    made = world(DDL)
    it = approval(made)
    wanted = it.ask(CASE, "offer", "p-1", "why")
    counted: list[str] = []
    start = threading.Barrier(8)

    def answer(person: str, yes: bool) -> None:
        start.wait()
        if it.decide(wanted, person, yes):
            counted.append(person)

    people = [threading.Thread(target=answer, args=(f"person-{n}", n % 2 == 0)) for n in range(8)]
    for person in people:
        person.start()
    for person in people:
        person.join()
    assert len(counted) == 1
    answered = it.answer("p-1")
    assert answered is not None and answered[1] == counted[0]
    assert made.count("audit", "act IN ('approved', 'denied')") == 1


@pytest.mark.parametrize("swept", [True, False], ids=["after the sweeper", "before the sweeper"])
def test_a_yes_that_comes_too_late_loses_and_no_person_is_made_responsible(world: Make, swept: bool) -> None:
    made = world(DDL)
    it = approval(made)
    wanted = it.ask(CASE, "offer", "p-1", "why")
    made.clock.sleep(1_000)
    if swept:
        assert it.sweep() == ["C-1"]
    assert not it.decide(wanted, "ann", True)
    assert it.answer("p-1") == ("timed_out", None)
    row = made.db.row("SELECT state, decided_by FROM approval")
    assert row == {"state": "timed_out", "decided_by": None}
    assert made.count("audit", "act = 'approval timed out' AND actor = 'timeout'") == 1
    assert made.count("audit", "actor = 'ann'") == 0


def test_an_answer_in_time_counts_after_a_restart_too(world: Make) -> None:
    made = world(DDL)
    wanted = approval(made).ask(CASE, "offer", "p-1", "why")
    other = Database(made.url)
    again = Approval(other, made.clock, made.audit, 1_000)
    assert again.ask(CASE, "offer", "p-1", "why") == wanted
    made.clock.sleep(999)
    assert approval(made).decide(wanted, "ann", False, "too dear")
    assert again.answer("p-1") == ("denied", "ann")
    assert again.sweep() == []
    other.close()


def throttling(made: Any, **caps: Cap) -> Throttling:
    return Throttling(made.db, made.clock, made.audit, caps)


def test_caps_are_exact_under_many_threads(world: Make) -> None:
    made = world(DDL)
    it = throttling(made, messages=Cap(per_minute=20, per_day=1_000), cents=Cap(per_day=10_000))
    passed, held = [], []
    start = threading.Barrier(8)

    def work() -> None:
        start.wait()
        for _ in range(10):
            try:
                it.charge("acme", {"messages": 1, "cents": 7})
                passed.append(1)
            except Throttled:
                held.append(1)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(passed), len(held)) == (20, 60)
    # What was held back took nothing from any cap.
    assert it.used("acme", "cents", "day") == 20 * 7
    assert it.used("acme", "messages", "minute") == it.used("acme", "messages", "day") == 20


def test_a_new_minute_has_room_again_until_the_day_is_full(world: Make) -> None:
    made = world(DDL)
    it = throttling(made, messages=Cap(per_minute=2, per_day=3))
    it.charge("acme", {"messages": 2})
    with pytest.raises(Throttled) as held:
        it.charge("acme", {"messages": 1})
    assert held.value.retry_at % 60_000 == 0 and 0 < held.value.retry_at - made.clock.now() <= 60_000
    it.charge("other", {"messages": 2})
    made.clock.sleep(60_000)
    it.charge("acme", {"messages": 1})
    made.clock.sleep(60_000)
    with pytest.raises(Throttled, match="day"):
        it.charge("acme", {"messages": 1})


def test_a_tenant_may_be_given_another_cap_and_only_that_tenant_has_it(world: Make) -> None:
    made = world(DDL)
    it = throttling(made, messages=Cap(per_minute=5))
    other = Throttling(Database(made.url), made.clock, made.audit, it.caps)
    it.set("acme", "messages", Cap(per_minute=1), "ann")
    other.charge("acme", {"messages": 1})
    with pytest.raises(Throttled):
        other.charge("acme", {"messages": 1})
    other.charge("calm", {"messages": 5})
    with pytest.raises(ValueError, match="not capped"):
        it.set("acme", "mesages", Cap(per_minute=1), "ann")
    assert made.count("audit", "act = 'cap set' AND actor = 'ann'") == 1
    other._db.close()


def test_one_cost_above_its_cap_can_never_pass_and_is_a_persons(world: Make) -> None:
    made = world(DDL)
    it = throttling(made, cents=Cap(per_day=100))
    with pytest.raises(NeedsPerson, match="above_cap"):
        it.charge("acme", {"cents": 101})
    assert it.used("acme", "cents", "day") == 0


@pytest.mark.parametrize("cost", [1.5, -1, True])
def test_a_cost_that_is_no_whole_number_is_refused(world: Make, cost: Any) -> None:
    made = world(DDL)
    with pytest.raises(ValueError, match="whole number"):
        throttling(made, cents=Cap(per_day=100)).charge("acme", {"cents": cost})


def test_an_escalation_outlives_its_process_and_is_settled_once(world: Make) -> None:
    made = world(DDL)
    it = Escalation(made.db, made.clock, made.inbox, answer_within_ms=1_000)
    assert str(it.bring(CASE, "outside_envelope", "no rule")) == "outside_envelope: C-1: no rule"
    stale = Case("C-9", "acme", "open", {}, {}, 0, made.clock.now() - 5_000)
    entries = it.stuck([stale, CASE], 5_000)
    assert it.stuck([stale, CASE], 5_000) == entries and len(entries) == 2
    made.clock.sleep(1_000)
    assert {row["id"] for row in it.overdue()} == set(entries)
    assert made.inbox.settle(entries[0], "ann", "retry") and not made.inbox.settle(entries[0], "bob", "retry")


def test_every_act_of_a_plane_is_audited(world: Make) -> None:
    made = world(DDL, SimulatedClock())
    switch, it = KillSwitch(made.db, made.clock, made.audit), approval(made)
    switch.throw("*", "ann", "r")
    switch.restore("*", "ann")
    it.decide(it.ask(CASE, "s", "p-1", "w"), "ann", True)
    it.ask(CASE, "s", "p-2", "w")
    made.clock.sleep(1_000)
    it.sweep()
    made.inbox.settle(made.inbox.put("C-1", "code", "r"), "ann", "retry")
    acts = [row["act"] for row in made.db.rows("SELECT act FROM audit ORDER BY seq")]
    assert acts == [
        "kill switch thrown",
        "kill switch restored",
        "approval asked",
        "approved",
        "approval asked",
        "approval timed out",
        "escalated",
        "settled",
    ]
