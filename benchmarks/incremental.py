"""What a warm cache saves: a week of logs, a file a day, read cold, warm, and again after one more day.

`python benchmarks/incremental.py [ROWS]` prints seconds of processor time for reading, with ratios to the cold run;
`ROWS` a day, 20,000 unless given. JSON lines of our own columns are read in one scan, OpenTelemetry's go through a
reader.
"""

from __future__ import annotations

import itertools
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

import orjson
from events import Row, events

from advisor.traces.cache import Cache
from advisor.traces.load import load

DAYS = 7


def otlp(rows: Iterable[Row]) -> Iterable[Row]:
    """The same events as OpenTelemetry's file exporter writes them, a span a line."""
    for at, row in enumerate(rows):
        attributes = [{"key": f"sdb.{name}", "value": {"stringValue": str(value)}} for name, value in row.items()]
        span = {"traceId": f"{at // 20:032x}", "spanId": f"{at:016x}", "name": "step", "attributes": attributes,
                "startTimeUnixNano": str(1_767_225_600_000_000_000 + at), "endTimeUnixNano": "0"}  # fmt: skip
        yield {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}


def spent(folder: Path, cache: Path) -> tuple[float, int]:
    """Processor seconds of one reading, and its rows."""
    before = time.process_time()
    log = load([str(folder)], cache=Cache(cache, "benchmark"))
    return time.process_time() - before, int(log.inventory()["rows"])


def main(rows: int) -> int:
    for name, made in (("JSON lines", iter), ("OpenTelemetry", otlp)):
        with tempfile.TemporaryDirectory() as place:
            logs, cache, source = Path(place) / "logs", Path(place) / "cache", events(rows * (DAYS + 1))
            logs.mkdir()

            def add(day: int, made=made, source=source, logs=logs) -> None:  # type: ignore[no-untyped-def]
                lines = (orjson.dumps(each) + b"\n" for each in made(itertools.islice(source, rows)))
                (logs / f"day-{day}.jsonl").write_bytes(b"".join(lines))

            for day in range(DAYS):
                add(day)
            cold, many = spent(logs, cache)
            warm, again = spent(logs, cache)
            add(DAYS)
            grown, more = spent(logs, cache)
        assert (many, again, more) == (rows * DAYS, rows * DAYS, rows * (DAYS + 1))
        print(
            f"{name:<13} {many:>9,} rows: cold {cold:6.2f} s; warm {warm:6.2f} s ({warm / cold:.2f}); "
            f"one day of {rows:,} rows more {grown:6.2f} s ({grown / cold:.2f})"
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000))
