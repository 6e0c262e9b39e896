"""P3, replay: the recorded proposals run again, from what was pinned or against a candidate model. Nothing is written."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from pydantic import BaseModel

from ..llm import Answer, Model, UntypedAnswer, asking
from ..telemetry import emit, span
from .db import digest, frozen, parse
from .errors import Reject
from .flow import Flow
from .p3_events import Pinned

T = TypeVar("T", bound=BaseModel)


@dataclass(frozen=True)
class Divergence:
    """One proposal that would be another today."""

    case_id: str
    seam: str
    attempt: int
    recorded: Any
    now: Any


@dataclass(frozen=True)
class Replay:
    """What a replay found: proposals compared, model calls made, and every difference."""

    compared: int
    model_calls: int
    divergences: tuple[Divergence, ...]


def replay(flow: Flow, candidate: Model | None = None) -> Replay:
    """Runs every recorded proposal again: from the pinned answers, or against a candidate model. Nothing is written.

    Args:
        flow: The project's flow.
        candidate: A model to compare with; without one no model is asked and history has to come out as it was.
    """
    db = flow.kernel.db
    compared, found = 0, []
    counting = _Counting(candidate) if candidate else None
    for seam in flow.seams:
        before: dict[str, list[Reject]] = {}
        sql = "SELECT * FROM proposal WHERE seam = ? ORDER BY request_id, attempt"
        for row in db.rows(sql, seam.name):
            case = flow.spine.read(row["request_id"])
            if case is None:
                continue
            rejects = before.setdefault(case.id, [])
            model: Model = counting or Pinned(db, None, case.id)
            context = replace(flow.context(case), model=model, seam=seam.name, before=case.result)
            recorded = parse(row["content"])
            with span(seam.name, "event_consume", request_id=case.id, consumer=seam.name, event_in=case.id,
                      is_replay=True, replay_of=row["id"], model_version=model.name) as work:  # fmt: skip
                try:
                    with asking(f"{seam.name}#{row['attempt']}"):
                        got = seam.parts.propose(context, tuple(rejects))
                    value = got.value if isinstance(got, Answer) else got
                    now: Any = frozen(seam.proposal.model_validate(value).model_dump(mode="json"))
                except UntypedAnswer as error:
                    now = error.text
                work.set(status="ok", output_hash=digest(now))
            compared += 1
            emit("consume_result", seam.name, request_id=case.id, consumer=seam.name, event_in=case.id, is_replay=True,
                 model_version=model.name, output_hash=digest(now), status="ok")  # fmt: skip
            if now != recorded:
                found.append(Divergence(case.id, seam.name, row["attempt"], recorded, now))
            if row["state"] == "rejected":
                rejects.append(Reject(row["code"], row["reason"], row["rule"]))
    return Replay(compared, counting.calls if counting else 0, tuple(found))


class _Counting:
    """A model that counts how often it is asked."""

    def __init__(self, model: Model) -> None:
        self._model, self.name, self.calls = model, model.name, 0
        self._lock = threading.Lock()

    def ask(self, prompt: str, answer: type[T], timeout_s: float) -> Answer[T]:
        with self._lock:
            self.calls += 1
        return self._model.ask(prompt, answer, timeout_s)
