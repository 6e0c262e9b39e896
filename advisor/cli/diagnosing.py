"""The jobs of `advisor diagnose`: each calls one function, renders its result, and says how the command exits."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from advisor.cli.options import Look
from advisor.cli.output import deliver
from advisor.errors import Fault, InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from advisor.traces.load import Log
    from advisor.traces.mapping import LogMapping
    from advisor.traces.warehouses import Warehouse


@dataclass(frozen=True)
class Job:
    """What the command line said that every job needs."""

    logs: tuple[str, ...]
    mapping: Path | None
    sets: tuple[str, ...]
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
        """The thresholds of `--set`; every one that is none is a fault."""
        found: dict[str, float] = {}
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

    def plain(self) -> str:
        """The format, where a job has none of the formats for findings."""
        if self.format in ("sarif", "junit"):
            raise InputError([Fault(f"--format {self.format}", "is for findings in logs", "use another format here")])
        return self.format


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
    """The logs in a table, and the mapping that they were read under."""
    from advisor.traces.load import load

    mapping = job.rules()
    with progress(job.quiet) as report:
        log = load(
            job.logs, mapping=mapping, stdin=_stdin(job), memory=job.memory, threads=job.threads, progress=report
        )
    return log, mapping


def logs(job: Job, record: Path | None, engine: str | None, save_events: Path | None) -> int:
    """Findings in logs; with a record, what it foresaw and what the logs say of its answers."""
    from advisor.diagnosis.diagnose import of_log
    from advisor.present.diagnosis import render_diagnosis

    overrides = job.overrides()
    file = None
    if record:
        from advisor.catalog.answers import read_answers

        file = read_answers(record)
    warehouse = _warehouse(job, engine)
    if warehouse:
        from advisor.catalog.load import shipped
        from advisor.diagnosis.diagnose import run

        if file or save_events:
            name = "--record" if file else "--save-events"
            raise InputError([Fault(f"advisor diagnose {name}", "reads files only", f"leave {name} out here")])
        rules = job.rules()
        with progress(job.quiet) as report:
            found = run(
                warehouse,
                shipped(),
                facts=rules.detector_facts,
                overrides={**rules.overrides, **overrides},
                inventory=warehouse.inventory(),
                progress=report,
            )
    else:
        log, mapping = read(job)
        with progress(job.quiet) as report:
            found = of_log(log, mapping, overrides=overrides, progress=report)
        if save_events:
            from advisor.traces.fast.parquet import save_events as saved

            saved(log.table, save_events)
    check = None
    if file:
        from advisor.loop.evidence import check_record

        check = check_record(file, found, log.table)
    deliver(
        render_diagnosis(found, job.format, check=check, color=job.look.color, width=job.look.width, redact=job.redact),
        job.output,
    )
    return int(bool(found.found))


def _warehouse(job: Job, engine: str | None) -> Warehouse | None:
    """Where the events stay, if not in files: a database's table, or a lake under Spark."""
    if engine not in (None, "duckdb", "spark"):
        raise InputError([Fault(f"--engine {engine}", "is of no kind that is known", "use duckdb or spark")])
    urls = [one for one in job.logs if "://" in one]
    if engine == "spark":
        from advisor.traces.warehouses import open_spark

        return open_spark(job.logs)
    if not urls:
        return None
    if len(job.logs) > 1:
        raise InputError([Fault(urls[0], "is a table", "name one table and nothing else")])
    from advisor.traces.warehouses import open_url

    return open_url(urls[0])


def emit(job: Job, dialect: str) -> int:
    """The queries, for a warehouse."""
    from advisor.catalog.load import shipped
    from advisor.diagnosis.emit import emitted

    deliver(emitted(dialect, shipped(), overrides={**job.rules().overrides, **job.overrides()}), job.output)
    return 0


def ask(job: Job, answers: Path | None, plain: bool) -> int:
    """No logs: symptoms, one at a time, or from a file."""
    from advisor.present.diagnosis import render_diagnosis

    if answers:
        from advisor.catalog.load import shipped
        from advisor.diagnosis.ask import conclude, read_symptoms

        found = conclude(read_symptoms(answers, shipped()))
    else:
        from advisor.interview.ask import conduct, screen_of
        from advisor.interview.screens import Leave

        try:
            found = conduct(screen_of(plain=plain, color=job.look.color))
        except Leave:
            print("Nothing was answered.", file=sys.stderr)
            return 0
    deliver(render_diagnosis(found, job.format, color=job.look.color, width=job.look.width), job.output)
    return int(bool(found.found))


def infer(job: Job, force: bool) -> int:
    """Answers from the logs, into a file."""
    from advisor.cli.output import remark
    from advisor.interview.inferred import write_inferred
    from advisor.loop.evidence import infer as inferred

    if job.output is None:
        raise InputError([Fault("advisor diagnose --infer", "has no file to write", "add -o ANSWERS")])
    log, _ = read(job)
    answered = write_inferred(inferred(log.table), job.output, force=force)
    many = f"{len(answered)} answers from the logs, the rest unknown" if answered else "the logs answer nothing"
    remark(f"{job.output}: {many}; go on with: advisor interview -o {job.output}", job.quiet)
    return 0


def story(job: Job, request: str) -> int:
    """One request, in order."""
    from advisor.diagnosis.story import story as told
    from advisor.present.redaction import redact
    from advisor.present.story import render_story

    log, _ = read(job)
    shown = render_story(
        told(log.table, request),
        job.plain(),
        color=job.look.color,
        width=job.look.width,
        redact=redact if job.redact else str,
    )
    deliver(shown, job.output)
    return 0


def propose_mapping(job: Job) -> int:
    """A mapping file to be corrected."""
    from advisor.present.redaction import redact
    from advisor.traces.propose import propose

    lines = propose(list(job.logs), _stdin(job)).splitlines()
    # Examples stand in remarks; what is no remark says what a field or name is, and must stay as it is.
    shown = [redact(line) if job.redact and line.startswith("#") else line for line in lines]
    deliver("\n".join(shown) + "\n", job.output)
    return 0


def mapping_report(job: Job, gains: bool) -> int:
    """What the mapping gains, or which kinds were guessed."""
    from advisor.present.mappings import render_gains, render_guessed
    from advisor.present.redaction import redact
    from advisor.traces.load import load
    from advisor.traces.propose import explain

    format, look = job.plain(), job.look
    if gains and not job.mapping:
        mend = "add --mapping FILE; --init-mapping proposes one"
        raise InputError([Fault("advisor diagnose --check-mapping", "has no mapping to check", mend)])
    log, _ = read(job)
    if not gains:
        mask = redact if job.redact else str
        deliver(render_guessed(explain(log), format, color=look.color, width=look.width, redact=mask), job.output)
        return 0
    from advisor.diagnosis.gains import gains as compared

    try:
        before = load(job.logs, memory=job.memory, threads=job.threads) if "-" not in job.logs else None
    except InputError:
        before = None
    deliver(render_gains(compared(before, log), format, color=look.color, width=look.width), job.output)
    return 0


def prose(job: Job) -> int:
    """What reports in prose speak of."""
    from advisor.diagnosis.text import match
    from advisor.diagnosis.text.reading import read_reports
    from advisor.present.matches import render_matches

    given = sys.stdin.buffer.read().decode("utf-8", "replace") if "-" in job.logs else None
    read = read_reports(list(job.logs), given)
    matches = [match(report.text, report.title) for report in read]
    deliver(render_matches(read, matches, job.plain(), color=job.look.color, width=job.look.width), job.output)
    return int(any(found.scope == "in" for found in matches))


def over_time(job: Job, outcomes: Path, chart: Path | None) -> int:
    """Reliability over time, from a table of outcomes."""
    from advisor.diagnosis.reliability import reliability
    from advisor.present.chart import save_chart
    from advisor.present.reliability import render_reliability

    found = reliability(outcomes)
    if chart:
        save_chart(found, chart)
    deliver(render_reliability(found, job.plain(), color=job.look.color, width=job.look.width), job.output)
    return int(found.verdict == "falling")


def _stdin(job: Job) -> IO[bytes] | Any:
    return sys.stdin.buffer if "-" in job.logs else None
