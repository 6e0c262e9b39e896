"""When a case is decided: the sequential rule per arm, and the label that two arms give."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal, NamedTuple

CAP = 7
SURE = 0.95
"""Conventions: replays per arm at most, and how sure the posterior must be."""

ArmState = Literal["open", "reproduces", "not", "mixed", "unavailable"]
Label = Literal["functional", "replay_divergence", "variance", "mixed", "prior_only", "undetermined"]


class Arm(NamedTuple):
    """One version's replays of one case, without infrastructure failures and unrecorded tool calls."""

    failures: int
    passes: int

    @property
    def trials(self) -> int:
        """How many replays count."""
        return self.failures + self.passes


@lru_cache(maxsize=4096)
def state(arm: Arm, cap: int = CAP) -> ArmState:
    """What an arm says so far.

    The failure rate f has Jeffreys' prior. The failure *reproduces* if P(f >= 1/2) is at least .95 and does *not* if it
    is at most .05; after `cap` replays the arm is *mixed*. Three unanimous replays suffice, or six of seven.
    """
    from scipy.stats import beta

    if not arm.trials:
        return "open"
    likely = float(beta.sf(0.5, 0.5 + arm.failures, 0.5 + arm.passes))
    if likely >= SURE:
        return "reproduces"
    if likely <= 1 - SURE:
        return "not"
    return "mixed" if arm.trials >= cap else "open"


class Decision(NamedTuple):
    """A case's label and the reason in words; `label` is None while more replays can decide it."""

    label: Label | None
    reason: str


def decide(current: ArmState, prior: ArmState) -> Decision:
    """The label of a case from its two arms; what the current arm settles alone is not waited for."""
    if current == "unavailable":
        return Decision("undetermined", "the current version cannot be replayed")
    if current == "mixed":
        return Decision("mixed", "fails now and then on the current version: variance, intermittent")
    if current == "open":
        return Decision(None, "")
    if prior == "unavailable":
        if current == "not":
            return Decision("variance", "does not reproduce on the current version; the prior one is gone")
        return Decision("undetermined", "reproduces on the current version; without the prior one no more can be said")
    if prior == "open":
        return Decision(None, "")
    if prior == "mixed":
        return Decision("undetermined", "the prior version fails now and then; more replays of it would decide")
    return {
        ("reproduces", "reproduces"): Decision("functional", "reproduces on both versions"),
        ("reproduces", "not"): Decision("replay_divergence", "reproduces on the current version only"),
        ("not", "not"): Decision("variance", "reproduces on neither version"),
        ("not", "reproduces"): Decision("prior_only", "reproduces on the prior version only"),
    }[current, prior]


def next_arm(current: Arm, prior: Arm, states: tuple[ArmState, ArmState]) -> Literal["current", "prior"] | None:
    """Which arm the next replay belongs to, alternating from the current one; None once the case is decided."""
    if decide(*states).label is not None:
        return None
    if states[0] == "open" and (states[1] != "open" or current.trials <= prior.trials):
        return "current"
    return "prior" if states[1] == "open" else None
