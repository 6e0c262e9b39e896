"""What the answers amount to, in the shape of a diagnosis: possible at most, evidence grade D."""

from __future__ import annotations

from typing import Any

from advisor.catalog.load import Catalog
from advisor.catalog.models import Signature
from advisor.diagnosis.ask.consultation import Consultation
from advisor.diagnosis.ask.model import NOTHING, asked_of
from advisor.diagnosis.ask.questions import entries
from advisor.diagnosis.assess import CAPS
from advisor.diagnosis.detector import Verdict
from advisor.diagnosis.findings import SEVERITIES, VERDICTS, Assessability, Citation, Diagnosis, Finding

FILE = "(answers)"
"""Where the evidence of such a diagnosis stands: the number of the answer takes the place of a line."""
SHOWN = 5


def conclude(consultation: Consultation) -> Diagnosis:
    """The diagnosis that the answers allow; every entry of the catalog has its finding.

    An affirmed symptom makes its entry *possible*, or *refuted* where what refutes it was affirmed too. One that was
    denied or is not known is *insufficient*, for not to have seen it is not to have looked; the others were not asked.
    """
    catalog = consultation.catalog
    findings = [_finding(entry, consultation) for entry in entries(catalog).values()]
    findings.sort(key=lambda f: (VERDICTS.index(f.verdict), -f.confidence, SEVERITIES.index(f.severity), f.signature))
    return Diagnosis(
        inventory=_inventory(len(consultation.said)),
        assessability={finding.signature: Assessability(finding.grade, finding.missing) for finding in findings},
        findings=tuple(findings),
        log_next=_log_next(findings, catalog),
        versions=(),
        lenses={},
        skew_us=0,
        knowledge_version=catalog.version,
    )


def _inventory(answers: int) -> dict[str, Any]:
    """The answers take the place of a file, and each of a row."""
    file = {"path": FILE, "format": "answers", "rows": answers, "bad_rows": 0, "skipped_reason": None, "bad": []}
    counts = {"rows": answers, "bad_rows": 0, "copies": 0, "requests": 0}
    return {"files": [file], **counts, "coverage": {}, "guessed_kinds": []}


def _finding(entry: Signature, consultation: Consultation) -> Finding:
    symptom = consultation.said.get(f"symptom:{entry.id}")
    refuted = symptom == "yes" and consultation.said.get(f"refuted_by:{entry.id}") == "yes"
    verdict: Verdict = "not_assessable"
    said = "Not asked."
    if symptom == "yes":
        verdict = "refuted" if refuted else "possible"
        said = "You see its symptom."
    elif symptom:
        verdict = "insufficient"
        said = "You do not see its symptom." if symptom == "no" else "You do not know whether its symptom is there."
    chance = consultation.probabilities[entry.id]
    down = SEVERITIES.index(entry.severity) + (2 if verdict == "possible" else 0)
    return Finding(
        signature=entry.id,
        title=entry.title,
        pattern=entry.pattern,
        sdb_part=entry.sdb_part,
        status=entry.status,
        verdict=verdict,
        severity=SEVERITIES[min(down, len(SEVERITIES) - 1)],
        confidence=round(CAPS["D"] * chance, 3) if symptom == "yes" else 0.0,
        grade="D" if symptom else "none",
        missing=(),
        count=int(symptom == "yes"),
        of=int(symptom in ("yes", "no")),
        relevant=int(symptom is not None),
        unit="answers",
        rate=float(symptom == "yes") if symptom in ("yes", "no") else None,
        interval=None,
        p_value=None,
        said=said,
        evidence=_evidence(entry, consultation) if symptom == "yes" else (),
        cause=entry.cause,
        cause_seen=None,
        cause_evidence=(),
        correction=entry.correction,
        refuted_by=entry.refuted_by,
        refuted=f"You said that this is so: {entry.refuted_by}" if refuted else None,
        traps=entry.false_positives,
        checked=(),
        thresholds={},
        overridden=(),
        detail=_ranking(consultation) if verdict == "possible" else {},
    )


def _evidence(entry: Signature, consultation: Consultation) -> tuple[Citation, ...]:
    """The answers that bear on an entry, its own symptom first, numbered as they were given."""
    asked = asked_of(consultation.catalog)
    traits = {
        f"symptom:{entry.id}": 0,
        f"refuted_by:{entry.id}": 1,
        f"pattern:{entry.pattern}": 2,
        f"way:{entry.failure_way}": 3,
        f"part:{entry.sdb_part}": 4,
    }
    told = [
        (traits[id], Citation(FILE, number, None, f"{asked[id].wording} {said}"))
        for number, (id, said) in enumerate(consultation.said.items(), 1)
        if id in traits
    ]
    return tuple(citation for _, citation in sorted(told, key=lambda each: each[0]))


def _ranking(consultation: Consultation) -> dict[str, tuple[dict[str, object], ...]]:
    ranked = sorted(consultation.probabilities.items(), key=lambda each: (-each[1], each[0]))
    named = {NOTHING: "nothing that the catalog knows"}
    rows = tuple({"candidate": named.get(id, id), "probability": round(p, 3)} for id, p in ranked[:SHOWN])
    return {"How likely after your answers (our model, no measurement)": rows}


def _log_next(findings: list[Finding], catalog: Catalog) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Columns with which a log could confirm or refute what is possible."""
    every = entries(catalog)
    wanted: dict[str, list[str]] = {}
    for finding in findings:
        if finding.verdict == "possible":
            for need in every[finding.signature].needs:
                wanted.setdefault(need.partition("@")[0].partition("|")[0], []).append(finding.signature)
    ranked = sorted(wanted.items(), key=lambda each: (-len(each[1]), each[0]))
    return tuple((column, tuple(ids)) for column, ids in ranked)
