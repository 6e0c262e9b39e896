"""Detectors of the failure signatures of pattern P3."""

MODULES: tuple[str, ...] = ()
