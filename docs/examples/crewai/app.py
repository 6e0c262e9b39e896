"""Refunds by a CrewAI crew: two agents give their view, a third calls a tool that pays; a clerk approves some.

python app.py LOG [--cases 40] [--plain] [--fault identical-retries]
"""

from __future__ import annotations

import argparse
import json
import logging
import os
from datetime import UTC, datetime, timedelta
from typing import Any

os.environ |= {"CREWAI_DISABLE_TELEMETRY": "true", "CREWAI_TRACING_ENABLED": "false", "OTEL_SDK_DISABLED": "true"}

import shop
import telemetry
from crewai import Agent, BaseLLM, Crew, Task
from crewai.events import crewai_event_bus
from crewai.events.types.llm_events import LLMCallType
from crewai.llms.base_llm import llm_call_context
from crewai.tools import BaseTool

FAULTS = ("identical-retries",)


class Script(BaseLLM):
    """A model that says what it is told to, one text a turn."""

    said: list[str]

    def call(self, messages: Any, *_: Any, from_task: Any = None, from_agent: Any = None, **__: Any) -> str:
        """The next turn, with the events that CrewAI's own models emit as well."""
        with llm_call_context():
            self._emit_call_started_event(messages, from_task=from_task, from_agent=from_agent)
            text = self.said.pop(0)
            self._emit_call_completed_event(text, LLMCallType.LLM_CALL, from_task, from_agent, messages)
        return text


class Pay(BaseTool):
    """The tool that pays."""

    name: str = "pay"
    description: str = "Pays a refund."
    number: int
    fault: str

    def _run(self, amount: int) -> str:
        case, began = shop.Case(self.number), shop.now()
        if self.fault and case.number % 4 == 0:
            raise ConnectionError("the bank did not answer")
        shop.pay(case)
        shop.called(case, began, "ok")
        shop.move(case, "paid")
        return f"paid {amount}"


def asked(role: str, case: shop.Case, prompt: str, *said: str, tools: Any = ()) -> str:
    """What one agent answers."""
    model = Script(model=shop.MODEL, said=list(said))
    agent = Agent(role=role, goal="Settle refunds.", backstory="Works in a shop.", llm=model, tools=list(tools))
    task = Task(description=prompt, expected_output="A number.", agent=agent)
    return str(Crew(agents=[agent], tasks=[task], name="refund").kickoff())


def view(agent: str, case: shop.Case) -> int:
    """An agent's view."""
    began, deadline = shop.now(), datetime.now(UTC) + timedelta(seconds=30)
    prompt = f"How much of {case.paid} is paid back for {case.id}?"
    said = asked(agent, case, prompt, f"Thought: easy.\nFinal Answer: {shop.answer(agent, case)}")
    shop.assessed(case, agent, began, deadline.isoformat())
    return int(said)


def refund(case: shop.Case, fault: str) -> None:
    """One case from request to end."""
    shop.receive(case)
    amount = shop.merge(case, {agent: view(agent, case) for agent in ("customer", "policy")})
    if shop.check(case, amount) and not shop.stopped(case) and approved(case):
        call = f"Thought: pay.\nAction: pay\nAction Input: {json.dumps({'amount': amount})}\n"
        # A model that is told of an error and tries again, word for word; nothing counts how often.
        tries = [call] * (4 if fault and case.number % 4 == 0 else 1)
        tool = Pay(number=case.number, fault=fault)
        asked("cashier", case, f"Pay {amount}.", *tries, "Final Answer: settled", tools=[tool])
    shop.watch(case)
    shop.remind(case)
    shop.close(case, "ok")


def approved(case: shop.Case) -> bool:
    """Asks the clerk where the amount is high; every ninth of these is turned down."""
    if not shop.needs_person(case):
        return True
    telemetry.record("approval_request", **shop.question(case))
    refused = case.number % 9 == 0
    shop.decided(case, "reject" if refused else "approve")
    if refused:
        shop.called(case, shop.now(), "denied")
    return not refused


def main() -> None:
    """Walks cases through the crew."""
    parser = argparse.ArgumentParser()
    parser.add_argument("log")
    parser.add_argument("--cases", type=int, default=40)
    parser.add_argument("--plain", action="store_true")
    parser.add_argument("--fault", choices=FAULTS, default="")
    given = parser.parse_args()
    telemetry.PLAIN = given.plain
    logging.getLogger("crewai").setLevel(logging.ERROR)
    telemetry.write_to(given.log, prompt_version=shop.PROMPT)
    for number in range(1, given.cases + 1):
        telemetry.REQUEST.set(shop.Case(number).id)
        refund(shop.Case(number), given.fault)
    crewai_event_bus.flush()


if __name__ == "__main__":
    main()
