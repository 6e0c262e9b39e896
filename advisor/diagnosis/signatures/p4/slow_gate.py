"""P4-slow-gate: the gate takes longer than the action that it guards."""

from __future__ import annotations

from advisor.diagnosis.detector import Asked, Detector, Row, Signs
from advisor.diagnosis.statistics import sign_test

_UNIT = "CONCAT(COALESCE(request_id, trace_id, ''), '/', proposal_id)"
ROUNDING_US = 1_000
"""Convention: many logs cut instants to milliseconds and durations not, so that what follows seems to overlap."""
# Gate and action at the same time: for longer than rounding explains, or the one well inside the other.
_BESIDE = f"""
(g.from_us + {ROUNDING_US} < a.to_us AND g.to_us > a.from_us + {ROUNDING_US}
 AND g.to_us - g.from_us > {ROUNDING_US} AND a.to_us - a.from_us > {ROUNDING_US})
OR (a.from_us >= g.from_us AND a.to_us + {ROUNDING_US} < g.to_us)
OR (g.from_us > a.from_us + {ROUNDING_US} AND g.to_us <= a.to_us)"""
# One gate and one action for each proposal: the longest of each. Gates beside or inside their action are no pair.
_JOINED = f"""
WITH modelled AS (
    SELECT parent_span_id AS span_id FROM events
    WHERE kind = 'llm_call' AND parent_span_id IN (SELECT span_id FROM events WHERE kind = 'gate_decision')
    GROUP BY parent_span_id
),
gates AS (
    SELECT {_UNIT} AS pair, MAX(g.duration_us) AS gate_us, MIN(g.ts_us) AS from_us,
           MAX(g.ts_us + g.duration_us) AS to_us,
           MIN(g.row_id) AS gate_row, MIN(COALESCE(g.policy_id, g.name, g.agent_name)) AS gate,
           MAX(CASE WHEN g.decision_source = 'model' OR g.input_tokens > 0 OR m.span_id IS NOT NULL THEN 1 ELSE 0 END)
               AS by_model
    FROM events g LEFT JOIN modelled m ON m.span_id = g.span_id
    WHERE g.kind = 'gate_decision' AND COALESCE(g.decision_source, '') <> 'human' AND g.proposal_id IS NOT NULL
      AND COALESCE(g.decision, 'allow') NOT IN ('deny', 'reject', 'escalate') AND g.duration_us >= 0
    GROUP BY {_UNIT}
),
actions AS (
    SELECT {_UNIT} AS pair, MAX(duration_us) AS action_us, MIN(ts_us) AS from_us, MAX(ts_us + duration_us) AS to_us,
           MIN(row_id) AS action_row
    FROM events
    WHERE kind IN ('tool_call', 'commit') AND duration_us >= 0
      AND proposal_id IN (SELECT proposal_id FROM events WHERE kind = 'gate_decision')
      AND COALESCE(status, 'ok') NOT IN ('rejected', 'denied', 'cancelled', 'skipped')
    GROUP BY {_UNIT}
),
joined AS (
    SELECT g.pair, g.gate_us, a.action_us, g.gate_us - a.action_us AS more_us, g.gate_row, a.action_row, g.gate,
           g.by_model,
           CASE WHEN a.action_us > 0 AND g.gate_us > 0 AND ({_BESIDE}) THEN 1 ELSE 0 END AS beside
    FROM gates g JOIN actions a ON a.pair = g.pair
)
"""
_PAIRS = (
    _JOINED
    + """
, pairs AS (SELECT pair, gate_us, action_us, more_us, gate_row, action_row, gate, by_model FROM joined WHERE beside = 0)
"""
)
_PLACED = (
    _PAIRS
    + """
, placed AS (
    SELECT gate_us, action_us, more_us, ROW_NUMBER() OVER (ORDER BY gate_us) AS gate_place,
           ROW_NUMBER() OVER (ORDER BY action_us) AS action_place, ROW_NUMBER() OVER (ORDER BY more_us) AS more_place,
           COUNT(*) OVER () AS many
    FROM pairs
)
"""
)
QUERIES = {
    "gates": """
SELECT COUNT(*) AS gates, COUNT(duration_us) AS timed, SUM(CASE WHEN decision_source = 'model' OR input_tokens > 0
       THEN 1 ELSE 0 END) AS by_model
FROM events
WHERE kind = 'gate_decision' AND COALESCE(decision_source, '') <> 'human'
  AND COALESCE(decision, 'allow') NOT IN ('deny', 'reject', 'escalate')
""",
    "children": """
SELECT row_id FROM events
WHERE kind = 'llm_call' AND parent_span_id IN (
    SELECT span_id FROM events WHERE kind = 'gate_decision' AND COALESCE(decision_source, '') <> 'human')
ORDER BY ts_us, row_id LIMIT 10
""",
    "named": """
SELECT row_id FROM events
WHERE kind = 'gate_decision' AND (decision_source = 'model' OR input_tokens > 0)
ORDER BY ts_us, row_id LIMIT 10
""",
    "pairs": _PAIRS
    + """
SELECT COUNT(*) AS pairs, SUM(CASE WHEN more_us > 0 THEN 1 ELSE 0 END) AS above,
       SUM(CASE WHEN more_us < 0 THEN 1 ELSE 0 END) AS below,
       SUM(CASE WHEN more_us > 0 AND by_model = 1 THEN 1 ELSE 0 END) AS above_model, SUM(by_model) AS by_model,
       (SELECT SUM(beside) FROM joined) AS beside
FROM pairs
""",
    "middle": _PLACED
    + """
SELECT MIN(CASE WHEN more_place * 2 >= many THEN more_us END) AS more_us,
       MIN(CASE WHEN gate_place * 2 >= many THEN gate_us END) AS gate_us,
       MIN(CASE WHEN action_place * 2 >= many THEN action_us END) AS action_us,
       MIN(CASE WHEN gate_place * 100 >= many * 95 THEN gate_us END) AS gate_p95_us,
       MIN(CASE WHEN action_place * 100 >= many * 95 THEN action_us END) AS action_p95_us
FROM placed
""",
    "worst": _PAIRS + "SELECT gate_row, action_row FROM pairs WHERE more_us > 0 ORDER BY more_us DESC, pair LIMIT 10",
    "by_gate": _PAIRS
    + """
SELECT COALESCE(gate, '-') AS gate, COUNT(*) AS pairs, SUM(CASE WHEN more_us > 0 THEN 1 ELSE 0 END) AS slower,
       SUM(by_model) AS with_model
FROM pairs GROUP BY COALESCE(gate, '-') ORDER BY slower DESC, gate LIMIT 5
""",
}
HAND_OVER_US = 5_000
"""Convention: actions shorter than this in the median may be no more than a hand-over to a queue, or a cache."""


def read(asked: Asked) -> Signs:
    """A sign test over pairs of gate and action; without durations, a gate with a model call in it is possible."""
    gates, seen = asked.one("gates"), asked.one("pairs")
    if not gates["timed"]:
        return _untimed(asked, int(gates["gates"] or 0), int(gates["by_model"] or 0))
    of, above, below = (int(seen[name] or 0) for name in ("pairs", "above", "below"))
    least, p_value = int(asked.thresholds["min-pairs"]), sign_test(above, below)
    middle = asked.one("middle") if of >= least and p_value < asked.thresholds["alpha"] else {}
    more = middle.get("more_us") or 0
    slow = more > 0
    by_model = int(seen["above_model"] or 0)
    verdict = ("present" if by_model else "likely") if slow else None
    beside = int(seen["beside"] or 0)
    return Signs(
        relevant=max(of, int(gates["gates"]) - beside),
        usable=of,
        count=above,
        unit="pairs of gate and action",
        verdict=verdict,  # type: ignore[arg-type]
        least=least,
        said=f"In {above} of {of} pairs the gate took longer than its action"
        + (f"; the median difference is {more / 1000:.1f} ms." if slow else "."),
        rows=_rows(asked) if slow else (),
        cause=f"{by_model} of {above} slower gates are model calls" if slow and by_model else None,
        cause_rows=[row["row_id"] for name in ("named", "children") for row in asked.ask(name)][:20] if slow else (),
        traps=_traps(middle, beside, by_model, slow),
        strength=max(0.5, 1 - p_value) if slow else 1.0,
        p_value=p_value if of else None,
        detail=_detail(middle, asked) if slow else {},
    )


def _rows(asked: Asked) -> list[int]:
    return [row[name] for row in asked.ask("worst") for name in ("gate_row", "action_row")]


def _detail(middle: Row, asked: Asked) -> dict[str, list[Row]]:
    table = [
        {"what": what, "median_ms": middle[f"{what}_us"] // 1000, "p95_ms": middle[f"{what}_p95_us"] // 1000}
        for what in ("gate", "action")
    ]
    return {"Durations": table, "By gate": asked.ask("by_gate")}


def _traps(middle: Row, beside: int, by_model: int, slow: bool) -> list[str]:
    said = [f"{beside} gates ran beside or inside their action and are left out."] if beside else []
    if slow and (middle["action_us"] or 0) < HAND_OVER_US:
        said.append("The actions take under 5 ms in the median: handed over to a queue, or cached?")
    if slow and not by_model:
        said.append("No model call is seen in a gate: a policy server across the network has another fix.")
    return said


def _untimed(asked: Asked, gates: int, named: int) -> Signs:
    rows = [row["row_id"] for name in ("named", "children") for row in asked.ask(name)][:20]
    return Signs(
        relevant=gates,
        usable=0,
        count=named or len(rows),
        unit="gates with a model call",
        verdict="possible" if rows else None,
        said=f"Gates carry no duration; {named or len(rows)} of {gates} have a model call in them."
        if rows
        else "Gates carry no duration.",
        rows=rows,
        cap="C",
    )


DETECTOR = Detector("P4-slow-gate", QUERIES, read, kept={_JOINED: "joined"})
