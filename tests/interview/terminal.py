"""A real pseudo-terminal of 80 by 24 with a screen that can be read."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pexpect
import pyte


class Terminal:
    """Runs `advisor` in a pty and keeps the screen that a person would see."""

    program: tuple[str, ...] = ("-m", "advisor")
    rows = 24

    def __init__(self, *arguments: str, cwd: Path, **environment: str) -> None:
        keep = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "COLUMNS", "LINES", "FORCE_COLOR")}
        self.child = pexpect.spawn(
            sys.executable,
            [*self.program, *arguments],
            cwd=str(cwd),
            env=keep | {"TERM": "xterm-256color"} | environment,
            dimensions=(self.rows, 80),
            encoding="utf-8",
            timeout=20,
        )
        self.child.delaybeforesend = 0
        self.raw = ""
        self._screen = pyte.HistoryScreen(80, self.rows, history=2000)
        self._stream = pyte.Stream(self._screen)

    def read(self, seconds: float = 0.05) -> None:
        """Takes in what the program has written by now."""
        end = time.monotonic() + seconds
        while True:
            try:
                text = self.child.read_nonblocking(65536, timeout=0.02)
                self.raw += text
                self._stream.feed(text)
                if "\x1b[6n" in text:
                    # A real terminal answers when it is asked where the cursor is.
                    self.child.send(f"\x1b[{self._screen.cursor.y + 1};{self._screen.cursor.x + 1}R")
            except pexpect.TIMEOUT:
                if time.monotonic() > end:
                    return
            except pexpect.EOF:
                return

    @property
    def lines(self) -> list[str]:
        """The screen's lines, as they are shown now."""
        return [line.rstrip() for line in self._screen.display]

    @property
    def cells(self) -> list[list[pyte.screens.Char]]:
        """The screen's characters with their colours, line by line."""
        return [[self._screen.buffer[y][x] for x in range(80)] for y in range(self.rows)]

    @property
    def text(self) -> str:
        """Everything that scrolled away and the screen, as one text."""
        top = ["".join(line[x].data for x in range(80)).rstrip() for line in self._screen.history.top]
        return "\n".join([*top, *self.lines])

    def wait_for(self, words: str, seconds: float = 20) -> None:
        """Waits until the words are on the screen."""
        end = time.monotonic() + seconds
        while words not in "\n".join(self.lines):
            if time.monotonic() > end or not (self.child.isalive() or words in self.text):
                raise AssertionError(f"{words!r} never came; the screen is:\n" + "\n".join(self.lines))
            self.read()

    def press(self, keys: str) -> None:
        """Sends keys as they are."""
        self.child.send(keys)

    def ended(self) -> int:
        """Waits for the end; the exit code."""
        end = time.monotonic() + 20
        while self.child.isalive() and time.monotonic() < end:
            self.read()
        self.read()
        self.child.close()
        return int(self.child.exitstatus if self.child.exitstatus is not None else -(self.child.signalstatus or 0))
