"""A case: one unit of work as every spine shows it. The spines differ in how they remember it, not in what it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

STATES = {
    "open": "accepted, nothing decided yet",
    "waiting": "a person has to approve",
    "throttled": "a cap is reached; it is tried again",
    "stopped": "the kill switch stopped it",
    "needs_person": "only a person can settle it",
    "done": "its effects are in the world",
    "refused": "no proposal passed the boundary",
    "compensated": "it failed, and what had landed was undone",
    "failed": "it failed before any effect",
}
FINAL = frozenset({"done", "refused", "compensated", "failed"})
PARKED = frozenset({"needs_person"})
TRANSITIONS: dict[str, frozenset[str]] = {
    state: frozenset() if state in FINAL else frozenset(STATES) for state in STATES
}
"""From each state to which others; a final state is left by nothing."""


@dataclass(frozen=True)
class Case:
    """One case as it stands.

    Attributes:
        id: The request's id, the same in every table, event and span.
        tenant: Whose it is.
        state: One of `STATES`.
        payload: The request as it came.
        result: What came out, or why it stopped.
        version: How often it has moved.
        updated: When it last moved (ms).
    """

    id: str
    tenant: str
    state: str
    payload: dict[str, Any]
    result: dict[str, Any]
    version: int
    updated: int

    @property
    def final(self) -> bool:
        """Whether nothing will change any more."""
        return self.state in FINAL


class Spine(Protocol):
    """How cases are remembered between failures."""

    name: str

    def open(self, case_id: str, tenant: str, payload: dict[str, Any]) -> Case:
        """Accepts a request once; the same request again gives the case as it stands.

        Raises:
            Conflict: The id is known with another payload.
        """
        ...

    def read(self, case_id: str) -> Case | None:
        """The case as it stands."""
        ...

    def move(self, case_id: str, state: str, result: dict[str, Any], cause: str) -> Case:
        """Takes a case to a state; being there already with the same result changes nothing."""
        ...

    def unfinished(self) -> list[str]:
        """Cases that are neither final nor with a person, oldest first."""
        ...

    def cases(self, limit: int = 500) -> list[Case]:
        """The cases that moved last."""
        ...
