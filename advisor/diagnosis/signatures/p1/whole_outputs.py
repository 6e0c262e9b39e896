"""Merges without rows for their fields: whose whole output the merged one is, by hash or else by shared words.

Weights are taken as equal, a merge that is nobody's is won by nobody, and both ways are proxies: a hash tells equality
alone, and words that are shared tell less.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from advisor.diagnosis.detector import CITED, Asked, Grade, Row, Shown, Signs
from advisor.diagnosis.signatures.p1.winning import Tally, dominant, standings, table, told
from advisor.diagnosis.statistics import wilson
from advisor.traces.values import TEXT_LIMIT

WORDS = 3
"""Convention: texts are compared by the runs of so many words that they share."""
LIKE, CLEARLY = 0.5, 0.2
"""Conventions: the winner's text shares at least this with the merged one (Jaccard), and so much more than the next."""
MOST = 20_000
"""Texts that are read; beyond, a sample by hash."""
TOLD = 0.5
"""Convention: where fewer merged texts than this are some agent's, most wins are out of sight: none says nothing."""

QUERIES = {
    # Without rows for fields: does the merged output equal one agent's, where the agents' outputs differ?
    "by_hash": """
WITH outputs AS (
    SELECT request_id, agent_name, MAX(output_hash) AS output_hash
    FROM events
    WHERE kind IN ('agent', 'delegation') AND request_id IS NOT NULL AND agent_name IS NOT NULL
      AND output_hash IS NOT NULL
    GROUP BY request_id, agent_name
),
merges AS (
    SELECT request_id, MAX(output_hash) AS output_hash FROM events
    WHERE kind = 'merge' AND request_id IS NOT NULL AND output_hash IS NOT NULL
    GROUP BY request_id HAVING COUNT(DISTINCT output_hash) = 1
),
differing AS (
    SELECT request_id, COUNT(*) AS agents FROM outputs
    GROUP BY request_id HAVING COUNT(*) >= 2 AND COUNT(DISTINCT output_hash) >= 2
)
SELECT o.agent_name, d.agents, COUNT(*) AS fields,
       SUM(CASE WHEN o.output_hash = m.output_hash THEN 1 ELSE 0 END) AS wins
FROM differing d JOIN outputs o ON o.request_id = d.request_id JOIN merges m ON m.request_id = d.request_id
GROUP BY o.agent_name, d.agents ORDER BY o.agent_name, d.agents LIMIT 5000
""",
    "merges": """
SELECT COUNT(*) AS merges, MIN(row_id) AS row_id FROM events WHERE kind = 'merge'
""",
    # Texts that were cut may go on in another way, so merges as long as the cut are left out.
    "by_text": f"""
WITH said AS (
    SELECT request_id, agent_name, text, ROW_NUMBER() OVER (
               PARTITION BY request_id, agent_name ORDER BY ord DESC, row_id DESC) AS nth
    FROM events
    WHERE kind IN ('agent', 'delegation') AND request_id IS NOT NULL AND agent_name IS NOT NULL AND text IS NOT NULL
),
merges AS (
    SELECT request_id, MIN(row_id) AS row_id, MAX(text) AS text FROM events
    WHERE kind = 'merge' AND request_id IS NOT NULL AND text IS NOT NULL
    GROUP BY request_id HAVING COUNT(DISTINCT text) = 1 AND MAX(LENGTH(text)) < {TEXT_LIMIT}
),
differing AS (
    SELECT request_id FROM said WHERE nth = 1
    GROUP BY request_id HAVING COUNT(*) >= 2 AND COUNT(DISTINCT text) >= 2
)
SELECT m.row_id, m.text AS merged, s.agent_name, s.text
FROM differing d JOIN merges m ON m.request_id = d.request_id
JOIN said s ON s.request_id = d.request_id AND s.nth = 1
ORDER BY MD5(d.request_id), d.request_id, s.agent_name LIMIT {MOST}
""",
}


def read(asked: Asked) -> Signs:
    """By hashes where two agents' differ, else by texts."""
    tallies: dict[str, Tally] = {}
    parts = 0.0
    for row in asked.ask("by_hash"):
        tallies.setdefault(str(row["agent_name"]), Tally()).add(1 / row["agents"], int(row["fields"]), int(row["wins"]))
        parts += row["fields"] / row["agents"]
    merges = asked.one("merges")
    if any(tally.wins for tally in tallies.values()):
        rows = [merges["row_id"]]
        return _signs(asked, tallies, round(parts), dict.fromkeys(tallies, rows), int(merges["merges"]), "C")
    won: dict[str, list[int]] = {}
    tallies, compared = {}, 0
    for row_id, merged, texts in _by_merge(asked.ask("by_text")):
        compared += 1
        winner = most_alike(merged, texts)
        if winner is not None:
            won.setdefault(winner, []).append(row_id)
        for agent in texts:
            tallies.setdefault(agent, Tally()).add(1 / len(texts), 1, int(agent == winner))
    return _signs(asked, tallies, compared, won, int(merges["merges"]), "D")


def most_alike(merged: str, texts: dict[str, str]) -> str | None:
    """The agent whose text the merged one clearly is; None where it is nobody's, or might be several agents'."""
    whole = _shingles(merged)
    shared = {agent: _jaccard(whole, _shingles(text)) for agent, text in texts.items()}
    first, second = sorted(shared, key=lambda agent: (-shared[agent], agent))[:2]
    return first if shared[first] >= LIKE and shared[first] - shared[second] >= CLEARLY else None


def _shingles(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+", text.lower())
    return {tuple(words[at : at + WORDS]) for at in range(max(1, len(words) - WORDS + 1))}


def _jaccard(one: set[tuple[str, ...]], other: set[tuple[str, ...]]) -> float:
    return len(one & other) / len(one | other)


def _by_merge(rows: Iterable[Row]) -> list[tuple[int, str, dict[str, str]]]:
    """Merges with the text of each of their agents; the last one may lack agents where the limit cut it."""
    found: dict[int, tuple[int, str, dict[str, str]]] = {}
    for row in rows:
        _, _, texts = found.setdefault(row["row_id"], (row["row_id"], str(row["merged"]), {}))
        texts[str(row["agent_name"])] = str(row["text"])
    return [merge for merge in found.values() if len(merge[2]) > 1]


def _signs(
    asked: Asked, tallies: dict[str, Tally], conflicts: int, won: dict[str, list[int]], merges: int, cap: Grade
) -> Signs:
    least = int(asked.thresholds["min-conflicts"])
    found = standings(tallies, least)
    ahead = dominant(found, asked.thresholds)
    seen = sum(tally.wins for tally in tallies.values())
    shown: Shown = "likely" if cap == "C" else "possible"
    way = "Seen by hashes of whole outputs." if cap == "C" else "Seen by the words that the merged texts share."
    return Signs(
        relevant=max(merges, conflicts),
        usable=conflicts,
        count=ahead[0].wins if ahead else 0,
        unit="merges of differing outputs",
        verdict=shown if ahead else None,
        least=least if cap == "C" or seen >= TOLD * conflicts else conflicts + 1,
        said=f"{told(ahead, found, conflicts)} {way}",
        rows=sorted(won[ahead[0].agent])[:CITED] if ahead else (),
        strength=max(0.5, 1 - ahead[0].p_value) if ahead else 1.0,
        p_value=found[0].p_value if found else None,
        interval=wilson(ahead[0].wins, ahead[0].conflicts) if ahead else None,
        cap=cap,
        detail=table(found),
    )
