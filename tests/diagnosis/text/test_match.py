"""What a person sees who hands in a report: its scope, the candidates, and the words that led there."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.catalog.files import read_toml
from advisor.catalog.load import Catalog, shipped
from advisor.diagnosis.text import Match, match
from advisor.diagnosis.text.concepts import CUES, concepts, look
from advisor.diagnosis.text.report import LEAST, SHOWN
from advisor.diagnosis.text.rules import ROOMS, entries
from advisor.diagnosis.text.weights import shipped_weights
from advisor.diagnosis.text.words import sentences

# Reports of our own making, in words of our own: title, text, and the pattern and signature that must come first.
IN_SCOPE = [
    (
        "Research crew answers with the last agent's notes only",
        "Three sub-agents run in parallel. The manager should merge their findings, but the merged answer holds only "
        "the last one; the results of the other agents are dropped.",
        "P1",
        "P1-merge-dominance",
    ),
    (
        "Helpers retry after the coordinator has given up",
        "The parent times out after 30 s. Its sub-agents run their own retries, three attempts of 30 s each, and so "
        "they go past the deadline of the orchestrator.",
        "P1",
        "P1-shadow-retries",
    ),
    (
        "Trip cancelled, hotel still booked",
        "The saga ran its compensation after the flight failed. The rollback left the reservation behind: state is "
        "partially reverted and inconsistent.",
        "P2",
        "P2-dirty-compensation",
    ),
    (
        "Customer was charged twice",
        "The payment call timed out and the agent retried it. There is no idempotency key, so the retry made a "
        "duplicate charge.",
        "P2",
        "P2-duplicate-effect",
    ),
    (
        "Status goes backwards when messages arrive late",
        "Events are delivered out of order and the consumer takes an older event for the newest one.",
        "P3",
        "P3-late-events",
    ),
    (
        "Classification is worse after the model upgrade",
        "The same prompts gave good labels with the previous model. After the upgrade the new model routes one ticket "
        "in five to the wrong queue, a clear regression.",
        "P3",
        "P3-replay-divergence",
    ),
    (
        "Worker restarts for ever",
        "The supervisor restarts the worker after each crash. It hits the same error on every start, a crash loop "
        "with no backoff and no restart limit.",
        "P4",
        "P4-crash-loop",
    ),
    (
        "Safety classifier makes every tool call slow",
        "Each tool call waits 9 seconds for the guardrail, and the command itself takes 200 ms. The latency of the "
        "gate is most of the session.",
        "P4",
        "P4-slow-gate",
    ),
    (
        "Workers fight over one row",
        "Under load the update fails with a version conflict. Concurrent writers retry the compare-and-swap up to "
        "nine times; the optimistic lock is under contention.",
        "P5",
        "P5-cas-contention",
    ),
    (
        "Reminder was sent although the case was closed by hand",
        "The timer fired after a manual override: an operator had already closed the case, and the scheduled job "
        "moved it back to open.",
        "P5",
        "P5-stale-timer",
    ),
    (
        "Stop button stops nothing",
        "After I cancel the run, the sub-agents keep running and billing. The stop is not propagated to them.",
        "P6",
        "P6-ignored-kill",
    ),
    (
        "Approvals lapse and everything is denied",
        "The review queue has a backlog. Most approvals miss their deadline; the time-out declines them by default.",
        "P6",
        "P6-approval-starvation",
    ),
    (
        "Agent calls the same tool with the same arguments",
        "The agent is stuck in an infinite loop: 240 identical tool calls, no progress.",
        "SDB",
        "SDB-identical-retries",
    ),
    (
        "It says the mail was sent",
        "The agent claims that the mail was sent and marks the task complete, without ever calling the tool.",
        "SDB",
        "SDB-claim-without-action",
    ),
]
OUTSIDE = [
    (
        "Stack does not come up",
        "docker compose fails: connection refused on port 5432, password authentication failed for postgres. Nginx "
        "answers 502 Bad Gateway.",
        "infrastructure",
    ),
    ("Side panel is blank", "The page renders a white screen in Firefox and the scroll bar is gone.", "infrastructure"),
    (
        "Confident, and wrong about why",
        "The model made a wrong assumption in its reasoning and told a plausible guess about the root cause as a fact.",
        "inside-model",
    ),
]


@pytest.mark.parametrize(("title", "text", "pattern", "signature"), IN_SCOPE, ids=[row[3] for row in IN_SCOPE])
def test_a_report_leads_to_its_entry(title: str, text: str, pattern: str, signature: str) -> None:
    found = match(text, title)
    assert (found.scope, found.abstained) == ("in", False)
    best = found.candidates[0]
    assert (best.pattern, best.signature) == (pattern, signature)
    known = {**shipped().signatures, **shipped().weaknesses}[signature]
    assert best.sdb_part == known.sdb_part
    assert best.because


def test_entries_that_lie_close_are_shown_beside_each_other() -> None:
    found = match("The approval timed out while the reviewer was away, and the record reads rejected by the user.")
    assert {"P6-approval-starvation", "P6-timeout-as-denial"} <= {each.signature for each in found.candidates[:2]}


@pytest.mark.parametrize(("title", "text", "scope"), OUTSIDE, ids=[row[0] for row in OUTSIDE])
def test_what_lies_outside_is_said_to(title: str, text: str, scope: str) -> None:
    found = match(text, title)
    assert (found.scope, found.abstained) == (scope, True)
    assert found.because


@pytest.mark.parametrize("text", ["", "   \n\n", "Beat the eggs and add the flour.", "こんにちは", "\x1b[31m"])
def test_with_nothing_to_go_by_nothing_is_decided(text: str) -> None:
    found = match(text)
    assert (found.scope, found.abstained) == ("undecided", True)


def test_the_words_that_led_there_are_the_reports_own() -> None:
    found = match("The subagents keep running after I press cancel.")
    assert found.candidates[0].signature == "P6-ignored-kill"
    plain = " ".join(sentences("The subagents keep running after I press cancel."))
    assert all(word in plain for each in found.candidates for word in each.because)


def test_a_negation_concerns_the_words_after_it() -> None:
    [seen] = [look(each) for each in sentences("There is no timeout, but retries are capped.")]
    assert "deadline" in seen.absent
    assert "retry" not in seen.absent


@pytest.mark.parametrize(
    "text", ["subAgent timed out", "sub-agent timed-out", "`sub_agent` TIMED OUT", "SubAgent timed_out"]
)
def test_every_spelling_reads_the_same(text: str) -> None:
    assert sentences(text) == ["sub agent timed out"]


def test_not_is_read_in_its_short_form() -> None:
    assert sentences("It doesn't stop. It doesn’t cost $400.") == ["it does not stop", "it does not cost dollars 400"]


def test_the_json_form_is_the_contract() -> None:
    shown = json.loads(json.dumps(match("The sub-agents keep running after the user cancelled the run.").to_dict()))
    assert set(shown) == {"schema", "scope", "candidates", "abstained", "because"}
    assert shown["schema"] == "advisor/match/1"
    assert set(shown["candidates"][0]) == {"pattern", "signature", "sdb_part", "score", "because"}


def test_a_catalog_with_an_entry_of_ones_own_is_matched(tmp_path: Path) -> None:
    (tmp_path / "signatures").mkdir()
    entry = (shipped().roots[0] / "signatures" / "P5-lost-update.toml").read_text(encoding="utf-8")
    start = entry.index("lexicon = [")
    own = entry.replace(entry[start : entry.index("]", start)], 'lexicon = ["flux capacitor", "gigawatt"')
    own = own.replace('id = "P5-lost-update"', 'id = "P5-own"')
    (tmp_path / "signatures" / "P5-own.toml").write_text(own, encoding="utf-8")
    overlaid = Catalog(*shipped().roots, tmp_path)
    text = "The flux capacitor lacks a gigawatt."
    assert match(text, catalog=overlaid).candidates[0].signature == "P5-own"
    assert match(text).candidates == ()


def test_every_rule_names_concepts_that_exist_and_every_concept_is_used() -> None:
    used = {name.lstrip("!") for each in entries(shipped()) for rule in each.rules for name in rule.names}
    used |= {name for each in entries(shipped()) for rule in each.rules for name in rule.nowhere}
    assert used == set(concepts())


def test_every_entry_is_in_the_catalog_or_stands_for_a_class() -> None:
    known = {**shipped().signatures, **shipped().weaknesses}
    without = [each.id for each in entries(shipped()) if each.signature is None]
    assert without == ["P6-other", "infrastructure", "inside-model"]
    assert {each.signature for each in entries(shipped())} - {None} == set(known)
    for room in ROOMS:
        for name in read_toml(CUES / f"{room}.toml"):
            assert name not in known or known[name].pattern == room


def test_every_entry_that_logs_can_show_can_be_reached_by_words() -> None:
    assert [each.id for each in entries(shipped()) if not each.rules and each.phrases is None] == []


def test_every_class_has_its_weights() -> None:
    assert tuple(shipped_weights()) == ROOMS
    for weight in shipped_weights().values():
        assert len(weight.best) == len(weight.total) == len(ROOMS)


def _sound(found: Match) -> None:
    assert found.abstained == (found.scope != "in")
    assert len(found.candidates) <= SHOWN
    assert [c.score for c in found.candidates] == sorted((c.score for c in found.candidates), reverse=True)
    assert found.scope != "in" or found.candidates
    assert all(len(c.because) <= SHOWN for c in found.candidates)


@given(st.text(max_size=400), st.text(max_size=80))
@settings(max_examples=150, deadline=None)
def test_any_text_is_answered(text: str, title: str) -> None:
    _sound(match(text, title))


SAID = [text for _, text, *_ in (*IN_SCOPE, *OUTSIDE)]


@given(st.lists(st.sampled_from(SAID), min_size=1, max_size=6))
@settings(max_examples=60, deadline=None)
def test_the_same_text_gives_the_same_answer(parts: list[str]) -> None:
    text = "\n".join(parts)
    first = match(text)
    _sound(first)
    assert match(text) == first
    assert match(text.upper().replace("’", "'")).scope in {"in", "infrastructure", "inside-model", "undecided"}


def test_less_than_the_least_is_not_enough() -> None:
    found = match("Please disable it.")
    assert LEAST == 1.0
    assert found.scope == "undecided"


@pytest.mark.parametrize(
    "unit",
    [" ".join(SAID) + "\n", "a" * 500, "not " * 100, "sub agent retry ", "x.y\n", "0" * 300 + " "],
    ids=["reports", "one-word", "negations", "one-line", "short-lines", "digits"],
)
def test_time_is_linear_in_the_text(unit: str) -> None:
    def spent(size: int) -> float:
        text = (unit * (size // len(unit) + 1))[:size]
        best = float("inf")
        for _ in range(3):
            before = time.process_time()
            match(text)
            best = min(best, time.process_time() - before)
        return best

    match(unit)
    small, large = spent(40_000), spent(160_000)
    assert large < 8 * small + 0.05  # 4 if linear, 16 if quadratic
