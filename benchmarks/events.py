"""Made events as JSON lines, for benchmarks: about 600 bytes a line, whole traces interleaved by time, planted faults.

The same number of rows gives the same bytes everywhere. Faults are planted for five signatures, among the work of
healthy requests: retries after the parent's deadline, contended compare-and-swap, replays that diverge under another
model, compensations out of order, and crash loops.
"""

from __future__ import annotations

import heapq
import random
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

FIVE = ("P1-shadow-retries", "P5-cas-contention", "P3-replay-divergence", "P2-dirty-compensation", "P4-crash-loop")
BASE = datetime(2026, 1, 5, tzinfo=UTC)
OPEN = 200
"""Traces that are under way at once."""
STEPS = "llm_call tool_call tool_call llm_call consume_result gate_decision commit log cas tool_call".split()
AGENTS = [f"agent-{name}" for name in "intake pricing legal terms outreach billing review archive".split()]
TOOLS = [f"{verb}_{noun}" for verb in ("read", "write", "send", "check") for noun in ("contract", "invoice", "letter")]
MODELS = ("model-2026-01", "model-2026-05")
Row = dict[str, Any]


def cached(rows: int) -> Path:
    """The file of so many rows, made once, in a folder of the system's for temporary files."""
    folder = Path(tempfile.gettempdir()) / "advisor-benchmarks"
    folder.mkdir(exist_ok=True)
    path = folder / f"events-{rows}.jsonl"
    if not path.exists():
        unfinished = path.with_suffix(".part")
        with unfinished.open("wb", buffering=1 << 20) as file:
            for row in events(rows):
                file.write(orjson.dumps(row) + b"\n")
        unfinished.rename(path)
    return path


def events(rows: int, seed: int = 20260105) -> Iterator[Row]:
    """So many events in the order of time."""
    rng = random.Random(seed)
    started = 0
    under_way: list[tuple[int, int, Iterator[tuple[int, Row]], Row]] = []

    def start(at_us: int) -> None:
        nonlocal started
        started += 1
        steps = _trace(rng, started, at_us)
        first_us, row = next(steps)
        heapq.heappush(under_way, (first_us, started, steps, row))

    for _ in range(OPEN):
        start(rng.randrange(20_000_000))
    for _ in range(rows):
        at_us, number, steps, row = under_way[0]
        yield row
        following = next(steps, None)
        if following is None:
            heapq.heappop(under_way)
            start(at_us + rng.randrange(1, 2_000_000))
        else:
            heapq.heapreplace(under_way, (following[0], number, steps, following[1]))


def _iso(at_us: int) -> str:
    return (BASE + timedelta(microseconds=at_us)).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _trace(rng: random.Random, number: int, at_us: int) -> Iterator[tuple[int, Row]]:
    """One request's rows; its number decides which fault, if any, is planted in it."""
    trace, request, parent = f"{rng.getrandbits(128):032x}", f"renewal-{number:08d}", f"{rng.getrandbits(64):016x}"
    agent, worker, node = rng.choice(AGENTS), f"worker-{rng.randrange(8)}", rng.randrange(30)
    url = f"https://contracts.example/renewals/{request}"
    deadline_us = at_us + 600_000_000
    seq = 0

    def row(kind: str, name: str, span: str | None = None, status: str = "ok", **attrs: Any) -> tuple[int, Row]:
        nonlocal at_us, seq
        at_us += rng.randrange(1_000, 4_000_000)
        seq += 1
        return at_us, {
            "ts": _iso(at_us),
            "level": "INFO" if status == "ok" else "WARN",
            "kind": kind,
            "name": name,
            "request_id": request,
            "trace_id": trace,
            "span_id": span or f"{rng.getrandbits(64):016x}",
            **({} if span else {"parent_span_id": parent}),
            "seq": seq,
            "status": status,
            "duration_ms": rng.randrange(1_000, 2_000_000) / 1000,
            "agent_name": agent,
            "worker_id": worker,
            "service": {"name": "contract-renewal"},
            "attrs": {
                "host.name": f"node-{node}.eu-1.example",
                "http.url": url,
                "service.version": "4.11.2",
                **{key.replace("__", "."): value for key, value in attrs.items()},
            },
        }

    def hash_() -> str:
        return f"{rng.getrandbits(64):016x}"

    yield row("delegation", "delegate", span=parent, sdb__deadline=_iso(deadline_us), sdb__attempt=1)
    for at in range(rng.randrange(7, 32)):
        kind, id = rng.choice(STEPS), f"{number}-{at}"
        if kind == "llm_call":
            model = rng.choice(MODELS)
            used = {
                "gen_ai.usage.input_tokens": rng.randrange(9000),
                "gen_ai.usage.output_tokens": rng.randrange(900),
            }
            yield row(
                kind,
                "chat",
                gen_ai__request__model=model,
                sdb__model__version=model,
                sdb__input__hash=hash_(),
                sdb__output__hash=hash_(),
                sdb__prompt__version="p-17",
                sdb__attempt=1,
                **used,
            )
        elif kind == "tool_call":
            failed = rng.random() < 0.04
            error = {"error.type": "TimeoutError", "sdb.error.message": f"no answer from {url}"} if failed else {}
            yield row(
                kind,
                "execute_tool",
                status="error" if failed else "ok",
                gen_ai__tool__name=rng.choice(TOOLS),
                gen_ai__tool__call__id=f"call-{id}",
                sdb__args__hash=hash_(),
                sdb__result__hash=hash_(),
                sdb__attempt=1,
                **error,
            )
        elif kind == "consume_result":
            yield from _consumed(rng, row, id, planted=number % 50 == 3)
        elif kind in ("gate_decision", "commit"):
            allowed = kind == "commit" or rng.random() < 0.9
            refused = {} if allowed else {"sdb.reject.code": "POLICY_PRICE"}
            named = {"sdb.proposal.id": f"prop-{id}", "sdb.verification.id": f"ver-{id}"}
            yield row(
                "gate_decision",
                "gate",
                status="ok" if allowed else "rejected",
                sdb__decision="allow" if allowed else "deny",
                sdb__decision__source="rule",
                sdb__policy__version="policy-7",
                sdb__policy__rule="price-band",
                **named,
                **refused,
            )
            if kind == "commit":
                yield row(
                    kind,
                    "commit",
                    sdb__side_effect="external_write",
                    sdb__action__id=f"act-{id}",
                    sdb__resource=f"deal-{number}",
                    sdb__args__hash=hash_(),
                    **named,
                )
        elif kind == "cas":
            yield from _swapped(rng, row, id, planted=number % 20 == 7)
        else:
            yield row(kind, "note", sdb__text="waiting for the counterparty to confirm the terms of the renewal")
    if number % 400 == 11:
        yield from _compensated(rng, row, number)
    if number % 300 == 17:
        yield from _crashed(rng, row, number)
    if number % 300 == 5:
        at_us = max(at_us, deadline_us + 5_000_000)
        arguments = hash_()
        for attempt in (2, 3, 4):
            yield row(
                "tool_call",
                "execute_tool",
                status="error",
                gen_ai__tool__name="send_letter",
                sdb__args__hash=arguments,
                sdb__attempt=attempt,
                sdb__retry__layer="sub_agent",
            )


def _consumed(rng: random.Random, row: Any, id: str, planted: bool) -> Iterator[tuple[int, Row]]:
    """An event's result; where planted, the same event again under the same model, and under the newer one."""
    given, made = f"{rng.getrandbits(64):016x}", f"{rng.getrandbits(64):016x}"
    runs = [(MODELS[0], made, {})]
    if planted:
        other = f"{rng.getrandbits(64):016x}"
        again = {"sdb.replay": True, "sdb.replay.of": f"run-{id}"}
        runs += [(MODELS[0], made, again), (MODELS[1], other, again)]
    for at, (model, output, extra) in enumerate(runs):
        yield row(
            "consume_result",
            "consume",
            sdb__consumer__id=f"projector-{len(id) % 3}",
            sdb__event__in=f"evt-{id}",
            sdb__event__partition=f"p-{rng.randrange(64)}",
            sdb__input__hash=given,
            sdb__output__hash=output,
            sdb__model__version=model,
            sdb__run__id=f"run-{id}" if at == 0 else f"rerun-{id}-{at}",
            **extra,
        )


def _swapped(rng: random.Random, row: Any, id: str, planted: bool) -> Iterator[tuple[int, Row]]:
    """One operation's tries: one, or where planted, up to eight on a row that many want."""
    tries = rng.randrange(5, 9) if planted else 1 + (rng.random() < 0.05)
    resource = f"hot-{rng.randrange(24)}" if planted else f"row-{rng.randrange(100_000)}"
    for attempt in range(1, tries + 1):
        won = attempt == tries
        yield row(
            "cas",
            "swap",
            status="ok" if won else "error",
            sdb__cas__op=f"op-{id}",
            sdb__attempt=attempt,
            sdb__resource__id=resource,
            sdb__cas__expected=f"{id}:{attempt}",
            **({"sdb.cas.new": f"{id}:{attempt + 1}"} if won else {"sdb.cas.actual": f"{id}:{attempt + 1}"}),
        )


def _compensated(rng: random.Random, row: Any, number: int) -> Iterator[tuple[int, Row]]:
    """A saga of four actions taken back: every second one not in reverse order, or with a step that failed."""
    actions = [f"saga-{number}-{at}" for at in range(4)]
    for action in actions:
        yield row(
            "gate_decision",
            "gate",
            sdb__decision="allow",
            sdb__decision__source="rule",
            sdb__policy__version="policy-7",
            sdb__proposal__id=f"prop-{action}",
            sdb__verification__id=f"ver-{action}",
        )
        yield row(
            "commit",
            "commit",
            sdb__side_effect="external_write",
            sdb__action__id=action,
            sdb__saga__id=f"saga-{number}",
            sdb__resource=f"ledger-{number}",
            sdb__proposal__id=f"prop-{action}",
            sdb__verification__id=f"ver-{action}",
            sdb__args__hash=f"{rng.getrandbits(64):016x}",
        )
    back = actions[::-1]
    if number % 800 == 11:
        back[0], back[2] = back[2], back[0]
    for action in back:
        failed = number % 1200 == 11 and action == back[-1]
        yield row(
            "compensation",
            "compensate",
            status="error" if failed else "ok",
            sdb__compensates__action=action,
            sdb__action__id=f"undo-{action}",
            sdb__saga__id=f"saga-{number}",
            sdb__resource=f"ledger-{number}",
            sdb__side_effect="external_write",
        )


def _crashed(rng: random.Random, row: Any, number: int) -> Iterator[tuple[int, Row]]:
    """A child that dies of one fault again and again, and is restarted each time."""
    child = f"child-{number}"
    for count in range(1, 7):
        yield row(
            "crash",
            "crash",
            status="error",
            sdb__child__id=child,
            error__type="ValueError",
            sdb__error__message=f"cannot parse clause {rng.randrange(999)} of contract",
        )
        yield row("restart", "restart", sdb__child__id=child, sdb__restart__count=count)
