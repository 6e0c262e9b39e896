"""The section on the record, as it is read: on a screen, in Markdown, in a page, and by a program."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser

import pytest

from advisor.catalog.load import shipped
from advisor.diagnosis.detector import Facts
from advisor.diagnosis.diagnose import run
from advisor.loop.evidence import RecordCheck, check_record
from advisor.present.diagnosis.record_check import render_record_check, title_of
from advisor.traces.table import table_of
from tests.diagnosis.signatures.test_cas_contention import operations
from tests.loop.evidence.records import DAY, requests

EVIL = "<script>alert(1)</script> \x1b[2J | `x` [y](http://z)"
SECRET = "sk-abcdefghijklmnopqrstuvwxyz012345"
TEXTS = ("terminal", "markdown", "html")


@cache
def check() -> RecordCheck:
    """A record that is contradicted, strained, held and out of sight, with hostile names and a secret in the rows."""
    rows = requests(30, 3 * DAY, text=f"{EVIL} {SECRET}") + operations(500, 15)
    rows += [{"kind": "cancel_request", "request_id": "r1", "ts_us": 1, "name": EVIL}]
    table = table_of(rows)
    diagnosis = run(table, shipped(), facts=Facts(), overrides={}, only=["P5-cas-contention"])
    workload = shipped().workloads["billing-assist"]
    answers = workload.answers.model_copy(update={"work_splits": "unknown", "external_side_effects": "unknown"})
    file = workload.model_copy(update={"title": f"Billing {EVIL}", "answers": answers})
    return check_record(file, diagnosis, table)


@pytest.mark.parametrize("format", TEXTS)
def test_every_part_is_shown(format: str) -> None:
    shown = " ".join(render_record_check(check(), format, width=4000).replace("\\", "").split())
    totals = check().totals
    assert all(totals.values())
    assert f"{totals['contradicted']} contradicted, {totals['strained']} strained" in shown
    assert "Contradicted: duration is answered seconds" in shown
    assert "Strained: stop_in_flight is answered no" in shown
    assert "the decision becomes: runtime class long-horizon" in shown
    assert "SLA misses on expert response (P1-shadow-retries)" in shown
    assert "Unforeseen: the record did not choose P5 (spine: none)." in shown
    for each in check().checks:
        assert title_of(each) in shown


@pytest.mark.parametrize("format", TEXTS)
def test_nothing_from_a_log_or_a_title_is_obeyed(format: str) -> None:
    shown = render_record_check(check(), format)
    assert "\x1b" not in shown
    if format == "html":
        assert "<script" not in shown
    if format == "markdown":
        assert "[y](http" not in shown
        rows = [line for line in shown.splitlines() if line.startswith("|")]
        assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {5}


@pytest.mark.parametrize("format", [*TEXTS, "json"])
def test_secrets_are_masked_unless_asked_for(format: str) -> None:
    assert SECRET not in render_record_check(check(), format, width=4000)
    assert SECRET in render_record_check(check(), format, width=4000, redact=False)


def test_the_page_part_is_one_well_formed_section() -> None:
    open_: list[str] = []

    class Reading(HTMLParser):
        def handle_starttag(self, tag: str, attrs: object) -> None:
            open_.append(tag)

        def handle_endtag(self, tag: str) -> None:
            assert open_.pop() == tag

    shown = render_record_check(check(), "html")
    Reading().feed(shown)
    assert not open_
    assert shown.startswith("<section")
    assert shown.rstrip().endswith("</section>")


def test_json_is_the_check_itself() -> None:
    said = json.loads(render_record_check(check(), "json", redact=False))
    assert said == json.loads(json.dumps(check().to_json()))


def test_a_narrow_screen_and_colours_lose_no_word() -> None:
    plain = render_record_check(check(), "terminal", width=4000)
    narrow = render_record_check(check(), "terminal", width=60)
    assert all(len(line) <= 60 for line in narrow.splitlines())
    coloured = render_record_check(check(), "terminal", width=4000, color=True)
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured).split() == plain.split()


def test_an_empty_check_is_a_section_too() -> None:
    bare = replace(check(), checks=(), findings=(), unanswered=(), revised={})
    for format in TEXTS:
        shown = render_record_check(bare, format)
        assert "0 contradicted" in shown
        assert "decision becomes" not in shown
