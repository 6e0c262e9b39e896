"""What the command line said that every job of `advisor diagnose` needs, and the logs that most of them read."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from advisor.cli.options import Look
from advisor.cli.output import remark
from advisor.errors import Fault, InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from advisor.traces.log import Log
    from advisor.traces.mapping import LogMapping


@dataclass(frozen=True)
class Job:
    """What the command line said that every job needs."""

    logs: tuple[str, ...]
    mapping: Path | None
    only: tuple[str, ...] | None
    sets: tuple[str, ...]
    settings: Mapping[str, Any]
    since: str | None
    cache: Path | None
    memory: str | None
    threads: int | None
    redact: bool
    format: str
    output: Path | None
    quiet: bool
    look: Look

    def rules(self) -> LogMapping:
        """The mapping file, or one that says nothing."""
        from advisor.traces.mapping import NOTHING, read_mapping

        return read_mapping(self.mapping) if self.mapping else NOTHING

    def overrides(self) -> dict[str, float]:
        """The thresholds of the settings, under those of `--set`; every one that is none is a fault."""
        found: dict[str, float] = {
            f"{id}.{slug}": float(value)
            for id, table in self.settings.get("thresholds", {}).items()
            for slug, value in table.items()
        }
        faults = []
        for given in self.sets:
            name, equals, value = given.partition("=")
            try:
                found[name.strip()] = float(value)
            except ValueError:
                equals = ""
            if not equals or "." not in name:
                faults.append(Fault(f"--set {given}", "is no threshold", "write --set P5-cas-contention.p99-retries=5"))
        if faults:
            raise InputError(faults)
        return found

    def say_settings(self) -> None:
        """Which settings file gave defaults, and which one beside it did not."""
        if "file" in self.settings:
            beside = self.settings.get("passed_over")
            remark(f"Settings: {self.settings['file']}{f'; {beside} is not read' if beside else ''}", self.quiet)

    def plain(self) -> str:
        """The format, where a job has none of the formats for findings."""
        if self.format in ("sarif", "junit"):
            raise InputError([Fault(f"--format {self.format}", "is for findings in logs", "use another format here")])
        return self.format

    def stdin(self) -> IO[bytes] | None:
        """Standard input, where a path is `-`."""
        return sys.stdin.buffer if "-" in self.logs else None


@contextmanager
def progress(quiet: bool) -> Iterator[Callable[[str, float], None] | None]:
    """A bar on stderr while long work runs; nothing where nobody looks."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    from advisor.errors import printable

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=1.0)

        def report(what: str, share: float) -> None:
            bar.update(task, completed=share, description=printable(what)[-40:])

        yield report


def read(job: Job) -> tuple[Log, LogMapping]:
    """The logs in a table, without what is older than was asked for, and the mapping that they were read under."""
    from advisor.traces.load import load

    mapping, cache = job.rules(), None
    if job.cache:
        from advisor import __version__
        from advisor.catalog.load import shipped
        from advisor.traces.cache import Cache

        cache = Cache(job.cache, f"{__version__} {shipped().version}")
    with progress(job.quiet) as report:
        log = load(
            job.logs,
            mapping=mapping,
            stdin=job.stdin(),
            memory=job.memory,
            threads=job.threads,
            cache=cache,
            progress=report,
        )
    for said in cache.remarks if cache else ():
        remark(said, job.quiet)
    if job.since is not None:
        from advisor.traces.since import leave_out

        log = leave_out(log, job.since)
    return log, mapping
