"""Refunds as a DBOS workflow: every side effect is a step, a person answers by message, a failed booking is undone.

python app.py FOLDER [--cases 40] [--plain] [--fault dirty-compensation]
"""

from __future__ import annotations

import argparse
import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import shop
import telemetry
from dbos import DBOS, SetWorkflowID

FAULTS = ("dirty-compensation",)


@DBOS.step()
def receive(number: int) -> None:
    """Takes the request."""
    shop.receive(shop.Case(number))


@DBOS.step()
def assess(number: int, agent: str) -> int:
    """An agent's view: here a real one would call its model."""
    case, began, deadline = shop.Case(number), shop.now(), datetime.now(UTC) + timedelta(seconds=30)
    said = shop.answer(agent, case)
    telemetry.record(
        "llm_call",
        ts=began,
        end_ts=shop.now(),
        agent_name=agent,
        model_version=shop.MODEL,
        prompt_version=shop.PROMPT,
        input_hash=shop.digest([agent, case.id]),
        output_hash=shop.digest(said),
        text=said,
        status="ok",
    )
    shop.assessed(case, agent, began, deadline.isoformat())
    return int(said)


@DBOS.step()
def judge(number: int, views: dict[str, int]) -> bool:
    """Merges the views, lets the gate judge, and reads the kill switch."""
    case = shop.Case(number)
    return shop.check(case, shop.merge(case, views)) and not shop.stopped(case)


@DBOS.step()
def ask(number: int) -> None:
    """Tells the clerk that a refund waits."""
    telemetry.record("approval_request", **shop.question(shop.Case(number)))


@DBOS.step()
def decided(number: int, reply: str) -> None:
    """Notes the clerk's answer."""
    shop.decided(shop.Case(number), reply)


@DBOS.step(retries_allowed=True, max_attempts=3, interval_seconds=0.01)
def pay(number: int, undone: str) -> None:
    """Pays; the first attempt of every third case finds no connection."""
    case, began, attempt = shop.Case(number), shop.now(), telemetry.attempt()
    if case.number % 3 == 0 and attempt == 1:
        shop.called(case, began, "error", attempt, "ConnectionError")
        raise ConnectionError("the bank did not answer")
    shop.pay(case, undone)
    shop.called(case, began, "ok", attempt)
    shop.move(case, "paid")


@DBOS.step()
def close(number: int) -> None:
    """Ends the case."""
    case = shop.Case(number)
    shop.watch(case)
    shop.remind(case)
    shop.close(case, "ok")


@DBOS.workflow()
def refund(number: int, fault: str) -> str:
    """One case from request to end."""
    receive(number)
    views = {agent: assess(number, agent) for agent in ("customer", "policy")}
    if judge(number, views):
        if shop.needs_person(shop.Case(number)):
            ask(number)
            decided(number, DBOS.recv("approval", timeout_seconds=3600))
        pay(number, "book" if fault else "pay")
    close(number)
    return "settled"


def main() -> None:
    """Walks cases through."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cases", type=int, default=40)
    parser.add_argument("--plain", action="store_true")
    parser.add_argument("--fault", choices=FAULTS, default="")
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    telemetry.PLAIN, telemetry.FOLDER = asked.plain, asked.folder
    database = f"sqlite:///{(asked.folder / 'dbos.sqlite').resolve()}"
    config: Any = {"name": "refunds", "system_database_url": database, "log_level": "ERROR"}
    DBOS(config=config)
    logging.getLogger("dbos").setLevel(logging.ERROR)
    DBOS.launch()
    for number in range(1, asked.cases + 1):
        case = shop.Case(number)
        with SetWorkflowID(case.id):
            handle = DBOS.start_workflow(refund, number, asked.fault)
        if shop.needs_person(case):
            DBOS.send(case.id, "approve", topic="approval")
        handle.get_result()
    DBOS.destroy()


if __name__ == "__main__":
    main()
