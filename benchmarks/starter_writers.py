"""A thousand writers on one row and on many: compare-and-swap with its fall-back beside a plain row lock, in one run.

Run with PostgreSQL's programs and psycopg present to see both databases; SQLite alone otherwise.
"""

from __future__ import annotations

import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ["TELEMETRY_FILE"] = ""

from starters.agent.runtime.cases import Case
from starters.agent.runtime.clock import SystemClock
from starters.agent.runtime.db import Database, canonical, parse
from starters.agent.runtime.p5_state import DDL, Machine

WRITERS = 1000
STEPS = {"open": frozenset({"open"})}


def count(case: Case) -> tuple[str, dict[str, Any]]:
    return "open", {"n": case.result.get("n", 0) + 1}


def lock_only(db: Database, row: str) -> None:
    """The baseline: read for update, compute, write."""
    with db.tx():
        found = db.row(f"SELECT result, version FROM machine WHERE id = ?{db.for_update}", row)
        assert found is not None
        result = canonical({"n": parse(found["result"]).get("n", 0) + 1})
        db.run("UPDATE machine SET result = ?, version = version + 1 WHERE id = ?", result, row)


def run(db: Database, rows: int, write: Callable[[str], object]) -> float:
    """Every writer writes once, all started together; the seconds it took."""
    start = threading.Barrier(WRITERS + 1)

    def work(number: int) -> None:
        start.wait()
        write(f"row-{number % rows}")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(WRITERS)]
    for thread in threads:
        thread.start()
    start.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    return time.perf_counter() - began


def measure(name: str, url: str, rows: int) -> bool:
    """One database and one number of rows; False when an update was lost or the retries got out of hand."""
    db = Database(url, pool=25)
    db.create(DDL)
    machine = Machine(db, SystemClock(), STEPS)
    taken = {}
    for strategy, write in (("cas, then lock", lambda row: machine.apply(row, count, "bench")),
                            ("lock only", lambda row: lock_only(db, row))):  # fmt: skip
        for table in ("machine", "transition"):
            db.run(f"DELETE FROM {table}")
        for number in range(rows):
            machine.create(f"row-{number}", "t", {})
        taken[strategy] = run(db, rows, write)
        counted = sum(parse(row["result"])["n"] for row in db.rows("SELECT result FROM machine WHERE version > 0"))
        lost = WRITERS - counted
        if strategy == "cas, then lock":
            retries = [row["retries"] for row in db.rows("SELECT retries FROM transition ORDER BY retries")]
            p99 = retries[int(len(retries) * 0.99)]
            print(f"{name:10} {rows:4} rows  {strategy:14} {WRITERS / taken[strategy]:6.0f}/s  lost {lost}"
                  f"  retries p50 {retries[len(retries) // 2]} p99 {p99} max {retries[-1]}")  # fmt: skip
            sound = lost == 0 and p99 <= 3
        else:
            ratio = taken["lock only"] / taken["cas, then lock"]
            print(f"{name:10} {rows:4} rows  {strategy:14} {WRITERS / taken[strategy]:6.0f}/s  lost {lost}"
                  f"  (cas has {ratio:.2f} of its throughput)")  # fmt: skip
    db.close()
    return sound


def main() -> int:
    sound = True
    with tempfile.TemporaryDirectory() as folder:
        for rows in (1, 1000):
            sound &= measure("sqlite", f"sqlite:///{folder}/{rows}.db", rows)
    try:
        import psycopg_pool  # noqa: F401

        from starters.tests.conftest import _binaries, _Server
    except ImportError:
        return 0 if sound else 1
    binaries = _binaries()
    if binaries is not None:
        server = _Server(binaries)
        try:
            for rows in (1, 1000):
                sound &= measure("postgresql", server.url("public"), rows)
        finally:
            server.stop()
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main())
