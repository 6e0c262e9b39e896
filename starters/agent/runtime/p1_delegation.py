"""P1, hierarchical delegation: one owner splits the work, gives each part a typed contract, and merges in code.

The parent owns the deadline and the retry budget. A sub-agent never retries: three layers of three attempts are
twenty-seven calls. A child that answers after the deadline is dropped, not merged, and no attempt starts after it. The
merge is a function of the answers alone: neither the order of arrival nor a model decides which answer counts.
"""

from __future__ import annotations

import queue
import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel, ValidationError

from ..llm import Answer, Model, asking
from ..telemetry import carried, emit, span
from .cases import Case
from .clock import Deadline, iso
from .db import canonical, digest
from .errors import DeadlineExceeded

OnFailure = Literal["fail", "default", "omit"]


@dataclass(frozen=True)
class Call:
    """What a sub-agent gets: the case, the model, and the time that is left. It has no budget to retry with."""

    case: Case
    model: Model
    deadline: Deadline
    attempt: int
    cancelled: threading.Event = field(default_factory=threading.Event)

    def ask(self, prompt: str, answer: type[Any]) -> Answer[Any]:
        """One model call within the deadline; none when the parent has gone on without this child."""
        if self.cancelled.is_set():
            raise DeadlineExceeded("the parent no longer waits")
        return self.model.ask(prompt, answer, self.deadline.left_s)


@dataclass(frozen=True)
class Contract:
    """What one sub-agent promises.

    Attributes:
        name: The sub-agent.
        run: Its work; returns the output type (or an `Answer` of it) or raises.
        output: The type of its answer; anything else is a failure.
        share_ms: Its part of the parent's time.
        on_failure: What its absence means: the whole fails, a default stands in, or its fields are left out.
        default: The answer that stands in.
        weight: How much of the merged result it is meant to decide.
    """

    name: str
    run: Callable[[Call], Any]
    output: type[BaseModel]
    share_ms: int = 30_000
    on_failure: OnFailure = "fail"
    default: BaseModel | None = None
    weight: float = 1.0


@dataclass(frozen=True)
class Part:
    """How one sub-agent ended: its answer, or why there is none."""

    name: str
    value: BaseModel | None
    attempts: int
    why: str | None = None
    model: str | None = None


class DelegationFailed(DeadlineExceeded):
    """A part that the result cannot do without is missing."""


def delegate(
    contracts: Sequence[Contract],
    *,
    case: Case,
    model: Model,
    deadline: Deadline,
    retries: int = 2,
) -> dict[str, Part]:
    """Runs every sub-agent at once, retries from one budget, and stops at the deadline.

    Args:
        contracts: The sub-agents.
        case: The case they work on.
        model: The model port.
        deadline: The parent's; no child gets more.
        retries: How many further attempts all of them may cost together.

    Returns:
        The parts by name in the order of the contracts, whatever the order of arrival.

    Raises:
        DelegationFailed: A sub-agent whose `on_failure` is `fail` gave no answer.
    """
    answers: queue.SimpleQueue[tuple[str, int, Any]] = queue.SimpleQueue()
    left = retries
    attempts = dict.fromkeys((each.name for each in contracts), 0)
    failures: dict[str, str] = {}
    done: dict[str, Part] = {}
    by_name = {each.name: each for each in contracts}
    gone = threading.Event()

    def start(contract: Contract) -> bool:
        if deadline.left_s <= 0:
            return False
        attempts[contract.name] += 1
        call = Call(case, model, deadline.within(contract.share_ms), attempts[contract.name], gone)
        place = carried()
        # A daemon thread: a child that hangs is left behind, and the parent answers in time.
        work = threading.Thread(
            target=lambda: place.run(_attempt, contract, call, retries + 1, answers), daemon=True, name=contract.name
        )
        work.start()
        return True

    started = [contract.name for contract in contracts if start(contract)]
    running = set(started)
    while running:
        try:
            name, attempt, outcome = answers.get(timeout=max(deadline.left_s, 0))
        except queue.Empty:
            break
        if name in done or attempt != attempts[name] or deadline.left_s <= 0:
            continue
        running.discard(name)
        if isinstance(outcome, Part):
            done[name] = outcome
            continue
        failures[name] = str(outcome)
        if left > 0 and start(by_name[name]):
            left -= 1
            running.add(name)
    gone.set()
    return _settled(contracts, done, attempts, failures)


def _attempt(contract: Contract, call: Call, most: int, answers: queue.SimpleQueue[tuple[str, int, Any]]) -> None:
    try:
        with span(
            f"delegate {contract.name}",
            "delegation",
            agent_name=contract.name,
            agent_role="sub_agent",
            attempt=call.attempt,
            max_attempts=most,
            retry_layer="orchestrator",
            deadline_ts=iso(call.deadline.at),
            input_hash=digest(call.case.payload),
            weight=contract.weight,
        ) as work:
            with asking(contract.name):
                got = contract.run(call)
            model = got.model if isinstance(got, Answer) else None
            value = contract.output.model_validate(got.value if isinstance(got, Answer) else got)
            work.set(status="ok", output_hash=digest(value.model_dump(mode="json")))
        answers.put((contract.name, call.attempt, Part(contract.name, value, call.attempt, model=model)))
    except ValidationError as error:
        answers.put((contract.name, call.attempt, ValueError(f"untyped answer: {error.error_count()} faults")))
    except Exception as error:  # whatever a sub-agent raises is its failure, not the parent's
        answers.put((contract.name, call.attempt, error))


def _settled(
    contracts: Sequence[Contract], done: Mapping[str, Part], attempts: Mapping[str, int], failures: Mapping[str, str]
) -> dict[str, Part]:
    parts: dict[str, Part] = {}
    for contract in contracts:
        name = contract.name
        if name in done:
            parts[name] = done[name]
            continue
        why = failures.get(name, "no answer before the deadline")
        if contract.on_failure == "fail":
            raise DelegationFailed(f"{name}: {why}")
        value = contract.default if contract.on_failure == "default" else None
        parts[name] = Part(name, value, attempts[name], why)
    return parts


def merge_fields(
    parts: Mapping[str, Part],
    owners: Mapping[str, Sequence[str]],
    weights: Mapping[str, float] | None = None,
) -> dict[str, Any]:
    """Merges in code: each field is taken from the first of its owners that has an answer.

    Args:
        parts: What the sub-agents gave.
        owners: For each field the sub-agents that may set it, the first the most entitled.
        weights: The declared weight of each sub-agent, for the telemetry.

    Returns:
        The merged fields; a field whose owners are all absent is left out.
    """
    merged: dict[str, Any] = {}
    merge_id = uuid.uuid4().hex[:12]
    with span("merge", "merge", merge_id=merge_id, agent_role="orchestrator", decision_source="rule") as whole:
        missing = [name for name, part in parts.items() if part.value is None]
        for name, entitled in owners.items():
            proposed = {
                agent: getattr(value, name)
                for agent in entitled
                if agent in parts and (value := parts[agent].value) is not None and hasattr(value, name)
            }
            if not proposed:
                continue
            winner = next(agent for agent in entitled if agent in proposed)
            merged[name] = proposed[winner]
            # A substitute stands in for an owner who is absent; it does not compete with one who is there.
            # A substitute stands in for an owner who is absent; it does not compete with one who is there.
            emit("merge_field", name, merge_id=merge_id, merge_field=name, winner_agent=winner,
                 proposers={winner: canonical(proposed[winner])}, n_distinct=1,
                 weight=(weights or {}).get(winner), partial=bool(missing))  # fmt: skip
        whole.set(status="ok", partial=bool(missing), output_hash=digest(merged))
    return merged
