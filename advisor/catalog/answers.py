"""The answers file: what is known about one workload, four-valued, with notes, decisions on planes and a sign-off."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, StringConstraints, ValidationError, field_validator, model_validator

from advisor.catalog.files import read_toml
from advisor.catalog.models import Frozen, Plane, Text
from advisor.errors import Fault, InputError

Answer = Literal["yes", "no", "partly", "unknown"]
Duration = Literal["seconds", "minutes", "hours", "days", "unknown"]
ANSWERS: tuple[str, ...] = get_args(Answer)
DURATIONS: tuple[str, ...] = get_args(Duration)
SCHEMA = 1
ID = re.compile(r"^[a-z0-9-]*[a-z0-9][a-z0-9-]*$")
Line = Literal["runtime_class", "spine", "coordination", "control", "sequence"]
FoundationStep = Literal["console", "gate"]


class Answers(Frozen):
    """The answers themselves, in the method's order; what is not said is unknown."""

    duration: Duration = "unknown"
    world_changes_during_unit: Answer = "unknown"
    external_side_effects: Answer = "unknown"
    pauses_or_external_waits: Answer = "unknown"
    state_not_reconstructible: Answer = "unknown"
    world_changes_during_pause: Answer = "unknown"
    event_stream_exists: Answer = "unknown"
    history_must_replay: Answer = "unknown"
    consumers_pinned: Answer = "unknown"
    work_splits: Answer = "unknown"
    single_owner: Answer = "unknown"
    independent_subtasks: Answer = "unknown"
    deterministic_merge: Answer = "unknown"
    peers_with_side_effects: Answer = "unknown"
    partial_result_useful: Answer = "unknown"
    partial_write_costly: Answer = "unknown"
    wrong_write_costly: Answer = "unknown"
    consequential: Answer = "unknown"
    outside_envelope: Answer = "unknown"
    auditors_ask: Answer = "unknown"
    person_decides_every_action: Answer = "unknown"
    stop_in_flight: Answer = "unknown"
    volume_can_overwhelm: Answer = "unknown"
    approval_above_threshold_only: Answer = "unknown"


KEYS: tuple[str, ...] = tuple(Answers.model_fields)


def choices(key: str) -> tuple[str, ...]:
    """What may be answered to a question, *unknown* last."""
    return DURATIONS if key == "duration" else ANSWERS


Date = Annotated[str, StringConstraints(strip_whitespace=True)]
RecordId = Annotated[str, StringConstraints(pattern=ID.pattern)]


def _iso_date(value: Any) -> Any:
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return value.isoformat()
    if isinstance(value, str):
        try:
            return dt.date.fromisoformat(value.strip()).isoformat()
        except ValueError:
            raise ValueError("is not a date; write it as 2026-11-22") from None
    return value


class Decision(Frozen):
    """Whether a control plane or a first build step ships at version one or later, and why."""

    status: Literal["v1", "deferred"]
    until: Date | None = None
    reason: Text | None = None

    _until = field_validator("until", mode="before")(_iso_date)

    @model_validator(mode="after")
    def _deferral_is_recorded(self) -> Decision:
        lacking = [name for name in ("until", "reason") if self.status == "deferred" and not getattr(self, name)]
        if lacking:
            raise ValueError(f"is deferred without {' and '.join(lacking)}; record a date and a reason")
        return self


class SignOff(Frozen):
    """Who signed the spine off: step 2's method gate."""

    name: Text
    role: Text
    date: Date

    _date = field_validator("date", mode="before")(_iso_date)


class Stamp(Frozen):
    """The record's sixth line, and its place among records.

    Attributes:
        supersedes: The id of the record that this one takes the place of.
        supersedes_digest: What that record said then (`content_digest`).
        superseded_by: The id of the record that took this one's place.
        evidence: What was measured when this record took the place of another.
    """

    date: Date | None = None
    model_version: Text | None = None
    supersedes: RecordId | None = None
    supersedes_digest: Annotated[str, StringConstraints(pattern="^sha256:[0-9a-f]{64}$")] | None = None
    superseded_by: RecordId | None = None
    evidence: Text | None = None

    _date = field_validator("date", mode="before")(_iso_date)


class AnswersFile(Frozen):
    """A workload's answers file, whole."""

    schema_: Literal[1] = Field(alias="schema")
    id: str
    title: Text
    answers: Answers
    notes: dict[str, str] = Field(default_factory=dict)
    if_wrong: dict[Line, Text] = Field(default_factory=dict)
    planes: dict[Plane, Decision] = Field(default_factory=dict)
    sequence: dict[FoundationStep, Decision] = Field(default_factory=dict)
    sign_off: SignOff | None = None
    record: Stamp = Field(default_factory=Stamp)

    @field_validator("id")
    @classmethod
    def _plain_id(cls, value: str) -> str:
        if not ID.match(value):
            raise ValueError("is not a plain id; use a-z, 0-9 and hyphens, as in contract-renewal")
        return value

    @field_validator("notes")
    @classmethod
    def _notes_name_answers(cls, value: dict[str, str]) -> dict[str, str]:
        strangers = [key for key in value if key not in KEYS]
        if strangers:
            raise ValueError(f"names no question: {', '.join(strangers)}; use the keys of [answers]")
        return value


def read_answers(path: Path) -> AnswersFile:
    """Reads an answers file.

    Raises:
        InputError: Every fault in it, one line each (place, what, how to mend it).
    """
    return parse_answers(read_toml(path), str(path))


def parse_answers(table: dict[str, Any], place: str) -> AnswersFile:
    """An answers file that was already read into a table; faults name `place`."""
    schema = table.get("schema")
    if schema is not None and (schema != SCHEMA or isinstance(schema, bool)):
        raise InputError(
            [Fault(f"{place}: schema", f"is {schema!r}, this tool reads {SCHEMA}", f"write schema = {SCHEMA}")]
        )
    try:
        return AnswersFile.model_validate(table)
    except ValidationError as error:
        raise InputError(sorted(_fault(item, place) for item in error.errors(include_url=False))) from None


def content_digest(file: AnswersFile) -> str:
    """What an answers file says, as `sha256:...`; layout, remarks and the link to its successor do not count."""
    import hashlib
    import json

    said = file.model_dump(mode="json", by_alias=True, exclude_none=True)
    said.get("record", {}).pop("superseded_by", None)
    plain = json.dumps(said, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return f"sha256:{hashlib.sha256(plain.encode()).hexdigest()}"


def _fault(item: Any, place: str) -> Fault:
    loc = [str(part) for part in item["loc"] if part != "[key]"]
    where = f"{place}: {'.'.join(loc)}"
    kind, found = item["type"], item["input"]
    if kind == "missing":
        mend = "add the table [answers]" if loc == ["answers"] else f"add {loc[-1]}"
        return Fault(where, "is missing", mend)
    if kind == "extra_forbidden":
        from difflib import get_close_matches

        known = KEYS if loc[0] == "answers" else tuple(AnswersFile.model_fields)
        near = get_close_matches(loc[-1], known, n=1)
        return Fault(where, "is an unknown key", f"did you mean {near[0]}?" if near else "remove it")
    if loc[0] == "answers" and len(loc) == 2:
        wanted = " | ".join(choices(loc[1]))
        if isinstance(found, bool):
            word = "yes" if found else "no"
            return Fault(where, f"is the bare boolean {str(found).lower()}", f'write "{word}" in quotes ({wanted})')
        return Fault(where, f"is {_short(found)}", f"answer one of {wanted}, in quotes")
    what, _, mend = item["msg"].removeprefix("Value error, ").partition("; ")
    if kind in {"value_error"}:
        return Fault(where, what if what.startswith(("is", "names")) else f"is wrong: {what}", mend or "correct it")
    return Fault(where, f"is {_short(found)}: {what[:1].lower()}{what[1:]}", "correct the value")


def _short(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else shown[:57] + "..."
