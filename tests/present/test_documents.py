"""Whole documents against golden ones; `REWRITE_GOLDEN=1 pytest tests/present` writes them anew."""

from __future__ import annotations

import json
import os
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from advisor.catalog.load import shipped
from advisor.present import FORMATS, diagram, render_comparison, render_records
from advisor.selection import DecisionRecord, recommend
from tests.workloads import answers_file

GOLDEN = Path(__file__).parent / "golden"
SUFFIX = {"terminal": "txt", "markdown": "md", "html": "html", "json": "json"}
NASTY = '<script>alert(1)</script> [bold]x[/] | `a` *b* \x1b[31mred\x07 "q" \u202eRTL'


def _record(name: str) -> DecisionRecord:
    if name == "nothing-known":
        return recommend(answers_file({}))
    if name == "hostile":
        tables = {"notes": {"duration": NASTY}, "if_wrong": {"spine": NASTY}, "record": {"model_version": NASTY}}
        file = answers_file({"duration": "days"}, **tables, sign_off={"name": NASTY, "role": "x", "date": "2026-11-22"})
        return recommend(file.model_copy(update={"title": NASTY + " " + "W" * 300}))
    return recommend(shipped().workloads[name])


def _same_as_golden(text: str, name: str) -> None:
    path = GOLDEN / name
    if os.environ.get("REWRITE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8"), f"{name} differs; look, then REWRITE_GOLDEN=1"


EVERY = [*shipped().workloads, "nothing-known"]
# Two pages are enough to look at; the others are checked for their form below.
DOCUMENTS = [(n, f) for n in EVERY for f in FORMATS if f != "html" or n in ("contract-renewal", "nothing-known")]


@pytest.mark.parametrize(("name", "format"), DOCUMENTS)
def test_the_document(name: str, format: str) -> None:
    _same_as_golden(render_records([_record(name)], format, width=80), f"{name}.{SUFFIX[format]}")


@pytest.mark.parametrize("format", FORMATS)
def test_five_workloads_side_by_side(format: str) -> None:
    text = render_records([_record(name) for name in shipped().workloads], format, width=80)
    if format == "json":
        assert [each["id"] for each in json.loads(text)] == list(shipped().workloads)
        return
    for words in ("Lead warming", "conversational", "P4 + P6 light", "P1 + P2"):
        assert words.replace("-", "-") in text.replace("\\", "")


@pytest.mark.parametrize("format", FORMATS)
def test_a_comparison(format: str) -> None:
    text = render_comparison(_record("lead-warming"), _record("contract-renewal"), format, width=80)
    _same_as_golden(text, f"comparison.{SUFFIX[format]}")
    same = render_comparison(_record("number-port-in"), _record("contract-renewal"), format, width=80)
    assert ("decision is the same" in same) == (format != "json")
    assert format != "json" or json.loads(same)["same_decision"] is True


def test_a_deferral_is_no_answers_doing() -> None:
    file = shipped().workloads["contract-renewal"]
    planes = {"throttling": {"status": "deferred", "until": "2027-01-31", "reason": "one tenant"}}
    later = recommend(answers_file(file.answers.model_dump(), planes=planes))
    changes = json.loads(render_comparison(later, recommend(file), "json"))["changes"]
    assert {each["field"]: each["because"] for each in changes} == {
        "planes.throttling": "recorded",
        "sequence": "recorded",
    }


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("name", ["contract-renewal", "nothing-known", "hostile"])
def test_terminal_text_keeps_to_its_width_and_obeys_nothing(name: str, width: int) -> None:
    text = render_records([_record(name)], "terminal", width=width)
    assert max(map(len, text.splitlines())) <= width
    assert "\x1b" not in text
    assert "\x07" not in text
    if name == "hostile":
        assert "[bold]x[/]" in text.replace("\n", "")


def test_colour_is_only_decoration() -> None:
    plain = render_records([_record("contract-renewal")], "terminal", width=80)
    colored = render_records([_record("contract-renewal")], "terminal", width=80, color=True)
    assert "\x1b[" in colored
    assert [line.rstrip() for line in re.sub(r"\x1b\[[0-9;]*m", "", colored).splitlines()] == plain.splitlines()


class _Page(HTMLParser):
    """Balance of tags, ids, and everything that would load something."""

    VOID = frozenset({"meta", "br", "input", "link", "img", "hr", "path"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.loads: list[str] = []
        self.headings: list[int] = []
        self.labels: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag not in self.VOID:
            self.open.append(tag)
        if given.get("id"):
            self.ids.append(str(given["id"]))
        if tag == "label":
            self.labels.append(str(given["for"]))
        self.loads += [str(v) for k, v in attrs if k in ("src", "href", "action") and not str(v).startswith("#")]
        if tag in ("script", "iframe", "object", "embed", "link"):
            self.loads.append(tag)
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append(int(tag[1]))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag


@pytest.mark.parametrize("names", [["contract-renewal"], ["hostile"], ["nothing-known"], list(shipped().workloads)])
def test_a_page_is_well_formed_self_contained_and_navigable(names: list[str]) -> None:
    text = render_records([_record(name) for name in names], "html")
    page = _Page()
    page.feed(text)
    assert page.open == []
    assert len(page.ids) == len(set(page.ids))
    assert page.loads == []
    assert "<script" not in text
    assert set(page.labels) <= set(page.ids)
    assert page.headings[0] == 1
    assert page.headings.count(1) == 1
    assert not re.search(r"url\((?!#)", text)
    assert text.count('role="img"') == len(names)


@pytest.mark.parametrize("name", ["contract-renewal", "hostile", "nothing-known"])
def test_markdown_is_madr(name: str) -> None:
    text = render_records([_record(name)], "markdown")
    assert text.startswith("---\nstatus: ")
    body = text.split("---\n", 2)[2]
    tokens = MarkdownIt("commonmark").enable("table").parse(body)
    headings = [(t.tag, tokens[at + 1].content) for at, t in enumerate(tokens) if t.type == "heading_open"]
    assert headings[0][0] == "h1"
    assert [text for tag, text in headings if tag == "h2"] == [
        "Context and Problem Statement",
        "Decision Drivers",
        "Considered Options",
        "Decision Outcome",
        "Pros and Cons of the Options",
        "More Information",
    ]
    options = re.findall(r"^\* (.+)$", body.split("## Considered Options")[1].split("##")[0], re.M)
    chosen = re.search(r'^Chosen option: "(.+)", because ', body, re.M)
    assert chosen is not None
    assert chosen[1] == options[0]
    assert [text for tag, text in headings if tag == "h3"] == ["Consequences", "Confirmation", *options]
    assert not any(t.type in ("html_block", "html_inline") for t in tokens)
    assert not any(child.type == "html_inline" for t in tokens for child in t.children or [])
    for table in re.findall(r"(?:^\|.*\n)+", body, re.M):
        cells = {len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}
        assert len(cells) == 1


def test_the_diagram_stands_alone() -> None:
    record = _record("contract-renewal")
    svg = diagram.svg(record)
    from xml.etree import ElementTree

    root = ElementTree.fromstring(svg)
    assert root.tag.endswith("svg")
    words = " ".join("".join(each.itertext()) for each in root.iter() if each.tag.endswith("text"))
    for expected in ("P1 Hierarchical Delegation", "proposer (stochastic)", "Kill switch", "State (dominant)"):
        assert expected.split("  ")[0].replace("P1 ", "") in words.replace("P1  ", "P1 ")
    assert svg == diagram.svg(_record("contract-renewal"))
    chart = diagram.mermaid(record)
    assert chart.startswith("flowchart LR\n")
    assert chart.count("subgraph seam") == 5
    assert 'P3["P3 Event-Driven Sequencing"]:::off' in chart


def test_json_has_the_contracts_shape() -> None:
    document = json.loads(render_records([_record("contract-renewal")], "json"))
    assert document["schema"] == "advisor/record/1"
    wanted = """id title runtime_class dominant_concern spine spine_alternatives coordination control p6_level planes
        predicates lines stable depends_on flips sequence signed warnings knowledge_version readings"""
    for key in wanted.split():
        assert key in document
    assert set(document["planes"]) == {"kill_switch", "escalation", "approval", "throttling"}
    assert set(document["planes"]["approval"]) == {"status", "reason", "until"}
    assert set(document["predicates"][0]) == {"id", "question", "answer", "fired", "section"}
    assert set(document["lines"][0]) == {"step", "pattern", "predicate", "signature_if_wrong", "if_wrong"}
    assert set(document["lines"][0]["signature_if_wrong"]) == {"id", "text"}
    assert set(document["flips"][0]) == {"question", "from", "to", "changes"}
