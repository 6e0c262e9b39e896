"""Detectors of the failure signatures of pattern P4."""

MODULES: tuple[str, ...] = ("crash_loop", "slow_gate", "stalled_child", "ungated_tool")
