"""P1 under its faults: late children, failing children, untyped answers, time that runs out."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from pydantic import BaseModel

from starters.agent.llm import Answer, ModelFailed, Stub
from starters.agent.runtime.cases import Case
from starters.agent.runtime.clock import Deadline, SystemClock
from starters.agent.runtime.p1_delegation import Call, Contract, DelegationFailed, Part, delegate, merge_fields

CASE = Case("C-1", "t", "open", {}, {}, 0, 0)


class Said(BaseModel):
    value: int
    other: int = 0


def run(*contracts: Contract, time_ms: int = 2_000, retries: int = 2) -> dict[str, Part]:
    clock = SystemClock()
    deadline = Deadline(clock.now() + time_ms, clock)
    return delegate(contracts, case=CASE, model=Stub(script={}), deadline=deadline, retries=retries)


class Counting:
    """A sub-agent that fails so often and counts its calls."""

    def __init__(self, failures: int = 0, answer: Any = None, wait_s: float = 0) -> None:
        self.failures, self.answer, self.wait_s, self.calls = failures, answer or Said(value=1), wait_s, 0
        self.started: list[float] = []

    def __call__(self, call: Call) -> Any:
        self.calls += 1
        self.started.append(time.monotonic())
        time.sleep(self.wait_s)
        if self.calls <= self.failures:
            raise ModelFailed("down")
        return self.answer


def test_a_late_child_is_dropped_and_the_parent_answers_in_time() -> None:
    slow = Counting(wait_s=1.5)
    began = time.monotonic()
    parts = run(Contract("slow", slow, Said, on_failure="omit"), Contract("quick", Counting(), Said), time_ms=300)
    assert time.monotonic() - began < 0.6
    assert parts["slow"].value is None and parts["quick"].value == Said(value=1)
    time.sleep(1.4)
    assert parts["slow"].value is None


def test_only_the_parent_spends_the_retry_budget_and_spends_it_exactly() -> None:
    child = Counting(failures=99)
    with pytest.raises(DelegationFailed):
        run(Contract("child", child, Said), retries=3)
    assert child.calls == 1 + 3


def test_the_budget_is_shared_between_the_children() -> None:
    first, second = Counting(failures=99), Counting(failures=99)
    parts = run(
        Contract("first", first, Said, on_failure="omit"),
        Contract("second", second, Said, on_failure="omit"),
        retries=2,
    )
    assert first.calls + second.calls == 2 + 2
    assert parts["first"].value is parts["second"].value is None


def test_no_attempt_starts_after_the_deadline() -> None:
    child = Counting(failures=99, wait_s=0.15)
    began = time.monotonic()
    with pytest.raises(DelegationFailed):
        run(Contract("child", child, Said), time_ms=250, retries=50)
    time.sleep(0.4)
    assert all(at - began < 0.26 for at in child.started)


def test_an_untyped_answer_is_a_failure_and_costs_the_budget() -> None:
    child = Counting(answer={"value": "many"})
    with pytest.raises(DelegationFailed, match="untyped"):
        run(Contract("child", child, Said), retries=1)
    assert child.calls == 2


@pytest.mark.parametrize(
    ("policy", "expected"), [("omit", None), ("default", Said(value=7))], ids=["omitted", "default stands in"]
)
def test_a_missing_part_follows_its_policy(policy: Any, expected: Said | None) -> None:
    parts = run(
        Contract("gone", Counting(failures=99), Said, on_failure=policy, default=Said(value=7)),
        Contract("here", Counting(), Said),
        retries=0,
    )
    assert parts["gone"].value == expected and parts["here"].value == Said(value=1)


def test_the_merge_does_not_depend_on_who_arrives_first() -> None:
    def one(first_s: float, second_s: float) -> dict[str, Any]:
        parts = run(
            Contract("first", Counting(answer=Said(value=1, other=10), wait_s=first_s), Said),
            Contract("second", Counting(answer=Said(value=2, other=20), wait_s=second_s), Said),
        )
        assert list(parts) == ["first", "second"]
        return merge_fields(parts, {"value": ("first", "second"), "other": ("second", "first")})

    assert one(0, 0.1) == one(0.1, 0) == {"value": 1, "other": 20}


def test_a_field_whose_owner_is_absent_goes_to_the_next_or_is_left_out() -> None:
    parts = {"a": Part("a", None, 1), "b": Part("b", Said(value=2), 1)}
    assert merge_fields(parts, {"value": ("a", "b"), "other": ("a",)}) == {"value": 2}


def test_a_child_that_was_left_behind_may_not_ask_the_model_any_more() -> None:
    asked: list[Any] = []
    ready = threading.Event()

    def slow(call: Call) -> Answer[Said]:
        call.cancelled.wait(2)
        try:
            return call.ask("anything", Said)
        except Exception as error:
            asked.append(type(error).__name__)
            raise
        finally:
            ready.set()

    run(Contract("slow", slow, Said, on_failure="omit"), time_ms=100, retries=0)
    assert ready.wait(2) and asked == ["DeadlineExceeded"]


def test_a_child_gets_no_more_time_than_its_parent_has() -> None:
    given: list[float] = []

    def child(call: Call) -> Said:
        given.append(call.deadline.left_s)
        return Said(value=1)

    run(Contract("child", child, Said, share_ms=60_000), time_ms=500)
    assert given[0] <= 0.5
