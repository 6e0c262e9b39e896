"""`python -m starters.reference DEST`: generates the project, fills it in, and runs the ninety days."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from advisor.catalog.answers import read_answers
from advisor.catalog.files import data_room
from advisor.starter import scaffold

OVERLAY = Path(__file__).parent / "overlay"
PACKAGE = "contract_renewal"


def fill_in(destination: Path) -> None:
    """Generates the starter and puts the reference application's own files into it."""
    scaffold(read_answers(data_room("knowledge") / "workloads" / "contract-renewal.toml"), destination)
    for path in sorted(OVERLAY.iterdir()):
        if path.suffix in (".py", ".toml"):
            place = destination / "src" / PACKAGE if path.suffix == ".py" else destination
            (place / path.name).write_bytes(path.read_bytes())


def main() -> int:
    """The command line; what follows DEST goes to the simulation."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("destination", type=Path)
    given, rest = parser.parse_known_args()
    fill_in(given.destination)
    path = os.pathsep.join([str((given.destination / "src").resolve()), os.environ.get("PYTHONPATH", "")])
    arguments = [str(Path(each).resolve()) if Path(each).is_file() else each for each in rest]
    command = [sys.executable, "-m", f"{PACKAGE}.simulate", *arguments]
    return subprocess.run(
        command, cwd=given.destination, env={**os.environ, "PYTHONPATH": path}, check=False
    ).returncode


if __name__ == "__main__":
    raise SystemExit(main())
