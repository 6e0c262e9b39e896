"""Every file of a project as bytes, from a selection alone: no clock, no user, no destination."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2

from advisor import __version__
from advisor.catalog.files import data_room
from advisor.errors import printable
from advisor.selection import DecisionRecord
from advisor.starter.selection import Selection

Files = dict[str, bytes]
_IMPORTS = "starters.agent"
_PATTERN_MODULES = {
    "p1": ("runtime/p1_delegation.py",),
    "p2": ("runtime/p2_saga.py",),
    "P3": ("runtime/p3_events.py", "runtime/p3_replay.py"),
    "P5": ("runtime/p5_state.py",),
    "none": ("runtime/sessions.py",),
    "planes": ("runtime/p6_planes.py",),
}
_PATTERN_TESTS = {
    "p1": ("test_p1_faults.py",),
    "p2": ("test_p2_faults.py", "test_kill_points.py"),
    "P3": ("test_p3_faults.py",),
    "P5": ("test_p5_faults.py",),
    "planes": ("test_p6_faults.py",),
}


def yours(selection: Selection) -> str:
    """The one file that is written once and belongs to the project's owners from then on."""
    return f"src/{selection.package}/workload.py"


def render(selection: Selection, record: DecisionRecord, kept: frozenset[str] = frozenset()) -> Files:
    """Every file of the project by its path, sorted.

    Args:
        selection: The parts.
        record: The decision record, for the documents.
        kept: Parts that the record no longer asks for but the owners' code still imports.
    """
    parts = _parts(selection) | kept
    room = data_room("starters")
    files: Files = {}
    for name in _modules(room / "agent", parts):
        files[f"src/{selection.package}/{name}"] = (room / "agent" / name).read_bytes()
    for name in _tests(room / "tests", parts):
        text = (room / "tests" / name).read_text("utf-8").replace(_IMPORTS, selection.package)
        files[f"tests/{name}"] = text.encode()
    names = {
        **{field: getattr(selection, field) for field in ("distribution", "package", "spine", "p4", "planes")},
        "title": printable(selection.title),
        "p1": "p1" in parts,
        "p2": "p2" in parts,
        "modules": _wired(_parts(selection) | (kept & {"p2"})),
        "console": selection.console,
        "engine": selection.engine,
        "patterns": ", ".join(selection.patterns) or "no pattern",
        "record": record,
        "version": __version__,
    }
    for template, target in _wiring(selection).items():
        files[target] = (_templates().get_template(template).render(names).rstrip("\n") + "\n").encode()
    for path in sorted((room / "grafana").glob("*.json")) if selection.console else ():
        files[f"grafana/{path.name}"] = path.read_bytes()
    files[".advisor/recommendation.json"] = _json(record.to_json())
    return dict(sorted(files.items()))


def module_of(part: str) -> tuple[str, ...]:
    """The modules of one part, inside the package."""
    return _PATTERN_MODULES[part]


def _parts(selection: Selection) -> frozenset[str]:
    chosen = {
        "p1": selection.p1,
        "p2": selection.p2,
        selection.spine: True,
        "planes": bool(selection.planes),
        "console": selection.console,
        selection.engine: True,
    }
    return frozenset(name for name, used in chosen.items() if used)


def _wired(parts: frozenset[str]) -> list[str]:
    """The runtime modules that the wiring imports by name: those whose tables it creates."""
    owners = ("p2", "P3", "P5", "none", "planes")
    return sorted(
        name.rpartition("/")[2].removesuffix(".py")
        for part in owners
        if part in parts
        for name in _PATTERN_MODULES[part][:1]
    )


def _modules(agent: Path, parts: frozenset[str]) -> list[str]:
    optional = {name: part for part, names in _PATTERN_MODULES.items() for name in names}
    optional |= {"console.py": "console", "engines/dbos_engine.py": "dbos", "engines/__init__.py": "dbos"}
    every = sorted(path.relative_to(agent).as_posix() for path in agent.rglob("*.py"))
    drills = {f"drill/{part}.py": part for part in ("p1", "p2", "P3", "P5", "planes")}
    optional |= {name.lower(): part for name, part in drills.items()}
    wanted = [name for name in every if name not in optional or optional[name] in parts]
    return [name for name in wanted if name != "__init__.py"]


def _tests(folder: Path, parts: frozenset[str]) -> list[str]:
    optional = {name: part for part, names in _PATTERN_TESTS.items() for name in names}
    optional["test_dbos_faults.py"] = "dbos"
    optional |= dict.fromkeys(("test_console.py", "test_grafana.py"), "console")
    every = sorted(path.name for path in folder.glob("*.py"))
    return [name for name in every if name not in optional or optional[name] in parts]


def _wiring(selection: Selection) -> dict[str, str]:
    package = f"src/{selection.package}"
    return {
        "src/__init__.py.j2": f"{package}/__init__.py",
        "src/app.py.j2": f"{package}/app.py",
        "src/workload.py.j2": f"{package}/workload.py",
        "policy.toml.j2": "policy.toml",
        "pyproject.toml.j2": "pyproject.toml",
        "README.md.j2": "README.md",
        "ADR.md.j2": "ADR.md",
        "env.example.j2": ".env.example",
        "gitignore.j2": ".gitignore",
        "compose.yaml.j2": "compose.yaml",
    }


@lru_cache(maxsize=1)
def _templates() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(data_room("starters") / "templates"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
        finalize=lambda value: printable(value) if isinstance(value, str) else value,
    )
    # TOML has no halves of a character, as JSON in ASCII writes them.
    environment.policies["json.dumps_kwargs"] = {"ensure_ascii": False}
    return environment


def _json(value: Any) -> bytes:
    return (json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()
