"""Runs the detectors over a table of events and makes their answers into findings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import IO, TYPE_CHECKING, Any

from advisor.catalog.load import Catalog, shipped
from advisor.catalog.models import Signature
from advisor.diagnosis.assess import CAPS, GRADES, Coverage, assess, log_next
from advisor.diagnosis.citations import cite, provenance
from advisor.diagnosis.detector import Asked, Detector, Facts, Signs, Verdict, numbered
from advisor.diagnosis.detectors import detectors
from advisor.diagnosis.findings import SEVERITIES, VERDICTS, Assessability, Diagnosis, Finding, Severity
from advisor.diagnosis.fingerprint import scope
from advisor.diagnosis.lenses import lenses
from advisor.diagnosis.statistics import wilson
from advisor.diagnosis.versions import skew, versions
from advisor.errors import Fault, InputError
from advisor.traces.load import load
from advisor.traces.log import Log
from advisor.traces.mapping import NOTHING, LogMapping
from advisor.traces.table import Events

if TYPE_CHECKING:
    from advisor.diagnosis.reliability.momentum import Momentum
    from advisor.diagnosis.reliability.trend import Reliability

LEAST_OUTCOMES, LEAST_DAYS = 500, 13
"""Outcomes, and days between the first and the last, from which on their trend is worked out."""
USABLE = 0.8
"""Convention: the share of cases that carry what is needed, from which on "absent" may be said."""
LARGEST_THRESHOLD = 10**9
"""Counts, ratios and seconds beyond it bound nothing."""
Progress = Callable[[str, float], None]


def run(
    table: Events,
    catalog: Catalog,
    *,
    facts: Facts,
    overrides: Mapping[str, float],
    only: Sequence[str] | None = None,
    inventory: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
) -> Diagnosis:
    """Every detector's finding on a table.

    Args:
        table: The events.
        catalog: The knowledge base: an entry for each detector.
        facts: What only the user knows.
        overrides: Thresholds by `<signature>.<slug>` (or `<signature>.<slug with underscores>`).
        only: Ids of the detectors to run; all, unless given.
        inventory: What was read, passed through.
        progress: Called with a detector's id and the share done.

    Raises:
        InputError: An override names no signature or none of its thresholds; `only` names no detector.
    """
    if unknown := [id for id in only or () if id not in detectors()]:
        raise InputError(Fault(f"--only {id}", "is no detector", "advisor catalog lists them") for id in unknown)
    chosen = [detector for id, detector in detectors().items() if only is None or id in only]
    entries = [entry_of(catalog, detector.id) for detector in chosen]
    in_force = _thresholds(catalog, overrides)
    coverage, skew_us = Coverage(table), skew(table)
    assessed = {entry.id: assess(entry, coverage) for entry in entries}
    findings = []
    for at, (detector, entry) in enumerate(zip(chosen, entries, strict=True)):
        if progress:
            progress(detector.id, at / len(chosen))
        thresholds, overridden = in_force(entry)
        signs = None
        if not assessed[entry.id].missing:
            signs = _ask(table, detector, thresholds, facts, skew_us)
        findings.append(_finding(entry, assessed[entry.id], signs, thresholds, overridden, table, coverage))
    trend, moves = over_time(table) if only is None else (None, None)
    ranked = sorted(findings, key=lambda f: (VERDICTS.index(f.verdict), SEVERITIES.index(f.severity), f.signature))
    return Diagnosis(
        inventory={**(inventory or {}), "coverage": coverage.shares()},
        assessability={finding.signature: assessed[finding.signature] for finding in ranked},
        findings=tuple(ranked),
        log_next=log_next(entries, assessed),
        versions=tuple(versions(table)),
        lenses=lenses(table, facts.states) if only is None else {},
        skew_us=skew_us,
        knowledge_version=catalog.version,
        reliability=trend,
        momentum=moves,
    )


def diagnose(
    logs: Sequence[str],
    *,
    mapping: LogMapping = NOTHING,
    overrides: Mapping[str, float] | None = None,
    only: Sequence[str] | None = None,
    stdin: IO[bytes] | None = None,
    memory: str | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Diagnosis:
    """Reads logs and says which pattern or boundary part is failing, with the rows that show it.

    Args:
        logs: Files, folders, globs, or `-` for `stdin`.
        mapping: What the logs' fields and names mean, and facts that no log holds (`read_mapping`).
        overrides: Thresholds by `<signature>.<slug>`; they win over the mapping's facts.
        only: Ids of the detectors to run; all, unless given.
        stdin: Where `-` is read from.
        memory: The most memory that the engine takes, such as "512MB".
        threads: The engine's threads.
        progress: Called with what is being done and the share that is done.

    Raises:
        InputError: Logs that cannot be read or hold no event; thresholds that do not exist.
    """
    log = load(logs, mapping=mapping, stdin=stdin, memory=memory, threads=threads, progress=progress)
    return of_log(log, mapping, overrides=overrides, only=only, progress=progress)


def of_log(
    log: Log,
    mapping: LogMapping = NOTHING,
    *,
    overrides: Mapping[str, float] | None = None,
    only: Sequence[str] | None = None,
    progress: Progress | None = None,
) -> Diagnosis:
    """The diagnosis of a log that is loaded already."""
    return run(
        log.table,
        shipped(),
        facts=mapping.detector_facts,
        overrides={**mapping.overrides, **(overrides or {})},
        only=only,
        inventory=log.inventory(),
        progress=progress,
    )


def over_time(table: Events) -> tuple[Reliability | None, Momentum | None]:
    """How the log's own outcomes move over time; nothing where there are too few of them to speak of a slope."""
    if "status" not in table.present or "ts_us" not in table.present:
        return None, None
    seen = table.query("SELECT COUNT(*) AS many, MAX(ts_us) - MIN(ts_us) AS us FROM events WHERE kind = 'outcome'")[0]
    if seen["many"] < LEAST_OUTCOMES or (seen["us"] or 0) < LEAST_DAYS * 86_400_000_000:
        return None, None
    from advisor.diagnosis.reliability.momentum import from_events

    return from_events(table.query) or (None, None)


def entry_of(catalog: Catalog, id: str) -> Signature:
    """The entry of a detector: a signature or a weakness."""
    return catalog.weaknesses[id] if id in catalog.weaknesses else catalog.signatures[id]


def _ask(table: Events, detector: Detector, thresholds: Mapping[str, float], facts: Facts, skew_us: int) -> Signs:
    def ask(name: str, **stated: float) -> list[dict[str, Any]]:
        sql, numbers = detector.queries[name], {**thresholds, **stated}
        start = max((start for start in detector.kept if sql.startswith(start)), key=len, default="")
        kept = (detector.kept[start], numbered(start, numbers, skew_us)) if start else None
        return table.query(numbered(sql, numbers, skew_us), kept=kept)

    try:
        return detector.read(Asked(ask, thresholds, facts))
    finally:
        table.forget()


def _thresholds(
    catalog: Catalog, overrides: Mapping[str, float]
) -> Callable[[Signature], tuple[dict[str, float], tuple[str, ...]]]:
    """Gives an entry's thresholds with the user's put in; every override that fits nothing is a fault."""
    known = {
        f"{entry.id}.{slug}": (entry.id, slug)
        for entry in (*catalog.signatures.values(), *catalog.weaknesses.values())
        for slug in entry.thresholds
    }
    named: dict[tuple[str, str], float] = {}
    faults = []
    for name, value in overrides.items():
        id, _, slug = name.partition(".")
        at = known.get(f"{id}.{slug.replace('_', '-')}")
        if at is None:
            of_entry = sorted(key for key in known if key.startswith(f"{id}."))
            mend = f"use one of {', '.join(of_entry)}" if of_entry else "advisor catalog lists the signatures"
            faults.append(Fault(f"--set {name}", "is no threshold", mend))
        elif not 0 <= value <= LARGEST_THRESHOLD:
            mend = f"write a number from 0 to {LARGEST_THRESHOLD}"
            faults.append(Fault(f"--set {name}", f"is {value:g}, which bounds nothing", mend))
        else:
            named[at] = value
    if faults:
        raise InputError(faults)

    def of(entry: Signature) -> tuple[dict[str, float], tuple[str, ...]]:
        mine = {slug: named.get((entry.id, slug), threshold.value) for slug, threshold in entry.thresholds.items()}
        return mine, tuple(slug for slug in mine if (entry.id, slug) in named)

    return of


def _finding(
    entry: Signature,
    allowed: Assessability,
    signs: Signs | None,
    thresholds: Mapping[str, float],
    overridden: tuple[str, ...],
    table: Events,
    coverage: Coverage,
) -> Finding:
    verdict = _verdict(signs)
    signs = signs or Signs(0, 0, 0, "rows", said=f"Not logged: {', '.join(allowed.missing)}.")
    grade = allowed.grade
    if signs.verdict and signs.rows:
        grade = coverage.of_evidence(entry, provenance(table, signs.rows), allowed)
    if signs.cap and grade != "none":
        grade = max(grade, signs.cap, key=GRADES.index)
    if verdict == "present" and grade == "D":
        verdict = "possible"
    covered = min(1.0, signs.usable / signs.relevant) if signs.relevant else 0.0
    shown = verdict in ("present", "likely", "possible", "refuted", "absent")
    return Finding(
        signature=entry.id,
        title=entry.title,
        pattern=entry.pattern,
        sdb_part=entry.sdb_part,
        status=entry.status,
        verdict=verdict,
        severity=_severity(signs.severity or entry.severity, verdict),
        confidence=round(CAPS.get(grade, 0.0) * signs.strength * covered, 3) if shown else 0.0,
        grade=grade,
        missing=allowed.missing,
        count=signs.count,
        of=signs.usable,
        relevant=signs.relevant,
        unit=signs.unit,
        rate=signs.count / signs.usable if signs.usable else None,
        interval=signs.interval or (wilson(signs.count, signs.usable) if signs.usable else None),
        p_value=signs.p_value,
        said=signs.said,
        evidence=cite(table, signs.rows),
        cause=entry.cause,
        cause_seen=signs.cause,
        cause_evidence=cite(table, signs.cause_rows),
        correction=entry.correction,
        refuted_by=entry.refuted_by,
        refuted=signs.refuted,
        traps=entry.false_positives,
        checked=tuple(signs.traps),
        thresholds=thresholds,
        overridden=overridden,
        detail={title: tuple(rows) for title, rows in signs.detail.items()},
        scope=scope(table, entry.id, signs.rows),
    )


def _verdict(signs: Signs | None) -> Verdict:
    """Absent needs that the detector could have seen it; all other silence is not enough or not assessable."""
    if signs is None:
        return "not_assessable"
    if signs.verdict:
        return signs.verdict
    enough = signs.usable >= max(1, signs.least) and signs.usable >= USABLE * signs.relevant
    return "absent" if enough else "insufficient"


def _severity(base: Severity, verdict: Verdict) -> Severity:
    """One step down for likely, two for possible."""
    down = {"likely": 1, "possible": 2}.get(verdict, 0)
    return SEVERITIES[min(SEVERITIES.index(base) + down, len(SEVERITIES) - 1)]


def emitted_queries(
    ids: Iterable[str], catalog: Catalog, overrides: Mapping[str, float] | None = None
) -> dict[str, dict[str, str]]:
    """Every detector's queries with the thresholds put in and no allowance for skew."""
    of = _thresholds(catalog, overrides or {})
    return {
        id: {name: numbered(sql, of(entry_of(catalog, id))[0], 0) for name, sql in detectors()[id].queries.items()}
        for id in ids
    }
