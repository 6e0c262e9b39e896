"""The user's mapping file: what an application's fields, lines and event names mean, and facts that no log holds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from advisor.catalog.files import read_toml
from advisor.catalog.load import model_faults
from advisor.errors import InputError
from advisor.traces.attributes import convert
from advisor.traces.columns import KINDS, ROLES, SIDE_EFFECTS, by_name
from advisor.traces.facts import Facts


Stage = Literal["opened", "produced", "sent", "closed", "failed", "escalated"]


class _Rules(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _paths(value: Any) -> dict[str, tuple[str, ...]]:
    if not isinstance(value, Mapping):
        raise ValueError('is no table of columns to field paths; write request_id = "order.id"')
    found: dict[str, tuple[str, ...]] = {}
    for name, paths in value.items():
        if name not in by_name() or by_name()[name].name != name:
            raise ValueError(f"{name} is no column; advisor diagnose --check-mapping lists the columns")
        found[name] = (paths,) if isinstance(paths, str) else tuple(str(path) for path in paths)
    return found


class KindRule(_Rules):
    """Gives a kind to records in which a field equals a value or matches a pattern (searched, anchor it yourself).

    `set` gives columns fixed values, `fields` columns for these records only, `explode` makes a row of each item of a
    list field, put into the column `explode_as`.
    """

    kind: str
    field: str = "event"
    equals: str | None = None
    pattern: str | None = None
    set: dict[str, Any] = Field(default_factory=dict)
    fields: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    explode: str | None = None
    explode_as: str = "action_id"

    _fields = field_validator("fields", mode="before")(_paths)

    @model_validator(mode="after")
    def _whole(self) -> KindRule:
        if self.kind not in KINDS:
            raise ValueError(f"{self.kind} is no kind; use one of {', '.join(sorted(KINDS))}")
        if (self.equals is None) == (self.pattern is None):
            raise ValueError("has both or neither of equals and pattern; give one")
        if self.pattern is not None:
            _compiled(self.pattern)
        for name in (*self.set, self.explode_as):
            if name not in by_name():
                raise ValueError(f"{name} is no column; correct its name")
        return self

    def matches(self, leaves: Mapping[str, Any]) -> bool:
        """Whether the rule speaks of a record, given its leaves by path."""
        value = leaves.get(self.field)
        if value is None:
            return False
        if self.equals is not None:
            return str(value) == self.equals
        return re.search(self.pattern or "", str(value)[:8192]) is not None

    @property
    def stored(self) -> dict[str, Any]:
        """The fixed columns as they are stored."""
        return {by_name()[name].stored: convert(by_name()[name], value) for name, value in self.set.items()}


def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error as error:
        raise ValueError(f"is no regular expression ({error}); correct it") from None


class SourceRule(_Rules):
    """What the records of matching files mean. `format` forces one of `auto` (sniffed) or `generic` (this mapping)."""

    match: str = "*"
    format: Literal["auto", "generic"] = "auto"
    timezone: str | None = None
    infer: bool = True
    kv: bool = True
    fields: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    lines: tuple[str, ...] = ()
    kinds: tuple[KindRule, ...] = ()

    _fields = field_validator("fields", mode="before")(_paths)

    @field_validator("lines")
    @classmethod
    def _patterns(cls, lines: tuple[str, ...]) -> tuple[str, ...]:
        for line in lines:
            _compiled(line)
        return lines

    @field_validator("timezone")
    @classmethod
    def _zone(cls, zone: str | None) -> str | None:
        from zoneinfo import ZoneInfo

        if zone is not None:
            try:
                ZoneInfo(zone)
            except (ValueError, OSError, KeyError):
                raise ValueError(f"{zone} is no time zone; write one such as Europe/Berlin") from None
        return zone


class Pair(_Rules):
    """Joins a start row and an end row into the start row: equal `on` columns, the next end after each start."""

    start: str
    end: str
    on: tuple[str, ...] = ("request_id",)


class Tool(_Rules):
    """What is known of a tool."""

    side_effect: Literal["none", "read", "write", "external_write", "unknown"] | None = None
    polling: bool = False
    detached: bool = False


class Agent(_Rules):
    """What is known of an agent: its role, its weight in merges, its deadline from the start of its row."""

    role: str | None = None
    weight: float | None = None
    deadline_ms: float | None = None
    detached: bool = False

    @field_validator("role")
    @classmethod
    def _known(cls, role: str | None) -> str | None:
        if role is not None and role not in ROLES:
            raise ValueError(f"{role} is no role; use one of {', '.join(sorted(ROLES))}")
        return role


class Given(_Rules):
    """The `[facts]` of a mapping file."""

    tools: dict[str, Tool] = Field(default_factory=dict)
    agents: dict[str, Agent] = Field(default_factory=dict)
    approval_sla_ms: float | None = None
    model_order: tuple[str, ...] = ()
    lateness_ms: float | None = None
    max_restarts: int | None = None
    kill_grace_ms: float | None = None
    off_hours: str | None = None
    states: dict[Stage, tuple[str, ...]] = Field(default_factory=dict)


class LogMapping(_Rules):
    """A whole mapping file."""

    schema_: Literal[1] = Field(alias="schema")
    sources: tuple[SourceRule, ...] = ()
    pairs: tuple[Pair, ...] = ()
    facts: Given = Given()
    thresholds: dict[str, dict[str, float]] = Field(default_factory=dict)

    def rule_for(self, name: str) -> SourceRule:
        """The first rule whose `match` fits a file's path or name; one that says nothing, where none does."""
        path = name.replace("\\", "/")
        for rule in self.sources:
            if fnmatch(path, rule.match) or fnmatch(Path(path).name, rule.match):
                return rule
        return SourceRule()

    @property
    def detector_facts(self) -> Facts:
        """The facts that detectors ask for."""
        agents, tools = self.facts.agents, self.facts.tools
        lateness = self.facts.lateness_ms
        return Facts(
            weights={name: agent.weight for name, agent in agents.items() if agent.weight is not None},
            model_order=self.facts.model_order,
            detached=frozenset(
                [name for name, agent in agents.items() if agent.detached]
                + [name for name, tool in tools.items() if tool.detached]
            ),
            polling=frozenset(name for name, tool in tools.items() if tool.polling),
            lateness_us=None if lateness is None else round(lateness * 1000),
            off_hours=self.facts.off_hours,
            states={stage: names for stage, names in self.facts.states.items()},
        )

    @property
    def overrides(self) -> dict[str, float]:
        """Thresholds by `<signature>.<slug>`: those of `[thresholds.<signature>]`, and facts that are one."""
        grace = self.facts.kill_grace_ms
        given = {
            "P4-crash-loop.max-restarts": self.facts.max_restarts,
            "P6-ignored-kill.grace": None if grace is None else grace / 1000,
            **{f"{id}.{slug}": value for id, table in self.thresholds.items() for slug, value in table.items()},
        }
        return {name: float(value) for name, value in given.items() if value is not None}


NOTHING = LogMapping(schema=1)
"""A mapping that says nothing."""


def read_mapping(path: Path) -> LogMapping:
    """A mapping file.

    Raises:
        InputError: Every fault in it at once.
    """
    table = read_toml(path)
    try:
        return LogMapping.model_validate(table)
    except ValidationError as error:
        raise InputError(model_faults(error, str(path))) from None


def side_effects(mapping: LogMapping) -> Iterable[tuple[str, str]]:
    """Tools whose side effect is known."""
    for name, tool in mapping.facts.tools.items():
        if tool.side_effect in SIDE_EFFECTS:
            yield name, str(tool.side_effect)
