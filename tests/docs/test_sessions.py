"""The pages with shell sessions, followed to the letter, each in an empty folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.sessions import follow, steps

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.mark.parametrize("name", ["tutorial", "automation"])
def test_every_command_of_a_page_does_what_it_shows(name: str, tmp_path: Path) -> None:
    page = DOCS / f"{name}.md"
    assert len(steps(page.read_text(encoding="utf-8"))) > 8
    wrong = follow(page, tmp_path)
    assert not wrong, "\n\n".join(wrong)


def test_another_output_than_the_one_shown_is_told(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("```console\n$ echo two\none\n$ (exit 3)\n$ echo $?\n3\n```\n", encoding="utf-8")
    [wrong] = follow(page, tmp_path)
    assert "echo two" in wrong
