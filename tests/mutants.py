"""Mutates selection and the judge (mutmut), and names every mutant that no test notices and nobody has explained.

    python tests/mutants.py [MODULE...]     a module such as advisor.selection.steps; all, unless given

Exit 1 where there is such a mutant, or an explanation whose mutant is gone. It takes hours; `--known` reads what the
last run left, and runs nothing.
"""

from __future__ import annotations

import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
EXPLAINED = Path(__file__).with_suffix(".toml")
KILLED = {"killed", "timeout", "caught by type check"}


CASELESS = ("con.execute(", "connect(config=", "_count(con, ", "{_flag(", "{kind_sql(")
"""Lines that are SQL or settings of DuckDB, which know no case: a change of case alone does nothing there."""


class Mutant(NamedTuple):
    """A change by what it does, since its number changes with every edit of the function."""

    function: str
    was: str
    becomes: str

    @property
    def of_case(self) -> bool:
        """Whether it changes nothing but the case of SQL."""
        return self.was.lower() == self.becomes.lower() and any(mark in self.was for mark in CASELESS)


def mutmut(*arguments: str) -> str:
    """What mutmut prints."""
    command = [sys.executable, "-m", "mutmut", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def of_name(name: str) -> Mutant:
    """The mutant of a name such as `advisor.selection.steps.x_fires__mutmut_1`."""
    lines = [line for line in mutmut("show", name).splitlines() if line[:3] not in ("---", "+++")]
    was, becomes = (" ".join(line[1:].strip() for line in lines if line[:1] == sign) for sign in "-+")
    return Mutant(name.partition("__mutmut_")[0].replace(".x_", "."), was, becomes)


def main(given: list[str]) -> int:
    """Runs, and says what is left."""
    modules = [each for each in given if each != "--known"]
    if "--known" not in given:
        patterns = [f"{each}.*" for each in modules]
        run = [sys.executable, "-m", "mutmut", "run", "--max-children", "1", *patterns]
        subprocess.run(["nice", *run], cwd=ROOT, check=True)
    told = (line.strip().partition(": ") for line in mutmut("results", "--all", "true").splitlines() if ": " in line)
    ends = {name: end for name, _, end in told if not modules or name.startswith(tuple(f"{each}." for each in modules))}
    print(f"{len(ends)} mutants: {', '.join(f'{many} {end}' for end, many in Counter(ends.values()).most_common())}")
    found = {of_name(name): name for name, end in ends.items() if end not in KILLED}
    left = {each: name for each, name in found.items() if not each.of_case}
    print(f"{len(found) - len(left)} of those left change the case of SQL only")
    entries = tomllib.loads(EXPLAINED.read_text(encoding="utf-8"))["explained"]
    explained = {Mutant(each["function"], each["was"], each["becomes"]) for each in entries}
    new = [each for each in left if each not in explained]
    stale = [each for each in explained - set(left) if not modules or each.function.startswith(tuple(modules))]
    print(f"{len(left) - len(new)} of those left are explained in {EXPLAINED.name}")
    for each in new:
        print(f"{left[each]} ({ends[left[each]]}): {each.was!r} becomes {each.becomes!r}; write a test, or explain it")
    for each in stale:
        print(f"{each.function}: {each.was!r} becomes {each.becomes!r}: no such survivor; take its explanation out")
    return int(bool(new or stale))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
