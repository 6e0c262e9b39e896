"""The console: on an empty database, and on requests that try to break out of the page."""

from __future__ import annotations

from pathlib import Path

from starters.agent.app import build
from starters.agent.console import page_of, write
from starters.agent.llm import Stub
from starters.agent.runtime.clock import SimulatedClock


def test_it_renders_on_an_empty_database(url: str, tmp_path: Path) -> None:
    it = build(url, clock=SimulatedClock(), model=Stub(script={}))
    index = Path(write(it, tmp_path / "console"))
    assert {path.name for path in index.parent.glob("*.html")} == {"index.html", "business.html", "compliance.html"}
    assert "unbroken" in (index.parent / "compliance.html").read_text("utf-8")
    it.close()


def test_each_request_has_a_page_and_nothing_it_says_becomes_markup(url: str, tmp_path: Path) -> None:
    it = build(url, clock=SimulatedClock(), model=Stub(script={}))
    name = "../<script>alert(1)</script>"
    it.flow.handle(name, "<b>t</b>", {"customer": name, "amount_cents": 100})
    folder = Path(write(it, tmp_path / "console")).parent
    pages = list((folder / "requests").iterdir())
    assert [page.name for page in pages] == [page_of(name)]
    for page in (*pages, *folder.glob("*.html")):
        text = page.read_text("utf-8")
        assert "<script>" not in text and "<b>t</b>" not in text
    assert page_of(name) in (folder / "business.html").read_text("utf-8")
    it.close()
