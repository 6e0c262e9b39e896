"""llms.txt: it has the form that llmstxt.org asks for, every page is in it, and every link leads somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = {"llms.txt": ROOT, "docs/site/llms.txt": ROOT / "docs"}


@pytest.mark.parametrize("name", FILES)
def test_every_page_of_the_site_is_linked_once_and_exists(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)]+)\)", text)
    # Sphinx keeps the pages that it was built from, as they lie, in the folder _sources of a site.
    linked = [(FILES[name] / link.removeprefix("_sources/")).resolve() for link in links]
    assert [path for path in linked if not path.is_file()] == []
    pages = {path for path in (ROOT / "docs").rglob("*.md") if "examples" not in path.parts and path.stem != "index"}
    assert pages | {path for path in linked if path.stem == "index"} == set(linked)
    assert len(linked) == len(set(linked))


@pytest.mark.parametrize("name", FILES)
def test_it_is_a_title_a_summary_and_lists_of_links(name: str) -> None:
    title, _, summary, *rest = (ROOT / name).read_text(encoding="utf-8").splitlines()
    assert title == "# advisor"
    assert summary.startswith("> ")
    assert {line[:3] for line in rest} <= {"", "## ", "- ["}
    assert all(re.fullmatch(r"- \[[^]]+\]\([^)]+\.md\)(: .+\.)?", line) for line in rest if line.startswith("-"))
