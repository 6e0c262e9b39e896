"""Detectors of the failure signatures of pattern P2."""

MODULES: tuple[str, ...] = ()
