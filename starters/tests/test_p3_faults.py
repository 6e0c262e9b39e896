"""P3 under its faults: events twice, out of order and late, crashes before the acknowledgement, other models."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import BaseModel

from starters.agent import outside
from starters.agent.app import build
from starters.agent.llm import Model, ModelFailed, Stub, asking
from starters.agent.runtime.clock import SimulatedClock, SystemClock
from starters.agent.runtime.errors import Conflict
from starters.agent.runtime.p3_events import DDL, ChangedPrompt, Consumer, Event, EventLog, EventSpine, Pinned
from starters.agent.runtime.p3_replay import replay

Make = Callable[..., Any]


class Crash(BaseException):
    """As good as a kill."""


class Said(BaseModel):
    n: int


def event(number: int, *, source: str = "a", about: str = "C-1", key: str | None = None) -> Event:
    return Event(key or f"{source}-{about}-{number}", source, "touch", about, number, {"n": number})


def consumer(
    made: Any, log: EventLog, decide: Any = None, model: Model | None = None, sources: Any = ("a",)
) -> Consumer:
    def follow(touch: Event, _: Model) -> list[Event]:
        return [Event(f"f:{touch.key}", "f", "followed", touch.partition, touch.time, touch.payload)]

    return Consumer("c", log, model or Stub(script={}), sources, ("touch",), decide or follow,
                    db=made.db, clock=made.clock, audit=made.audit, inbox=made.inbox)  # fmt: skip


def followed(log: EventLog, about: str = "C-1") -> list[int]:
    return [each.payload["n"] for each in log.of(about) if each.type == "followed"]


def test_the_same_key_is_one_event(world: Make) -> None:
    made = world(DDL)
    log = EventLog(made.db, made.clock)
    assert log.append(event(1)) and not log.append(event(1))
    assert made.count("event") == 1
    with pytest.raises(Conflict):
        log.append(Event(event(1).key, "a", "touch", "C-1", 1, {"n": 99}))


def test_events_are_held_until_the_slowest_source_has_told_its_own(world: Make) -> None:
    made = world(DDL)
    log = EventLog(made.db, made.clock)
    it = consumer(made, log, sources=("a", "b"))
    log.append(event(30))
    log.append(event(10))
    assert it.run() == 0
    log.append(event(20, source="b"))
    it.run()
    assert followed(log) == [10, 20]
    log.heartbeat("b", 40)
    it.run()
    assert followed(log) == [10, 20, 30]


def test_a_late_event_is_told_to_a_person_and_not_applied(world: Make) -> None:
    made = world(DDL)
    log = EventLog(made.db, made.clock)
    it = consumer(made, log)
    log.append(event(20))
    it.run()
    log.append(event(10))
    log.append(event(10, about="C-2"))
    log.append(event(30))
    it.run()
    assert followed(log) == [20, 30] and followed(log, "C-2") == [10]
    assert [(row["request_id"], row["code"]) for row in made.inbox.open()] == [("C-1", "late_event")]
    assert made.count("audit", "act = 'late event'") == 1
    assert it.run() == 0


def test_a_crash_before_the_acknowledgement_repeats_nothing_that_follows(world: Make) -> None:
    made = world(DDL)
    log = EventLog(made.db, made.clock)
    asked: list[str] = []

    def decide(touch: Event, model: Model) -> list[Event]:
        asked.append(model.ask("what follows?", Said, 1).model)
        if len(asked) <= 3:
            raise Crash
        return [Event(f"f:{touch.key}", "f", "followed", touch.partition, touch.time, touch.payload)]

    model = Stub(script={})
    it = consumer(made, log, decide, model)
    log.append(event(1))
    for _ in range(3):
        with pytest.raises(Crash):
            it.run()
    assert it.run() == 1 and it.run() == 0
    assert followed(log) == [1]
    assert model.calls == 1


def test_two_consumers_of_one_name_apply_each_event_once(world: Make) -> None:
    made = world(DDL, SystemClock())
    log = EventLog(made.db, made.clock)
    for number in range(20):
        log.append(event(number, about=f"C-{number}"))
    log.heartbeat("a", 100)
    threads = [threading.Thread(target=consumer(made, log).run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made.count("event", "type = 'followed'") == made.count("consumed") == 20
    assert made.count("inbox") == 0


def test_a_reader_misses_nothing_of_many_appenders(world: Make) -> None:
    made = world(DDL, SystemClock())
    log = EventLog(made.db, made.clock)
    ended = threading.Event()
    seen: list[str] = []

    def read() -> None:
        last, final = 0, False
        while True:
            found = log.after(last)
            seen.extend(each.key for each in found)
            last = found[-1].seq if found else last
            if final and not found:
                return
            final = ended.is_set()

    def append(writer: int) -> None:
        for number in range(25):
            log.append(event(number, about=f"w-{writer}"))

    reader = threading.Thread(target=read)
    reader.start()
    writers = [threading.Thread(target=append, args=(number,)) for number in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    ended.set()
    reader.join()
    assert len(seen) == len(set(seen)) == 8 * 25


def test_a_pinned_answer_is_given_again_and_another_prompt_in_its_place_refused(world: Make) -> None:
    made = world(DDL)
    model = Stub(script={})
    with asking("s"):
        first = Pinned(made.db, model, "e-1").ask("p", Said, 1)
    other = Stub(version="stub-2", script={})
    with asking("s"):
        assert Pinned(made.db, other, "e-1").ask("p", Said, 1) == first.__class__(first.value, first.model)
        with pytest.raises(ChangedPrompt):
            Pinned(made.db, other, "e-1").ask("another p", Said, 1)
    assert other.calls == 0


def test_without_a_model_what_was_not_recorded_is_a_failure(world: Make) -> None:
    with pytest.raises(ModelFailed):
        Pinned(world(DDL).db, None, "e-1").ask("p", Said, 1)


def test_two_writers_at_one_place_of_the_history_both_stand_in_it(world: Make) -> None:
    made = world(DDL, SystemClock())
    spine = EventSpine(made.db, made.clock)
    spine.open("C-1", "t", {})
    threads = [
        threading.Thread(target=spine.move, args=("C-1", "waiting", {"n": number}, "test")) for number in range(6)
    ]
    random.shuffle(threads)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    case = spine.read("C-1")
    assert case is not None and case.version == 6


REQUEST = {"customer": "C-1", "amount_cents": 10_000}


def test_a_replay_asks_no_model_and_gives_the_history_again(url: str) -> None:
    it = build(url, clock=SimulatedClock(), model=Stub(script={}))
    for number in range(5):
        it.flow.handle(f"C-{number}", "t", {**REQUEST, "customer": f"C-{number}"})
    effects = outside.effects()
    found = replay(it.flow)
    assert (found.compared >= 5, found.model_calls, found.divergences) == (True, 0, ())
    assert outside.effects() == effects
    it.close()


def test_a_candidate_model_is_asked_and_its_divergences_are_listed(url: str) -> None:
    it = build(url, clock=SimulatedClock(), model=Stub(script={"Propose": {"discount_percent": 5, "message": "five"}}))
    it.flow.handle("C-1", "t", REQUEST)
    same = replay(it.flow, Stub(script={"Propose": {"discount_percent": 5, "message": "five"}}))
    assert same.model_calls and not same.divergences
    other = replay(it.flow, Stub(script={"Propose": {"discount_percent": 9, "message": "nine"}}))
    assert [
        (each.case_id, each.recorded["discount_percent"], each.now["discount_percent"]) for each in other.divergences
    ] == [("C-1", 5, 9)]
    it.close()


def test_requests_that_arrive_as_events_become_cases(url: str) -> None:
    it = build(url, clock=SimulatedClock(), model=Stub(script={}))
    log = it.consumers[0]._log
    log.append(Event("r-1", "requests", "request.received", "C-1", 1, {"tenant": "t", "request": REQUEST}))
    it.sweep()
    it.sweep()
    case = it.spine.read("C-1")
    assert case is not None and case.final and case.tenant == "t"
    it.close()
