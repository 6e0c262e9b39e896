"""Detectors of the failure signatures of pattern P1."""

MODULES: tuple[str, ...] = ()
