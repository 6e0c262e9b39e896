"""Detectors of the failure signatures of pattern P6."""

MODULES: tuple[str, ...] = ()
