"""CPU time of commands and of code: the smallest of several runs, so that other work on the machine counts least."""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence


def cpu_of_command(arguments: Sequence[str], runs: int = 15) -> float:
    """User and system seconds of one command, the smallest of `runs` after one warm-up."""
    best = float("inf")
    for run in range(runs + 1):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        best = best if run == 0 else min(best, spent)
    return best


def cpu_of_call(call: Callable[[], object], runs: int = 15) -> float:
    """Process seconds of one call, the smallest of `runs` after one warm-up."""
    best = float("inf")
    for run in range(runs + 1):
        before = time.process_time()
        call()
        spent = time.process_time() - before
        best = best if run == 0 else min(best, spent)
    return best


def python(code: str) -> list[str]:
    """A fresh interpreter that runs one line."""
    return [sys.executable, "-c", code]
