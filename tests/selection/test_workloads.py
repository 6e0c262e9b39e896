"""The five worked workloads of the paper, row for row (Tables 2 to 7)."""

import pytest

from advisor.catalog.load import shipped
from advisor.selection import recommend

TABLE = {
    "contract-renewal": ("long-horizon", "yyyn", "P5", "P1 + P2", "P4 + P6 full"),
    "billing-assist": ("conversational", "nnnn", "none", "P1", "P4"),
    "order-fallout-scanner": ("autonomous", "nnny", "P3", "P2", "P4 + P6 light"),
    "number-port-in": ("long-horizon", "yyyn", "P5", "P1 + P2", "P4 + P6 full"),
    "lead-warming": ("long-horizon", "yppy", "P3", "P1", "P4 + P6 light"),
}
WORDS = {
    "contract-renewal": (
        "latency budget",
        "replay drift",
        "partial-write",
        "hallucinated discounts",
        "blind",
    ),
    "billing-assist": ("sla", "over-engineered", "conflicting", "hallucinated discounts", "blind"),
    "order-fallout-scanner": ("stale", "replay drift", "inconsistent", "overwhelmed", "blind"),
    "number-port-in": ("sla breach", "replay drift", "stranded", "non-compliant", "blind"),
    "lead-warming": ("stale touch", "replay drift", "collisions", "spammed", "blind"),
}
PLANES = {
    "contract-renewal": {"kill_switch", "escalation", "approval", "throttling"},
    "billing-assist": set(),
    "order-fallout-scanner": {"throttling"},
    "number-port-in": {"kill_switch", "escalation", "approval", "throttling"},
    "lead-warming": {"escalation", "approval", "throttling"},
}


@pytest.mark.parametrize("name", TABLE)
def test_the_record_is_the_papers(name: str) -> None:
    record = recommend(shipped().workloads[name])
    runtime, spine_answers, spine, coordination, control = TABLE[name]
    spine_questions = (
        "pauses_or_external_waits",
        "state_not_reconstructible",
        "world_changes_during_pause",
        "event_stream_exists",
    )
    assert "".join(record.answers[q][0] for q in spine_questions) == spine_answers
    assert [line.pattern for line in record.lines[:4]] == [runtime, spine, coordination, control]
    assert {plane for plane, each in record.planes.items() if each.status == "v1"} == PLANES[name]
    assert record.stable
    assert "unknown" not in record.answers.values()


@pytest.mark.parametrize("name", WORDS)
def test_the_authors_words_stand_beside_the_computed_signatures(name: str) -> None:
    lines = recommend(shipped().workloads[name]).lines
    assert [line.step for line in lines] == [
        "runtime_class",
        "spine",
        "coordination",
        "control",
        "sequence",
        "date",
    ]
    for line, words in zip(lines, WORDS[name], strict=False):
        assert line.if_wrong is not None
        assert words in line.if_wrong.lower()
        assert line.signature_if_wrong.id
        assert line.signature_if_wrong.text
    assert lines[1].signature_if_wrong.id in {"P3-replay-divergence", "P5-unrestorable-state"}


def test_the_two_long_horizon_twins_have_one_record() -> None:
    renewal, port_in = (recommend(shipped().workloads[n]) for n in ("contract-renewal", "number-port-in"))
    assert renewal.decision == port_in.decision
    assert renewal.answers == port_in.answers
