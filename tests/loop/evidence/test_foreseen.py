from __future__ import annotations

from dataclasses import replace

import pytest

from advisor.catalog.load import shipped
from advisor.diagnosis.detector import Facts
from advisor.diagnosis.diagnose import run
from advisor.diagnosis.findings import Finding
from advisor.loop.evidence import check_record
from advisor.loop.evidence.foreseen import Foreseen, foreseen
from advisor.selection import recommend
from advisor.traces.table import table_of
from tests.diagnosis.signatures.test_cas_contention import operations
from tests.workloads import answers_file

CATALOG = shipped()


def contention() -> Finding:
    table = table_of(operations(500, 15))
    return run(table, CATALOG, facts=Facts(), overrides={}, only=["P5-cas-contention"]).findings[0]


FOUND = contention()


def as_if(signature: str, verdict: str = "present") -> Finding:
    """A finding of another signature."""
    entry = {**CATALOG.signatures, **CATALOG.weaknesses}[signature]
    return replace(FOUND, signature=signature, pattern=entry.pattern, verdict=verdict)  # type: ignore[arg-type]


def tie(signature: str, workload: str) -> Foreseen:
    return foreseen([as_if(signature)], recommend(CATALOG.workloads[workload]), CATALOG)[0]


@pytest.mark.parametrize(
    ("signature", "workload", "how", "lines", "words"),
    [
        ("P3-replay-divergence", "contract-renewal", "line", ("spine",), ("Replay drift across model versions",)),
        ("SDB-id-coverage", "contract-renewal", "line", ("sequence",), ("Blind operations",)),
        ("P5-stale-timer", "contract-renewal", "pattern", ("spine",), ("Replay drift across model versions",)),
        ("P6-ignored-kill", "contract-renewal", "pattern", ("control",), ("Hallucinated discounts shipping",)),
        ("P3-late-events", "contract-renewal", "unforeseen", ("spine",), ()),
        ("P5-stale-timer", "billing-assist", "unforeseen", ("spine",), ()),
        ("P2-duplicate-effect", "billing-assist", "unforeseen", ("coordination",), ()),
        ("SDB-no-budget", "billing-assist", "boundary", (), ()),
    ],
)
def test_a_finding_is_tied_to_the_line_that_foresaw_it(
    signature: str, workload: str, how: str, lines: tuple[str, ...], words: tuple[str, ...]
) -> None:
    tied = tie(signature, workload)
    assert (tied.how, tied.lines, tied.if_wrong) == (how, lines, words)
    assert tied.said.startswith("Unforeseen") is (how == "unforeseen")


def test_what_the_record_leaves_open_is_neither_foreseen_nor_unforeseen() -> None:
    nothing = recommend(answers_file({}))
    for signature in ("P5-stale-timer", "P1-merge-dominance", "P6-ignored-kill"):
        assert foreseen([as_if(signature)], nothing, CATALOG)[0].how == "open"
    cost = {
        "pauses_or_external_waits": "yes",
        "state_not_reconstructible": "yes",
        "world_changes_during_pause": "no",
        "history_must_replay": "no",
        "consumers_pinned": "no",
    }
    record = recommend(answers_file(cost))
    assert (record.spine, record.spine_alternatives) == ("P5", ("P3",))
    assert foreseen([as_if("P3-late-events")], record, CATALOG)[0].how == "open"


@pytest.mark.parametrize("verdict", ["refuted", "absent", "insufficient", "not_assessable"])
def test_what_is_not_there_needs_no_foresight(verdict: str) -> None:
    assert not foreseen([as_if("P5-stale-timer", verdict)], recommend(answers_file({})), CATALOG)


def test_in_a_check_each_line_says_what_became_of_the_signature_that_it_named() -> None:
    table = table_of(operations(500, 15))
    diagnosis = run(table, CATALOG, facts=Facts(), overrides={}, only=["P5-cas-contention"])
    diagnosis = replace(diagnosis, findings=(*diagnosis.findings, as_if("P3-replay-divergence", "absent")))
    found = check_record(CATALOG.workloads["contract-renewal"], diagnosis, table)
    spine = next(line for line in found.lines if line.step == "spine")
    assert (spine.signature, spine.signature_verdict) == ("P3-replay-divergence", "absent")
    assert [(each.signature, each.how) for each in found.findings] == [("P5-cas-contention", "pattern")]
    assert not found.unforeseen
    other = check_record(CATALOG.workloads["billing-assist"], diagnosis, table)
    assert [each.signature for each in other.unforeseen] == ["P5-cas-contention"]
