"""Refunds with the OpenAI Agents SDK: two agents give their view, a third calls a tool that a person must approve.

python app.py LOG [--cases 40] [--plain] [--fault reject-as-success]
"""

from __future__ import annotations

import argparse
import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import shop
import telemetry
from agents import Agent, Model, ModelResponse, RunContextWrapper, Runner, Usage, function_tool, generation_span, trace
from openai.types.responses import ResponseFunctionToolCall, ResponseOutputMessage, ResponseOutputText

FAULTS = ("reject-as-success",)


class Script(Model):
    """A model that says what it is told to, one item a turn."""

    def __init__(self, *said: Any) -> None:
        """Takes the turns in order: a text, or a call."""
        self.said = list(said)

    async def get_response(self, system_instructions: Any, input: Any, *_: Any, **__: Any) -> ModelResponse:
        """The next turn, in the span that a real model makes as well."""
        item = self.said.pop(0)
        shown = {"role": "assistant", "content": item if isinstance(item, str) else item.name}
        asked = input if isinstance(input, list) else [{"role": "user", "content": input}]
        with generation_span(input=asked, output=[shown], model=shop.MODEL):
            if isinstance(item, str):
                text = ResponseOutputText(text=item, type="output_text", annotations=[])
                item = ResponseOutputMessage(
                    id="message", content=[text], role="assistant", status="completed", type="message"
                )
            return ModelResponse(output=[item], usage=Usage(), response_id=None)

    def stream_response(self, *_: Any, **__: Any) -> Any:
        """Not used here."""
        raise NotImplementedError


async def _needs_person(context: RunContextWrapper[shop.Case], arguments: Any, call_id: str) -> bool:
    return shop.needs_person(context.context)


@function_tool(needs_approval=_needs_person)
async def pay(context: RunContextWrapper[shop.Case], amount: int) -> str:
    """Pays a refund; the first attempt of every third case finds no connection."""
    case = context.context
    if case.number % 3 == 0:
        shop.called(case, shop.now(), "error", 1, "ConnectionError")
    began = shop.now()
    shop.pay(case)
    shop.called(case, began, "ok", 2 if case.number % 3 == 0 else 1)
    shop.move(case, "paid")
    return f"paid {amount}"


async def assess(agent: str, case: shop.Case) -> int:
    """An agent's view."""
    began, deadline = shop.now(), datetime.now(UTC) + timedelta(seconds=30)
    asked = f"How much of {case.paid} is paid back for {case.id}?"
    result = await Runner.run(Agent(agent, model=Script(shop.answer(agent, case))), asked)
    shop.assessed(case, agent, began, deadline.isoformat())
    return int(result.final_output)


async def refund(case: shop.Case, fault: str) -> None:
    """One case from request to end."""
    shop.receive(case)
    views = await asyncio.gather(*(assess(agent, case) for agent in ("customer", "policy")))
    amount = shop.merge(case, dict(zip(("customer", "policy"), views, strict=True)))
    if shop.check(case, amount) and not shop.stopped(case):
        await settle(case, amount, fault)
    shop.watch(case)
    shop.remind(case)
    shop.close(case, "ok")


async def settle(case: shop.Case, amount: int, fault: str) -> None:
    """Lets the third agent pay. The clerk turns every fourth case down that comes before him."""
    refused = shop.needs_person(case) and case.number % 4 == 0
    end = f"{amount} has been refunded." if not refused or fault else "The clerk did not approve; nothing was paid."
    arguments = json.dumps({"amount": amount})
    call = ResponseFunctionToolCall(
        call_id=f"{case.id}/pay", name="pay", arguments=arguments, type="function_call", id="call"
    )
    cashier = Agent[shop.Case]("cashier", model=Script(call, end), tools=[pay])
    result = await Runner.run(cashier, f"Pay {amount} for {case.id}.", context=case)
    for asked in result.interruptions:
        telemetry.record("approval_request", **shop.question(case))
        state = result.to_state()
        if refused:
            shop.decided(case, "reject")
            state.reject(asked)
            # The SDK's own span of a refused call has neither output nor error: whoever asks only for errors sees none.
            shop.called(case, shop.now(), "ok" if fault else "denied")
        else:
            shop.decided(case, "approve")
            state.approve(asked)
        result = await Runner.run(cashier, state)


async def walk(cases: int, fault: str) -> None:
    """Walks cases through the agents; every case is a trace of its own, and its id is the group's."""
    for number in range(1, cases + 1):
        known = {} if telemetry.PLAIN else {"sdb.prompt.version": shop.PROMPT}
        with trace("refund", group_id=shop.Case(number).id, metadata=known):
            await refund(shop.Case(number), fault)


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("log")
    parser.add_argument("--cases", type=int, default=40)
    parser.add_argument("--plain", action="store_true")
    parser.add_argument("--fault", choices=FAULTS, default="")
    asked = parser.parse_args()
    telemetry.PLAIN = asked.plain
    telemetry.write_to(asked.log)
    asyncio.run(walk(asked.cases, asked.fault))


if __name__ == "__main__":
    main()
