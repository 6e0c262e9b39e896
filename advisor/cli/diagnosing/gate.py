"""Which findings end a run in which exit code: the baseline that accepts some, and the level that counts."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from advisor.cli.exits import FailOn, code, fails
from advisor.cli.output import remark
from advisor.errors import Fault, InputError

if TYPE_CHECKING:
    from advisor.diagnosis.findings import Diagnosis
    from advisor.loop.baseline import Baseline


@dataclass(frozen=True)
class Gate:
    """What was said on the command line about accepted findings and exit codes."""

    fail_on: FailOn
    baseline: Path | None
    today: dt.date

    def accepted(self) -> Baseline | None:
        """The baseline file, read and checked; to be called before long work begins."""
        if self.baseline is None:
            return None
        from advisor.catalog.load import shipped
        from advisor.loop.baseline import read_baseline

        return read_baseline(self.baseline, shipped())

    def held(self, found: Diagnosis, accepted: Baseline | None) -> Diagnosis:
        """The diagnosis with each finding's standing."""
        if accepted is None:
            return found
        from advisor.loop.baseline import hold
        from advisor.present.redaction import redact

        return hold(found, accepted, self.today, redact)

    def code(self, found: Diagnosis) -> int:
        """The exit code."""
        return code(found, self.fail_on)


def write_baseline(gate: Gate, path: Path, found: Diagnosis, quiet: bool) -> int:
    """Entries for the findings that would fail now, after those that are in the file already."""
    from advisor.catalog.files import write_atomically
    from advisor.loop.baseline import HEAD, propose
    from advisor.present.redaction import redact

    accepted = gate.accepted()
    found = gate.held(found, accepted)
    failing = set(fails(found, gate.fail_on))
    new = [finding for finding in found.findings if finding.signature in failing]
    before = path.read_text(encoding="utf-8-sig").rstrip("\n") + "\n\n" if accepted else HEAD
    if new or not accepted:
        write_atomically(path, before + propose(new, gate.today, redact))
    many = f"{len(new)} {'entry' if len(new) == 1 else 'entries'} to fill in (owner, reason, expires)"
    remark(f"{path}: {many if new else 'nothing to add'}", quiet)
    return 0


def day(given: str | None) -> dt.date:
    """The day that `--today` names; else today's date in UTC.

    Raises:
        InputError: It is no date.
    """
    if given is None:
        return dt.datetime.now(dt.UTC).date()
    try:
        return dt.date.fromisoformat(given)
    except ValueError:
        raise InputError([Fault(f"--today {given}", "is no date", "write it as 2026-11-22")]) from None
