"""The words that every format of a diagnosis shares: what was read, what was found, how sure that is, and when."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from advisor.diagnosis.durations import span
from advisor.diagnosis.findings import Citation, Diagnosis, Finding
from advisor.traces.columns import by_name

SHOWN = ("present", "likely", "possible")
VERDICT_WORDS: Mapping[str, str] = {"not_assessable": "not assessable"}
GRADE_WORDS: Mapping[str, str] = {
    "A": "declared by the emitter",
    "B": "mapped by the user",
    "C": "inferred, or a proxy",
    "D": "a hint in text",
    "none": "not assessable",
}
_FORMATS = 3
"""Formats that the first line names; the table of files has them all."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_INSTANT = 10**14
"""Microseconds from which on a number is an instant and no duration: the year 1973."""


def verdict(name: str) -> str:
    """A verdict in words."""
    return VERDICT_WORDS.get(name, name)


def number(value: int, one: str, many: str | None = None) -> str:
    """A count with its noun: `1 file`, `12,431 rows`."""
    return f"{value:,} {one if value == 1 else many or one + 's'}"


def was_read(diagnosis: Diagnosis) -> str:
    """What was read, in one line: files and formats, rows, bad rows, requests."""
    inventory = diagnosis.inventory
    files: Sequence[Mapping[str, Any]] = inventory.get("files", ())
    read = [file for file in files if not file.get("skipped_reason")]
    formats = sorted({name for file in read for name in str(file.get("format") or "").split(" + ") if name})
    said = f"Read {number(len(read), 'file') if files else 'a table of events'}"
    more = f" and {len(formats) - _FORMATS} more" if len(formats) > _FORMATS else ""
    said += f" ({', '.join(formats[:_FORMATS])}{more})" if formats else ""
    said += f", {len(files) - len(read)} skipped" if len(read) < len(files) else ""
    if "rows" not in inventory:
        return said + "."
    bad, requests = inventory.get("bad_rows", 0), number(inventory.get("requests", 0), "request")
    return f"{said}: {number(inventory['rows'], 'row')} ({bad:,} bad), {requests}{_left_out(inventory)}."


def _left_out(inventory: Mapping[str, Any]) -> str:
    out = inventory.get("left_out")
    if not out:
        return ""
    many = f"{number(out['rows'], 'row')} of {number(out['requests'], 'request')}"
    return f" since {out['since']}; {many} before that left out"


def shown(diagnosis: Diagnosis) -> tuple[Finding, ...]:
    """Findings with a symptom that was not refuted; those that a baseline accepts come last."""
    return tuple(sorted((f for f in diagnosis.findings if f.verdict in SHOWN), key=lambda f: f.accepted))


def loud(diagnosis: Diagnosis) -> tuple[Finding, ...]:
    """Findings with a symptom, refuted or not: those that have rows to show; accepted ones after those that are not."""
    refuted = (finding for finding in diagnosis.findings if finding.verdict == "refuted")
    return (*shown(diagnosis), *refuted)


def quiet(diagnosis: Diagnosis) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """The others: those that looked and saw nothing or too little, and those that could not look."""
    found = [finding for finding in diagnosis.findings if finding.verdict not in (*SHOWN, "refuted")]
    return (
        tuple(finding for finding in found if finding.verdict != "not_assessable"),
        tuple(finding for finding in found if finding.verdict == "not_assessable"),
    )


def left_unchecked(findings: Sequence[Finding]) -> str:
    """Which detectors could not look; what each lacks stands in the table of what the log can show."""
    ids = ", ".join(finding.signature for finding in findings)
    return f"Not assessable, for columns that are missing (listed above): {ids}."


def headline(diagnosis: Diagnosis) -> str:
    """How many findings of each loud verdict there are, and how many are accepted; or that there are none."""
    counts = Counter("accepted" if finding.accepted else finding.verdict for finding in shown(diagnosis))
    return ", ".join(f"{counts[name]} {name}" for name in (*SHOWN, "accepted") if counts[name]) or "Nothing was found"


def rest(diagnosis: Diagnosis) -> str:
    """How many are refuted, absent, insufficient and not assessable; silence is never called good news."""
    counts = Counter(finding.verdict for finding in diagnosis.findings)
    said = [f"{counts['refuted']} refuted"] if counts["refuted"] else []
    said += [f"{counts['absent']} absent", f"{counts['insufficient']} insufficient"]
    return ", ".join([*said, f"{counts['not_assessable']} not assessable"]) + "."


def counts(diagnosis: Diagnosis) -> str:
    """How many findings there are of each verdict, the quiet ones too."""
    return f"{headline(diagnosis)}. {rest(diagnosis)}" if shown(diagnosis) else rest(diagnosis)


def standing(finding: Finding) -> str:
    """How a finding stands to the baseline, as a sentence; empty where none speaks of it."""
    if finding.standing is None:
        return ""
    said = finding.standing.said
    return said[:1].upper() + said[1:] if finding.accepted else f"No longer accepted: {said}"


def unused(diagnosis: Diagnosis) -> list[str]:
    """What is to be said of a baseline's entries that accept nothing."""
    return [f"Baseline: {each}." for each in diagnosis.unused or ()]


def falling(diagnosis: Diagnosis) -> str:
    """That reliability falls, how fast, and what that says of the spine where that is known."""
    trend, momentum = diagnosis.reliability, diagnosis.momentum
    if trend is None or trend.slope is None:
        return ""
    said = f"Reliability is {trend.verdict}: {trend.slope:+.2f} points per 30 days"
    return said + ("; momentum is negative: suspect the spine." if momentum and momentum.verdict == "negative" else ".")


WHAT_SILENCE_MEANS = (
    "Absent: the log could have shown it and does not. Insufficient: too few rows to say. "
    "Not assessable: the columns that it needs are missing."
)


def excluded(diagnosis: Diagnosis) -> list[tuple[str, list[Finding]]]:
    """Where nothing was found: what was excluded, refuted, and what could not be checked, as (words, findings)."""
    by = {name: [f for f in diagnosis.findings if f.verdict == name] for name in (*QUIET,)}
    return [(QUIET[name], found) for name, found in by.items() if found]


QUIET: Mapping[str, str] = {
    "refuted": "Seen and refuted",
    "absent": "Excluded",
    "insufficient": "Not decided, too few rows",
    "not_assessable": "Not checked, columns missing",
}


def over_time(diagnosis: Diagnosis) -> dict[str, str]:
    """How reliability moves and what that means, a text each; empty where the log holds too few outcomes."""
    said = {}
    if diagnosis.reliability:
        from advisor.present.reliability import sentences

        said["reliability"] = " ".join(sentences(diagnosis.reliability))
    if diagnosis.momentum:
        said["momentum"] = diagnosis.momentum.said
    return said


def trend_remarks(diagnosis: Diagnosis) -> list[str]:
    """Remarks on the trend, but for the one that momentum answers."""
    if diagnosis.reliability is None:
        return []
    from advisor.diagnosis.reliability.trend import PER_CALL

    return [each for each in diagnosis.reliability.remarks if diagnosis.momentum is None or each != PER_CALL]


def cases(finding: Finding) -> str:
    """How many cases show it, with the interval of the rate."""
    if finding.rate is None:
        return f"no usable {finding.unit}"
    said = f"{finding.count:,} of {finding.of:,} {finding.unit}"
    if finding.interval:
        low, high = finding.interval
        said += f" ({finding.rate * 100:.1f} %, 95 %: {low * 100:.1f} to {high * 100:.1f} %)"
    if finding.relevant > finding.of:
        said += f"; {finding.relevant - finding.of:,} more lack what is needed"
    return said


def sureness(finding: Finding) -> str:
    """The evidence grade in words, with the confidence that it caps, and p."""
    said = f"grade {finding.grade} ({GRADE_WORDS[finding.grade]})"
    if finding.confidence:
        said += f", confidence {finding.confidence:.2f}"
    if finding.p_value is not None:
        said += f", p = {finding.p_value:.2g}"
    return said


def thresholds(finding: Finding) -> list[str]:
    """The thresholds in force; those that the user set say so."""
    return [
        f"{slug} = {value:g}{' (set by you)' if slug in finding.overridden else ''}"
        for slug, value in finding.thresholds.items()
    ]


def place(citation: Citation) -> str:
    """Where a row stands: `file:line`."""
    return f"{citation.file}:{citation.line}" if citation.line > 0 else citation.file


def next_columns(diagnosis: Diagnosis, most: int = 5) -> str:
    """The columns to log next, with how many detectors wait for each."""
    named = [f"{column} ({len(ids)})" for column, ids in diagnosis.log_next[:most]]
    more = len(diagnosis.log_next) - most
    return ", ".join(named) + (f" and {more} more" if more > 0 else "")


def instant(us: int | None) -> str:
    """A time in UTC to the millisecond; a number that is none stays a number."""
    if us is None:
        return ""
    try:
        return (_EPOCH + timedelta(microseconds=us)).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3] + "Z"
    except (OverflowError, TypeError, ValueError):
        return f"{us} us"


def period(first_us: int | None, last_us: int | None) -> str:
    """From when to when in UTC, to the second; the day once where it is one day."""
    first, last = (instant(us)[:19] for us in (first_us, last_us))
    if not first or first == last:
        return first
    return f"{first} to {last.removeprefix(first[:11])}"


def keys(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The keys of a small table, in order of appearance."""
    return list(dict.fromkeys(key for row in rows for key in row))


def cell(key: str, value: Any) -> str:
    """A value of a small table: times as times, fractions short."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (int, float)):
        column = by_name().get(key)
        timed = key.endswith("_us") or (column is not None and column.unit in ("instant", "milliseconds"))
        if timed and math.isfinite(value):
            return instant(int(value)) if abs(value) >= _INSTANT else span(value)
        return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"
    return str(value)


def header(key: str) -> str:
    """A key of a small table as a column's head."""
    return key.removesuffix("_us").strip("_").replace("_", " ")
