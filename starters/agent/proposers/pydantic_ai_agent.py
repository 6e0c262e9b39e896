"""A pydantic-ai agent as a proposer (extra `pydantic-ai`).

The agent's own retries are off, since the seam owns the budget, and so is every tool: an act of the agent would pass the
boundary by. Its time is what is left of the deadline. An answer that the agent cannot bring into the asked shape becomes
`UntypedAnswer`, which the boundary turns into a typed reject.
"""

from __future__ import annotations

import asyncio
from typing import Any, Generic, TypeVar

from pydantic import BaseModel
from pydantic_ai import Agent, UnexpectedModelBehavior

from ..llm import Answer, ModelFailed, UntypedAnswer
from ..runtime.boundary import Context
from ..runtime.db import digest
from ..runtime.errors import DeadlineExceeded, Reject
from ..telemetry import span

P = TypeVar("P", bound=BaseModel)


class AgentProposer(Generic[P]):
    """One agent, one run, one proposal.

    Args:
        proposal: The type to fill.
        model: What pydantic-ai calls a model: a name as `openai:gpt-…`, or an object.
    """

    def __init__(self, proposal: type[P], model: Any) -> None:
        self._proposal = proposal
        self._agent: Any = Agent(model, output_type=proposal, retries=0)

    def propose(self, context: Context, task: str, rejects: tuple[Reject, ...]) -> Answer[P]:
        """Runs the agent once, within the deadline."""
        left = context.deadline.left_s
        if left <= 0:
            raise DeadlineExceeded("no time is left for the agent")
        # The clients behind the agent retry in secret unless they are told not to.
        settings = {"timeout": left, "max_retries": 0}
        said = "".join(f"\nREJECTED ({each.code}): {each.reason}" for each in rejects)
        with span("chat", "llm_call", input_hash=digest(task + said), provider="pydantic-ai") as call:
            try:
                done = asyncio.run(asyncio.wait_for(self._agent.run(task + said, model_settings=settings), left))
            except UnexpectedModelBehavior as error:
                raise UntypedAnswer(getattr(error, "body", None) or str(error), str(error)) from error
            except TimeoutError as error:
                raise ModelFailed(f"the agent did not answer in {left:.1f} s") from error
            value = self._proposal.model_validate(done.output)
            model = done.response.model_name or "unknown"
            call.set(model_response=model, output_hash=digest(value.model_dump(mode="json")), status="ok")
        return Answer(value, model)
