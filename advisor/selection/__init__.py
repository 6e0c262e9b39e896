"""Turns answers into a decision record by the five steps of section 4, purely."""

from advisor.selection.decision import Decision
from advisor.selection.record import DecisionRecord, recommend

__all__ = ["Decision", "DecisionRecord", "recommend"]
