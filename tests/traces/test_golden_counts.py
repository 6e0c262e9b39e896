"""What every sample gives: its format, its rows, its bad rows. A change here is a change for users.

`python -m tests.traces.test_golden_counts` writes the table anew: look at what changed before you commit it.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from advisor.errors import InputError
from advisor.traces.load import load

SAMPLES = Path(__file__).parent / "samples"
GOLDEN = Path(__file__).parent / "golden_counts.json"
_BESIDE = ("README.md", "LICENSE")
FILES = sorted(p for p in SAMPLES.rglob("*") if p.is_file() and not p.name.startswith(_BESIDE) and p.suffix != ".sql")


def counts(path: Path) -> list[object]:
    """Format, rows and bad rows; or that it is no log."""
    try:
        (file,) = load([str(path)]).files
    except InputError as error:
        return ["refused", error.faults[0].what.partition(" (")[0][:60]]
    return [file.format, file.rows, file.bad_rows]


def test_every_sample_is_counted() -> None:
    assert sorted(json.loads(GOLDEN.read_text())) == [path.relative_to(SAMPLES).as_posix() for path in FILES]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(SAMPLES).as_posix())
def test_counts(path: Path) -> None:
    assert counts(path) == json.loads(GOLDEN.read_text())[path.relative_to(SAMPLES).as_posix()]


if __name__ == "__main__":
    table = {path.relative_to(SAMPLES).as_posix(): counts(path) for path in FILES}
    lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(found)}" for name, found in table.items())
    GOLDEN.write_text(f"{{\n{lines}\n}}\n")
