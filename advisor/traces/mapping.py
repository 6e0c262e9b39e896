"""The user's mapping file: what an application's fields, lines and event names mean, and facts that no log holds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from advisor.catalog.files import read_toml
from advisor.catalog.load import model_faults
from advisor.errors import InputError
from advisor.traces.attributes import convert
from advisor.traces.columns import DECISIONS, KINDS, ROLES, SIDE_EFFECTS, SOURCES_OF_DECISION, STATUSES, by_name
from advisor.traces.facts import Facts

Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Milliseconds = Annotated[float, Field(ge=0, le=1e12, allow_inf_nan=False)]
Material = Literal["to_state", "decision", "eval_label", "event_type", "eval_score"]
Stage = Literal["opened", "produced", "sent", "closed", "failed", "escalated"]


class _Rules(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _columns(names: Iterable[str]) -> None:
    """Refuses names that are no columns, all at once.

    Raises:
        ValueError: What is wrong, and how to mend it.
    """
    public = [column.name for column in by_name().values()]
    wrong = [name for name in dict.fromkeys(names) if name not in public]
    if not wrong:
        return
    near = [close[0] for name in wrong if (close := get_close_matches(name, public, 1))]
    hint = f"did you mean {', '.join(dict.fromkeys(near))}? " if near else ""
    what = "is no column" if len(wrong) == 1 else "are no columns"
    raise ValueError(f"{', '.join(wrong)} {what}; {hint}docs/formats.md lists the columns")


Paths = dict[str, str | tuple[str, ...]]


def _paths(value: Any) -> dict[str, tuple[str, ...]]:
    if not isinstance(value, Mapping):
        raise ValueError('is no table of columns to field paths; write request_id = "order.id"')
    _columns(str(name) for name in value)
    found: dict[str, tuple[str, ...]] = {}
    for name, paths in value.items():
        listed = [paths] if isinstance(paths, str) else paths
        if not isinstance(listed, list | tuple) or not listed or not all(isinstance(p, str) and p for p in listed):
            raise ValueError(f'{name} names no field; write {name} = "path" or {name} = ["path", "other.path"]')
        found[name] = tuple(listed)
    return found


class KindRule(_Rules):
    """Gives a kind to records in which a field equals a value or matches a pattern (searched, anchor it yourself).

    `field` is `event` unless given, which stands for whatever field holds the event's name. `set` gives columns fixed
    values, `fields` columns for these records only. `explode` makes a row of each item of a list field: what is in an
    item has the path `list[].name`, and the column `explode_as` gets the item itself (or its `id`).
    """

    kind: str
    field: str = "event"
    equals: str | int | float | bool | None = None
    pattern: str | None = None
    set: dict[str, Any] = Field(default_factory=dict)
    fields: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    explode: str | None = None
    explode_as: str = "action_id"

    _fields = field_validator("fields", mode="before", json_schema_input_type=Paths)(_paths)

    @field_validator("kind")
    @classmethod
    def _known(cls, kind: str) -> str:
        if kind not in KINDS or kind == "unknown":
            raise ValueError(f"is no kind; use one of {', '.join(sorted(KINDS - {'unknown'}))}")
        return kind

    @field_validator("pattern")
    @classmethod
    def _pattern(cls, pattern: str | None) -> str | None:
        if pattern is not None:
            _compiled(pattern)
        return pattern

    @field_validator("set")
    @classmethod
    def _values(cls, given: dict[str, Any]) -> dict[str, Any]:
        _columns(given)
        for name, value in given.items():
            if name == "kind" or convert(by_name()[name], value) is None:
                words = _VOCABULARIES.get(name)
                mend = f"use one of {', '.join(sorted(words))}" if words else "give it a value of the column's kind"
                raise ValueError(f"{name} cannot be {value!r}; {mend}")
        return given

    @field_validator("explode_as")
    @classmethod
    def _exploded(cls, name: str) -> str:
        _columns([name])
        if by_name()[name].unit != "text" or name in _VOCABULARIES or name == "kind":
            raise ValueError(f"{name} holds no free text; use action_id, resource_id or another column of text")
        return name

    @model_validator(mode="after")
    def _whole(self) -> KindRule:
        if (self.equals is None) == (self.pattern is None):
            raise ValueError("has both or neither of equals and pattern; give one")
        return self

    def matches(self, leaves: Mapping[str, Any], name: str | None = None) -> bool:
        """Whether the rule speaks of a record, given its leaves by path and the event's name, if it has one."""
        value = leaves.get(self.field)
        if value is None and self.field == "event":
            value = name
        if value is None:
            return False
        if self.equals is not None:
            return _plain(value) == _plain(self.equals)
        return _compiled(self.pattern or "").search(_plain(value)[:8192]) is not None

    @property
    def stored(self) -> dict[str, Any]:
        """The fixed columns as they are stored."""
        return {by_name()[name].stored: convert(by_name()[name], value) for name, value in self.set.items()}

    @property
    def exploded(self) -> str:
        """The stored column that an exploded item fills."""
        return by_name()[self.explode_as].stored


_VOCABULARIES = {
    "status": STATUSES,
    "decision": DECISIONS,
    "decision_source": SOURCES_OF_DECISION,
    "side_effect": SIDE_EFFECTS,
    "agent_role": ROLES,
}


def _plain(value: Any) -> str:
    """A value as a mapping file's writer sees it in the log: `true`, not `True`."""
    return str(value).lower() if isinstance(value, bool) else str(value)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error as error:
        raise ValueError(f"is no regular expression ({error}); correct it") from None
    except (RecursionError, OverflowError):
        raise ValueError("is no regular expression that can be searched for; write a simpler one") from None


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

    _fields = field_validator("fields", mode="before", json_schema_input_type=Paths)(_paths)

    @field_validator("lines")
    @classmethod
    def _patterns(cls, lines: tuple[str, ...]) -> tuple[str, ...]:
        for line in lines:
            if not _compiled(line).groupindex:
                raise ValueError("names no field; write (?P<request_id>...) for each field of the line")
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
    """Joins a start row and an end row into the start row, by their events' names.

    Rows of equal `on` columns nest like brackets: an end closes the last start before it that is still open.
    """

    start: str
    end: str
    on: tuple[str, ...] = ("request_id",)

    @field_validator("on")
    @classmethod
    def _known(cls, on: tuple[str, ...]) -> tuple[str, ...]:
        if not on:
            raise ValueError('names no column; write on = ["request_id"]')
        _columns(on)
        return on

    @model_validator(mode="after")
    def _apart(self) -> Pair:
        if self.start == self.end:
            raise ValueError("starts and ends with the same event; name the two events")
        return self


class Tool(_Rules):
    """What is known of a tool."""

    side_effect: Literal["none", "read", "write", "external_write", "unknown"] | None = None
    polling: bool = False
    detached: bool = False


class Agent(_Rules):
    """What is known of an agent: its role, its weight in merges, its deadline from the start of its row."""

    role: str | None = None
    weight: Amount | None = None
    deadline_ms: Milliseconds | None = None
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
    approval_sla_ms: Milliseconds | None = None
    model_order: tuple[str, ...] = ()
    lateness_ms: Milliseconds | None = None
    max_restarts: Annotated[int, Field(ge=0, le=10**9)] | None = None
    kill_grace_ms: Milliseconds | None = None
    material: dict[Material, Amount] = Field(default_factory=dict)
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
            material=dict(self.facts.material.items()),
            off_hours=self.facts.off_hours,
            states=dict(self.facts.states.items()),
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
