"""Refunds as a LangGraph graph: two agents side by side, a rule that merges them, a gate, a person, a payment.

python app.py LOG [--cases 40] [--plain] [--fault repeat-on-resume]
"""

from __future__ import annotations

import argparse
import operator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, TypedDict

import shop
import telemetry
from langchain_core.language_models import FakeListChatModel
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime
from langgraph.types import Command, RetryPolicy, interrupt

FAULTS = ("repeat-on-resume",)


class State(TypedDict, total=False):
    """What the nodes share."""

    number: int
    views: Annotated[dict[str, int], operator.or_]
    amount: int
    next: str


def assess(agent: str) -> Any:
    """A node that asks a model for an agent's view."""

    def node(state: State) -> State:
        case, began = shop.Case(state["number"]), shop.now()
        known = {"ls_model_name": shop.MODEL, "prompt_version": shop.PROMPT}
        model = FakeListChatModel(responses=[shop.answer(agent, case)], metadata=known)
        said = model.invoke(f"You are the {agent}. How much of {case.paid} is paid back for {case.id}?").text
        deadline = datetime.now(UTC) + timedelta(seconds=30)
        shop.assessed(case, agent, began, deadline.isoformat())
        return {"views": {agent: int(said)}}

    return node


def receive(state: State) -> None:
    """Takes the request."""
    shop.receive(shop.Case(state["number"]))


def merge(state: State) -> State:
    """Merges the views, and lets the gate judge."""
    case = shop.Case(state["number"])
    amount = shop.merge(case, state["views"])
    if not shop.check(case, amount) or shop.stopped(case):
        return {"amount": 0, "next": "close"}
    return {"amount": amount, "next": "approve" if shop.needs_person(case) else "pay"}


def approve(state: State, runtime: Runtime[str]) -> State:
    """Asks a person. LangGraph runs the node from its start again when the answer is there."""
    case = shop.Case(state["number"])
    if runtime.context == "repeat-on-resume":
        shop.pay(case)
    about = {"kind": "approval_request"} | shop.question(case)
    asked = {} if telemetry.PLAIN else {f"sdb.{name}": value for name, value in about.items()}
    reply = interrupt({"question": f"Pay {state['amount']} for {case.id}?", **asked})
    shop.decided(case, reply)
    return {"next": "close" if runtime.context == "repeat-on-resume" else "pay"}


def pay(state: State, runtime: Runtime[str]) -> None:
    """Calls the tool that pays; the first attempt of every third case finds no connection."""
    case, began, attempt = shop.Case(state["number"]), shop.now(), runtime.execution_info.node_attempt
    lost = case.number % 3 == 0 and attempt == 1
    if lost:
        shop.called(case, began, "error", attempt, "ConnectionError")
        raise ConnectionError("the bank did not answer")
    shop.pay(case)
    shop.called(case, began, "ok", attempt)
    shop.move(case, "paid")


def close(state: State) -> None:
    """Ends the case."""
    case = shop.Case(state["number"])
    shop.watch(case)
    shop.remind(case)
    shop.close(case, "ok")


def graph() -> Any:
    """The graph, with its checkpoints in memory."""
    built = StateGraph(State, context_schema=str)
    built.add_node("receive", receive)
    for agent in ("customer", "policy"):
        built.add_node(agent, assess(agent))
    built.add_node("merge", merge)
    built.add_node("approve", approve)
    built.add_node("pay", pay, retry_policy=RetryPolicy(initial_interval=0.001, max_attempts=3))
    built.add_node("close", close)
    built.add_edge(START, "receive")
    built.add_edge("receive", "customer")
    built.add_edge("receive", "policy")
    built.add_edge(["customer", "policy"], "merge")
    built.add_conditional_edges("merge", lambda state: state["next"], ["approve", "pay", "close"])
    built.add_conditional_edges("approve", lambda state: state["next"], ["pay", "close"])
    built.add_edge("pay", "close")
    built.add_edge("close", END)
    return built.compile(checkpointer=InMemorySaver())


def main() -> None:
    """Walks cases through the graph."""
    parser = argparse.ArgumentParser()
    parser.add_argument("log")
    parser.add_argument("--cases", type=int, default=40)
    parser.add_argument("--plain", action="store_true")
    parser.add_argument("--fault", choices=FAULTS, default="")
    asked = parser.parse_args()
    telemetry.PLAIN = asked.plain
    app = graph()
    for number in range(1, asked.cases + 1):
        config: Any = {"configurable": {"thread_id": shop.Case(number).id}, "callbacks": [telemetry.ModelCalls()]}
        modes: Any = {"stream_mode": ["debug", "custom"], "context": asked.fault}
        telemetry.write(app.stream({"number": number}, config, **modes), asked.log)
        if app.get_state(config).interrupts:
            telemetry.write(app.stream(Command(resume="approve"), config, **modes), asked.log)


if __name__ == "__main__":
    main()
