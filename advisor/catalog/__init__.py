"""Loads what is known (patterns, questions, predicates, signatures, workloads, sources) into frozen models."""

from advisor.catalog.explain import Explanation, explain
from advisor.catalog.load import Catalog, shipped

__all__ = ["Catalog", "Explanation", "explain", "shipped"]
