"""Detectors of the failure signatures of pattern P5."""

MODULES: tuple[str, ...] = ("cas_contention",)
