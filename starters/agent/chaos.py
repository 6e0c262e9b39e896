"""kill -9 at random: workers of this project are killed again and again until all work is done; then the world is read.

`python -m <package>.chaos [--cases N] [--kills N] [--workers N] [--seed N] [--url URL]` prints one line and exits 1 when
anything was lost, doubled or left half done. The outside keeps its own file, so that it survives every kill.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

from . import outside
from .app import build
from .runtime.project import Project

_PACKAGE = (__package__ or "agent").partition(".")[0]


@dataclass(frozen=True)
class Found:
    """What the world looked like at the end."""

    cases: int
    kills: int
    lost: int
    doubled: int
    half_done: int
    absorbed: int
    chain_unbroken: bool
    states: dict[str, int]
    seconds: float

    @property
    def sound(self) -> bool:
        """Nothing lost, nothing doubled, nothing half done, the audit chain whole."""
        return not (self.lost or self.doubled or self.half_done) and self.chain_unbroken


def run(url: str, folder: Path, *, cases: int, kills: int, workers: int, seed: int, limit_s: float = 300) -> Found:
    """Opens cases, lets workers work on them, and kills these at random.

    Every third case is made to fail at its last step, so that compensations are hit too.
    """
    environment = {
        **os.environ,
        "DATABASE_URL": url,
        "OUTSIDE_FILE": str(folder / "outside.db"),
        "OUTSIDE_REFUSES": "mail.send:3",
        "TELEMETRY_FILE": str(folder / "telemetry.jsonl"),
        "LEASE_SECONDS": "1",
        "LLM": "stub",
    }
    os.environ.update(environment)
    project = build(url)
    for number in range(cases):
        project.spine.open(f"C-{number}", f"t-{number % 3}", {"customer": f"C-{number}", "amount_cents": 1_000})
    dice, killed, began = random.Random(seed), 0, time.monotonic()
    command = [sys.executable, "-m", _PACKAGE, "worker", "--every", "0.05"]
    running: list[subprocess.Popen[bytes]] = []
    try:
        while time.monotonic() - began < limit_s:
            running = [each for each in running if each.poll() is None]
            while len(running) < workers:
                running.append(subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL))
            unfinished = project.spine.unfinished()
            if not unfinished and killed >= kills:
                break
            if killed < kills and unfinished:
                time.sleep(dice.uniform(0.3, 0.9))
                os.kill(dice.choice(running).pid, signal.SIGKILL)
                killed += 1
            else:
                if not unfinished:
                    break
                time.sleep(0.2)
    finally:
        for each in running:
            each.kill()
            each.wait()
    found = _read(project, killed, time.monotonic() - began)
    project.close()
    return found


def _read(project: Project, kills: int, seconds: float) -> Found:
    project.base.audit.seal()
    cases = project.spine.cases(1_000_000)
    effects = outside.effects()
    by_case: dict[str, Counter[str]] = {}
    for effect in effects:
        by_case.setdefault(effect["key"].partition(":")[0], Counter())[effect["tool"]] += 1
    doubled = sum(count - 1 for tools in by_case.values() for count in tools.values() if count > 1)
    half = 0
    for case in cases:
        done = by_case.get(case.id, Counter())
        forward = {tool.partition(".")[0] for tool in done if not tool.endswith(".revert")}
        undone = {tool.partition(".")[0] for tool in done if tool.endswith(".revert")}
        if (case.state == "compensated" and forward != undone) or (case.state == "done" and (undone or not forward)):
            half += 1
    return Found(
        cases=len(cases),
        kills=kills,
        lost=sum(not case.final for case in cases),
        doubled=doubled,
        half_done=half,
        absorbed=sum(effect["repeats"] for effect in effects),
        chain_unbroken=project.base.audit.verify().unbroken,
        states=dict(Counter(case.state for case in cases)),
        seconds=round(seconds, 1),
    )


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in (("cases", 60), ("kills", 20), ("workers", 3), ("seed", 1)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--url")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
        url = given.url or f"sqlite:///{folder}/state.db"
        found = run(url, Path(folder), cases=given.cases, kills=given.kills, workers=given.workers, seed=given.seed)
    print(json.dumps(asdict(found)))
    return 0 if found.sound else 1


if __name__ == "__main__":
    raise SystemExit(main())
