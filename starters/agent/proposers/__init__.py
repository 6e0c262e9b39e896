"""Proposers written with other frameworks: they propose and nothing more; the boundary around them stays the same."""
