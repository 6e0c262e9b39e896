"""The command line: what is shown, where, and with which exit code."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from advisor.catalog.answers import read_answers
from advisor.cli.app import run
from advisor.errors import printable
from advisor.selection import recommend
from advisor.starter.render import render
from advisor.starter.selection import select

ANSWERS = "knowledge/workloads/contract-renewal.toml"


def test_it_says_what_was_written_and_what_to_do_next(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["scaffold", ANSWERS, str(tmp_path / "x")]) == 0
    out, err = capsys.readouterr()
    assert "pip install -e '.[test]' && python -m pytest" in out and err == ""


def test_a_dry_run_shows_a_tree(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["scaffold", ANSWERS, str(tmp_path / "x"), "--dry-run"]) == 0
    out, _ = capsys.readouterr()
    assert "├── " in out and "p5_state.py  add" in out and "nothing was written" in out
    assert not (tmp_path / "x").exists()


def test_an_update_shows_what_needs_a_look(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["scaffold", ANSWERS, str(tmp_path / "x")])
    (tmp_path / "x" / "policy.toml").write_text("version = '2'\n")
    capsys.readouterr()
    assert run(["scaffold", ANSWERS, str(tmp_path / "x")]) == 0
    assert "policy.toml  kept" in capsys.readouterr().out


@pytest.mark.parametrize("folder", ["full", "file"])
def test_a_folder_that_cannot_be_written_is_one_line_and_exit_code_2(
    folder: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").write_text("")
    (tmp_path / "file").write_text("")
    assert run(["scaffold", ANSWERS, str(tmp_path / folder)]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and "Traceback" not in err


def _titles() -> st.SearchStrategy[str]:
    loud = st.sampled_from(
        ['"""', "\\", "'''", "\n", "\0", "\x1b[31m", "\u202e", "\U0001f600", "{{ 7 }}", "\\N", "```"]
    )
    return st.lists(loud | st.text(st.characters(exclude_categories=["Cs"]), max_size=5), min_size=1).map("".join)


@settings(max_examples=40, deadline=None)
@given(title=_titles().filter(bool))
@example(title='"""\nimport os\n"""')
def test_no_title_breaks_the_project_or_becomes_code(title: str) -> None:
    answers = read_answers(Path(ANSWERS)).model_copy(update={"title": title})
    record = recommend(answers)
    files = render(select(record, answers), record)
    (package,) = (name for name in files if name.endswith("/__init__.py") and name.count("/") == 2)
    said = ast.parse(files[package])
    shown = printable(title)
    assert str(ast.get_docstring(said, clean=False)).startswith(f"{shown}: an agent")
    assert len(said.body) == 4
    assert tomllib.loads(files["pyproject.toml"].decode())["project"]["description"] == shown
    assert f"# {shown}" in files["README.md"].decode().split("\n")
