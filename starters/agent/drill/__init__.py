"""The fault drill: one defence at a time is switched off, and the telemetry of what then happens is kept.

Each drill runs the same work twice in a folder of its own, with its defence and without. The project's own database and
outside are never touched. The telemetry of both runs is what a log diagnosis has to tell apart.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

_MODULES = ("p1", "p2", "p3", "p4", "p5", "planes", "seam")


@dataclass(frozen=True)
class Outcome:
    """How one run ended: whether nothing went wrong, and in words what did."""

    sound: bool
    words: str


@dataclass(frozen=True)
class Drill:
    """One fault.

    Attributes:
        id: The failure signature it shows.
        title: What is switched off.
        run: Does the work in a folder, with the defence or without.
    """

    id: str
    title: str
    run: Callable[[Path, bool], Outcome]


def drills() -> dict[str, Drill]:
    """The faults of the patterns that this project has."""
    found: dict[str, Drill] = {}
    for name in _MODULES:
        if importlib.util.find_spec(f"{__name__}.{name}"):
            for drill in importlib.import_module(f"{__name__}.{name}").DRILLS:
                found[drill.id] = drill
    return found


def perform(drill: Drill, folder: Path, defended: bool) -> Outcome:
    """Runs one drill; its telemetry is `<folder>/<id>/with.jsonl` or `without.jsonl`."""
    telemetry = _telemetry(drill, folder, defended)
    work = telemetry.with_suffix(".work")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    telemetry.unlink(missing_ok=True)
    settings = {"TELEMETRY_FILE": str(telemetry), "OUTSIDE_FILE": str(work / "outside.db"), "OUTSIDE_IGNORES_KEYS": "0"}
    with _settings(settings):
        outcome = drill.run(work, defended)
    shutil.rmtree(work, ignore_errors=True)
    return outcome


def run(fault: str | None, *, everything: bool, listing: bool, folder: str, as_json: bool = False) -> int:
    """The command `drill`; as JSON it prints one line for each fault (the list) or for each run."""
    known = drills()
    if listing or not (fault or everything):
        for drill in known.values():
            listed = {"fault": drill.id, "switched_off": drill.title}
            print(json.dumps(listed) if as_json else f"{drill.id}  {drill.title}")
        return 0
    if fault and fault not in known:
        raise ValueError(f"no drill {fault}; this project has {', '.join(known)}")
    chosen = list(known.values()) if everything else [known[str(fault)]]
    surprised = 0
    for drill in chosen:
        if not as_json:
            print(f"{drill.id}: {drill.title}")
        for defended in (True, False) if everything else (False,):
            outcome = perform(drill, Path(folder), defended)
            surprised += outcome.sound != defended
            if as_json:
                place = _telemetry(drill, Path(folder), defended)
                print(json.dumps({"fault": drill.id, "defended": defended, **asdict(outcome), "telemetry": str(place)}))
            else:
                word = "with the defence   " if defended else "without the defence"
                print(f"  {word}  {'sound' if outcome.sound else 'WRONG'}  {outcome.words}")
        if not as_json:
            print(f"  telemetry in {Path(folder) / drill.id}")
    return 1 if surprised else 0


def _telemetry(drill: Drill, folder: Path, defended: bool) -> Path:
    return folder / drill.id / f"{'with' if defended else 'without'}.jsonl"


@contextmanager
def _settings(values: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
