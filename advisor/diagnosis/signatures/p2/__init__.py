"""Detectors of the failure signatures of pattern P2."""

MODULES: tuple[str, ...] = ("dirty_compensation", "oversized_compensation", "duplicate_effect")
