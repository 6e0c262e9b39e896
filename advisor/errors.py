"""What can go wrong, as types: wrong input is one thing, bad news another.

AdvisorError            anything that this package raises on purpose
└── InputError          what the user gave cannot be worked on (exit code 2); carries every fault at once

Bad news (a finding, a failing case) is never an exception: it is a value, and exit code 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


class AdvisorError(Exception):
    """Anything that this package raises on purpose."""


@dataclass(frozen=True, order=True)
class Fault:
    """One thing that is wrong with an input.

    Attributes:
        place: Where it is: a path, with a key or a line where one is known (`answers.toml: answers.duration`).
        what: What is wrong there, in words.
        mend: What to write or do instead.
    """

    place: str
    what: str
    mend: str

    def __str__(self) -> str:
        return printable(f"{self.place}: {self.what}; {self.mend}")


class InputError(AdvisorError):
    """What the user gave cannot be worked on. Every fault found is in `faults`, in reading order."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults: tuple[Fault, ...] = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


def printable(text: str) -> str:
    """Makes text safe for one terminal line: control characters are shown as escapes, not obeyed."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def gather(read: Callable[[T], R], items: Iterable[T]) -> list[R]:
    """Reads every item and raises all their faults together, so that the user mends them in one go.

    Raises:
        InputError: The faults of every item that could not be read, in order.
    """
    done: list[R] = []
    faults: list[Fault] = []
    for item in items:
        try:
            done.append(read(item))
        except InputError as error:
            faults += error.faults
    if faults:
        raise InputError(faults)
    return done
