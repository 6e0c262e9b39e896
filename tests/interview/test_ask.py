"""Symptoms asked for in a real pseudo-terminal, and without one."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from advisor.catalog.load import shipped
from advisor.diagnosis.ask.model import asked_of, chances
from advisor.errors import InputError
from advisor.interview.ask import conduct, screen_of
from advisor.interview.screens import Leave
from tests.interview.terminal import Terminal
from tests.interview.test_flow import Scripted

TRUTH = "P5-stale-timer"
SCRIPT = """
import sys
from advisor.interview.ask import conduct, screen_of
from advisor.interview.screens import Leave
from advisor.present.diagnosis import render_diagnosis
try:
    found = conduct(screen_of(plain="--plain" in sys.argv, color="--color" in sys.argv))
except Leave:
    print("Nothing was answered.")
else:
    print(render_diagnosis(found, "json"))
    print("THE END")
"""


class Asking(Terminal):
    """The same in a pty, without a command line around it."""

    program = ("-c", SCRIPT)


class Answering(Scripted):
    """Someone who sees just one fault, or answers from a list."""

    def symptom(self, heading: str, lines: Sequence[str], panel: Sequence[tuple[str, str]]) -> str:
        self.asked.append(heading)
        self.remarks += lines
        return self._next()


pty = pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals are POSIX")


def _honest(screen: str) -> str:
    """The key to press for the question on the screen, of someone who sees just the stale timer."""
    # A terminal breaks long lines anywhere.
    shown = "".join(screen.split())
    asked = [question for question in asked_of(shipped()).values() if "".join(question.wording.split()) in shown]
    assert asked, screen
    question = max(asked, key=lambda each: len(each.wording))
    seen = question.kind != "refuted_by" and chances(shipped())[question.id][TRUTH] > 0.5
    return "y" if seen else "n"


@pty
@pytest.mark.parametrize("arguments", [(), ("--plain",)])
def test_plain_answers_lead_to_the_fault(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    terminal = Asking(*arguments, cwd=tmp_path)
    enter = "\r" if arguments else ""
    for number in range(1, 25):
        while f"Question {number}" not in terminal.text and "THE END" not in terminal.text:
            terminal.read()
            assert terminal.child.isalive() or "THE END" in terminal.text, terminal.text
        terminal.read(0.2)
        if "THE END" in terminal.text:
            break
        terminal.press(_honest(terminal.text.rpartition(f"Question {number}")[2]) + enter)
    assert terminal.ended() == 0
    assert f'"signature": "{TRUTH}"' in terminal.text
    assert '"verdict": "possible"' in terminal.text
    if arguments:
        assert "\x1b[2J" not in terminal.raw


@pty
def test_back_unknown_and_an_early_end_keep_what_was_said(tmp_path: Path) -> None:
    terminal = Asking(cwd=tmp_path)
    terminal.wait_for("Question 1")
    terminal.press("b")
    terminal.wait_for("This is the first question.")
    terminal.press("u")
    terminal.wait_for("Question 2")
    terminal.press("n")
    terminal.wait_for("Question 3")
    assert "likeliest so far" in terminal.text
    terminal.press("b")
    terminal.wait_for("Question 2")
    terminal.press("q")
    terminal.wait_for("THE END")
    assert terminal.ended() == 0


@pty
def test_leaving_before_the_first_answer_reports_nothing(tmp_path: Path) -> None:
    terminal = Asking(cwd=tmp_path)
    terminal.wait_for("u  unknown")
    terminal.read(0.2)
    terminal.press("\x03")
    terminal.wait_for("Nothing was answered.")
    assert terminal.ended() == 0


def test_without_a_terminal_the_other_way_is_named() -> None:
    with pytest.raises(InputError) as refused:
        screen_of(plain=True, color=False)
    assert str(refused.value) == "advisor diagnose --ask: needs a terminal; use --answers FILE"


def test_unknown_all_along_ends_without_a_finding() -> None:
    screen = Answering(["unknown"] * 60)
    found = conduct(screen)
    assert not found.found
    assert {each.verdict for each in found.findings} <= {"insufficient", "not_assessable"}
    assert len(screen.asked) == 24


def test_back_at_the_first_question_says_so_and_forgets_nothing() -> None:
    screen = Answering(["back", "no", "back", "yes"])
    conduct(screen)
    assert screen.asked[:4] == ["Question 1", "Question 1", "Question 2", "Question 1"]
    assert "This is the first question." in screen.remarks


def test_leaving_at_once_is_leaving() -> None:
    with pytest.raises(Leave):
        conduct(Answering([]))
