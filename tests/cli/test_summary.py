"""The one-page summary: what it says of the decision, the risks, the unknowns and what to decide next."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest

from advisor.catalog.files import data_room
from advisor.catalog.load import shipped
from advisor.catalog.models import PLANES
from advisor.diagnosis.detectors import detectors
from advisor.diagnosis.findings import Standing
from advisor.present import plain
from advisor.present.summary import render_summary, summary
from tests.cli.contention import contended
from tests.cli.run import advisor
from tests.present.summaries import TODAY, answers, checked, crowded, crowded_answers, observed, with_findings

SIGNED = {"name": "Ana Ruiz", "role": "Principal engineer", "date": "2026-05-20"}


def shown(page: str) -> str:
    """The words of a page."""
    return " ".join(unescape(re.sub(r"<style>.*?</style>|<[^>]+>", " ", page, flags=re.S)).split())


def test_everything_that_a_page_may_name_has_plain_words() -> None:
    assert set(plain.FINDINGS) == set(detectors())
    assert set(plain.PLANES) == set(PLANES)
    jargon = re.compile(
        r"(?i)\b(idempotent|compare-and-swap|cas|sagas?|spine|verifiers?|tokens?|llm|schema|payload|commits?)\b"
    )
    for what, helps in plain.FINDINGS.values():
        assert not jargon.search(f"{what} {helps}")


def test_the_command_writes_the_page_and_ends_as_the_diagnosis_does(tmp_path: Path) -> None:
    log, page = contended(tmp_path / "app.jsonl"), tmp_path / "summary.html"
    record = str(data_room("knowledge") / "workloads" / "contract-renewal.toml")
    more = ("--record", record, "--format", "summary", "--today", "2026-11-26", "-o", str(page))
    done = advisor("diagnose", str(log), *more)
    assert (done.returncode, done.stdout) == (1, "")
    text = shown(page.read_text())
    assert "Contract renewal, 90-day window Summary of 2026-11-26. Decided 2026-05-19; nobody has signed it." in text
    assert "Next decision (now): Say who mends the risk that the logs show or point to, and by when." in text
    assert "1. Work on the same record collides and has to be repeated. (medium)" in text
    assert "The logs show it. 20 of 400 operations: 5.0 %, and with 95 % confidence between 3.3 % and 7.6 %." in text
    assert "The logs show 1 risk; 31 of 35 checks could not be made (below), so there may be others." in text


@pytest.mark.parametrize("more", [(), ("--record", "answers.toml", "--request", "r1"), ("--ask",)])
def test_without_a_record_it_is_one_line(more: tuple[str, ...], tmp_path: Path) -> None:
    logs = [] if "--ask" in more else [str(contended(tmp_path / "app.jsonl"))]
    done = advisor("diagnose", *logs, "--format", "summary", *more)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "--format summary: is of logs held against a decision record; add --record ANSWERS, and leave other jobs out\n"
    )


def test_the_risks_are_the_three_that_weigh_most_and_the_others_are_counted() -> None:
    found = with_findings(
        P6_ignored_kill="possible", P2_dirty_compensation="present", P4_slow_gate="present", SDB_no_budget="likely"
    )
    page = summary(found, checked(answers()), answers(), TODAY)
    many = sum(each.verdict in ("present", "likely", "possible") for each in found.findings)
    order = [shipped().signatures[risk.id].severity for risk in page.risks if risk.id in shipped().signatures]
    assert [risk.id for risk in page.risks][:2] == ["P2-dirty-compensation", "P6-ignored-kill"]
    assert order == sorted(order, key=("critical", "high", "medium", "low").index)
    assert page.risks[1].sure == "The logs hint at it."
    assert page.beside_risks == f"{many - 3} risks more in the full report."


def test_what_a_baseline_accepts_comes_last_and_says_who_accepted_it() -> None:
    found = with_findings(P2_dirty_compensation="present", P4_slow_gate="present")
    accepted = Standing(accepted=True, said="accepted by Ana until 2027-03-31: the queue ships in March")
    held = tuple(
        replace(each, standing=accepted) if each.signature == "P2-dirty-compensation" else each
        for each in found.findings
        if each.signature in ("P2-dirty-compensation", "P4-slow-gate")
    )
    page = summary(replace(found, findings=held), checked(answers()), answers(), TODAY)
    assert [risk.id for risk in page.risks] == ["P4-slow-gate", "P2-dirty-compensation"]
    assert page.risks[-1].accepted.startswith("Accepted by Ana until 2027-03-31")


def test_deadlines_turn_over_with_the_day() -> None:
    put_off = {"status": "deferred", "reason": "one tenant at launch", "until": "2026-11-22"}
    file = answers(planes={"approval": put_off})
    for day, when in ((dt.date(2026, 11, 22), "2026-11-22"), (dt.date(2026, 11, 23), "now")):
        text = [due for due in summary(observed()[0], checked(answers()), file, day).next if "approving" in due.what]
        assert [due.when for due in text] == [when]
    first = summary(observed()[0], checked(answers()), crowded_answers(), TODAY).next[0]
    assert (first.when, first.what.partition(". ")[0]) == (
        "now",
        "The decision on checking actions by fixed rules, with a record of each decision is overdue since 2026-01-31",
    )


def test_a_contradicted_answer_an_open_question_and_a_missing_signature_are_decisions() -> None:
    file = crowded_answers()
    page = summary(observed()[0], checked(file), file, dt.date(2025, 1, 1))
    said = [due.what for due in page.next]
    assert any(each.startswith("Correct the decision record: the logs contradict") for each in said)
    assert "Have a senior engineer sign the decision." in said
    assert any("Nobody has answered yet" in each and "and 2 more" in each for each in page.unknown)


def test_nothing_due_is_said_and_silence_is_no_proof() -> None:
    file = answers(sign_off=SIGNED)
    quiet = replace(observed()[0], findings=tuple(replace(f, verdict="not_assessable") for f in observed()[0].findings))
    check = replace(checked(answers()), checks=())
    page = summary(quiet, check, file, TODAY)
    assert [due.when for due in page.next] == ["none due"]
    assert page.risks == ()
    assert page.beside_risks.startswith("The logs show no risk; 35 of 35 checks could not be made")
    assert page.state == "Decided 2026-05-19; signed by Ana Ruiz, Principal engineer, on 2026-05-20."


def test_nothing_that_was_typed_is_markup() -> None:
    file = answers(title="<script>alert(1)</script> & co \x1b[2J")
    page = render_summary(crowded(), checked(file), file, TODAY)
    assert "<script" not in page
    assert "\x1b" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; co" in page
