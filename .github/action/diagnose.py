"""What the GitHub Action runs: one `advisor diagnose`, its documents as outputs, its report as the job's summary."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

OPTIONS = ("record", "baseline", "fail-on", "mapping", "since", "cache", "config")
MOST = 1_000_000
"""Bytes of a summary; GitHub refuses a step's summary above 1 MiB."""


def main(env: Mapping[str, str]) -> int:
    """Runs the diagnosis and returns its exit code."""
    folder = Path(tempfile.mkdtemp(prefix="advisor-", dir=env["RUNNER_TEMP"]))
    documents = {end: folder / f"advisor.{end}" for end in ("sarif", "html", "json", "md")}
    # The runner obeys lines that begin with `::`, and rows of a log are among what is printed.
    token = secrets.token_hex(16)
    print(f"::stop-commands::{token}", flush=True)
    code = subprocess.run(command(env, [*documents.values()]), check=False).returncode
    print(f"::{token}::", flush=True)
    outputs = {"exit-code": str(code)} | {end: str(path) for end, path in documents.items() if path.exists()}
    with Path(env["GITHUB_OUTPUT"]).open("a", encoding="utf-8") as file:
        file.writelines(f"{name}={value}\n" for name, value in outputs.items())
    with Path(env["GITHUB_STEP_SUMMARY"]).open("a", encoding="utf-8") as file:
        file.write(summary(documents["md"], code))
    return code


def command(env: Mapping[str, str], documents: list[Path]) -> list[str]:
    """The command line; an input that was left empty is no option, so that a settings file may say it."""
    said = {name: env.get(f"ADVISOR_{name.upper().replace('-', '_')}", "").strip() for name in OPTIONS}
    options = [f"--{name}={value}" for name, value in said.items() if value]
    also = [f"--also={path}" for path in documents]
    logs = [line.strip() for line in env["ADVISOR_LOGS"].splitlines() if line.strip()]
    # The console script: `python -m` would import a folder of this name from the repository that is looked at.
    return [str(Path(sys.executable).with_name("advisor")), "diagnose", *options, *also, "--", *logs]


def summary(report: Path, code: int) -> str:
    """The report for the job's page, cut at the end of a line where it is too long."""
    if not report.exists():
        return f"`advisor diagnose` could not work (exit {code}); the step's log says why.\n"
    text = report.read_bytes()
    if len(text) > MOST:
        text = text[: text.rindex(b"\n", 0, MOST) + 1] + b"\nCut here; the output `report` is the whole of it.\n"
    return text.decode() + "\n"


if __name__ == "__main__":
    sys.exit(main(os.environ))
