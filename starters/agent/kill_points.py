"""kill -9 at each point of one case: before and after every effect, and before and after every commit to the database.

`python -m <package>.kill_points [--url URL] [--engine sql|dbos] [--every N]` prints a table. Every run is a process of its own that is
killed once and then started again until the case is over; then the outside is read, which survives every kill. The case
is made to fail at its last step, so that its compensations are killed too. A second pass uses an outside that ignores
idempotency keys: there an effect whose answer was lost is repeated, which no runtime can prevent and this one records.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import os
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from . import outside
from .app import build
from .runtime.db import Database

_PACKAGE = (__package__ or "agent").partition(".")[0]
_REQUEST = {"customer": "C-1", "amount_cents": 1_000}


@dataclass(frozen=True)
class Row:
    """One line of the table: how many runs were killed, and in how many something was wrong afterwards."""

    points: str
    runs: int
    killed: int
    unfinished: int
    leaked: int
    doubled: int
    wrong_order: int

    @property
    def sound(self) -> bool:
        """Nothing is wrong."""
        return not (self.unfinished or self.leaked or self.doubled or self.wrong_order)


def child(engine: str, commit: int, when: str) -> int:
    """Runs the case to its end in this process, which kills itself at the nth commit; returns how many there were."""
    seen = _die_at(commit, when)
    project = build()
    if engine == "dbos":
        importlib.import_module(f"{_PACKAGE}.engines.dbos_engine").run_case(project, "C-1", "t", _REQUEST)
    else:
        project.flow.handle("C-1", "t", _REQUEST)
    project.close()
    return seen[0]


def _die_at(commit: int, when: str) -> list[int]:
    seen = [0]
    original = Database.tx

    @contextlib.contextmanager
    def counted(self: Database) -> Iterator[None]:
        seen[0] += 1
        mine = seen[0] == commit
        with original(self):
            yield
            if mine and when == "before":
                os.kill(os.getpid(), signal.SIGKILL)
        if mine:
            os.kill(os.getpid(), signal.SIGKILL)

    Database.tx = counted  # type: ignore[method-assign]
    return seen


class _Case:
    """One case in a folder and a database of its own."""

    def __init__(self, url: str | None, engine: str, number: int, **settings: str) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="kill-")
        self.engine = engine
        self.environment = {
            **os.environ,
            "DATABASE_URL": _schema(url, f"{engine}_{number}") if url else f"sqlite:///{self.folder.name}/state.db",
            "OUTSIDE_FILE": f"{self.folder.name}/outside.db",
            "OUTSIDE_FAILS": "mail.send",
            "TELEMETRY_FILE": "",
            "LEASE_SECONDS": "1",
            "LLM": "stub",
            "DBOS_SCHEMA": f"dbos_{os.getpid()}_{number}",
            "DBOS_LOG_LEVEL": "CRITICAL",
            **settings,
        }

    def start(self, commit: int = 0, when: str = "before", **settings: str) -> int:
        command = [sys.executable, "-m", f"{_PACKAGE}.kill_points", "--child", self.engine, str(commit), when]
        done = subprocess.run(
            command,
            env={**self.environment, **settings},
            check=False,
            capture_output=True,
        )
        if done.returncode not in (0, -signal.SIGKILL):
            raise RuntimeError(done.stderr.decode()[-2000:])
        self.commits = int(done.stdout.split()[-1]) if done.stdout else 0
        return done.returncode

    def end(self) -> dict[str, int]:
        """Starts it again until it is over, and reads what happened."""
        saved = dict(os.environ)
        os.environ.update(self.environment)
        try:
            state = None
            for _ in range(8):
                self.start()
                project = build()
                case = project.spine.read("C-1")
                project.close()
                state = case.state if case else None
                if case and case.final:
                    break
                # On PostgreSQL a dead worker's lease has to run out first.
                subprocess.run(["sleep", "0.5"], check=False)
            return _judge(state, outside.effects())
        finally:
            os.environ.clear()
            os.environ.update(saved)
            self.folder.cleanup()


def _judge(state: str | None, effects: list[dict[str, Any]]) -> dict[str, int]:
    tools = [effect["tool"] for effect in effects]
    counts = Counter(tools)
    forward = [tool for tool in dict.fromkeys(tools) if not tool.endswith(".revert")]
    undone = [tool for tool in dict.fromkeys(tools) if tool.endswith(".revert")]
    wanted = [f"{tool.partition('.')[0]}.revert" for tool in reversed(forward)]
    saga = state == "compensated"
    return {
        "unfinished": state not in ("compensated", "refused", "done"),
        "leaked": saga and bool(set(wanted) - set(undone)),
        "doubled": any(count > 1 for count in counts.values()),
        "wrong_order": saga and undone != wanted,
    }


def _schema(url: str, case: str) -> str:
    import psycopg

    name = f"kill_{os.getpid()}_{case}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {name}")
    return f"{url}{'&' if '?' in url else '?'}options=-csearch_path%3D{name}"


def table(url: str | None, engine: str, every: int) -> list[Row]:
    """Kills at every point (or at every nth commit) and gives the rows."""
    numbers = iter(range(1_000_000))
    probe = _Case(url, engine, next(numbers))
    probe.start()
    commits = probe.commits
    tools = [effect["tool"] for effect in _effects(probe)]
    probe.folder.cleanup()
    points = [f"{tool}:{when}" for tool in tools for when in ("before", "after")] + ["mail.send:before"]
    rows = []
    for title, settings in (("effects, keys honoured", {}), ("effects, keys ignored", {"OUTSIDE_IGNORES_KEYS": "1"})):
        found = Counter[str]()
        for point in points:
            case = _Case(url, engine, next(numbers), **settings)
            found["killed"] += case.start(OUTSIDE_KILLS=point) == -signal.SIGKILL
            found.update(case.end())
        rows.append(_row(title, len(points), found))
    found = Counter[str]()
    chosen = [(number, when) for number in range(1, commits + 1, every) for when in ("before", "after")]
    for number, when in chosen:
        case = _Case(url, engine, next(numbers))
        found["killed"] += case.start(number, when) == -signal.SIGKILL
        found.update(case.end())
    rows.append(_row("commits", len(chosen), found))
    return rows


def _effects(case: _Case) -> list[dict[str, Any]]:
    before = os.environ.get("OUTSIDE_FILE")
    os.environ["OUTSIDE_FILE"] = case.environment["OUTSIDE_FILE"]
    try:
        return outside.effects()
    finally:
        os.environ.pop("OUTSIDE_FILE")
        if before is not None:
            os.environ["OUTSIDE_FILE"] = before


def _row(title: str, runs: int, found: Counter[str]) -> Row:
    names = ("killed", "unfinished", "leaked", "doubled", "wrong_order")
    return Row(title, runs, **{name: int(found[name]) for name in names})


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", help="a PostgreSQL server; SQLite files unless given")
    parser.add_argument("--engine", default="sql", choices=("sql", "dbos"))
    parser.add_argument("--every", type=int, default=1, help="kill at every nth commit only")
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        print(child(given.child[0], int(given.child[1]), given.child[2]))
        return 0
    rows = table(given.url, given.engine, given.every)
    print("| points | runs | killed | unfinished | leaked | doubled | wrong order |\n|---|---|---|---|---|---|---|")
    for row in rows:
        cells = (row.points, row.runs, row.killed, row.unfinished, row.leaked, row.doubled, row.wrong_order)
        print("| " + " | ".join(map(str, cells)) + " |")
    return 0 if all(row.sound for row in rows if "ignored" not in row.points) else 1


if __name__ == "__main__":
    raise SystemExit(main())
