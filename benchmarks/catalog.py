"""How long the whole catalog takes to parse and validate, imports apart (CPU time); the baseline is tomllib alone."""

from __future__ import annotations

import sys
import tomllib

from clock import cpu_of_call

from advisor.catalog.files import data_room
from advisor.catalog.load import ROOMS, Catalog

TARGET = 0.080


def parse_only() -> None:
    """Reads and parses every file, validates nothing."""
    for path in data_room("knowledge").rglob("*.toml"):
        tomllib.loads(path.read_text(encoding="utf-8"))


def whole() -> None:
    """Reads, parses and validates every room."""
    catalog = Catalog(data_room("knowledge"))
    for room in ROOMS:
        catalog.room(room)


def main() -> int:
    """Prints the table; exit 1 if the target is missed."""
    files = len(list(data_room("knowledge").rglob("*.toml")))
    baseline, spent = cpu_of_call(parse_only), cpu_of_call(whole)
    print(f"{files} files: tomllib alone {baseline * 1000:.0f} ms, parsed and validated {spent * 1000:.0f} ms CPU")
    print(f"ratio {spent / baseline:.2f}, target {TARGET * 1000:.0f} ms")
    return int(spent > TARGET)


if __name__ == "__main__":
    sys.exit(main())
