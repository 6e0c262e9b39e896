"""SDB-model-dependent-verifier (S8): a verifier's reject rate steps where the model version changes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from advisor.diagnosis.detector import CITED, Asked, Detector, Row, Signs
from advisor.diagnosis.statistics import fisher_greater, holm, newcombe
from advisor.diagnosis.weaknesses.decisions import OF_VERIFIER, VERIFIER, whole

# A decision belongs to the model version on its row, else to the only one that its request's model calls name.
_DECISIONS = f"""
WITH models AS (
    SELECT request_id, MIN(model_version) AS model_version FROM events
    WHERE kind = 'llm_call' AND request_id IS NOT NULL AND model_version IS NOT NULL
    GROUP BY request_id HAVING MIN(model_version) = MAX(model_version)
),
decisions AS (
    SELECT e.row_id, {VERIFIER} AS verifier, COALESCE(e.model_version, m.model_version) AS version, e.policy_version,
           COALESCE(e.tool_name, '') AS tool_name, e.ts_us, e.ord,
           CASE WHEN decision IN ('deny', 'reject') THEN 1 ELSE 0 END AS refuses
    FROM events e LEFT JOIN models m ON m.request_id = e.request_id
    WHERE {OF_VERIFIER} AND decision IS NOT NULL
)
"""
QUERIES = {
    "coverage": _DECISIONS
    + """
SELECT COUNT(*) AS decisions, SUM(CASE WHEN verifier IS NOT NULL AND version IS NOT NULL THEN 1 ELSE 0 END) AS usable
FROM decisions
""",
    "rates": _DECISIONS
    + """
SELECT verifier, version, COUNT(*) AS decisions, SUM(refuses) AS refused, MIN(COALESCE(ts_us, ord)) AS first_seen,
       MIN(policy_version) AS policy, MAX(policy_version) AS last_policy
FROM decisions WHERE verifier IS NOT NULL AND version IS NOT NULL
GROUP BY verifier, version ORDER BY verifier, MIN(COALESCE(ts_us, ord)), version LIMIT 5000
""",
    "tools": _DECISIONS
    + """
SELECT verifier, version, tool_name, COUNT(*) AS decisions, SUM(refuses) AS refused
FROM decisions WHERE verifier IS NOT NULL AND version IS NOT NULL
GROUP BY verifier, version, tool_name ORDER BY verifier, version, tool_name LIMIT 20000
""",
    "examples": _DECISIONS
    + """
, ranked AS (
    SELECT row_id, verifier, version, refuses, ts_us, ROW_NUMBER() OVER (
           PARTITION BY verifier, version, refuses ORDER BY row_id) AS nth
    FROM decisions WHERE verifier IS NOT NULL AND version IS NOT NULL
)
SELECT row_id, verifier, version FROM ranked WHERE nth <= 2 ORDER BY verifier, version, refuses DESC, row_id LIMIT 2000
""",
}


class Step(NamedTuple):
    """One verifier at one change of version: the rates before and after, with the test's p."""

    before: Row
    after: Row
    p_value: float

    @property
    def interval(self) -> tuple[float, float]:
        """Newcombe's interval of the reject rate after, less before."""
        return newcombe(*_counts(self.after), *_counts(self.before))

    @property
    def same_policy(self) -> bool:
        """Whether one policy version was in force on both sides, as far as rows name it."""
        named = {row[key] for row in (self.before, self.after) for key in ("policy", "last_policy")}
        return len(named - {None}) <= 1


def read(asked: Asked) -> Signs:
    """Newcombe's interval must exclude zero, and Fisher's test hold after Holm over all verifiers and changes."""
    coverage, rates = asked.one("coverage"), asked.ask("rates")
    least = int(asked.thresholds["min-each-side"])
    steps = _steps(rates, least, asked.facts.model_order)
    adjusted = holm([step.p_value for step in steps])
    found = [
        (step, p)
        for step, p in zip(steps, adjusted, strict=True)
        if p < asked.thresholds["alpha"] and not step.interval[0] <= 0 <= step.interval[1]
    ]
    tools = asked.ask("tools") if found else []
    clean = [(step, p) for step, p in found if step.same_policy and not _mixed(step, tools)]
    shown = clean or found
    examples = asked.ask("examples") if found else []
    sides = [(side["verifier"], side["version"]) for step, _ in shown for side in (step.before, step.after)]
    return Signs(
        relevant=max(len(steps), _changes(rates)) + whole(coverage, "decisions") - whole(coverage, "usable"),
        usable=len(steps),
        count=len(shown),
        unit="changes of model version under a verifier",
        verdict="present" if clean else "possible" if found else None,
        said=_said(shown[0][0]) if shown else f"No reject rate stepped at {len(steps)} changes of model version.",
        rows=[row["row_id"] for side in sides for row in examples if (row["verifier"], row["version"]) == side][:CITED],
        traps=[trap for step, _ in found for trap in _traps(step, tools)][:10],
        strength=max(0.5, 1 - min((p for _, p in shown), default=0.0)),
        p_value=min(adjusted, default=None),
        detail={"Reject rates by verifier and version": [_row(row) for row in rates[:20]]} if rates else {},
    )


def _counts(row: Row) -> tuple[int, int]:
    return whole(row, "refused"), whole(row, "decisions")


def _changes(rates: Sequence[Row]) -> int:
    """Verifiers that saw more than one version, however often."""
    names = [row["verifier"] for row in rates]
    return sum(1 for name in set(names) if names.count(name) > 1)


def _steps(rates: Sequence[Row], least: int, order: Sequence[str]) -> list[Step]:
    """Neighbouring versions of each verifier with enough decisions on both sides, in the order of their first rows."""
    places = {version: place for place, version in enumerate(order)}
    by_verifier: dict[str, list[Row]] = {}
    for row in rates:
        if whole(row, "decisions") >= least:
            by_verifier.setdefault(row["verifier"], []).append(row)
    steps = []
    for rows in by_verifier.values():
        if all(row["version"] in places for row in rows):
            rows.sort(key=lambda row: places[row["version"]])
        for before, after in pairwise(rows):
            (a, n), (b, m) = _counts(after), _counts(before)
            one_sided = min(fisher_greater(a, n - a, b, m - b), fisher_greater(b, m - b, a, n - a))
            steps.append(Step(before, after, min(1.0, 2 * one_sided)))
    return steps


def _mixed(step: Step, tools: Sequence[Row]) -> bool:
    """Whether the step is less than half as large when tools are compared with themselves."""
    sides = [
        {
            row["tool_name"]: _counts(row)
            for row in tools
            if (row["verifier"], row["version"]) == (s["verifier"], s["version"])
        }
        for s in (step.before, step.after)
    ]
    both = sorted(set(sides[0]) & set(sides[1]))
    if len(both) < 2 and len(sides[0]) < 2 and len(sides[1]) < 2:
        return False
    weights = [sides[0][tool][1] + sides[1][tool][1] for tool in both]
    if not both:
        return True
    gaps = [sides[1][tool][0] / sides[1][tool][1] - sides[0][tool][0] / sides[0][tool][1] for tool in both]
    within = sum(weight * gap for weight, gap in zip(weights, gaps, strict=True)) / sum(weights)
    (a, n), (b, m) = _counts(step.after), _counts(step.before)
    raw = a / n - b / m
    return within * raw <= 0 or abs(within) < abs(raw) / 2


def _said(step: Step) -> str:
    (a, n), (b, m) = _counts(step.after), _counts(step.before)
    low, high = step.interval
    return (
        f"{step.after['verifier']} refused {b / m:.0%} of {m} proposals under {step.before['version']} and {a / n:.0%} "
        f"of {n} under {step.after['version']} (difference {low:.0%} to {high:.0%})."
    )


def _traps(step: Step, tools: Sequence[Row]) -> list[str]:
    at = f"{step.after['verifier']} at {step.after['version']}"
    policy = "changed with the model: not separable" if not step.same_policy else "did not change"
    mix = "explains the step" if _mixed(step, tools) else "does not explain the step"
    return [f"{at}: the policy version {policy}.", f"{at}: the mix of tools {mix}."]


def _row(row: Row) -> Row:
    refused, decisions = _counts(row)
    return {"verifier": row["verifier"], "version": row["version"], "refused": refused, "decisions": decisions}


DETECTOR = Detector("SDB-model-dependent-verifier", QUERIES, read, kept={_DECISIONS: "decisions"})
