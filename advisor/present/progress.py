"""How far a long piece of work is, in one line."""

from __future__ import annotations

from advisor.replay.loop import Progress
from advisor.replay.plan import Budget


def progress_line(progress: Progress, budget: Budget) -> str:
    """What is decided, what was spent, and what is left of each limit."""
    spent = [
        _part("calls", progress.calls, budget.calls),
        _part("tokens", progress.tokens, budget.tokens),
        _part("money", progress.money, budget.money),
    ]
    return f"{progress.decided} of {progress.cases} cases decided; spent " + ", ".join(spent)


def _part(name: str, spent: float, limit: float | None) -> str:
    shown = f"{spent:.2f}" if isinstance(spent, float) else str(spent)
    return f"{shown} {name}" if limit is None else f"{shown} of {limit:g} {name}"
