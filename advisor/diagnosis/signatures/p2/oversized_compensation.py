"""P2-oversized-compensation: undoing an action takes more distinct steps than doing it."""

from __future__ import annotations

from dataclasses import dataclass

from advisor.diagnosis.detector import CITED, Asked, Detector, Row, Signs

SEED = 20
DRAWS = 4000
"""Resamples of the sagas; whole counts, so the same log always gives the same bound."""

# Steps are counted once each, whatever their tries; reads change nothing, so they count on neither side.
_PAIRS = """
WITH steps AS (
    SELECT COALESCE(saga_id, request_id) AS saga,
           CASE WHEN kind = 'compensation' THEN COALESCE(compensates, action_id) ELSE action_id END AS action,
           CASE WHEN kind = 'compensation' THEN 1 ELSE 0 END AS undo, step,
           MIN(action_type) AS action_type, MIN(row_id) AS row_id
    FROM events
    WHERE step IS NOT NULL AND COALESCE(side_effect, 'unknown') NOT IN ('none', 'read')
      AND (kind = 'compensation' OR (kind IN ('commit', 'tool_call', 'state_transition') AND action_id IS NOT NULL
                                     AND COALESCE(cleanup, FALSE) = FALSE))
    GROUP BY COALESCE(saga_id, request_id),
             CASE WHEN kind = 'compensation' THEN COALESCE(compensates, action_id) ELSE action_id END,
             CASE WHEN kind = 'compensation' THEN 1 ELSE 0 END, step
),
sizes AS (
    SELECT saga, action, MIN(row_id) AS row_id,
           COALESCE(MIN(CASE WHEN undo = 0 THEN action_type END), MIN(action_type)) AS action_type,
           SUM(1 - undo) AS do_steps, SUM(undo) AS undo_steps
    FROM steps WHERE saga IS NOT NULL AND action IS NOT NULL
    GROUP BY saga, action
),
pairs AS (
    SELECT saga, action_type, MIN(row_id) AS row_id, SUM(do_steps) AS do_steps, SUM(undo_steps) AS undo_steps
    FROM sizes WHERE action_type IS NOT NULL AND do_steps > 0 AND undo_steps > 0
    GROUP BY saga, action_type
)
"""
QUERIES = {
    "histogram": f"""{_PAIRS}
SELECT action_type, do_steps, undo_steps, COUNT(*) AS sagas, MIN(row_id) AS row_id
FROM pairs GROUP BY action_type, do_steps, undo_steps
ORDER BY action_type, do_steps, undo_steps LIMIT 20000
""",
    "coverage": """
SELECT COUNT(DISTINCT action_type) AS types,
       COALESCE(SUM(CASE WHEN action_type IS NULL OR step IS NULL THEN 1 ELSE 0 END), 0) AS vague,
       COALESCE(SUM(CASE WHEN side_effect IN ('none', 'read') THEN 1 ELSE 0 END), 0) AS reads,
       COALESCE(SUM(CASE WHEN attempt > 1 THEN 1 ELSE 0 END), 0) AS retries
FROM events WHERE kind = 'compensation'
""",
}


@dataclass(frozen=True)
class Size:
    """An action type: its sagas, the mean steps of both sides, and the bootstrap's lower bound of their ratio."""

    action_type: str
    sagas: int
    do_mean: float
    undo_mean: float
    lower: float
    p_value: float


def size(action_type: str, rows: list[Row], ratio: float, tail: float) -> Size:
    """Resamples an action type's sagas with replacement and takes the lower tail of the ratio of mean steps."""
    import numpy as np

    do, undo, sagas = (
        np.array([int(row[name]) for row in rows], dtype=float) for name in ("do_steps", "undo_steps", "sagas")
    )
    many = int(sagas.sum())
    drawn = np.random.default_rng(SEED).multinomial(many, sagas / sagas.sum(), size=DRAWS)
    ratios = np.sort((drawn @ undo) / (drawn @ do))
    return Size(
        action_type,
        many,
        float(sagas @ do / many),
        float(sagas @ undo / many),
        float(ratios[min(DRAWS - 1, int(tail * DRAWS))]),
        float((1 + (ratios <= ratio).sum()) / (DRAWS + 1)),
    )


def read(asked: Asked) -> Signs:
    """Per action type the ratio of steps, and whether its lower bound, divided over the types, lies above the limit."""
    ratio, tail, least = asked.thresholds["ratio"], asked.thresholds["tail"], int(asked.thresholds["min-sagas"])
    by_type: dict[str, list[Row]] = {}
    for row in asked.ask("histogram"):
        by_type.setdefault(str(row["action_type"]), []).append(row)
    enough = {name: rows for name, rows in by_type.items() if sum(int(row["sagas"]) for row in rows) >= least}
    sizes = [size(name, rows, ratio, tail / len(enough)) for name, rows in sorted(enough.items())]
    larger = sorted((one for one in sizes if one.lower > ratio), key=lambda one: (-one.lower, one.action_type))
    coverage = asked.one("coverage")
    shown = [row for one in larger for row in by_type[one.action_type]]
    shown.sort(key=lambda row: (row["do_steps"] - row["undo_steps"], row["row_id"]))
    return Signs(
        relevant=max(int(coverage["types"]), len(by_type)) + (1 if coverage["vague"] and not by_type else 0),
        usable=len(sizes),
        count=len(larger),
        unit="action types",
        verdict="likely" if larger else None,
        said=_said(larger, sizes, least),
        rows=[row["row_id"] for row in shown[:CITED]],
        traps=[
            f"Verification reads: {coverage['reads']} rows were left out.",
            f"Retries: each step counts once, {coverage['retries']} later tries add nothing.",
        ],
        strength=max(0.5, 1 - larger[0].p_value) if larger else 1.0,
        p_value=min(1.0, min(one.p_value for one in sizes) * len(sizes)) if sizes else None,
        detail={
            "Steps by action type": [
                {
                    "action type": one.action_type,
                    "sagas": one.sagas,
                    "steps to do": round(one.do_mean, 2),
                    "steps to undo": round(one.undo_mean, 2),
                    "ratio at least": round(one.lower, 2),
                }
                for one in (larger or sizes)[:10]
            ]
        }
        if sizes
        else {},
    )


def _said(larger: list[Size], sizes: list[Size], least: int) -> str:
    if not sizes:
        return f"No action type has {least} sagas with the steps of both sides."
    if not larger:
        return f"None of {len(sizes)} action types takes more steps to undo than to do."
    top = larger[0]
    return (
        f"{top.action_type} takes {top.do_mean:.1f} steps to do and {top.undo_mean:.1f} to undo over "
        f"{top.sagas} sagas (ratio at least {top.lower:.2f}); "
        f"{len(larger)} of {len(sizes)} action types are larger to undo."
    )


DETECTOR = Detector("P2-oversized-compensation", QUERIES, read)
