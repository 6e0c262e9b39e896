"""Drills of P3: a newer model that reads the history anew, and events that come late and are applied."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, Field

from ..llm import Model, Recorded, Stub, asking
from ..runtime.clock import iso
from ..runtime.db import digest
from ..runtime.p3_events import DDL, Consumer, Event, EventLog, Pinned
from ..telemetry import emit, span
from . import Drill, Outcome
from .scratch import Scratch

_EVENTS = 40


class Reading(BaseModel):
    """What the model makes of an event."""

    next: str = Field(examples=["call", "wait", "offer", "close"])


def divergence(folder: Path, defended: bool) -> Outcome:
    """A history is read twice under one model version and twice under the next."""
    scratch = Scratch(folder, DDL)
    outcomes: dict[str, set[str]] = {}
    for number in range(_EVENTS):
        event = f"e-{number}"
        for run, version in enumerate(("2026-01", "2026-01", "2026-06", "2026-06")):
            model: Model = Recorded(Stub(version=version, script={}))
            reader = Pinned(scratch.db, model, event) if defended else model
            with asking("reader"):
                got = reader.ask(f"What follows on {event}?", Reading, 5)
            scratch.clock.sleep(20)
            trace = {"request_id": f"C-{number}", "consumer": "reader", "event_in": event, "partition_key": f"C-{number}",
                     "model_version": got.model, "run_id": f"run-{run}", "is_replay": run > 0}  # fmt: skip
            with span("touch", "event_consume", event_type="touch", status="ok", **trace):
                emit("consume_result", got.value.next, event_type=got.value.next, status="ok",
                     output_hash=digest(got.value.next), **trace)  # fmt: skip
            outcomes.setdefault(event, set()).add(got.value.next)
    scratch.close()
    elsewhere = sum(len(found) > 1 for found in outcomes.values())
    return Outcome(not elsewhere, f"{elsewhere} of {_EVENTS} events led elsewhere under the newer model")


class _Blind(Consumer):
    """A consumer that takes events as they come and looks neither at watermark nor at order."""

    def run(self, limit: int = 1000) -> int:
        sql = (
            "SELECT * FROM event WHERE type = 'touch' AND NOT EXISTS (SELECT 1 FROM consumed"
            " WHERE consumed.consumer = ? AND consumed.seq = event.seq) ORDER BY seq LIMIT ?"
        )
        rows = self._db.rows(sql, self.name, limit)
        for row in rows:
            event = self._log.find(row["key"])
            assert event is not None
            self._take(event, event.time)
        return len(rows)

    def _position(self, partition: str) -> int:
        return 0


def late(folder: Path, defended: bool) -> Outcome:
    """Thirty contracts: every second one's cancellation overtakes an older upgrade on its way."""
    scratch = Scratch(folder, DDL)
    log = EventLog(scratch.db, scratch.clock)
    state: dict[str, str] = {}

    def apply(event: Event, model: Model) -> Sequence[Event]:
        state[event.partition] = event.payload["state"]
        return ()

    kind = Consumer if defended else _Blind
    consumer = kind("contracts", log, Stub(script={}), ("crm",), ("touch",), apply, db=scratch.db, clock=scratch.clock,
                    audit=scratch.audit, inbox=scratch.inbox)  # fmt: skip
    start = scratch.clock.now()
    wrong = 0
    for number in range(30):
        about = f"C-{number}"
        told = [(1_000, "upgraded"), (2_000, "cancelled")]
        for moment, word in reversed(told) if number % 2 else told:
            scratch.clock.sleep(50)
            log.append(Event(f"{about}-{word}", "crm", "touch", about, start + moment, {"state": word}))
            log.heartbeat("crm", start + 5_000)
            consumer.run()
        bad = state[about] != "cancelled"
        wrong += bad
        emit("outcome", state[about], request_id=about, status="error" if bad else "ok",
             error_message=f"{about} is billed again at {iso(start)}" if bad else None)  # fmt: skip
    scratch.close()
    return Outcome(not wrong, f"{wrong} of 30 cancelled contracts ended as upgraded")


DRILLS = (
    Drill("P3-replay-divergence", "pinned model outputs: a newer model reads the history anew", divergence),
    Drill("P3-late-events", "the watermark: events are applied as they come", late),
)
