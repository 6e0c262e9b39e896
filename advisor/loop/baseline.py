"""A baseline of accepted findings: who accepted what, why and until when; what is louder, wider or late comes back."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, field_validator

from advisor.catalog.files import read_toml
from advisor.catalog.load import Catalog, model_faults
from advisor.catalog.models import Frozen, Severity
from advisor.diagnosis.findings import SEVERITIES, VERDICTS, Diagnosis, Finding, Standing
from advisor.errors import Fault, InputError, printable

ANY = "*"
"""In place of a scope: whatever the finding is about."""
DAYS = 90
"""Convention: how long a proposed entry lasts."""
SYMPTOMS = ("present", "likely", "possible")


class Accepted(Frozen):
    """One accepted finding. `verdict`, `severity` and `rate` (of cases that show it) are the most that was accepted."""

    signature: str
    scope: tuple[str, ...] = Field(strict=False)
    verdict: Literal["present", "likely", "possible"]
    severity: Severity
    rate: float | None = Field(default=None, ge=0, le=1, strict=False)
    owner: str
    reason: str
    expires: dt.date

    @field_validator("owner", "reason")
    @classmethod
    def _filled(cls, text: str) -> str:
        if not text.strip():
            raise ValueError("is not filled in; say who answers for it, and why it may stay")
        return text.strip()


class Baseline(Frozen):
    """The file: `schema = 1`, and an `[[accepted]]` table for each accepted finding."""

    schema_: Literal[1] = Field(alias="schema")
    accepted: tuple[Accepted, ...] = Field(default=(), strict=False)


def read_baseline(path: Path, catalog: Catalog) -> Baseline:
    """A baseline file.

    Raises:
        InputError: Every fault in it at once: what is missing, not filled in, or names no signature.
    """
    table = read_toml(path)
    try:
        baseline = Baseline.model_validate(table)
    except ValidationError as error:
        raise InputError(model_faults(error, str(path))) from None
    known = {*catalog.signatures, *catalog.weaknesses}
    faults = [
        Fault(f"{path}: accepted.{at}.signature", f"{one.signature} is no signature", "advisor catalog lists them")
        for at, one in enumerate(baseline.accepted)
        if one.signature not in known
    ]
    if faults:
        raise InputError(faults)
    return baseline


def hold(diagnosis: Diagnosis, baseline: Baseline, today: dt.date, shown: Callable[[str], str] = str) -> Diagnosis:
    """The diagnosis with each finding's standing, and remarks on entries that accept nothing.

    Args:
        diagnosis: What was found.
        baseline: What was accepted.
        today: The day on which entries are held against their `expires`, which is the last day that they last.
        shown: How a name of the log is written in a baseline: with secrets masked, say.
    """
    entries: dict[str, list[Accepted]] = {}
    for one in baseline.accepted:
        entries.setdefault(one.signature, []).append(one)
    held = tuple(
        replace(finding, standing=_standing(finding, entries[finding.signature], today, shown))
        if finding.verdict in SYMPTOMS and finding.signature in entries
        else finding
        for finding in diagnosis.findings
    )
    by_id = {finding.signature: finding for finding in held}
    idle = [_idle(one, by_id[one.signature], shown) for one in baseline.accepted if one.signature in by_id]
    return replace(diagnosis, findings=held, unused=tuple(said for said in idle if said))


def _standing(finding: Finding, entries: Iterable[Accepted], today: dt.date, shown: Callable[[str], str]) -> Standing:
    """Accepted where entries that are in force and loud enough name all that the finding is about."""
    back, covering, named = [], [], set()
    for one in entries:
        until = f"accepted by {one.owner} until {one.expires.isoformat()}"
        if today > one.expires:
            back.append(f"{until}, which has passed")
        elif VERDICTS.index(finding.verdict) < VERDICTS.index(one.verdict):
            back.append(f"{until} as {one.verdict}, and is {finding.verdict} now")
        elif SEVERITIES.index(finding.severity) < SEVERITIES.index(one.severity):
            back.append(f"{until} as {one.severity}, and is {finding.severity} now")
        elif one.rate is not None and finding.interval and finding.interval[0] > one.rate:
            more = f"for {one.rate:.1%} of {finding.unit}, and is in at least {finding.interval[0]:.1%} now"
            back.append(f"{until} {more.replace('%', ' %')}")
        else:
            covering.append((one, until))
            named |= set(one.scope)
    about = {shown(name) for name in finding.scope}
    beyond = about - {shown(name) for name in named}
    if covering and (ANY in named or not beyond) and (about or ANY in named or any(not e.scope for e, _ in covering)):
        said = "; ".join(f"{until}: {one.reason}" for one, until in covering)
        return Standing(accepted=True, said=said)
    if covering:
        what = f"is about {', '.join(sorted(beyond))} too" if beyond else "names nothing that it is about now"
        back.append(f"{covering[0][1]}, and {what}")
    return Standing(accepted=False, said="; ".join(back))


def _idle(one: Accepted, finding: Finding, shown: Callable[[str], str]) -> str | None:
    """Why an entry accepts nothing, where it does not."""
    name = f"{one.signature} ({', '.join(one.scope) or 'no names'}), accepted by {one.owner}"
    if finding.verdict in ("insufficient", "not_assessable"):
        return f"{name}: could not be checked in these logs"
    if finding.verdict not in SYMPTOMS:
        return f"{name}: is not found any more; delete the entry"
    about = {shown(each) for each in finding.scope}
    if one.scope and ANY not in one.scope and about.isdisjoint(shown(each) for each in one.scope):
        return f"{name}: is not about these any more; delete the entry"
    return None


def propose(findings: Iterable[Finding], today: dt.date, shown: Callable[[str], str] = str) -> str:
    """Entries for findings as TOML, with owner and reason to be filled in; without that the file is not accepted."""
    return "\n".join(_entry(finding, today, shown) for finding in findings)


def _entry(finding: Finding, today: dt.date, shown: Callable[[str], str]) -> str:
    import tomlkit

    def written(value: Any) -> str:
        return str(tomlkit.item(value).as_string())

    return "\n".join(
        [
            f"# {printable(finding.title)}",
            "[[accepted]]",
            f"signature = {written(finding.signature)}",
            f"scope = {written([shown(each) for each in finding.scope])}",
            f"verdict = {written(finding.verdict)}",
            f"severity = {written(finding.severity)}",
            *([f"rate = {math.ceil(finding.rate * 1000) / 1000}"] if finding.rate is not None else []),
            'owner = ""',
            'reason = ""',
            f"expires = {(today + dt.timedelta(days=DAYS)).isoformat()}",
            "",
        ]
    )


HEAD = """\
# Findings that are accepted for now: they are shown, and do not set the exit code until they expire, exceed `verdict`,
# `severity` or `rate`, or are about more than `scope` names ("*" stands for anything).
schema = 1

"""
