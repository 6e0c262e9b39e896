"""Detectors of the failure signatures of pattern P1."""

MODULES: tuple[str, ...] = ("merge_dominance", "shadow_retries", "unbounded_child")
