"""Seals a diagnosis into an evidence bundle."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from advisor.cli.diagnosing.gate import Gate
from advisor.cli.diagnosing.job import Job
from advisor.cli.output import remark
from advisor.errors import Fault, InputError

if TYPE_CHECKING:
    from advisor.catalog.answers import AnswersFile
    from advisor.diagnosis.findings import Citation, Diagnosis
    from advisor.loop.bundle import Given
    from advisor.loop.evidence.check import RecordCheck

_LONGEST = 1 << 16
"""Convention: of a longer original line the beginning is kept."""


def sealable(job: Job) -> None:
    """Whether the logs can be named and hashed, before long work begins.

    Raises:
        InputError: They are standard input, or a table in a warehouse.
    """
    if odd := [each for each in job.logs if each == "-" or "://" in each]:
        raise InputError([Fault(f"--bundle with {odd[0]}", "seals files only", "save the log to a file first")])


def seal(
    path: Path,
    job: Job,
    gate: Gate,
    answers: tuple[Path, AnswersFile] | None,
    found: Diagnosis,
    check: RecordCheck | None,
) -> None:
    """Writes the bundle, and says its head on stderr; `answers` is the record's file, with what it says."""
    import duckdb

    from advisor import __version__
    from advisor.catalog.files import write_atomically
    from advisor.loop.bundle import About, sealed
    from advisor.present.bundle import COPIED, MASKED, PLAIN, contents
    from advisor.selection import recommend

    given, original = _logs(job)
    named = {"answers.toml": answers and answers[0], "mapping.toml": job.mapping, "baseline.toml": gate.baseline}
    members = contents(
        found,
        check=check,
        record=recommend(answers[1]) if answers else None,
        used={name: file.read_bytes() for name, file in named.items() if file},
        redact=job.redact,
        original=original,
    )
    about = About(
        date=gate.today.isoformat(),
        advisor=__version__,
        knowledge=found.knowledge_version,
        python=platform.python_version(),
        duckdb=duckdb.__version__,
        redacted=job.redact,
        remarks=(MASKED if job.redact else PLAIN, COPIED),
        inputs=given,
    )
    manifest, data = sealed(about, members)
    write_atomically(path, data)
    remark(f"{path}: sealed, {len(manifest.entries)} members, head {manifest.head}", job.quiet)
    remark(f"Keep the head apart from the file; later: advisor verify {path} --head {manifest.head}", job.quiet)


def _logs(job: Job) -> tuple[tuple[Given, ...], Callable[[Citation], str | None]]:
    """Each log with its size and hash, and what finds the whole line of a row in a plain file."""
    from advisor.loop.bundle import Given
    from advisor.traces.inputs import inputs

    files = inputs(job.logs)
    given = []
    for each in files:
        with each.path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        given.append(Given(name=each.name, size=each.path.stat().st_size, sha256=digest))
    paths = {each.name: each.path for each in files}

    def original(row: Citation) -> str | None:
        if row.line < 1 or row.file not in paths:
            return None
        with paths[row.file].open("rb") as file:
            if b"\0" in file.read(4096):
                return None
            file.seek(0)
            line = next(islice(file, row.line - 1, None), b"\xff")
        try:
            return line.rstrip(b"\r\n")[:_LONGEST].decode("utf-8")
        except UnicodeDecodeError:  # packed, binary, or cut inside a character: no line of text
            return None

    return tuple(given), original
