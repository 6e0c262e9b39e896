"""How long the command line takes to start, beside `python -c "import typer"` in the same run (CPU time)."""

from __future__ import annotations

import compileall
import sys
from pathlib import Path

from clock import cpu_of_command, python

import advisor

ANSWERS = Path(__file__).resolve().parent.parent / "knowledge" / "workloads" / "contract-renewal.toml"
SCRIPT = str(Path(sys.executable).with_name("advisor"))
TARGETS = {"--version": 1.0, "--help": 2.0, f"recommend {ANSWERS}": 4.0}


def main() -> int:
    """Prints the table; exit 1 if a target is missed."""
    compileall.compile_dir(Path(advisor.__file__).parent, quiet=1)  # the caches are warm, whatever the environment says
    baseline = cpu_of_command(python("import typer"))
    print(f"{'command':44} {'CPU ms':>8} {'ratio':>6} {'target':>7}")
    print(f"{'python -c import typer (baseline)':44} {baseline * 1000:8.0f} {1:6.2f}")
    missed = 0
    for arguments, target in TARGETS.items():
        spent = cpu_of_command([SCRIPT, *arguments.split()])
        shown = "advisor " + arguments.replace(str(ANSWERS), "contract-renewal.toml")
        missed += spent > target * baseline
        print(f"{shown:44} {spent * 1000:8.0f} {spent / baseline:6.2f} {target:7.1f}")
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
