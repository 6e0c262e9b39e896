"""Time as a value that is passed in: whole milliseconds since 1970, from the machine or from a simulation."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import dataclass
from typing import Protocol


class Clock(Protocol):
    """Anything that knows the time."""

    def now(self) -> int:
        """Milliseconds since 1970."""
        ...

    def sleep(self, ms: int) -> None:
        """Lets time pass."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> int:
        """Milliseconds since 1970."""
        return time.time_ns() // 1_000_000

    def sleep(self, ms: int) -> None:
        """Waits."""
        time.sleep(ms / 1000)


class SimulatedClock:
    """A clock that stands still until it is moved; tests and simulations of ninety days use it."""

    def __init__(self, start: int = 1_767_225_600_000) -> None:
        self._now = start

    def now(self) -> int:
        """Milliseconds since 1970, in the simulation."""
        return self._now

    def sleep(self, ms: int) -> None:
        """Moves the clock, never backwards."""
        self._now += max(ms, 0)


@dataclass(frozen=True)
class Deadline:
    """When the caller needs the answer (ms); it is handed down, and nobody below makes it longer."""

    at: int
    clock: Clock

    @property
    def left_s(self) -> float:
        """Seconds that are left; zero or less when the time is up."""
        return (self.at - self.clock.now()) / 1000

    def within(self, ms: int) -> Deadline:
        """A part of this time: at most `ms` from now, and never past the end."""
        return Deadline(min(self.at, self.clock.now() + ms), self.clock)


def iso(ms: int) -> str:
    """A time as people and log readers write it."""
    moment = dt.datetime.fromtimestamp(ms / 1000, dt.UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{ms % 1000:03d}Z"
