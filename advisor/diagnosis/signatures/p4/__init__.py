"""Detectors of the failure signatures of pattern P4."""

MODULES: tuple[str, ...] = ()
