"""A LangGraph graph as a proposer (extra `langgraph`).

The graph thinks; it does not act and it does not remember. It has no checkpointer, because the boundary stores what it
proposes, and no node has a retry policy, because the seam owns the budget. Its nodes ask the model through the context,
so their time-outs are what is left of the deadline.
"""

from __future__ import annotations

from typing import Any, Generic, TypedDict, TypeVar

from langgraph.graph import END, START, StateGraph
from pydantic import BaseModel

from ..llm import Answer
from ..runtime.boundary import Context
from ..runtime.errors import Reject

P = TypeVar("P", bound=BaseModel)


class Notes(BaseModel):
    """What the first node collects."""

    points: list[str]


class Thought(TypedDict, total=False):
    """What travels through the graph."""

    task: str
    rejects: tuple[Reject, ...]
    notes: Notes
    proposal: Any
    model: str


class GraphProposer(Generic[P]):
    """Two nodes: collect what matters, then draft the proposal from it."""

    def __init__(self, proposal: type[P]) -> None:
        self._proposal = proposal

    def propose(self, context: Context, task: str, rejects: tuple[Reject, ...]) -> Answer[P]:
        """Runs the graph once."""

        def collect(thought: Thought) -> Thought:
            got = context.ask(f"What matters for this? {thought['task']}", Notes)
            return {"notes": got.value, "model": got.model}

        def draft(thought: Thought) -> Thought:
            said = "".join(f"\nREJECTED ({each.code}): {each.reason}" for each in thought["rejects"])
            points = "; ".join(thought["notes"].points)
            got = context.ask(f"{thought['task']}\nMind: {points}{said}", self._proposal)
            return {"proposal": got.value, "model": got.model}

        graph = StateGraph(Thought)
        graph.add_node("collect", collect)
        graph.add_node("draft", draft)
        graph.add_edge(START, "collect")
        graph.add_edge("collect", "draft")
        graph.add_edge("draft", END)
        done = graph.compile().invoke({"task": task, "rejects": rejects})
        return Answer(self._proposal.model_validate(done["proposal"]), done["model"])
