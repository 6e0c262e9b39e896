"""SDB-loop-without-progress (S4): an agent says nearly the same again and again, and nothing new comes of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from advisor.diagnosis.detector import CITED, Asked, Detector, Row, Signs
from advisor.diagnosis.weaknesses.decisions import whole
from advisor.traces.values import TEXT_LIMIT

GROUPS = 400
"""Agents in a request whose texts are compared at most, those with the most equal beginnings first."""
ROWS = 40_000
"""Rows that are fetched for them at most."""

# Only agents with enough calls for so many windows; a loop's texts mostly begin alike, so these are compared first.
_LONGER = """
WITH heads AS (
    SELECT request_id, agent_name, LEFT(COALESCE(text, output_hash), 24) AS head, COUNT(*) AS calls FROM events
    WHERE kind = 'llm_call' AND request_id IS NOT NULL AND agent_name IS NOT NULL
      AND (text IS NOT NULL OR output_hash IS NOT NULL)
    GROUP BY request_id, agent_name, LEFT(COALESCE(text, output_hash), 24)
),
longer AS (
    SELECT request_id, agent_name, SUM(calls) AS calls, MAX(calls) AS alike FROM heads
    GROUP BY request_id, agent_name HAVING SUM(calls) >= {window} + {windows} - 1
)
"""
_CANDIDATES = f"""{_LONGER}
, candidates AS (
    SELECT request_id, agent_name FROM longer ORDER BY alike DESC, calls DESC, request_id, agent_name LIMIT {GROUPS}
)
"""
QUERIES = {
    "calls": """
SELECT COUNT(*) AS calls,
       SUM(CASE WHEN request_id IS NOT NULL AND agent_name IS NOT NULL
                 AND (text IS NOT NULL OR output_hash IS NOT NULL) THEN 1 ELSE 0 END) AS usable
FROM events WHERE kind = 'llm_call'
""",
    "steps": _CANDIDATES
    + f"""
SELECT request_id, agent_name, kind, row_id, text, output_hash, CONCAT(COALESCE(tool_name, ''), '/', args_hash) AS args,
       args_hash, result_fp
FROM events
WHERE kind IN ('llm_call', 'tool_call', 'tool_result', 'commit')
  AND request_id IN (SELECT request_id FROM candidates)
ORDER BY request_id, ord, row_id LIMIT {ROWS}
""",
    "agents": _CANDIDATES
    + """
SELECT c.request_id, c.agent_name, n.groups FROM candidates c CROSS JOIN (SELECT COUNT(*) AS groups FROM longer) n
ORDER BY c.request_id, c.agent_name
""",
}


def read(asked: Asked) -> Signs:
    """Runs of texts as alike as the threshold says, so long that the stated number of windows lies in them."""
    seen = asked.one("calls")
    agents = asked.ask("agents")
    groups = whole(agents[0], "groups") if agents else 0
    least, alike = int(asked.thresholds["window"] + asked.thresholds["windows"] - 1), asked.thresholds["similarity"]
    loops: list[list[int]] = []
    if agents:
        wanted: dict[str, list[str]] = {}
        for row in agents:
            wanted.setdefault(row["request_id"], []).append(row["agent_name"])
        for request, rows in groupby(asked.ask("steps"), key=lambda row: row["request_id"]):
            steps = list(rows)
            for agent in wanted[request]:
                loops += [run for run in _runs(steps, agent, alike) if len(run) >= least]
    loops.sort(key=lambda run: (-len(run), run[0]))
    count = sum(map(len, loops))
    longest = len(loops[0]) if loops else 0
    many = f"{len(loops)} {'stretch' if len(loops) == 1 else 'stretches'}"
    return Signs(
        relevant=whole(seen, "calls"),
        usable=whole(seen, "usable"),
        count=count,
        unit="model calls",
        verdict="present" if loops else None,
        said=f"{count} model calls lie in {many} of nearly equal texts without new arguments, result or commit; the "
        f"longest has {longest}."
        if loops
        else f"No agent said nearly the same {least} times in a row without anything new.",
        rows=[row for run in loops for row in run[:7]][:CITED],
        traps=[f"Only the {GROUPS} likeliest of {groups} agents' runs were compared."] if groups > GROUPS else (),
    )


def _runs(steps: Iterable[Row], agent: str, alike: float) -> Iterator[list[int]]:
    """Stretches of one agent's calls with texts alike and nothing new in between; what others say counts as new."""
    known: set[str] = set()
    run: list[int] = []
    before: Row | None = None
    fresh = False
    for row in steps:
        if row["kind"] == "llm_call" and row["agent_name"] == agent:
            if before is not None and not fresh and similarity(before, row) >= alike:
                run.append(row["row_id"])
            else:
                yield run
                run = [row["row_id"]]
            before, fresh = row, False
        elif row["kind"] == "commit":
            fresh = True
        else:
            new = {key for key in _news(row) if key not in known}
            fresh, known = fresh or bool(new), known | new
    yield run


def _news(row: Row) -> Iterator[str]:
    if row["kind"] == "llm_call":
        said = row["output_hash"] or row["text"]
        yield from [f"said:{said}"] if said else []
        return
    if row["args_hash"] is not None:
        yield f"args:{row['args']}"
    if row["result_fp"] is not None:
        yield f"result:{row['result_fp']}"


def similarity(one: Row, other: Row) -> float:
    """Jaccard's index of the texts' trigrams; texts that were cut are alike only if their hashes are equal."""
    if one["output_hash"] is not None and one["output_hash"] == other["output_hash"]:
        return 1.0
    texts = one["text"], other["text"]
    if None in texts or (one["output_hash"] is not None and max(map(len, texts)) >= TEXT_LIMIT):
        return 0.0
    first, second = map(_trigrams, texts)
    return len(first & second) / len(first | second) if first | second else 0.0


def _trigrams(text: str) -> frozenset[str]:
    words = " ".join(text.lower().split())
    return frozenset(words[at : at + 3] for at in range(len(words) - 2)) or frozenset([words] if words else [])


DETECTOR = Detector("SDB-loop-without-progress", QUERIES, read, kept={_LONGER: "longer"})
