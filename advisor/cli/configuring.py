"""Defaults from a project's settings file, for options that the command line leaves out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from advisor.errors import Fault, InputError

_KEY = "advisor.settings"


def _configure(context: typer.Context, given: Path | None) -> Path | None:
    """Reads the settings before the command's own options are looked at, and after `--help` was."""
    if context.resilient_parsing:
        return given
    if context.params.get("no_config"):
        _one_of_them(context, bool(given))
        return None
    from advisor.catalog.settings import find_settings, read_settings

    found = read_settings(given) if given else find_settings(Path())
    if found is None:
        return None
    said = found.defaults(context.info_name)  # type: ignore[arg-type]
    if "redact" in said:
        said["no_redact"] = not said.pop("redact")
    context.meta[_KEY] = {"thresholds": said.pop("thresholds", {}), "file": str(found.file)}
    if found.passed_over:
        context.meta[_KEY]["passed_over"] = str(found.passed_over)
    context.default_map = said
    return found.file


def _one_of_them(context: typer.Context, given: bool) -> bool:
    """Refuses the later one of `--config` and `--no-config`."""
    if given and (context.params.get("config") or context.params.get("no_config")):
        raise InputError([Fault("--config", "stands beside --no-config", "give one of them")])
    return given


def settings_of(context: typer.Context) -> dict[str, Any]:
    """What a command needs of its settings beside defaults: `file`, `passed_over` and `thresholds`; empty without."""
    found: dict[str, Any] = context.meta.get(_KEY, {})
    return found


NoConfigOption = Annotated[
    bool, typer.Option("--no-config", is_eager=True, callback=_one_of_them, help="Use no settings file.")
]
ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        is_eager=True,
        callback=_configure,
        help="Settings; else advisor.toml or pyproject.toml, here or above.",
    ),
]
