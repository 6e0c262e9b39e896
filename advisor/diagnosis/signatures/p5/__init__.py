"""Detectors of the failure signatures of pattern P5."""

MODULES: tuple[str, ...] = (
    "cas_contention",
    "false_conflict",
    "lost_update",
    "repeat_on_resume",
    "stale_timer",
    "unrestorable_state",
)
