"""How long the judge takes beside DuckDB's own read of the same table: 20,000 runs, and with `--large` 5 million."""

from __future__ import annotations

import random
import resource
import sys
import tempfile
from pathlib import Path

from clock import cpu_of_command, python

TARGETS = {20_000: 3.0, 5_000_000: 60.0}


def table(path: Path, runs: int) -> None:
    """A seeded table of two versions, ten trials each a task."""
    generator = random.Random(11)
    with path.open("w", encoding="utf-8") as file:
        file.write("task,version,trial,passed,error,latency_ms\n")
        for at in range(runs):
            passed = int(generator.random() < 0.7)
            error = "" if passed or generator.random() < 0.9 else "RateLimitError: 429"
            file.write(f"task-{at // 20},v{at % 2},{at % 20 // 2},{passed},{error},{generator.randrange(9999)}\n")


def main() -> int:
    """Prints the table; exit 1 if a target is missed."""
    missed = 0
    for runs in TARGETS if "--large" in sys.argv else [20_000]:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "outcomes.csv"
            table(path, runs)
            repeat = 5 if runs < 100_000 else 1
            scan = f"SELECT bit_xor(hash(COLUMNS(*))) FROM read_csv('{path}')"
            read = f"import duckdb; duckdb.execute({scan!r}).fetchall()"
            baseline = cpu_of_command(python(read), repeat)
            command = [sys.executable, "-c", _JUDGE.format(path=str(path))]
            spent = cpu_of_command(command, repeat)
            peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
            missed += spent > TARGETS[runs]
            print(
                f"{runs:>9} runs: read {baseline:6.2f} s, judged {spent:6.2f} s CPU (target {TARGETS[runs]:.0f}), "
                f"ratio {spent / baseline:.1f}, peak {peak:.0f} MB"
            )
    return int(missed > 0)


_JUDGE = "from pathlib import Path; from advisor.diagnosis.judge import judge; judge(Path({path!r}), 'v1', 'v0')"

if __name__ == "__main__":
    sys.exit(main())
