"""Findings in logs, wherever those stay; and the queries for a warehouse."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from advisor.cli.diagnosing.gate import Gate, write_baseline
from advisor.cli.diagnosing.job import Job, progress, read
from advisor.cli.output import deliver
from advisor.errors import Fault, InputError

if TYPE_CHECKING:
    from advisor.traces.warehouses import Warehouse


def logs(
    job: Job,
    gate: Gate,
    record: Path | None,
    engine: str | None,
    save_events: Path | None,
    write: Path | None,
    bundle: Path | None,
    also: tuple[Path, ...],
) -> int:
    """Findings in logs; with a record, what it foresaw and what the logs say of its answers."""
    from advisor.diagnosis.diagnose import of_log
    from advisor.present.diagnosis import render_diagnosis

    if bundle:
        from advisor.cli.diagnosing.sealing import seal, sealable

        sealable(job)
    others = _formats(also, job.output)
    accepted = gate.accepted()
    overrides = job.overrides()
    file = None
    if record:
        from advisor.catalog.answers import read_answers

        file = read_answers(record)
    warehouse = _warehouse(job, engine)
    if warehouse:
        from advisor.catalog.load import shipped
        from advisor.diagnosis.diagnose import run

        alone = {"--record": file, "--save-events": save_events, "--since": job.since, "--cache": job.cache}
        if given := [name for name, value in alone.items() if value]:
            raise InputError(
                Fault(f"advisor diagnose {name}", "reads files only", f"leave {name} out{_unsaid(job)}")
                for name in given
            )
        rules = job.rules()
        with progress(job.quiet) as report:
            found = run(
                warehouse,
                shipped(),
                facts=rules.detector_facts,
                overrides={**rules.overrides, **overrides},
                only=job.only,
                inventory=warehouse.inventory(),
                progress=report,
            )
    else:
        log, mapping = read(job)
        with progress(job.quiet) as report:
            found = of_log(log, mapping, overrides=overrides, only=job.only, progress=report)
        if save_events:
            from advisor.traces.fast.parquet import save_events as saved

            saved(log.table, save_events)
    if "file" in job.settings:
        found = replace(found, inventory={**found.inventory, "settings": job.settings["file"]})
    if write:
        return write_baseline(gate, write, found, job.quiet)
    found = gate.held(found, accepted)
    check = None
    if file:
        from advisor.loop.evidence import check_record

        check = check_record(file, found, log.table)
    if bundle:
        seal(bundle, job, gate, (record, file) if record and file else None, found, check)
    for path, format in others.items():
        deliver(render_diagnosis(found, format, check=check, redact=job.redact), path)
    if file and check and job.format == "summary":
        from advisor.present.summary import render_summary

        deliver(render_summary(found, check, file, gate.today, redact=job.redact), job.output)
        return gate.code(found)
    deliver(
        render_diagnosis(found, job.format, check=check, color=job.look.color, width=job.look.width, redact=job.redact),
        job.output,
    )
    return gate.code(found)


_FORMATS = {
    ".md": "markdown",
    ".html": "html",
    ".json": "json",
    ".sarif": "sarif",
    ".xml": "junit",
    ".txt": "terminal",
}


def _formats(also: tuple[Path, ...], output: Path | None) -> dict[Path, str]:
    """How each further file is written, by its name; to be called before long work begins."""
    faults = []
    for number, path in enumerate(also):
        if path.suffix not in _FORMATS:
            faults.append(Fault(f"--also {path}", "has a name of no format", f"end it in one of {' '.join(_FORMATS)}"))
        if path == output or path in also[:number]:
            faults.append(Fault(f"--also {path}", "is written already", "name another file"))
    if faults:
        raise InputError(faults)
    return {path: _FORMATS[path.suffix] for path in also}


def _unsaid(job: Job) -> str:
    """How to leave out what a settings file may have said."""
    return f", also from {job.settings['file']}, or add --no-config" if "file" in job.settings else ""


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
