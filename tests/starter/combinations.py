"""Answers for every combination of parts that a record can choose, and projects generated from them."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from advisor.catalog.answers import AnswersFile, parse_answers
from advisor.catalog.models import PLANES

SPINES = {
    "P5": {"pauses_or_external_waits": "yes", "state_not_reconstructible": "yes", "world_changes_during_pause": "yes"},
    "P3": {"state_not_reconstructible": "no", "event_stream_exists": "yes"},
    "none": {"state_not_reconstructible": "no"},
}
_PLANE_ANSWERS = {
    "kill_switch": "stop_in_flight",
    "escalation": "outside_envelope",
    "approval": "consequential",
    "throttling": "volume_can_overwhelm",
}


@dataclass(frozen=True)
class Combination:
    """The parts of one project."""

    spine: str
    p1: bool
    p2: bool
    planes: tuple[str, ...]
    p4: bool = True

    @property
    def id(self) -> str:
        parts = [self.spine, *("p1" * self.p1, "p2" * self.p2, "p4" * self.p4), *self.planes]
        return "-".join(part.replace("_", "") for part in parts if part).lower()

    def answers(self, **more: str) -> AnswersFile:
        """An answers file whose record is exactly this combination."""
        from advisor.catalog.answers import KEYS

        given = dict.fromkeys(KEYS, "no") | {"duration": "minutes"} | SPINES[self.spine]
        if self.p1:
            given |= dict.fromkeys(
                ("work_splits", "single_owner", "independent_subtasks", "deterministic_merge"), "yes"
            )
        if self.p2:
            given |= {"work_splits": "yes", "peers_with_side_effects": "yes"}
        given |= {_PLANE_ANSWERS[plane]: "yes" for plane in self.planes}
        given |= {"external_side_effects": "yes"} if self.p4 else {}
        return parse_answers(
            {"schema": 1, "id": f"x-{self.id}", "title": "A combination", "answers": given | more}, "test"
        )


def every() -> Iterator[Combination]:
    """All of them: three spines, four coordinations, sixteen sets of planes, with the gate and without."""
    subsets = [
        tuple(p for p, on in zip(PLANES, bits, strict=True) if on) for bits in itertools.product((0, 1), repeat=4)
    ]
    for spine, p1, p2, planes, p4 in itertools.product(SPINES, (False, True), (False, True), subsets, (True, False)):
        yield Combination(spine, p1, p2, planes, p4)


def covering() -> list[Combination]:
    """A few in which every pair of parts meets, wanted and unwanted."""
    return [
        Combination("P5", True, True, PLANES),
        Combination("P3", True, False, ("kill_switch", "throttling")),
        Combination("P3", False, True, ("escalation", "approval"), p4=False),
        Combination("none", False, False, (), p4=False),
        Combination("none", True, True, ("kill_switch", "escalation")),
        Combination("P5", False, False, ("approval", "throttling"), p4=False),
    ]


def in_project(
    folder: Path, *arguments: str, timeout_s: float = 300, **settings: str
) -> subprocess.CompletedProcess[str]:
    """Runs Python in a generated project; nothing of this repository is on its path, `settings` are its environment."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "PGBIN") if name in os.environ}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={
            **kept,
            "PYTHONPATH": str(folder / "src"),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONSAFEPATH": "1",
            **settings,
        },
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
