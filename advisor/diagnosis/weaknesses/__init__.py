"""Detectors of the weaknesses of the stochastic-deterministic boundary itself (S1 to S12)."""

MODULES: tuple[str, ...] = (
    "unverified_commit",
    "reject_as_success",
    "identical_retries",
    "loop_without_progress",
    "no_budget",
    "reject_crashes",
    "untyped_reject",
    "model_dependent_verifier",
    "blind_verifier",
    "claim_without_action",
    "id_coverage",
    "stacked_retries",
)
