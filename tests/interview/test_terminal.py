"""The interview in a real pseudo-terminal of 80 by 24, key by key, kills included."""

from __future__ import annotations

import os
import re
import signal
import sys
from pathlib import Path

import pytest

from advisor.catalog.answers import KEYS, read_answers
from advisor.catalog.load import shipped
from tests.cli.run import advisor
from tests.interview.terminal import Terminal

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals are POSIX")
RENEWAL = shipped().workloads["contract-renewal"].answers.model_dump()


def _begin(folder: Path, *more: str, **environment: str) -> Terminal:
    terminal = Terminal("interview", "-o", "a.toml", *more, cwd=folder, **environment)
    terminal.wait_for("called?")
    terminal.press("Contract renewal\r")
    terminal.wait_for("short id")
    terminal.press("\r")
    terminal.wait_for("Question 1 of 24")
    return terminal


def _until_the_end(terminal: Terminal, answers: dict[str, str]) -> list[str]:
    """Answers what is asked, passes the gates, takes defaults; the questions that were asked, in order."""
    asked: list[str] = []
    last = ""
    for _ in range(400):
        terminal.read(0.03)
        screen = "\n".join(terminal.lines)
        if "See it again with" in terminal.text:
            return asked
        number = re.search(r"Question (\d+) of 24", screen)
        prompt = next((words for words in ("is written down", "sign it", "When does it ship") if words in screen), "")
        state = screen if prompt else f"{number and number[1]}"
        if state == last or not (number or prompt) or "> " not in screen.replace("» ", "> "):
            continue
        last = state
        if number:
            key = KEYS[int(number[1]) - 1]
            asked.append(key)
            terminal.press(answers[key][0])
        elif prompt == "is written down" and "g  go" in screen:
            terminal.press("g")
        else:
            terminal.press("\r")
    raise AssertionError("the interview did not end:\n" + "\n".join(terminal.lines))


def test_contract_renewal_from_the_first_key_to_the_record(tmp_path: Path) -> None:
    terminal = _begin(tmp_path)
    asked = _until_the_end(terminal, RENEWAL)
    assert terminal.ended() == 0
    written = read_answers(tmp_path / "a.toml").answers.model_dump()
    assert {key: written[key] for key in asked} == {key: RENEWAL[key] for key in asked}
    assert set(KEYS) - set(asked) == {key for key, value in written.items() if value == "unknown"}
    assert {"event_stream_exists", "history_must_replay", "consumers_pinned"} <= set(KEYS) - set(asked)
    for words in ("P1 + P2", "P4 + P6 full", "P3-replay-divergence", "Saved in a.toml."):
        assert words in terminal.text


def test_a_workload_without_needs_ends_with_a_record_that_says_so(tmp_path: Path) -> None:
    terminal = _begin(tmp_path)
    _until_the_end(terminal, dict.fromkeys(KEYS, "no") | {"duration": "seconds"})
    assert terminal.ended() == 0
    assert "No pattern is needed" in terminal.text


def test_back_note_partly_unknown_help_and_save(tmp_path: Path) -> None:
    terminal = _begin(tmp_path)
    terminal.press("b")
    terminal.wait_for("This is the first question.")
    terminal.press("?")
    terminal.wait_for("go back to the question")
    terminal.press("g")
    terminal.wait_for("Question 1 of 24")
    terminal.press("t")
    terminal.wait_for("a note for the record")
    terminal.press("weeks of waiting\r")
    terminal.wait_for("Note: weeks of waiting")
    terminal.press("d")
    terminal.wait_for("Question 2 of 24")
    terminal.press("p")
    terminal.wait_for("Question 3 of 24")
    terminal.press("u")
    terminal.wait_for("Step 1 is written down")
    terminal.press("b")
    terminal.wait_for("Question 3 of 24")
    terminal.press("b")
    terminal.wait_for("Question 2 of 24")
    terminal.press("w")
    terminal.wait_for("Every answer is saved")
    terminal.press("\x03")
    assert terminal.ended() == 0
    file = read_answers(tmp_path / "a.toml")
    assert file.notes == {"duration": "weeks of waiting"}
    assert (file.answers.world_changes_during_unit, file.answers.external_side_effects) == ("partly", "unknown")


def test_a_kill_loses_nothing_and_starting_again_resumes(tmp_path: Path) -> None:
    terminal = _begin(tmp_path)
    terminal.press("d")
    terminal.wait_for("Question 2 of 24")
    terminal.press("y")
    terminal.wait_for("Question 3 of 24")
    os.kill(terminal.child.pid, signal.SIGKILL)
    assert terminal.ended() == -signal.SIGKILL
    assert read_answers(tmp_path / "a.toml").answers.world_changes_during_unit == "yes"
    assert [path.name for path in tmp_path.iterdir()] == ["a.toml"]
    again = Terminal("interview", "-o", "a.toml", cwd=tmp_path)
    again.wait_for("Question 3 of 24")
    again.press("q")
    assert again.ended() == 0


def test_the_arrows_and_enter_work_too(tmp_path: Path) -> None:
    terminal = _begin(tmp_path)
    terminal.read(0.3)
    terminal.press("\x1b[B\x1b[B\r")
    terminal.wait_for("Question 2 of 24")
    assert read_answers(tmp_path / "a.toml").answers.duration == "hours"
    terminal.press("\x04")
    terminal.press("q")
    assert terminal.ended() == 0


def test_without_colour_no_colour_code_is_written(tmp_path: Path) -> None:
    terminal = _begin(tmp_path, NO_COLOR="1")
    terminal.press("d")
    terminal.wait_for("Question 2 of 24")
    terminal.press("q")
    terminal.ended()
    codes = [part.split("m")[0] for part in terminal.raw.split("\x1b[") if "m" in part[:12]]
    colours = [c for code in codes for c in code.split(";") if c.isdigit() and (30 <= int(c) <= 49 or int(c) >= 90)]
    assert [c for c in colours if c not in ("39", "49")] == []


def test_plain_mode_is_linear_text(tmp_path: Path) -> None:
    terminal = Terminal("interview", "-o", "a.toml", "--plain", cwd=tmp_path)
    for words, said in (("called?", "X"), ("short id", ""), ("Question 1 of 24", "d"), ("Question 2 of 24", "?")):
        terminal.wait_for(words)
        terminal.press(f"{said}\r")
    terminal.wait_for("Question 2 of 24")
    terminal.press("nonsense\r")
    terminal.wait_for("is none of these")
    terminal.press("q\r")
    assert terminal.ended() == 0
    # Bracketed paste is the terminal library's; nothing else may move the cursor or draw.
    assert "\x1b[2J" not in terminal.raw
    assert "\x1b[H" not in terminal.raw
    assert "─" not in terminal.raw


def test_without_a_terminal_the_file_to_fill_in_is_named(tmp_path: Path) -> None:
    done = advisor("interview", "-o", str(tmp_path / "mine.toml"))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.strip().endswith(f"advisor interview --template -o {tmp_path / 'mine.toml'}")
    assert len(done.stderr.splitlines()) == 1


def test_the_template_is_written_and_never_over_a_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    assert advisor("interview", "--template", "-o", str(path)).returncode == 0
    again = advisor("interview", "--template", "-o", str(path))
    assert again.returncode == 2
    assert "exists; choose another name, or add --force" in again.stderr
    assert advisor("interview", "--template", "-o", str(path), "--force").returncode == 0
    record = advisor("recommend", str(path), "--format", "json")
    assert record.returncode == 0
    assert '"stable": false' in record.stdout


def test_a_damaged_answers_file_is_refused_in_the_terminal(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text("not toml")
    terminal = Terminal("interview", "-o", "a.toml", cwd=tmp_path)
    terminal.wait_for("is not TOML")
    assert terminal.ended() == 2
    assert (tmp_path / "a.toml").read_text() == "not toml"
