"""Reads a number of spoilt records of every sample, and prints how many there were, their rows, bad ones, and MiB."""

from __future__ import annotations

import json
import random
import resource
import sys
import tempfile
from pathlib import Path

import orjson

from tests.traces.mutation import FILES, read_bare, read_lines, records_in, spoilt_bytes, spoilt_file, spoilt_value

BATCH = 200


def main(wanted: int) -> None:
    """Prints four numbers."""
    luck = random.Random(wanted)
    lined = {path: found for path in FILES if (found := records_in(path))}
    records = rows = bad = 0
    with tempfile.TemporaryDirectory() as folder:
        while records < wanted:
            for path, lines in lined.items():
                batch = b"\n".join(_spoilt(luck.choice(lines), luck) for _ in range(BATCH))
                try:
                    more, worse = read_lines(batch)
                except Exception:
                    sys.stderr.write(f"{path}: {batch[:200_000]!r}\n")
                    raise
                records, rows, bad = records + BATCH, rows + more, bad + worse
            path = spoilt_file(luck.choice(FILES), luck, Path(folder))
            more, worse = read_bare(path)
            path.unlink()
            records, rows, bad = records + 1, rows + more, bad + worse
    print(records, rows, bad, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10)


def _spoilt(line: bytes, luck: random.Random) -> bytes:
    if luck.random() < 0.8:
        # Half characters, infinities and endless numbers are written, as Python's own encoder does.
        line = json.dumps(spoilt_value(orjson.loads(line), luck)).encode()
    return spoilt_bytes(line, luck).replace(b"\n", b" ") if luck.random() < 0.3 else line


if __name__ == "__main__":
    main(int(sys.argv[1]))
