"""Detectors of the failure signatures of pattern P3."""

MODULES: tuple[str, ...] = ("replay_divergence", "late_events", "duplicate_delivery")
