"""Writes a starter project from a decision record, and updates it without losing what its owners changed."""

from advisor.starter.plan import Plan
from advisor.starter.scaffolding import scaffold

__all__ = ["Plan", "scaffold"]
