"""The replay plan: which cases, which two versions, how a trial is run, and what it may cost."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, model_validator

from advisor.catalog.files import read_toml
from advisor.catalog.load import model_faults
from advisor.catalog.models import Frozen, Text
from advisor.errors import Fault, InputError
from advisor.replay.rule import CAP


class Versions(Frozen):
    """The two versions; without a prior one only variance can be told from what reproduces."""

    current: Text
    prior: Text | None = None

    @model_validator(mode="after")
    def _two(self) -> Versions:
        if self.current == self.prior:
            raise ValueError("current and prior are the same; name two versions, or leave prior out")
        return self


class RunnerPlan(Frozen):
    """How a trial is run: a command (JSON in, JSON out), a Python callable, or an OpenAI-compatible endpoint."""

    kind: Literal["command", "python", "openai"]
    command: tuple[Text, ...] = Field(default=(), strict=False)
    callable: Text | None = None
    base_url: Text | None = None
    api_key_env: Text = "OPENAI_API_KEY"
    timeout_s: float = Field(default=120.0, gt=0)
    max_turns: int = Field(default=12, ge=1)
    parameters: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _complete(self) -> RunnerPlan:
        needed = {"command": "command", "python": "callable", "openai": "base_url"}[self.kind]
        if not getattr(self, needed):
            raise ValueError(f"a runner of kind {self.kind} lacks {needed}; add {needed} = ...")
        if self.callable and self.callable.count(":") != 1:
            raise ValueError('callable is not module:function; write callable = "module:function"')
        return self


class Price(Frozen):
    """Money per million tokens of one version."""

    input: float = Field(ge=0)
    output: float = Field(ge=0)


class Budget(Frozen):
    """What the whole replay may cost; a limit that is left out does not bind."""

    calls: int | None = Field(default=None, ge=1)
    tokens: int | None = Field(default=None, ge=1)
    money: float | None = Field(default=None, gt=0)


class Recording(Frozen):
    """A tool call and the result that it had; the result is served when the same call comes again."""

    tool: Text
    arguments: dict[str, Any] = Field(default_factory=dict)
    result: Any = None


class Check(Frozen):
    """When the endpoint's last answer passes: every condition given must hold."""

    equals: str | None = None
    contains: str | None = None
    matches: str | None = None

    @model_validator(mode="after")
    def _some(self) -> Check:
        if self.equals is None and self.contains is None and self.matches is None:
            raise ValueError("checks nothing; give equals, contains or matches")
        return self


class ReplayCase(Frozen):
    """One failure to replay. `input` goes to a command or callable; `messages`, `tools`, `check` to an endpoint."""

    task: Text
    input: Any = None
    messages: tuple[dict[str, Any], ...] = Field(default=(), strict=False)
    tools: tuple[dict[str, Any], ...] = Field(default=(), strict=False)
    recordings: tuple[Recording, ...] = Field(default=(), strict=False)
    check: Check | None = None


class Plan(Frozen):
    """A replay plan, whole. `folder` is where the plan lies: relative paths start there."""

    schema_: Literal[1] = Field(alias="schema")
    versions: Versions
    runner: RunnerPlan
    cases: tuple[ReplayCase, ...] = Field(min_length=1, strict=False)
    budget: Budget = Field(default_factory=Budget)
    prices: dict[str, Price] = Field(default_factory=dict)
    outcomes: Text = "outcomes.jsonl"
    cap: int = Field(default=CAP, ge=3, le=99)
    concurrency: int = Field(default=1, ge=1, le=64)
    folder: Path = Field(default=Path(), exclude=True)

    @model_validator(mode="after")
    def _consistent(self) -> Plan:
        tasks = [case.task for case in self.cases]
        twice = sorted({task for task in tasks if tasks.count(task) > 1})
        if twice:
            raise ValueError(f"has two cases called {', '.join(twice)}; give each its own task")
        if self.runner.kind == "openai":
            lacking = [case.task for case in self.cases if not case.messages or case.check is None]
            if lacking:
                raise ValueError(f"cases {', '.join(lacking)} lack messages or check; an endpoint needs both")
        return self

    @property
    def outcomes_path(self) -> Path:
        """Where each trial is appended."""
        return self.folder / self.outcomes


def read_plan(path: Path) -> Plan:
    """Reads a plan.

    Raises:
        InputError: Every fault in it; also where the environment lacks the endpoint's key.
    """
    table = read_toml(path)
    try:
        plan = Plan.model_validate({**table, "folder": path.parent})
    except ValidationError as error:
        raise InputError(model_faults(error, str(path))) from None
    name = plan.runner.api_key_env
    if plan.runner.kind == "openai" and name not in os.environ:
        raise InputError([Fault(f"{path}: runner.api_key_env", f"names {name}, which is not set", f"export {name}")])
    return plan
