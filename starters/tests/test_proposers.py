"""Proposers of other frameworks behind the same boundary: what they say is a proposal, and a reject reaches them."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import BaseModel

from starters.agent.llm import Answer, ModelFailed, Stub, UntypedAnswer
from starters.agent.runtime.boundary import Boundary, Context, Kernel, Planes, boundary
from starters.agent.runtime.cases import Case
from starters.agent.runtime.clock import Deadline, SystemClock
from starters.agent.runtime.effects import Effects
from starters.agent.runtime.errors import Reject
from starters.agent.runtime.p4_gate import policy_of

Make = Callable[..., Any]
POLICY = policy_of(
    {
        "version": "1",
        "rule": [
            {"id": "known", "action": "grant", "verdict": "allow"},
            {"id": "over-15", "action": "grant", "field": "percent", "op": ">", "value": 15, "verdict": "deny"},
        ],
    }
)


class Grant(BaseModel):
    percent: int


def context(world: Any, model: Any = None, left_ms: int = 10_000) -> Context:
    effects = Effects(world.db, world.clock, world.leases)
    kernel = Kernel(world.db, world.clock, world.audit, world.inbox, world.leases, effects, POLICY, Planes())
    case = Case("C-1", "t", "open", {}, {}, 0, 0)
    return Context(kernel, case, model or world.model, Deadline(world.clock.now() + left_ms, world.clock))


def seam(ask: Callable[[Context, tuple[Reject, ...]], Answer[Grant]]) -> Boundary[Grant]:
    class Granting:
        def propose(self, context: Context, rejects: tuple[Reject, ...]) -> Answer[Grant]:
            return ask(context, rejects)

        def verify(self, context: Context, proposal: Grant) -> Reject | None:
            return None

        def commit(self, context: Context, proposal: Grant) -> dict[str, Any]:
            return {"percent": proposal.percent}

        def reject(self, context: Context, rejects: tuple[Reject, ...]) -> dict[str, Any]:
            return {}

    return boundary("grant", proposal=Grant, action="grant")(Granting)


def test_a_langgraph_graph_proposes_and_hears_its_reject(world: Make) -> None:
    pytest.importorskip("langgraph")
    from starters.agent.proposers.langgraph_graph import GraphProposer

    model = Stub(
        script={"What matters": {"points": ["price"]}, "REJECTED": {"percent": 10}, "Mind: price": {"percent": 50}}
    )
    proposer = GraphProposer(Grant)
    done = seam(lambda given, rejects: proposer.propose(given, "a discount", rejects)).run(context(world(), model))
    assert done == {"percent": 10} and model.calls == 4


def test_a_pydantic_ai_agent_proposes_and_hears_its_reject(world: Make) -> None:
    pytest.importorskip("pydantic_ai")
    from pydantic_ai.messages import ModelResponse, ToolCallPart
    from pydantic_ai.models.function import FunctionModel

    from starters.agent.proposers.pydantic_ai_agent import AgentProposer

    def answer(messages: Any, info: Any) -> ModelResponse:
        percent = 10 if "REJECTED" in str(messages) else 50
        return ModelResponse(parts=[ToolCallPart(info.output_tools[0].name, {"percent": percent})])

    proposer = AgentProposer(Grant, FunctionModel(answer))
    done = seam(lambda given, rejects: proposer.propose(given, "a discount", rejects)).run(context(world()))
    assert done == {"percent": 10}


def test_a_pydantic_ai_agent_asks_once_and_keeps_to_the_deadline(world: Make) -> None:
    pytest.importorskip("pydantic_ai")
    import asyncio

    from pydantic_ai.messages import ModelResponse, TextPart, ToolCallPart
    from pydantic_ai.models.function import FunctionModel

    from starters.agent.proposers.pydantic_ai_agent import AgentProposer

    asked: list[int] = []

    async def babble(messages: Any, info: Any) -> ModelResponse:
        asked.append(1)
        return ModelResponse(parts=[ToolCallPart(info.output_tools[0].name, {"percent": "a lot"}), TextPart("gladly")])

    async def slow(messages: Any, info: Any) -> ModelResponse:
        await asyncio.sleep(5)
        raise AssertionError

    made = world(clock=SystemClock())
    with pytest.raises(UntypedAnswer):
        AgentProposer(Grant, FunctionModel(babble)).propose(context(made), "a discount", ())
    assert len(asked) == 1
    began = time.monotonic()
    with pytest.raises(ModelFailed):
        AgentProposer(Grant, FunctionModel(slow)).propose(context(made, left_ms=300), "a discount", ())
    assert time.monotonic() - began < 2
