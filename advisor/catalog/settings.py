"""A project's settings: defaults for options, in `advisor.toml` or under `[tool.advisor]` of `pyproject.toml`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationError

from advisor.catalog.files import read_toml
from advisor.catalog.load import model_faults, shipped
from advisor.catalog.models import Frozen, Slug
from advisor.errors import Fault, InputError

OWN, SHARED = "advisor.toml", "pyproject.toml"
File = Annotated[Path, Field(strict=False)]
When = Annotated[str, BeforeValidator(lambda given: given.isoformat() if isinstance(given, dt.date) else given)]
Level = Literal[
    "present", "likely", "possible", "critical", "high", "medium", "low", "insufficient", "never"
]  # as --fail-on has them


class Reading(Frozen):
    """Defaults of commands that read logs. Files are named from the folder of the settings."""

    mapping: File | None = None
    cache: File | None = None
    since: When | None = None
    memory: str | None = None
    threads: int | None = Field(default=None, ge=1, le=1024)
    redact: bool | None = None
    quiet: bool | None = None
    thresholds: dict[Slug, dict[Slug, float]] | None = Field(default=None, strict=False)


class Diagnosing(Reading):
    """Defaults of `advisor diagnose`."""

    baseline: File | None = None
    fail_on: Level | None = None
    only: tuple[Slug, ...] | None = Field(default=None, strict=False)


class SettingsFile(Frozen):
    """A table for each command that takes defaults."""

    diagnose: Diagnosing = Diagnosing()
    watch: Reading = Reading()


@dataclass(frozen=True)
class Settings:
    """Settings and where they stand; `passed_over` is a second file beside it that was not read."""

    file: Path
    values: SettingsFile
    passed_over: Path | None = None

    def defaults(self, command: Literal["diagnose", "watch"]) -> dict[str, Any]:
        """What the file says for a command, by option; paths lead from the working directory."""
        said = getattr(self.values, command).model_dump(exclude_none=True)
        return {name: self.file.parent / each if isinstance(each, Path) else each for name, each in said.items()}


def find_settings(folder: Path) -> Settings | None:
    """The settings in a folder or the nearest one above it, no higher than the repository that it lies in.

    Outside of a repository only the folder itself counts. `advisor.toml` wins over a `pyproject.toml` beside it.

    Raises:
        InputError: The file that was found cannot be read, or says what no command takes.
    """
    above = [folder, *folder.absolute().parents]
    top = next((each for each in above if (each / ".git").exists()), folder)
    for each in above:
        own, shared = each / OWN, each / SHARED
        has_shared = _mentions_us(shared) and _section(shared) is not None
        if own.is_file():
            return read_settings(own, shared if has_shared else None)
        if has_shared:
            return read_settings(shared)
        if each == top:
            break
    return None


def read_settings(path: Path, passed_over: Path | None = None) -> Settings:
    """The settings in a file: under `[tool.advisor]` in one called `pyproject.toml`, the whole of any other.

    Raises:
        InputError: Every fault in it at once.
    """
    shared = path.name == SHARED
    table = _section(path) if shared else read_toml(path)
    if table is None:
        raise InputError([Fault(str(path), "has no [tool.advisor]", f"add it, or name an {OWN}")])
    place = f"{path}: tool.advisor" if shared else str(path)
    try:
        values = SettingsFile.model_validate(table)
    except ValidationError as error:
        raise InputError(model_faults(error, place)) from None
    if unknown := list(_unknown_ids(values, place)):
        raise InputError(unknown)
    return Settings(path, values, passed_over)


def _unknown_ids(values: SettingsFile, place: str) -> Iterator[Fault]:
    """Ids that the knowledge base does not have: they would be told as options that nobody gave."""
    if not (values.diagnose.only or values.diagnose.thresholds or values.watch.thresholds):
        return
    detectors = {**shipped().signatures, **shipped().weaknesses}
    for id in values.diagnose.only or ():
        if id not in detectors:
            yield Fault(f"{place}: diagnose.only", f"{id!r} is no detector", "advisor catalog lists them")
    for command in ("diagnose", "watch"):
        for id, table in (getattr(values, command).thresholds or {}).items():
            known = detectors[id].thresholds if id in detectors else {}
            mend = f"use one of {', '.join(known)}" if known else "advisor catalog lists those that have some"
            for slug in table:
                if slug.replace("_", "-") not in known:
                    yield Fault(f"{place}: {command}.thresholds.{id}", f"{slug!r} is no threshold", mend)


def _mentions_us(path: Path) -> bool:
    """Whether a file may hold a table of ours: another tool's fault in it is none of ours."""
    try:
        return b"advisor" in path.read_bytes()
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return False
    except OSError:
        return True  # and reading it says why not


def _section(path: Path) -> Mapping[str, Any] | None:
    tools = read_toml(path).get("tool")
    return tools.get("advisor") if isinstance(tools, dict) else None
