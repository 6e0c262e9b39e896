"""The outcomes file: append-only, one line a trial, on disk before the next begins; the judge reads it as it is."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from advisor.catalog.models import Frozen
from advisor.errors import Fault, InputError


class Trial(Frozen):
    """One trial as it stands in the file. `unrecorded` names a tool call for which the plan has no recording."""

    task: str
    version: str
    trial: str
    passed: bool
    error: str | None = None
    infrastructure: bool = False
    unrecorded: str | None = None
    output_hash: str | None = None
    latency_ms: float | None = None
    time: str | None = None
    calls: int = 1
    tokens: int = 0
    money: float = 0.0


class Store:
    """The trials of a replay; opening an existing file takes up where it ended."""

    def __init__(self, path: Path) -> None:
        """Reads what is there; a last line that a kill left without its end is cut off.

        `calls`, `tokens` and `money` are the totals of all trials; `most` is the largest number of calls of one trial
        that ran to its end, None before the first.

        Raises:
            InputError: The file is not an outcomes file of a replay, or cannot be written.
        """
        self.path = path
        self._by_task: dict[str, list[Trial]] = {}
        self.calls = self.tokens = 0
        self.money = 0.0
        self.most: int | None = None
        try:
            if path.exists():
                self._recover()
            self._handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
        except OSError as error:
            reason = (error.strerror or "unwritable").lower()
            raise InputError(
                [Fault(str(path), f"cannot be written ({reason})", "check the folder and its rights")]
            ) from None

    def append(self, trial: Trial) -> None:
        """Writes one trial through to the disk."""
        line = json.dumps(trial.model_dump(exclude_none=True), ensure_ascii=False) + "\n"
        os.write(self._handle, line.encode("utf-8", "replace"))
        os.fsync(self._handle)
        self._count(trial)

    def close(self) -> None:
        """Closes the file."""
        os.close(self._handle)

    def of(self, task: str) -> Iterator[Trial]:
        """The trials of one case, in order."""
        return iter(self._by_task.get(task, ()))

    def _count(self, trial: Trial) -> None:
        self._by_task.setdefault(trial.task, []).append(trial)
        self.calls += trial.calls
        self.tokens += trial.tokens
        self.money += trial.money
        if not trial.infrastructure:
            self.most = max(self.most or 0, trial.calls)

    def _recover(self) -> None:
        data = self.path.read_bytes()
        whole = data[: data.rfind(b"\n") + 1]
        faults = []
        for number, line in enumerate(whole.splitlines(), 1):
            try:
                table: Any = json.loads(line)
                self._count(Trial.model_validate(table))
            except (ValueError, ValidationError):
                faults.append(Fault(f"{self.path}:{number}", "is no trial of a replay", "name another outcomes file"))
        if faults:
            raise InputError(faults[:20])
        if len(whole) < len(data):
            with self.path.open("r+b") as file:
                file.truncate(len(whole))
