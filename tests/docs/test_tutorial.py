"""The tutorial, followed to the letter in an empty folder."""

from __future__ import annotations

from pathlib import Path

from tests.docs.sessions import follow, steps

PAGE = Path(__file__).resolve().parents[2] / "docs" / "tutorial.md"


def test_every_command_of_the_tutorial_does_what_it_shows(tmp_path: Path) -> None:
    assert len(steps(PAGE.read_text(encoding="utf-8"))) > 8
    wrong = follow(PAGE, tmp_path)
    assert not wrong, "\n\n".join(wrong)


def test_another_output_than_the_one_shown_is_told(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("```console\n$ echo two\none\n$ (exit 3)\n$ echo $?\n3\n```\n", encoding="utf-8")
    [wrong] = follow(page, tmp_path)
    assert "echo two" in wrong
