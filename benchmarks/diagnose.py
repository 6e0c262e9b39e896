"""What a diagnosis costs beside DuckDB's bare scan of the same columns, in one run: `diagnose.py [--rows N]`.

Each figure is one process of its own, CPU time with its start and children, the median of the rounds.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import math
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from events import FIVE, cached

GROWTH = (100_000, 300_000, 1_000_000, 3_000_000, 10_000_000)
TARGETS = {"five detectors": 2.2, "every detector": 4.0}


def scan(path: Path, threads: int, memory: str | None) -> Any:
    """The baseline: DuckDB's own scan of the columns that our load takes, typed, with bad lines counted."""
    import duckdb

    from advisor.traces.fast.reading import planned
    from advisor.traces.generic.fields import Fields
    from advisor.traces.table import connect

    found = planned(0, path, Fields())
    assert found is not None
    tree: dict[str, Any] = {}
    counts = []
    for dotted, raw in found.plan.raw.items():
        *parents, leaf = raw.strip('"').split('"."')
        place = tree
        for parent in parents:
            place = place.setdefault(parent, {})
        place[leaf] = None
        target = Fields().target(dotted)
        counts.append(f"COUNT({_typed(raw, target.column.unit) if target else raw})")
    nothing = " AND ".join(f'"{key}" IS NULL' for key in tree)
    spec = ", ".join(f"'{key}': '{_type(inner)}'" for key, inner in tree.items())
    con: duckdb.DuckDBPyConnection = connect(memory, threads)
    return con.execute(
        f"SELECT {', '.join(counts)}, COUNT(CASE WHEN {nothing} THEN 1 END) FROM read_json(?, "
        f"format = 'newline_delimited', ignore_errors = true, columns = {{{spec}}})",
        [str(path)],
    ).fetchall()


def _typed(raw: str, unit: str) -> str:
    if unit == "instant":
        return f"epoch_us(TRY_CAST({raw} AS TIMESTAMPTZ))"
    kinds = {"number": "BIGINT", "flag": "BOOLEAN", "milliseconds": "DOUBLE", "money": "DOUBLE"}
    return f"TRY_CAST({raw} AS {kinds[unit]})" if unit in kinds else raw


def _type(inner: Any) -> str:
    if not inner:
        return "VARCHAR"
    return "STRUCT(" + ", ".join(f'"{key}" {_type(value)}' for key, value in inner.items()) + ")"


def found(path: Path, threads: int, memory: str | None, only: tuple[str, ...] | None = None) -> Any:
    """Loads a file and asks the detectors; the findings, and what each detector took."""
    from advisor.catalog.load import shipped
    from advisor.diagnosis.detector import Facts
    from advisor.diagnosis.diagnose import run
    from advisor.traces.load import load

    spent: dict[str, float] = {}
    last = ["", time.process_time()]

    def progress(id: str, share: float) -> None:
        now = time.process_time()
        if last[0]:
            spent[str(last[0])] = now - float(last[1])
        last[:] = [id, now]

    table = load([str(path)], memory=memory, threads=threads).table
    diagnosis = run(table, shipped(), facts=Facts(), overrides={}, only=only, progress=progress)
    if last[0]:
        spent[str(last[0])] = time.process_time() - float(last[1])
    findings = [
        [one.signature, one.verdict, one.count, one.of, one.p_value, one.said, [str(cited) for cited in one.evidence]]
        for one in diagnosis.findings
    ]
    digest = hashlib.sha256(json.dumps(findings).encode()).hexdigest()[:16]
    return {"digest": digest, "spent": spent, "counts": {one.signature: one.count for one in diagnosis.findings}}


def loaded(path: Path, threads: int, memory: str | None) -> Any:
    from advisor.traces.load import load

    return load([str(path)], memory=memory, threads=threads).inventory()["rows"]


def saved(path: Path, threads: int, memory: str | None) -> Any:
    from advisor.traces.fast.parquet import save_events
    from advisor.traces.load import load

    return save_events(load([str(path)], memory=memory, threads=threads).table, path.with_suffix(".parquet"))


def in_pandas(path: Path, threads: int, memory: str | None) -> Any:
    from in_pandas import counts

    return {"counts": counts(path)}


def five(path: Path, threads: int, memory: str | None) -> Any:
    return found(path, threads, memory, FIVE)


WORK: dict[str, Callable[[Path, int, str | None], Any]] = {
    work.__name__: work for work in (scan, loaded, five, found, saved, in_pandas)
}


def measured(work: str, path: Path, threads: int = 2, memory: str | None = None, rounds: int = 1) -> dict[str, Any]:
    """One kind of work in processes of their own: medians of CPU and wall seconds and of the peak in MB; its answer."""
    runs = []
    for _ in range(rounds):
        command = [sys.executable, __file__, "--work", work, str(path), str(threads), memory or "-"]
        before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode:
            return {"failed": done.stderr.strip().splitlines()[-1] if done.stderr.strip() else str(done.returncode)}
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        runs.append({**json.loads(done.stdout), "cpu": cpu, "wall": wall})
    return {**runs[-1], **{key: statistics.median(run[key] for run in runs) for key in ("cpu", "wall", "peak")}}


def child(work: str, path: str, threads: str, memory: str) -> None:
    answer = WORK[work](Path(path), int(threads), None if memory == "-" else memory)
    print(json.dumps({"answer": answer, "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


def shown(name: str, run: dict[str, Any], baseline: float, target: str = "") -> None:
    if "failed" in run:
        print(f"{name:44} not run: {run['failed']}", flush=True)
        return
    ratio = run["cpu"] / baseline
    print(f"{name:44} {run['cpu']:8.2f} {run['wall']:8.2f} {run['peak']:8.0f} {ratio:7.2f} {target:>9}", flush=True)


def main() -> int:
    """Prints every measurement; exit 1 where a target is missed."""
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--rows", type=int, default=2_000_000)
    given.add_argument("--rounds", type=int, default=3)
    given.add_argument("--growth", action="store_true", help="also fit the growth from 0.1 to 10 million rows")
    given.add_argument("--work", nargs=4)
    options = given.parse_args()
    if options.work:
        child(*options.work)
        return 0
    path, rounds = cached(options.rows), options.rounds
    size = path.stat().st_size
    print(f"{options.rows} rows, {size / options.rows:.0f} bytes a line, {size / 1e9:.2f} GB; {rounds} rounds")
    print(f"{'':44} {'CPU s':>8} {'wall s':>8} {'peak MB':>8} {'ratio':>7} {'target':>9}")
    memory = "512MB" if options.rows >= 10_000_000 else None
    runs: dict[str, dict[str, Any]] = {}
    alternately = {"DuckDB's scan (baseline)": "scan", "load": "loaded", "five detectors": "five"}
    alternately["every detector"] = "found"
    each = {name: [measured(work, path, memory=memory) for _ in range(1)] for name, work in alternately.items()}
    for _ in range(rounds - 1):  # round by round, so that other work on the machine meets all of them alike
        for name, work in alternately.items():
            each[name].append(measured(work, path, memory=memory))
    for name, tries in each.items():
        good = [run for run in tries if "failed" not in run]
        medians = {key: statistics.median(run[key] for run in good) for key in ("cpu", "wall", "peak") if good}
        runs[name] = {**tries[-1], **medians}
    baseline = runs["DuckDB's scan (baseline)"]["cpu"]
    missed = []
    for name, run in runs.items():
        target = TARGETS.get(name)
        shown(name, run, baseline, f"<= {target}" if target else "")
        if target and run["cpu"] > target * baseline:
            missed.append(name)
    slowest = sorted(runs["every detector"]["answer"]["spent"].items(), key=lambda item: -item[1])[:8]
    print("  slowest: " + ", ".join(f"{id} {seconds:.2f} s" for id, seconds in slowest))
    missed += beside(path, runs, baseline, memory, options.rows)
    if options.growth:
        missed += growth()
    print(f"missed: {', '.join(missed)}" if missed else "every target is met")
    return int(bool(missed))


def beside(path: Path, runs: dict[str, dict[str, Any]], baseline: float, memory: str | None, rows: int) -> list[str]:
    """Pandas, Parquet, gzip, threads."""
    missed = []
    five_cpu = runs["five detectors"]["cpu"]
    if rows <= 2_000_000:
        pandas = measured("in_pandas", path)
        shown("the five in pandas (pyarrow reader)", pandas, baseline, ">= 5x ours")
        if "failed" not in pandas:
            print(f"  ours takes {five_cpu / pandas['cpu']:.2f} of it; counts {pandas['answer']['counts']}")
            print(f"  ours found {runs['five detectors']['answer']['counts']}")
            missed += ["pandas"] if pandas["cpu"] < 5 * five_cpu else []
    parquet = path.with_suffix(".parquet")
    if not parquet.exists():
        shown("saving Parquet (load and write)", measured("saved", path, memory=memory), baseline)
    run = measured("five", parquet, memory=memory)
    shown(
        f"five detectors on Parquet ({parquet.stat().st_size / 1e6:.0f} MB)", run, baseline, f"<= {five_cpu / 2:.2f} s"
    )
    missed += ["Parquet"] if "failed" in run or run["cpu"] > five_cpu / 2 else []
    if rows <= 2_000_000:
        packed = path.with_suffix(".jsonl.gz")
        if not packed.exists():
            with path.open("rb") as plain, gzip.open(packed, "wb", compresslevel=1) as out:
                while piece := plain.read(1 << 22):
                    out.write(piece)
        shown("five detectors on gzip", measured("five", packed), baseline)
    digests = {}
    for threads in (1, 2, 4):
        run = measured("found", path, threads=threads, memory=memory)
        shown(f"every detector, {threads} thread{'s' if threads > 1 else ''}", run, baseline)
        digests[threads] = run["answer"]["digest"] if "failed" not in run else run["failed"]
    alike = len(set(digests.values())) == 1
    print(f"  findings {'are identical' if alike else 'DIFFER'} at 1, 2 and 4 threads: {digests}")
    missed += [] if alike else ["identical findings"]
    if rows >= 10_000_000:
        peak = runs["every detector"]["peak"]
        missed += ["memory"] if peak > 1024 else []
    return missed


def growth() -> list[str]:
    """The slope of log CPU over log rows, from a hundred thousand to ten million."""
    spent = {rows: measured("five", cached(rows), memory="2GB")["cpu"] for rows in GROWTH}
    xs, ys = [math.log(rows) for rows in spent], [math.log(seconds) for seconds in spent.values()]
    slope = statistics.linear_regression(xs, ys).slope
    print("growth, five detectors, CPU s: " + ", ".join(f"{rows:,}: {seconds:.1f}" for rows, seconds in spent.items()))
    print(f"  log-log slope {slope:.2f} (1 is linear)")
    return ["linear growth"] if slope > 1.1 else []


if __name__ == "__main__":
    sys.exit(main())
