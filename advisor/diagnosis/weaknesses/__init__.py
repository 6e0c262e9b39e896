"""Detectors of the weaknesses of the stochastic-deterministic boundary itself (S1 to S12)."""

MODULES: tuple[str, ...] = ()
