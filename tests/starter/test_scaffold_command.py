"""The command line: what is shown, where, and with which exit code."""

from __future__ import annotations

from pathlib import Path

import pytest

from advisor.cli.app import run

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
