"""Small logs for one detector each, healthy or with its fault, drawn at random: the catalog's known false positives in.

A healthy log is busy: it has retries that end well, polling, cleaning up, time-outs that were meant, noise in a model's
answers. A faulty one is the same with the fault. They are ours, written by people who know the detectors; whoever
compares by them should know that.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Row = dict[str, Any]
Draw = Callable[[random.Random, bool], Iterator[Row]]
SECOND = 1_000_000


def merges(draw: random.Random, faulty: bool) -> Iterator[Row]:
    """45 conflicts between three agents of equal weight; with the fault one wins four of five."""
    agents = ("a", "b", "c")
    for number in range(45):
        winner = draw.choices(agents, (8, 1, 1) if faulty else (1, 1, 1))[0]
        yield row("merge_field", number, merge_id=f"m{number}", merge_field="f", winner_agent=winner, n_distinct=3) | {
            "proposers": json.dumps({agent: f"{agent}{number}" for agent in agents})
        }


def shadows(draw: random.Random, faulty: bool) -> Iterator[Row]:
    """Children with a deadline that retry before it; late are a clean-up, and with the fault some retries."""
    for number in range(30):
        start = number * 100 * SECOND
        shared: Row = {"agent_name": "child", "tool_name": "fetch", "args_hash": f"x{number}", "retry_layer": "sdk"}
        yield row("agent", start, agent_name="parent", agent_role="orchestrator", deadline_us=start + 20 * SECOND) | {
            "request_id": f"r{number}"
        }
        late = faulty and number % 3 == 0
        for attempt in (1, 2, 3) if draw.random() < 0.5 or late else (1,):
            at = start + (attempt * 15 if late else attempt * 2) * SECOND
            yield row("tool_call", at, request_id=f"r{number}", attempt=attempt, status="error", **shared)
        cleaned = {**shared, "tool_name": "release", "attempt": 2, "cleanup": True, "status": "ok"}
        yield row("tool_call", start + 30 * SECOND, request_id=f"r{number}", **cleaned)


def sagas(draw: random.Random, faulty: bool) -> Iterator[Row]:
    """Sagas that fail and are undone, half of them on the second try; the fault leaves the first effect standing."""
    for number in range(20):
        start = number * 10 * SECOND
        saga: Row = {"saga_id": f"s{number}", "request_id": f"r{number}"}
        for place, name in enumerate(("pay", "ship")):
            yield row("commit", start + place, action_id=f"{name}{number}", side_effect="external_write", **saga) | {
                "status": "ok"
            }
        undone = ("ship",) if faulty and number % 4 == 0 else ("ship", "pay")
        for place, name in enumerate(undone):
            tries = ("error", "ok") if draw.random() < 0.5 else ("ok",)
            for attempt, status in enumerate(tries):
                at = start + 10 + place * 3 + attempt
                yield row("compensation", at, compensates=f"{name}{number}", status=status, **saga)


def effects(draw: random.Random, faulty: bool) -> Iterator[Row]:
    """Payments, some tried again after an error, some undone and made again; the fault makes some twice."""
    for number in range(30):
        start = number * 10 * SECOND
        told: Row = {
            "action_id": f"pay{number}",
            "request_id": f"r{number}",
            "args_hash": f"x{number}",
            "tool_name": "pay",
        }
        if draw.random() < 0.4:
            yield row("commit", start, status="error", attempt=1, **told)
        yield row("commit", start + 1, status="ok", attempt=2, side_effect="external_write", **told)
        if faulty and number % 6 == 0:
            yield row("commit", start + 2, status="ok", attempt=3, side_effect="external_write", **told)
        elif number % 7 == 0:
            undone: Row = {"compensates": f"pay{number}", "request_id": f"r{number}", "status": "ok"}
            yield row("compensation", start + 3, **undone)
            yield row("commit", start + 4, status="ok", side_effect="external_write", **told)


def replays(draw: random.Random, faulty: bool) -> Iterator[Row]:
    """40 events, two runs under each of two models whose answers vary; with the fault the second answers otherwise."""
    for number in range(40):
        for model in ("m1", "m2"):
            for run in range(2):
                flipped = draw.random() < (0.8 if faulty and model == "m2" else 0.2)
                yield row("event_consume", number * 10 + run, event_in=f"e{number}", consumer="c", status="ok") | {
                    "model_version": model,
                    "run_id": f"{model}-{run}-{number}",
                    "to_state": "b" if flipped else "a",
                    "output_hash": "b" if flipped else "a",
                }


def streams(draw: random.Random, faulty: bool) -> Iterator[Row]:
    """Events that arrive out of order now and then; they are refused, with the fault applied, and then cases fail."""
    for number in range(120):
        late = number % 10 == 9
        told: Row = {"consumer": "c", "partition_key": "p", "request_id": f"r{number}"}
        happened = number * SECOND - (draw.randint(3, 8) * SECOND if late else 0)
        fate = "ok" if faulty or not late else "rejected"
        yield row("event_consume", number * SECOND, event_in=f"e{number}", event_time_us=happened, status=fate, **told)
        failed = (late and faulty) or draw.random() < 0.05
        yield row("outcome", number * SECOND + 1, request_id=f"r{number}", status="error" if failed else "ok")


def crashes(draw: random.Random, faulty: bool) -> Iterator[Row]:
    """Children that crash up to five times in a day, with work done in between; with the fault without."""
    for child in range(6):
        for number in range(draw.randint(3, 5) if not faulty else 6):
            at = (child * 100 + number * 10) * SECOND
            yield row("crash", at, child_id=f"c{child}", error_fp="same", error_type="KeyError")
            yield row("restart", at + SECOND, child_id=f"c{child}")
            if not (faulty and child == 0):
                yield row("ok_tick", at + 2 * SECOND, child_id=f"c{child}", status="ok")


def gates(draw: random.Random, faulty: bool) -> Iterator[Row]:
    """40 gates about as slow as their actions, a few far slower; with the fault three times as slow."""
    for number in range(40):
        action, gate = (int(draw.lognormvariate(11, 0.8)) for _ in range(2))
        told: Row = {"proposal_id": f"p{number}", "request_id": f"r{number}"}
        yield row("gate_decision", number * SECOND, duration_us=gate * (3 if faulty else 1), **told) | {
            "decision": "allow",
            "decision_source": "rule",
        }
        yield row("tool_call", number * SECOND + 500_000, duration_us=action, tool_name="pay", status="ok", **told)


def swaps(draw: random.Random, faulty: bool) -> Iterator[Row]:
    """400 writes; one in a hundred needs more than three retries, with the fault one in twenty."""
    for number in range(400):
        tries = draw.randint(5, 7) if draw.random() < (0.05 if faulty else 0.007) else draw.choice((1, 1, 1, 2))
        for attempt in range(1, tries + 1):
            yield row("cas", number * SECOND + attempt, op_id=f"o{number}", attempt=attempt, resource_id="hot") | {
                "request_id": f"r{number}",
                "status": "ok" if attempt == tries else "rejected",
            }


def timers(draw: random.Random, faulty: bool) -> Iterator[Row]:
    """Timers overtaken by a person, some set anew after it, the others skipped; with the fault they fire and move."""
    for number in range(20):
        told: Row = {"resource_id": f"w{number}", "request_id": f"r{number}"}
        start, again = number * 100 * SECOND, draw.random() < 0.4
        timer: Row = {"timer_id": f"t{number}", **told}
        yield row("timer_set", start, scheduled_version="1", **timer)
        yield row("override", start + SECOND, new_version="2", **told)
        if again:
            yield row("timer_set", start + 2 * SECOND, scheduled_version="2", **timer)
        moves = again or faulty
        yield row("timer_fire", start + 50 * SECOND, status="ok" if moves else "skipped", **timer)
        if moves:
            yield row("state_transition", start + 51 * SECOND, to_state="lapsed", caused_by=f"t{number}", **told)


def updates(draw: random.Random, faulty: bool) -> Iterator[Row]:
    """Writers that take turns; some write the same row again under the same operation; the fault loses updates."""
    for number in range(40):
        lost = faulty and number % 8 == 0
        for place in range(2):
            version = str(number if lost else number * 2 + place)
            told: Row = {"resource_id": "a", "expected_version": version, "worker_id": f"w{place}"}
            times = 2 if draw.random() < 0.3 and not lost else 1
            for again in range(times):
                at = number * SECOND + place * 10 + again
                yield row(
                    "state_transition", at, op_id=f"o{number}-{place}", output_hash=f"{number}{place}", **told
                ) | {
                    "request_id": f"r{number}",
                    "status": "ok",
                }


def approvals(draw: random.Random, faulty: bool) -> Iterator[Row]:
    """40 questions of which one in ten lapses, as it should; with the fault nobody answers."""
    for number in range(40):
        start, told = number * 100 * SECOND, {"approval_id": f"a{number}", "request_id": f"r{number}"}
        yield row("approval_request", start, sla_us=50 * SECOND, **told)
        lapsed = draw.random() < (0.97 if faulty else 0.1)
        at = start + (50 if lapsed else draw.randint(1, 40)) * SECOND
        source = {"decision": "deny", "decision_source": "timeout"}
        yield row(
            "approval_decision",
            at,
            **told,
            **(source if lapsed else {"decision": "approve", "decision_source": "human"}),
        )


def kills(draw: random.Random, faulty: bool) -> Iterator[Row]:
    """Requests that are stopped: a call begins within the second, things are put away; with the fault work goes on."""
    for number in range(20):
        start, told = number * 100 * SECOND, {"request_id": f"r{number}"}
        yield row("tool_call", start, tool_name="pay", duration_us=5 * SECOND, status="ok", **told)
        yield row("cancel_request", start + SECOND, cancel_scope="request", **told)
        soon = start + SECOND + draw.randint(0, SECOND // 2)
        yield row("tool_call", soon, tool_name="read", duration_us=1000, status="ok", **told)
        yield row("tool_call", start + 9 * SECOND, tool_name="release", cleanup=True, status="ok", **told)
        if faulty and number % 3 == 0:
            yield row(
                "tool_call", start + 20 * SECOND, tool_name="pay", status="ok", side_effect="external_write", **told
            )


def refusals(draw: random.Random, faulty: bool) -> Iterator[Row]:
    """Calls of which some are refused, and asked again and allowed; with the fault refused ones come back as done."""
    for number in range(40):
        start, told = (
            number * 10 * SECOND,
            {"proposal_id": f"p{number}", "request_id": f"r{number}", "tool_name": "pay"},
        )
        denied, again = draw.random() < 0.4, draw.random() < 0.5
        yield row("gate_decision", start, decision="deny" if denied else "allow", reason_code="limit", **told)
        if denied and again:
            yield row("gate_decision", start + SECOND, decision="allow", decision_source="human", **told)
        passed = not denied or again or (faulty and number % 2 == 0)
        yield row("tool_result", start + 2 * SECOND, status="ok" if passed else "denied", **told)


def repeats(draw: random.Random, faulty: bool) -> Iterator[Row]:
    """Polling whose answer changes, and a retry or two; with the fault one call again and again, answered the same."""
    for number in range(20):
        told: Row = {"request_id": f"r{number}", "agent_name": "a", "tool_name": "status", "args_hash": "x"}
        for again in range(draw.randint(3, 8)):
            yield row("tool_call", number * 100 * SECOND + again, result_fp=f"{number}-{again}", status="ok", **told)
        told["tool_name"] = "fetch"
        for again in range(6 if faulty and number % 5 == 0 else draw.choice((1, 2, 2))):
            yield row("tool_call", number * 100 * SECOND + 50 + again, result_fp="same", status="ok", **told)


def verifiers(draw: random.Random, faulty: bool) -> Iterator[Row]:
    """A verifier before and after a change of model; it refuses one in ten, with the fault then one in a hundred."""
    for number in range(300):
        model = "m1" if number < 150 else "m2"
        refused = draw.random() < (0.01 if faulty and model == "m2" else 0.1)
        yield row("gate_decision", number * SECOND, request_id=f"r{number}", policy_id="p", model_version=model) | {
            "decision": "deny" if refused else "allow",
            "reason_code": "limit" if refused else None,
        }


def blind(draw: random.Random, faulty: bool) -> Iterator[Row]:
    """A verifier that refuses one in fifty, over 60 decisions; with the fault 400 and never."""
    for number in range(400 if faulty else 60):
        refused = not faulty and draw.random() < 0.02
        yield row("gate_decision", number * SECOND, request_id=f"r{number}", policy_id="p") | {
            "decision": "deny" if refused else "allow"
        }


def budgets(draw: random.Random, faulty: bool) -> Iterator[Row]:
    """Requests of very unequal length; with the fault two of them run away."""
    for number in range(60):
        turns = 150 if faulty and number < 2 else max(1, min(40, int(draw.lognormvariate(1, 0.8))))
        for turn in range(turns):
            yield row("llm_call", number * 1000 * SECOND + turn, request_id=f"r{number}", agent_name="a") | {
                "output_hash": f"{number}-{turn}"
            }


def codes(draw: random.Random, faulty: bool) -> Iterator[Row]:
    """Refusals nearly all of which carry a code; with the fault nearly none."""
    for number in range(30):
        typed = draw.random() < (0.1 if faulty else 0.93)
        yield row(
            "gate_decision", number * SECOND, request_id=f"r{number}", decision="deny", reason_text="too much"
        ) | {"reason_code": "limit" if typed else None}


def commits(draw: random.Random, faulty: bool) -> Iterator[Row]:
    """Outside writes behind a gate, which some name by its proposal only; with the fault some have no check."""
    for number in range(40):
        told: Row = {"proposal_id": f"p{number}", "request_id": f"r{number}"}
        checked = not (faulty and number % 5 == 0)
        named = draw.random() < 0.6
        if checked:
            yield row("gate_decision", number * SECOND, decision="allow", verification_id=f"v{number}", **told)
        yield row("commit", number * SECOND + 10, side_effect="external_write", status="ok", **told) | {
            "verification_id": f"v{number}" if checked and named else None
        }


def row(kind: str, at: int, **columns: Any) -> Row:
    """One row of the event model."""
    return {"kind": kind, "ts_us": at, **columns}


SIMULATED: Mapping[str, Draw] = {
    "P1-merge-dominance": merges,
    "P1-shadow-retries": shadows,
    "P2-dirty-compensation": sagas,
    "P2-duplicate-effect": effects,
    "P3-late-events": streams,
    "P3-replay-divergence": replays,
    "P4-crash-loop": crashes,
    "P4-slow-gate": gates,
    "P5-cas-contention": swaps,
    "P5-lost-update": updates,
    "P5-stale-timer": timers,
    "P6-approval-starvation": approvals,
    "P6-ignored-kill": kills,
    "SDB-blind-verifier": blind,
    "SDB-identical-retries": repeats,
    "SDB-model-dependent-verifier": verifiers,
    "SDB-no-budget": budgets,
    "SDB-reject-as-success": refusals,
    "SDB-unverified-commit": commits,
    "SDB-untyped-reject": codes,
}
