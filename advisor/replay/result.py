"""What a replay found: the judge's reading of the outcomes file, each case by the sequential rule."""

from __future__ import annotations

from collections import Counter

from advisor.diagnosis.judge.judgement import Case, Judgement, judge
from advisor.replay.loop import Replay
from advisor.replay.plan import ReplayCase


def judged(replay: Replay) -> Judgement | None:
    """The judgement of a replay, None where no trial was run yet.

    Verdicts are those of the sequential rule; a case that is not decided is *undetermined*, with what would decide it
    in `reason`.
    """
    plan = replay.plan
    if not any(True for case in plan.cases for _ in replay.store.of(case.task)):
        return None
    versions = {trial.version for case in plan.cases for trial in replay.store.of(case.task)}
    current = plan.versions.current if plan.versions.current in versions else next(iter(sorted(versions)))
    prior = plan.versions.prior if plan.versions.prior in versions and plan.versions.prior != current else None
    found = judge(plan.outcomes_path, current, prior)
    by_task = {case.task: case for case in found.cases}
    cases = tuple(_case(replay, case, by_task.get(case.task)) for case in plan.cases)
    spent = replay.spent()
    open_ = sum(case.verdict == "undetermined" for case in cases)
    remarks = [remark for remark in found.remarks if "trials" not in remark]
    remarks.append(f"{spent.calls} calls, {spent.tokens} tokens, {spent.money:.4f} in money were spent.")
    if open_:
        remarks.append(f"{open_} cases are undetermined; the reason of each says what would decide it.")
    return found.model_copy(
        update={
            "cases": cases,
            "totals": dict(sorted(Counter(case.verdict for case in cases).items())),
            "remarks": tuple(remarks),
        }
    )


def _case(replay: Replay, case: ReplayCase, judged_case: Case | None) -> Case:
    current, prior, _ = replay.arms(case)
    decision = replay.decision(case)
    verdict = decision.label or "undetermined"
    base = judged_case or Case(
        task=case.task,
        verdict="undetermined",
        current=(0, 0),
        prior=(0, 0),
        p_value=None,
        p_adjusted=None,
        candidate=False,
        more_trials_needed=0,
        infrastructure_trials=0,
        verifier_in_doubt=False,
        cluster=None,
    )
    return base.model_copy(
        update={
            "verdict": verdict,
            "reason": decision.reason,
            "current": (current.passes, current.trials),
            "prior": (prior.passes, prior.trials),
            "candidate": verdict == "replay_divergence" and base.candidate,
            "more_trials_needed": 0 if decision.label else 1,
        }
    )
