"""A diagnosis with secrets and personal data masked in everything that came out of a log; files keep their names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from advisor.diagnosis.findings import Citation, Diagnosis, Finding
from advisor.present.redaction import redact

if TYPE_CHECKING:
    from advisor.diagnosis.reliability.trend import Reliability

_KEPT = frozenset({"path", "file"})


def masked(diagnosis: Diagnosis) -> Diagnosis:
    """The same diagnosis, safe to pass on."""
    return replace(
        diagnosis,
        inventory=_values(diagnosis.inventory),
        findings=tuple(_finding(finding) for finding in diagnosis.findings),
        versions=tuple(_values(row) for row in diagnosis.versions),
        lenses=_values(diagnosis.lenses, keys=True),
        reliability=diagnosis.reliability and _trend(diagnosis.reliability),
    )


def _trend(found: Reliability) -> Reliability:
    """Versions are all that it has in the log's own words."""
    change = found.change and found.change.model_copy(
        update={"version": found.change.version and redact(found.change.version)}
    )
    steps = tuple(step.model_copy(update={"version": redact(step.version)}) for step in found.steps)
    return found.model_copy(update={"steps": steps, "change": change, "remarks": tuple(map(redact, found.remarks))})


def _finding(finding: Finding) -> Finding:
    return replace(
        finding,
        said=redact(finding.said),
        evidence=tuple(_citation(each) for each in finding.evidence),
        cause_seen=finding.cause_seen and redact(finding.cause_seen),
        cause_evidence=tuple(_citation(each) for each in finding.cause_evidence),
        refuted=finding.refuted and redact(finding.refuted),
        checked=tuple(redact(each) for each in finding.checked),
        detail={redact(title): tuple(_values(row) for row in rows) for title, rows in finding.detail.items()},
        scope=tuple(redact(each) for each in finding.scope),
    )


def _citation(citation: Citation) -> Citation:
    event_id = redact(citation.event_id) if citation.event_id else citation.event_id
    return replace(citation, event_id=event_id, text=redact(citation.text))


def _values(value: Any, *, keys: bool = False) -> Any:
    """Every string inside, but for names of files; keys too where the log's own words may be keys."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return {
            redact(key) if keys else key: each if key in _KEPT else _values(each, keys=keys)
            for key, each in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [_values(each, keys=keys) for each in value]
    return value
