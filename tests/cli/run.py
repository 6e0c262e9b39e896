"""Runs the installed console script as a user does."""

from __future__ import annotations

import os
import subprocess
import sys


def advisor(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """One command in its own process; stdout and stderr as text."""
    env = {key: value for key, value in os.environ.items() if key not in ("COLUMNS", "NO_COLOR", "FORCE_COLOR")}
    return subprocess.run(
        [sys.executable, "-m", "advisor", *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        stdin=subprocess.DEVNULL,
        env=env | environment,
        check=False,
        timeout=60,
    )
