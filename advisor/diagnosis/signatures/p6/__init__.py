"""Detectors of the failure signatures of pattern P6."""

MODULES: tuple[str, ...] = ("approval_starvation", "approval_without_deadline", "ignored_kill", "timeout_as_denial")
