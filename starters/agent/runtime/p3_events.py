"""P3, event-driven sequencing: an append-only log is the truth, and everything else is computed from it.

An event has an idempotency key, so a producer may send it twice. Consumers take events in the order of their event time,
held back by the watermark of the slowest source; an event that comes after its place has passed goes to the audit log and
to a person and is not applied. What a model said while an event was handled is pinned to it: a replay asks nobody and
gives the history again, and a replay against a candidate model lists where the history would have been another.

Finding unconsumed events reads an index on the event time; a log of many millions wants a floor there.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from pydantic import BaseModel

from ..llm import Answer, Model, ModelFailed, asking, who_asks
from ..telemetry import emit, span
from .audit import Audit
from .cases import FINAL, PARKED, TRANSITIONS, Case
from .clock import Clock, iso
from .db import Database, Row, canonical, digest, frozen, parse
from .errors import Conflict, IllegalTransition, NeedsPerson
from .inbox import Inbox

DDL = (
    "CREATE TABLE IF NOT EXISTS event (seq {serial}, key TEXT NOT NULL UNIQUE, source TEXT NOT NULL, type TEXT NOT NULL,"
    " partition_key TEXT NOT NULL, event_time BIGINT NOT NULL, recorded BIGINT NOT NULL, payload TEXT NOT NULL)",
    "CREATE INDEX IF NOT EXISTS event_time ON event (event_time, seq)",
    "CREATE INDEX IF NOT EXISTS event_partition ON event (partition_key, seq)",
    "CREATE TABLE IF NOT EXISTS source (name TEXT PRIMARY KEY, reached BIGINT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS consumed (consumer TEXT NOT NULL, seq BIGINT NOT NULL, state TEXT NOT NULL,"
    " at BIGINT NOT NULL, PRIMARY KEY (consumer, seq))",
    "CREATE TABLE IF NOT EXISTS consumer_position (consumer TEXT NOT NULL, partition_key TEXT NOT NULL,"
    " event_time BIGINT NOT NULL, PRIMARY KEY (consumer, partition_key))",
    "CREATE TABLE IF NOT EXISTS pin (request_id TEXT NOT NULL, slot TEXT NOT NULL, n BIGINT NOT NULL,"
    " prompt_hash TEXT NOT NULL, model TEXT NOT NULL, answer TEXT NOT NULL, PRIMARY KEY (request_id, slot, n))",
)
T = TypeVar("T", bound=BaseModel)


@dataclass(frozen=True)
class Event:
    """Something that happened.

    Attributes:
        key: Names it for ever; the same key again is the same event.
        source: Who tells it; each source tells its events roughly in order.
        type: What it is.
        partition: What it is about; order matters inside a partition.
        time: When it happened (ms), by its source.
        payload: The rest.
        seq: Its place in the log, 0 before it is there.
    """

    key: str
    source: str
    type: str
    partition: str
    time: int
    payload: dict[str, Any]
    seq: int = 0


class EventLog:
    """The log."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db, self._clock = db, clock

    def append(self, event: Event) -> bool:
        """Adds an event, in the caller's transaction where one is open; False when its key is known.

        Raises:
            Conflict: The key is known with another payload.
        """
        with self._db.joined():
            # On PostgreSQL numbers are given before commits: without the lock a reader passes over a late commit.
            self._db.advisory_lock("event-append")
            fresh = self._db.run(
                "INSERT INTO event (key, source, type, partition_key, event_time, recorded, payload)"
                " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING",
                *(event.key, event.source, event.type, event.partition, event.time, self._clock.now()),
                canonical(event.payload),
            )
            if fresh:
                self._reach(event.source, event.time)
        if not fresh:
            known = self.find(event.key)
            if known and known.payload != frozen(event.payload):
                raise Conflict(f"event {event.key} is known with another payload")
            return False
        emit("event_append", event.type, event_in=event.key, event_type=event.type, event_time=iso(event.time),
             partition_key=event.partition, input_hash=digest(event.payload))  # fmt: skip
        return True

    def heartbeat(self, source: str, time: int) -> None:
        """A source says that it has told everything up to a time; without it an idle source holds back all others."""
        with self._db.joined():
            self._reach(source, time)

    def watermark(self, sources: Sequence[str]) -> int:
        """Up to when every source has told its events."""
        reached = {row["name"]: row["reached"] for row in self._db.rows("SELECT name, reached FROM source")}
        return min((reached.get(name, 0) for name in sources), default=0)

    def find(self, key: str) -> Event | None:
        """An event by its key."""
        row = self._db.row("SELECT * FROM event WHERE key = ?", key)
        return _event(row) if row else None

    def after(self, seq: int, limit: int = 1000) -> list[Event]:
        """The events that follow in the log."""
        return [
            _event(row) for row in self._db.rows("SELECT * FROM event WHERE seq > ? ORDER BY seq LIMIT ?", seq, limit)
        ]

    def of(self, partition: str) -> list[Event]:
        """Every event of a partition, in the order of the log."""
        return [
            _event(row) for row in self._db.rows("SELECT * FROM event WHERE partition_key = ? ORDER BY seq", partition)
        ]

    def _reach(self, source: str, time: int) -> None:
        self._db.run(
            "INSERT INTO source (name, reached) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET reached ="
            " CASE WHEN source.reached > excluded.reached THEN source.reached ELSE excluded.reached END",
            *(source, time),
        )


Decide = Callable[[Event, Model], Sequence[Event]]


class Consumer:
    """Turns events into further events, each exactly once.

    Args:
        name: The consumer, stable for ever.
        log: The log.
        model: The model port; what it says is pinned to the event.
        sources: The sources whose watermark it waits for.
        types: The event types it takes.
        decide: From an event to the events that follow; it may ask the model and has no effects.
    """

    def __init__(
        self,
        name: str,
        log: EventLog,
        model: Model,
        sources: Sequence[str],
        types: Sequence[str],
        decide: Decide,
        *,
        db: Database,
        clock: Clock,
        audit: Audit,
        inbox: Inbox,
    ) -> None:
        self.name, self._log, self._model, self._decide = name, log, model, decide
        self._sources, self._types = tuple(sources), tuple(types)
        self._db, self._clock, self._audit, self._inbox = db, clock, audit, inbox

    def run(self, limit: int = 1000) -> int:
        """Takes every event that the watermark lets through, in the order of event time; returns how many."""
        watermark = self._log.watermark(self._sources)
        wanted = ", ".join("?" for _ in self._types)
        rows = self._db.rows(
            f"SELECT * FROM event WHERE event_time <= ? AND type IN ({wanted}) AND NOT EXISTS"
            " (SELECT 1 FROM consumed WHERE consumed.consumer = ? AND consumed.seq = event.seq)"
            " ORDER BY event_time, seq LIMIT ?",
            *(watermark, *self._types, self.name, limit),
        )
        for row in rows:
            self._take(_event(row), watermark)
        return len(rows)

    def _take(self, event: Event, watermark: int) -> None:
        trace = {
            "event_in": event.key,
            "event_type": event.type,
            "event_time": iso(event.time),
            "partition_key": event.partition,
            "consumer": self.name,
            "watermark_ts": iso(watermark),
        }
        with span(event.type, "event_consume", request_id=event.partition, **trace) as work:
            if event.time < self._position(event.partition):
                work.set(status="rejected", reason_code="late_event")
                self._refuse_late(event)
                return
            with asking(self.name):
                derived = self._decide(event, Pinned(self._db, self._model, event.key))
            with self._db.tx():
                # The acknowledgement and what follows are one transaction: a crash repeats both or neither.
                if not self._acknowledge(event, "applied"):
                    work.set(status="skipped")
                    return
                for each in derived:
                    self._log.append(each)
                self._db.run(
                    "INSERT INTO consumer_position (consumer, partition_key, event_time) VALUES (?, ?, ?)"
                    " ON CONFLICT (consumer, partition_key) DO UPDATE SET event_time = excluded.event_time",
                    *(self.name, event.partition, event.time),
                )
            outcome = [{"type": each.type, "payload": each.payload} for each in derived]
            work.set(status="ok", output_hash=digest(outcome))
            emit("consume_result", event.type, request_id=event.partition, status="ok", output_hash=digest(outcome),
                 model_version=self._model.name, **trace)  # fmt: skip

    def _position(self, partition: str) -> int:
        sql = "SELECT event_time FROM consumer_position WHERE consumer = ? AND partition_key = ?"
        row = self._db.row(sql, self.name, partition)
        return int(row["event_time"]) if row else 0

    def _refuse_late(self, event: Event) -> None:
        with self._db.tx():
            if not self._acknowledge(event, "late"):
                return
            self._audit.write(
                "late event", actor=self.name, request_id=event.partition, subject=event.key, time=event.time
            )
            self._inbox.put(event.partition, "late_event", f"{event.key} came after its place in the order had passed")

    def _acknowledge(self, event: Event, state: str) -> int:
        return self._db.run(
            "INSERT INTO consumed (consumer, seq, state, at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
            *(self.name, event.seq, state, self._clock.now()),
        )


class ChangedPrompt(NeedsPerson):
    """The code asks something else than it asked when this was recorded; history cannot be continued with it."""

    def __init__(self, reason: str) -> None:
        super().__init__("changed_prompt", reason)


class Pinned:
    """A model whose answers are remembered for one case or event, and given again instead of asked again."""

    def __init__(self, db: Database, model: Model | None, key: str) -> None:
        self._db, self._model, self._key = db, model, key
        self.name = model.name if model else "recorded"
        self._asked: dict[str, int] = {}
        self._lock = threading.Lock()

    def ask(self, prompt: str, answer: type[T], timeout_s: float) -> Answer[T]:
        """The pinned answer, else the model's, which is pinned before anybody uses it.

        Raises:
            ChangedPrompt: Another prompt stands at this place of the record.
            ModelFailed: There is no pinned answer and no model to ask.
        """
        slot = f"{who_asks()}:{answer.__name__}"
        with self._lock:
            number = self._asked.get(slot, 0)
            self._asked[slot] = number + 1
        row = self._find(slot, number)
        if row is None:
            if self._model is None:
                raise ModelFailed(f"nothing is recorded for {slot} of {self._key}")
            got = self._model.ask(prompt, answer, timeout_s)
            self._db.run(
                "INSERT INTO pin (request_id, slot, n, prompt_hash, model, answer) VALUES (?, ?, ?, ?, ?, ?)"
                " ON CONFLICT DO NOTHING",
                *(self._key, slot, number, digest(prompt), got.model, got.value.model_dump_json()),
            )
            row = self._find(slot, number)
            assert row is not None
        if row["prompt_hash"] != digest(prompt):
            raise ChangedPrompt(f"the prompt of {slot} of {self._key} is not the recorded one")
        return Answer(answer.model_validate_json(row["answer"]), row["model"])

    def _find(self, slot: str, number: int) -> Row | None:
        return self._db.row("SELECT * FROM pin WHERE request_id = ? AND slot = ? AND n = ?", self._key, slot, number)


class EventSpine:
    """Cases as folds over their events."""

    name = "P3"

    def __init__(self, db: Database, clock: Clock) -> None:
        self.log = EventLog(db, clock)
        self._db, self._clock = db, clock

    def pinned(self, model: Model, case_id: str) -> Model:
        """The model as this case has seen it."""
        return Pinned(self._db, model, case_id)

    def open(self, case_id: str, tenant: str, payload: dict[str, Any]) -> Case:
        """Accepts a request once: its opening is an event."""
        opening = {"tenant": tenant, "payload": frozen(payload)}
        self._append(case_id, 0, "case.opened", opening)
        case = self.read(case_id)
        assert case is not None
        return case

    def read(self, case_id: str) -> Case | None:
        """The case, folded from its events."""
        return _fold(self.log.of(f"case:{case_id}"))

    def move(self, case_id: str, state: str, result: dict[str, Any], cause: str) -> Case:
        """Appends a step; of two writers at the same place in the history one reads again."""
        while True:
            case = self.read(case_id)
            if case is None:
                raise IllegalTransition(f"there is no case {case_id}")
            if case.state == state and case.result == frozen(result):
                return case
            if state not in TRANSITIONS[case.state]:
                raise IllegalTransition(f"{case_id}: from {case.state} to {state}")
            step = {"state": state, "result": frozen(result), "cause": cause}
            try:
                fresh = self._append(case_id, case.version + 1, "case.moved", step)
            except Conflict:
                continue
            moved = self.read(case_id)
            assert moved is not None
            if fresh:
                emit("state_transition", f"{case.state} to {state}", request_id=case_id, resource_id=case_id,
                     from_state=case.state, to_state=state, caused_by=cause)  # fmt: skip
            return moved

    def unfinished(self) -> list[str]:
        """Cases that are neither final nor with a person."""
        return [case.id for case in self._all() if case.state not in FINAL | PARKED]

    def cases(self, limit: int = 500) -> list[Case]:
        """The cases that moved last."""
        return sorted(self._all(), key=lambda case: (-case.updated, case.id))[:limit]

    def _append(self, case_id: str, version: int, kind: str, payload: dict[str, Any]) -> bool:
        key = f"case:{case_id}:{version}"
        return self.log.append(Event(key, "cases", kind, f"case:{case_id}", self._clock.now(), payload))

    def _all(self) -> list[Case]:
        by_case: dict[str, list[Event]] = {}
        for row in self._db.rows("SELECT * FROM event WHERE type IN ('case.opened', 'case.moved') ORDER BY seq"):
            by_case.setdefault(row["partition_key"], []).append(_event(row))
        return [case for events in by_case.values() if (case := _fold(events))]


def _event(row: Row) -> Event:
    return Event(
        row["key"],
        row["source"],
        row["type"],
        row["partition_key"],
        row["event_time"],
        parse(row["payload"]),
        row["seq"],
    )


def _fold(events: Sequence[Event]) -> Case | None:
    case: Case | None = None
    for event in events:
        if event.type == "case.opened":
            case_id = event.partition.removeprefix("case:")
            case = Case(case_id, event.payload["tenant"], "open", event.payload["payload"], {}, 0, event.time)
        elif event.type == "case.moved" and case:
            case = replace(
                case,
                state=event.payload["state"],
                result=event.payload["result"],
                version=case.version + 1,
                updated=event.time,
            )
    return case
