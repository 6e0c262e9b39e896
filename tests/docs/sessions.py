"""Runs a page's shell sessions as they stand: files are written, commands run in order, outputs compared."""

from __future__ import annotations

import doctest
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

_BLOCK = re.compile(r"(?:<!-- file: (?P<file>\S+) -->\n+)?```(?P<kind>\w+)\n(?P<body>.*?)^```$", re.M | re.S)
_FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@dataclass(frozen=True)
class Step:
    """A command with the output that the page shows, or a file that it gives (`command` is empty)."""

    line: int
    command: str
    shown: str
    file: str = ""


def steps(page: str) -> list[Step]:
    """Every step of a page, in order; `...` in an output stands for anything."""
    found = []
    for block in _BLOCK.finditer(page):
        line = page[: block.start("body")].count("\n") + 1
        if block["file"]:
            found.append(Step(line, "", block["body"], block["file"]))
        elif block["kind"] == "console":
            for part in re.split(r"^\$ ", block["body"], flags=re.M)[1:]:
                command, _, shown = part.partition("\n")
                while command.endswith("\\"):
                    more, _, shown = shown.partition("\n")
                    command += f"\n{more}"
                found.append(Step(line, command, shown))
    return found


def follow(page: Path, folder: Path) -> list[str]:
    """Follows a page in an empty folder; what came out otherwise than shown, a text each."""
    wrong, last = [], 0
    keep = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "NO_COLOR", "FORCE_COLOR", "PYTHONPATH")}
    paths = os.pathsep.join([str(Path(sys.executable).parent), keep.get("PATH", "")])
    for step in steps(page.read_text(encoding="utf-8")):
        if step.file:
            (folder / step.file).write_text(step.shown, encoding="utf-8")
            continue
        done = subprocess.run(
            ["bash", "-c", f"(exit {last})\n{step.command}"],
            cwd=folder,
            env=keep | {"PATH": paths, "COLUMNS": "80"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        last = done.returncode
        if not doctest.OutputChecker().check_output(step.shown, done.stdout, _FLAGS):
            wrong.append(
                f"{page.name}, block at line {step.line}: $ {step.command}\nshown:\n{step.shown}\ncame:\n{done.stdout}"
            )
    return wrong
