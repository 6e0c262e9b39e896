"""P2 under its faults: steps that fail, compensations that fail, effects in doubt, orders that differ, kills."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from starters.agent import outside
from starters.agent.runtime.boundary import Context, Kernel, Planes
from starters.agent.runtime.cases import Case
from starters.agent.runtime.clock import Deadline
from starters.agent.runtime.effects import Args, Effects, Tool
from starters.agent.runtime.errors import Compensated, NeedsPerson, ToolFailed
from starters.agent.runtime.p2_saga import DDL, Step, run_saga
from starters.agent.runtime.p4_gate import Gate

ABOUT = {"who": "C-1"}
Make = Callable[..., Any]


class Crash(BaseException):
    """As good as a kill: nothing in the code under test may catch it."""


def context(world: Any, case_id: str = "C-1") -> Context:
    effects = Effects(world.db, world.clock, world.leases)
    kernel = Kernel(world.db, world.clock, world.audit, world.inbox, world.leases, effects, Gate("1", ()), Planes())
    case = Case(case_id, "t", "open", {}, {}, 0, 0)
    return Context(kernel, case, world.model, Deadline(world.clock.now() + 10_000, world.clock), seam="pay")


def args(about: dict[str, Any]) -> Args:
    return dict(about)


def step(name: str, do: Callable[[str, Args], Args] | None = None, **options: Any) -> Step:
    options = {"honours_keys": True, **options}
    act = do or (lambda key, given: outside.act(name, key, given))
    return Step(name, Tool(name, act, **options), outside.tool(f"undo-{name}"), args)


def refuse(key: str, given: Args) -> Args:
    raise ToolFailed("no")


def done() -> list[str]:
    return [effect["tool"] for effect in outside.effects()]


def test_what_landed_is_undone_in_reverse(world: Make) -> None:
    steps = [step("crm"), step("billing"), step("ship"), step("mail", refuse)]
    with pytest.raises(Compensated):
        run_saga(context(world(DDL)), steps, ABOUT)
    assert done() == ["crm", "billing", "ship", "undo-ship", "undo-billing", "undo-crm"]


def test_under_a_scatter_the_order_of_landing_is_reversed_and_not_of_starting(world: Make) -> None:
    made = world(DDL)

    def after(other: str | None, then: Callable[[str, Args], Args]) -> Callable[[str, Args], Args]:
        def act(key: str, given: Args) -> Args:
            # Started at once, each lands only when another has landed.
            until = time.monotonic() + 20
            while other and not made.count("saga_step", f"name = '{other}' AND state = 'done'"):
                assert time.monotonic() < until
                time.sleep(0.01)
            return then(key, given)

        return act

    def lands(name: str) -> Callable[[str, Args], Args]:
        return lambda key, given: outside.act(name, key, given)

    steps = [
        step("a", after("b", lands("a"))),
        step("b", after("c", lands("b"))),
        step("c", lands("c")),
        step("d", after("a", refuse)),
    ]
    with pytest.raises(Compensated):
        run_saga(context(made), steps, ABOUT, scatter=True)
    assert done() == ["c", "b", "a", "undo-a", "undo-b", "undo-c"]


def test_a_failing_compensation_is_tried_so_often_and_then_a_persons_and_the_rest_is_untouched(world: Make) -> None:
    calls: list[str] = []

    def failing(key: str, given: Args) -> Args:
        calls.append(key)
        raise ToolFailed("cannot")

    stubborn = Step("billing", outside.tool("billing"), Tool("undo-billing", failing, honours_keys=True), args)
    with pytest.raises(NeedsPerson, match="compensation_failed"):
        run_saga(context(world(DDL)), [step("crm"), stubborn, step("mail", refuse)], ABOUT)
    assert len(calls) == 3
    assert done() == ["crm", "billing"]


def test_in_doubt_without_keys_or_look_up_is_a_persons_and_nothing_is_called_again(world: Make) -> None:
    made = world(DDL)
    calls: list[str] = []

    def dies(key: str, given: Args) -> Args:
        calls.append(key)
        raise Crash

    steps = [step("crm"), step("bank", dies, honours_keys=False)]
    with pytest.raises(Crash):
        run_saga(context(made), steps, ABOUT)
    with pytest.raises(NeedsPerson, match="effect_in_doubt"):
        run_saga(context(made), steps, ABOUT)
    assert len(calls) == 1
    assert done() == ["crm"]


def test_a_look_up_settles_the_doubt_either_way(world: Make) -> None:
    made = world(DDL)
    calls: list[str] = []

    def lands_then_dies(key: str, given: Args) -> Args:
        calls.append(key)
        outside.act("bank", key, given)
        raise Crash

    steps = [step("bank", lands_then_dies, honours_keys=False, look_up=outside.look_up)]
    with pytest.raises(Crash):
        run_saga(context(made), steps, ABOUT)
    assert run_saga(context(made), steps, ABOUT)["bank"] == {"number": 1}
    assert len(calls) == 1 and done() == ["bank"]


def test_a_time_out_is_not_a_no(world: Make) -> None:
    def lands_then_times_out(key: str, given: Args) -> Args:
        outside.act("bank", key, given)
        raise TimeoutError

    steps = [step("bank", lands_then_times_out, honours_keys=False)]
    with pytest.raises(NeedsPerson, match="in_doubt"):
        run_saga(context(world(DDL)), steps, ABOUT)
    assert done() == ["bank"]


def test_the_intent_is_durable_before_the_call(world: Make) -> None:
    made = world(DDL)
    seen: list[Any] = []

    def look(key: str, given: Args) -> Args:
        other = type(made.db)(made.url)
        seen.append(other.row("SELECT state, calls FROM effect WHERE key = ?", key))
        other.close()
        return {}

    run_saga(context(made), [step("crm", look)], ABOUT)
    assert seen == [{"state": "intent", "calls": 1}]


def test_running_a_finished_saga_again_changes_nothing(world: Make) -> None:
    made = world(DDL)
    steps = [step("crm"), step("billing")]
    first = run_saga(context(made), steps, ABOUT)
    assert run_saga(context(made), steps, ABOUT) == first
    assert [effect["repeats"] for effect in outside.effects()] == [0, 0]
    failing = [step("crm"), step("mail", refuse)]
    for _ in range(3):
        with pytest.raises(Compensated):
            run_saga(context(made, "C-2"), failing, ABOUT)
    assert done() == ["crm", "billing", "crm", "undo-crm"]


def test_a_result_is_remembered_and_its_tool_not_called_again(world: Make) -> None:
    made = world(DDL)
    calls: list[str] = []

    def counted(key: str, given: Args) -> Args:
        calls.append(key)
        return {"n": len(calls)}

    effects, tool = Effects(made.db, made.clock, made.leases), Tool("bank", counted, honours_keys=True)
    first = effects.perform(tool, "k-1", {}, request_id="C-1")
    assert effects.perform(tool, "k-1", {}, request_id="C-1") == first == {"n": 1}
    assert calls == ["k-1"]


POINTS = [(name, when) for name in ("crm", "billing", "ship") for when in ("before", "after")] + [
    ("mail", "before"),
    *((f"undo-{name}", when) for name in ("ship", "billing", "crm") for when in ("before", "after")),
]


@pytest.mark.parametrize(("tool", "when"), POINTS, ids=[f"{tool} {when}" for tool, when in POINTS])
def test_a_crash_at_each_point_leaves_nothing_leaked_doubled_or_half_done(world: Make, tool: str, when: str) -> None:
    made = world(DDL)
    armed = [True]

    def dying(name: str) -> Tool:
        def act(key: str, given: Args) -> Args:
            if name == tool and when == "before" and armed.pop() if armed else False:
                raise Crash
            if name == "mail":
                raise ToolFailed("no")
            result = outside.act(name, key, given)
            if name == tool and armed:
                armed.pop()
                raise Crash
            return result

        return Tool(name, act, honours_keys=True)

    steps = [Step(name, dying(name), dying(f"undo-{name}"), args) for name in ("crm", "billing", "ship", "mail")]
    with pytest.raises(Crash):
        run_saga(context(made), steps, ABOUT)
    with pytest.raises(Compensated):
        run_saga(context(made), steps, ABOUT)
    assert done() == ["crm", "billing", "ship", "undo-ship", "undo-billing", "undo-crm"]


def test_two_workers_that_run_the_same_saga_have_one_effect_each_step(world: Make) -> None:
    made = world(DDL)
    steps = [step("crm"), step("billing")]
    workers = [threading.Thread(target=lambda: run_saga(context(made), steps, ABOUT)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(done()) == ["billing", "crm"]


def test_changed_arguments_under_a_known_key_are_a_persons(world: Make) -> None:
    made = world(DDL)

    def dies(key: str, given: Args) -> Args:
        raise Crash

    with pytest.raises(Crash):
        run_saga(context(made), [step("crm", dies)], ABOUT)
    with pytest.raises(NeedsPerson, match="changed_arguments"):
        run_saga(context(made), [step("crm")], {"who": "somebody else"})
    assert done() == []
