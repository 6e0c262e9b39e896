"""P1-merge-dominance: one sub-agent wins conflicting fields far more often than its declared weight allows."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite

from advisor.diagnosis.detector import CITED, Asked, Detector, Signs
from advisor.diagnosis.signatures.p1 import whole_outputs
from advisor.diagnosis.signatures.p1.winning import (
    Standing,
    Tally,
    distinct,
    dominant,
    proposals,
    ranked,
    standings,
    table,
    told,
    weighed,
)
from advisor.diagnosis.statistics import wilson

MOST = 20_000
"""Different groups of winner and proposals that are read; beyond, a sample by hash."""
LAST_WRITER = 0.9
"""Convention: from this share of winners that finished last on, overwriting explains them."""

QUERIES = {
    # Values inside `proposers` can make every row a group of its own, hence the sample.
    "conflicts": """
SELECT winner_agent, proposers, n_distinct, COUNT(*) AS fields
FROM events
WHERE kind = 'merge_field' AND winner_agent IS NOT NULL AND proposers IS NOT NULL
  AND COALESCE(partial, FALSE) = FALSE AND (n_distinct IS NULL OR n_distinct >= 2)
  AND COALESCE(status, 'ok') IN ('ok', 'unknown')
GROUP BY winner_agent, proposers, n_distinct
ORDER BY MD5(CONCAT(winner_agent, proposers)), winner_agent, proposers, n_distinct
LIMIT 20001
""",
    "coverage": """
SELECT COUNT(*) AS fields,
       COALESCE(SUM(CASE WHEN winner_agent IS NULL OR proposers IS NULL THEN 1 ELSE 0 END), 0) AS unnamed,
       COALESCE(SUM(CASE WHEN COALESCE(partial, FALSE) THEN 1 ELSE 0 END), 0) AS partial,
       COALESCE(SUM(CASE WHEN winner_agent IS NOT NULL AND proposers IS NOT NULL AND n_distinct < 2 THEN 1 ELSE 0 END),
                0) AS agreed
FROM events WHERE kind = 'merge_field'
""",
    "weights": """
SELECT agent, MIN(weight) AS least, MAX(weight) AS most
FROM (
    SELECT winner_agent AS agent, weight FROM events WHERE kind = 'merge_field' AND weight > 0
    UNION ALL
    SELECT agent_name AS agent, weight FROM events WHERE kind IN ('delegation', 'agent') AND weight > 0
) declared
WHERE agent IS NOT NULL
GROUP BY agent ORDER BY agent LIMIT 1000
""",
    "model": """
SELECT COALESCE(SUM(CASE WHEN input_tokens > 0 OR output_tokens > 0 OR decision_source = 'model' THEN 1 ELSE 0 END), 0)
           AS merges_by_model,
       COALESCE(SUM(CASE WHEN decision_source = 'rule' THEN 1 ELSE 0 END), 0) AS merges_by_rule,
       COUNT(*) AS merges
FROM events WHERE kind IN ('merge', 'merge_field')
""",
    "model_calls": """
SELECT MIN(c.row_id) AS row_id, COUNT(*) AS calls
FROM events c JOIN (
    SELECT DISTINCT span_id FROM events WHERE kind IN ('merge', 'merge_field') AND span_id IS NOT NULL
) m ON c.parent_span_id = m.span_id
WHERE c.kind = 'llm_call'
GROUP BY c.parent_span_id ORDER BY row_id LIMIT 20
""",
    "finished": """
WITH ends AS (
    SELECT request_id, agent_name, MAX(COALESCE(end_us, ts_us + duration_us)) AS end_us
    FROM events
    WHERE kind IN ('delegation', 'agent') AND request_id IS NOT NULL AND agent_name IS NOT NULL
      AND COALESCE(end_us, ts_us + duration_us) IS NOT NULL
    GROUP BY request_id, agent_name
),
ranked AS (
    SELECT request_id, agent_name, ROW_NUMBER() OVER (PARTITION BY request_id ORDER BY end_us DESC, agent_name) AS nth,
           COUNT(*) OVER (PARTITION BY request_id) AS agents
    FROM ends
)
SELECT COUNT(*) AS fields, COALESCE(SUM(CASE WHEN f.winner_agent = r.agent_name THEN 1 ELSE 0 END), 0) AS last_wins
FROM events f JOIN ranked r ON r.request_id = f.request_id
WHERE f.kind = 'merge_field' AND f.n_distinct >= 2 AND r.nth = 1 AND r.agents >= 2
""",
    "owned": """
SELECT merge_field, COUNT(*) AS fields, COUNT(DISTINCT winner_agent) AS winners, MIN(winner_agent) AS winner_agent
FROM events
WHERE kind = 'merge_field' AND merge_field IS NOT NULL AND winner_agent IS NOT NULL
  AND (n_distinct IS NULL OR n_distinct >= 2)
GROUP BY merge_field ORDER BY fields DESC, merge_field LIMIT 200
""",
    "won": """
SELECT row_id, winner_agent FROM (
    SELECT row_id, winner_agent, ROW_NUMBER() OVER (PARTITION BY winner_agent ORDER BY row_id) AS nth
    FROM events
    WHERE kind = 'merge_field' AND winner_agent IS NOT NULL AND proposers IS NOT NULL
      AND COALESCE(partial, FALSE) = FALSE AND (n_distinct IS NULL OR n_distinct >= 2)
) numbered
WHERE nth <= 20 ORDER BY winner_agent, row_id LIMIT 2000
""",
    **whole_outputs.QUERIES,
}


def read(asked: Asked) -> Signs:
    """Each agent's wins among its conflicts against the chance that the weights give it."""
    coverage = asked.one("coverage")
    if not coverage["fields"]:
        return whole_outputs.read(asked)
    weights, moved = _weights(asked)
    tallies: dict[str, Tally] = {}
    beaten: dict[str, set[str]] = {}
    conflicts = unreadable = 0
    groups = asked.ask("conflicts")
    for row in groups[:MOST]:
        many, winner = int(row["fields"]), str(row["winner_agent"])
        proposed = proposals(row["proposers"])
        values = None if proposed is None else distinct(proposed, row["n_distinct"])
        if proposed is None or values is None or winner not in proposed:
            unreadable += many
            continue
        chances = weighed(proposed, weights) if values >= 2 and len(proposed) >= 2 else None
        if chances is None:
            continue
        conflicts += many
        beaten.setdefault(winner, set()).update(agent for agent in proposed if agent != winner)
        for agent, chance in chances.items():
            tallies.setdefault(agent, Tally()).add(chance, many, many if agent == winner else 0)
    found = standings(tallies, int(asked.thresholds["min-conflicts"]))
    ahead = dominant(found, asked.thresholds)
    notes = (
        [f"{coverage['partial']} fields of merges without every answer were left out."] if coverage["partial"] else []
    )
    if len(groups) > MOST:
        notes.append(f"More than {MOST} different conflicts: a sample of {MOST} by hash was read.")
    if moved:
        notes.append(f"The declared weight changes over the log for {', '.join(moved[:5])}: its middle was used.")
    signs = Signs(
        relevant=conflicts + unreadable + int(coverage["unnamed"]),
        usable=conflicts,
        count=ahead[0].wins if ahead else 0,
        unit="conflicting fields",
        least=int(asked.thresholds["min-conflicts"]),
        said=told(ahead, found, conflicts),
        traps=notes,
        p_value=found[0].p_value if found else None,
        detail=table(found),
    )
    return _explained(asked, signs, ahead, beaten) if ahead else signs


def _weights(asked: Asked) -> tuple[dict[str, float], list[str]]:
    """Weights by agent: the user's win over the log's; and the agents whose logged weight moves."""
    logged = asked.ask("weights")
    moved = [row["agent"] for row in logged if row["least"] != row["most"] and row["agent"] not in asked.facts.weights]
    weights = {row["agent"]: (row["least"] + row["most"]) / 2 for row in logged if isfinite(row["most"])}
    return {**weights, **{agent: value for agent, value in asked.facts.weights.items() if value >= 0}}, moved


def _explained(asked: Asked, signs: Signs, ahead: list[Standing], beaten: Mapping[str, set[str]]) -> Signs:
    """The verdict on a dominance: what did the merging, and what else would explain it."""
    top = ahead[0]
    model, calls, last = asked.one("model"), asked.ask("model_calls"), asked.one("finished")
    by_model = int(model["merges_by_model"]) + sum(int(row["calls"]) for row in calls)
    traps = list(signs.traps)
    overwriting = int(last["fields"]) >= 10 and last["last_wins"] >= LAST_WRITER * last["fields"]
    if last["fields"]:
        traps.append(
            f"Last writer wins: the winner had finished last in {last['last_wins']} of {last['fields']} fields"
            f"{', which explains the wins by overwriting' if overwriting else ', which does not explain the wins'}."
        )
    owned = [row for row in asked.ask("owned") if row["winners"] == 1 and row["winner_agent"] == top.agent]
    if owned:
        names = ", ".join(str(row["merge_field"]) for row in owned[:5])
        traps.append(f"{top.agent} won every conflict over {names}: are these fields its own by design?")
    by_rule = not by_model and model["merges_by_rule"] > 0 and ranked(beaten)
    if by_rule:
        traps.append("Declared priority: one fixed order of the agents reproduces every winner, and no model merged.")
    rows = [row["row_id"] for row in asked.ask("won") if row["winner_agent"] in {one.agent for one in ahead}]
    return Signs(
        relevant=signs.relevant,
        usable=signs.usable,
        count=signs.count,
        unit=signs.unit,
        verdict="refuted" if by_rule else "possible" if overwriting else "present",
        least=signs.least,
        said=signs.said,
        rows=rows[:CITED],
        cause=f"{by_model} merges were made by a model or with a model call inside" if by_model else None,
        cause_rows=[row["row_id"] for row in calls][:CITED],
        traps=traps,
        refuted="No model took part in a merge, and a fixed order of the agents gives every winner."
        if by_rule
        else None,
        strength=max(0.5, 1 - top.p_value),
        p_value=top.p_value,
        interval=wilson(top.wins, top.conflicts),
        detail=signs.detail,
    )


DETECTOR = Detector("P1-merge-dominance", QUERIES, read)
