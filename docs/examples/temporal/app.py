"""Refunds as a Temporal workflow: every step is an activity, a person answers by signal, a cancel is the kill switch.

python app.py FOLDER [--cases 40] [--plain] [--fault ignored-kill]
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from temporalio import activity, workflow
from temporalio.client import WorkflowFailureError
from temporalio.common import RetryPolicy
from temporalio.runtime import LoggingConfig, Runtime, TelemetryConfig, TelemetryFilter
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

with workflow.unsafe.imports_passed_through():
    import shop
    import telemetry

FAULTS = ("ignored-kill",)
RETRIES = RetryPolicy(initial_interval=timedelta(milliseconds=1), maximum_attempts=3)
telemetry.ACTIVITIES.update(
    assess=lambda number, agent: {
        "sdb.kind": "llm_call",
        "gen_ai.agent.name": agent,
        "sdb.model.version": shop.MODEL,
        "sdb.prompt.version": shop.PROMPT,
    },
    pay=lambda number: {
        "sdb.proposal.id": f"{shop.Case(number).id}/pay",
        "sdb.side_effect": "external_write",
        "sdb.retry.layer": "framework",
    },
)


@activity.defn
def receive(number: int) -> None:
    """Takes the request."""
    shop.receive(shop.Case(number))


@activity.defn
def assess(number: int, agent: str) -> int:
    """An agent's view: here a real one would call its model."""
    case, began, deadline = shop.Case(number), shop.now(), datetime.now(UTC) + timedelta(seconds=30)
    said = shop.answer(agent, case)
    shop.assessed(case, agent, began, deadline.isoformat())
    return int(said)


@activity.defn
def judge(number: int, views: dict[str, int]) -> bool:
    """Merges the views, and lets the gate judge."""
    case = shop.Case(number)
    return shop.check(case, shop.merge(case, views))


@activity.defn
def ask(number: int) -> None:
    """Tells the clerk that a refund waits."""
    telemetry.record("approval_request", **shop.question(shop.Case(number)))


@activity.defn
def decided(number: int, reply: str) -> None:
    """Notes the clerk's answer."""
    shop.decided(shop.Case(number), reply)


@activity.defn
def pay(number: int) -> None:
    """Pays; the first attempt of every third case finds no connection."""
    case, began, attempt = shop.Case(number), shop.now(), activity.info().attempt
    if case.number % 3 == 0 and attempt == 1:
        shop.called(case, began, "error", attempt, "ConnectionError")
        raise ConnectionError("the bank did not answer")
    shop.pay(case)
    shop.called(case, began, "ok", attempt)
    shop.move(case, "paid")


@activity.defn
def close(number: int) -> None:
    """Ends the case."""
    case = shop.Case(number)
    shop.watch(case)
    shop.remind(case)
    shop.close(case, "ok")


@workflow.defn
class Refund:
    """One case from request to end."""

    def __init__(self) -> None:
        """Has neither begun nor been answered."""
        self.at, self.reply = "", ""

    @workflow.signal
    def decide(self, reply: str) -> None:
        """The clerk's answer."""
        self.reply = reply

    @workflow.query
    def stage(self) -> str:
        """Where the case waits."""
        return self.at

    @workflow.run
    async def run(self, number: int, fault: str) -> str:
        """Walks the case through."""
        case = shop.Case(number)
        await self._do(receive, number)
        if number % 20 == 0:
            self.at = "held"
            try:
                await workflow.sleep(60)
            except asyncio.CancelledError:
                if not fault:
                    raise
        agents = ("customer", "policy")
        views = await asyncio.gather(*(self._do(assess, number, agent) for agent in agents))
        if await self._do(judge, number, dict(zip(agents, views, strict=True))):
            if shop.needs_person(case):
                await self._do(ask, number)
                self.at = "asked"
                await workflow.wait_condition(lambda: bool(self.reply), timeout=timedelta(hours=1))
                await self._do(decided, number, self.reply)
            await self._do(pay, number)
        await self._do(close, number)
        return "settled"

    async def _do(self, step: Any, *given: Any) -> Any:
        limit = timedelta(seconds=10)
        return await workflow.execute_activity(step, args=given, start_to_close_timeout=limit, retry_policy=RETRIES)


async def walk(cases: int, fault: str) -> None:
    """Walks cases through, on Temporal's own test server."""
    steps: Any = [receive, assess, judge, ask, decided, pay, close]
    server = str(Path(sys.executable).with_name("temporal-test-server"))
    quiet = LoggingConfig(TelemetryFilter(core_level="ERROR", other_level="ERROR"))
    Runtime.set_default(Runtime(telemetry=TelemetryConfig(logging=quiet)))
    env = await WorkflowEnvironment.start_time_skipping(test_server_existing_path=server)
    async with env:
        # The server skips waits unless told otherwise; a log wants true times.
        with ThreadPoolExecutor(4) as pool, env.auto_time_skipping_disabled():
            worker = Worker(
                env.client,
                task_queue="refunds",
                workflows=[Refund],
                activities=steps,
                activity_executor=pool,
                interceptors=[telemetry.Attributes()],
            )
            async with worker:
                for number in range(1, cases + 1):
                    await _one(env.client, number, fault)


async def _one(client: Any, number: int, fault: str) -> None:
    case = shop.Case(number)
    handle = await client.start_workflow(Refund.run, args=[number, fault], id=case.id, task_queue="refunds")
    if number % 20 == 0:
        await _until(handle, "held")
        await handle.cancel()
    if number % 8 != 3 and shop.needs_person(case) and (number % 20 != 0 or fault):
        await _until(handle, "asked")
        await handle.signal(Refund.decide, "approve")
    try:
        await handle.result()
    except WorkflowFailureError as error:
        print(f"{case.id}: {error.cause}")
    telemetry.keep(await handle.fetch_history())


async def _until(handle: Any, stage: str) -> None:
    while await handle.query(Refund.stage) != stage:
        await asyncio.sleep(0.01)


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cases", type=int, default=40)
    parser.add_argument("--plain", action="store_true")
    parser.add_argument("--fault", choices=FAULTS, default="")
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    telemetry.PLAIN, telemetry.FOLDER = asked.plain, asked.folder
    logging.getLogger("temporalio").setLevel(logging.ERROR)
    asyncio.run(walk(asked.cases, asked.fault))
    sys.stdout.flush()
    os._exit(0)  # a thread of the SDK's core may outlive the interpreter, and crash it


if __name__ == "__main__":
    main()
