"""Loads what is known (patterns, questions, predicates, signatures, workloads, sources) into frozen models."""
