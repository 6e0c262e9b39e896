"""P4-ungated-tool: tools that write and never meet the gate, beside others that do."""

from __future__ import annotations

from advisor.diagnosis.detector import Asked, Detector, Signs

# A call meets a gate by its proposal; or by its tool, where the request has had a decision on that tool before
# (decisions are cached, and some gates name the tool only). What was refused has met one.
_CALLS = """
WITH decided AS (
    SELECT COALESCE(request_id, trace_id) AS unit, proposal_id, MIN(ts_us) AS ts_us FROM events
    WHERE kind IN ('gate_decision', 'verification', 'approval_decision') AND proposal_id IS NOT NULL
      AND COALESCE(request_id, trace_id) IS NOT NULL
    GROUP BY COALESCE(request_id, trace_id), proposal_id
),
called AS (
    SELECT row_id, COALESCE(request_id, trace_id) AS unit, tool_name, ts_us, proposal_id, status FROM events
    WHERE kind = 'tool_call' AND COALESCE(request_id, trace_id) IS NOT NULL AND tool_name IS NOT NULL
      AND COALESCE(agent_role, '') <> 'human' AND {wanted}
),
joined AS (
    SELECT c.row_id, c.unit, c.tool_name, c.ts_us,
           CASE WHEN d.unit IS NOT NULL AND (d.ts_us IS NULL OR c.ts_us IS NULL OR d.ts_us <= c.ts_us + {{skew_us}})
                  OR c.status IN ('denied', 'rejected') THEN 1 ELSE 0 END AS by_id
    FROM called c LEFT JOIN decided d ON d.unit = c.unit AND d.proposal_id = c.proposal_id
),
remembered AS (
    SELECT unit, tool_name, MIN(ts_us) AS ts_us FROM (
        SELECT unit, tool_name, ts_us FROM joined WHERE by_id = 1
        UNION ALL
        SELECT COALESCE(request_id, trace_id), tool_name, ts_us FROM events
        WHERE kind IN ('gate_decision', 'verification', 'approval_decision') AND tool_name IS NOT NULL
    ) known
    WHERE unit IN (SELECT unit FROM joined WHERE by_id = 0)
    GROUP BY unit, tool_name
),
calls AS (
    SELECT j.row_id, j.unit, j.tool_name, j.ts_us, 1 - j.by_id AS by_memory,
           CASE WHEN j.by_id = 1 OR m.ts_us <= j.ts_us + {{skew_us}} THEN 1 ELSE 0 END AS gated
    FROM joined j LEFT JOIN remembered m ON m.unit = j.unit AND m.tool_name = j.tool_name AND j.by_id = 0
),
tools AS (
    SELECT tool_name, COUNT(*) AS calls, SUM(gated) AS gated, SUM(gated * by_memory) AS by_memory
    FROM calls GROUP BY tool_name
),
units AS (SELECT unit FROM calls WHERE gated = 1 GROUP BY unit),
beside AS (SELECT tool_name FROM tools WHERE CAST(gated AS DOUBLE) / calls < {{share}})
"""
_WRITES = _CALLS.format(wanted="side_effect IN ('write', 'external_write')")
_UNKNOWN = _CALLS.format(wanted="(side_effect IS NULL OR side_effect IN ('write', 'external_write', 'unknown'))")
_SUMS = """
SELECT (SELECT SUM(calls) FROM tools) AS calls, (SELECT SUM(gated) FROM tools) AS gated,
       (SELECT SUM(by_memory) FROM tools) AS by_memory,
       (SELECT COUNT(*) FROM tools WHERE CAST(gated AS DOUBLE) / calls >= {share}) AS gated_tools,
       (SELECT COUNT(*) FROM beside) AS beside_tools,
       COUNT(*) AS ungated, SUM(CASE WHEN unit IN (SELECT unit FROM units) THEN 1 ELSE 0 END) AS same_request
FROM calls WHERE gated = 0 AND tool_name IN (SELECT tool_name FROM beside)
"""
_ROWS = """
SELECT row_id FROM (
    SELECT row_id, ts_us, CASE WHEN unit IN (SELECT unit FROM units) THEN 0 ELSE 1 END AS elsewhere
    FROM calls WHERE gated = 0 AND tool_name IN (SELECT tool_name FROM beside)
) ungated
ORDER BY elsewhere, ts_us, row_id LIMIT 20
"""
_TOOLS = "SELECT tool_name AS tool, calls, gated FROM tools ORDER BY CAST(gated AS DOUBLE) / calls, tool_name LIMIT 10"
QUERIES = {
    "writes": _WRITES + _SUMS,
    "writes_rows": _WRITES + _ROWS,
    "writes_tools": _WRITES + _TOOLS,
    "any": _UNKNOWN + _SUMS,
    "any_rows": _UNKNOWN + _ROWS,
    "any_tools": _UNKNOWN + _TOOLS,
    "all": """
SELECT SUM(CASE WHEN kind = 'tool_call' AND side_effect IN ('write', 'external_write')
                 AND COALESCE(agent_role, '') <> 'human' THEN 1 ELSE 0 END) AS writes,
       SUM(CASE WHEN kind = 'tool_call' AND side_effect IS NOT NULL AND side_effect <> 'unknown' THEN 1 ELSE 0 END)
           AS declared,
       SUM(CASE WHEN kind = 'tool_call' AND side_effect = 'read' THEN 1 ELSE 0 END) AS reads,
       SUM(CASE WHEN kind = 'tool_call' AND agent_role = 'human' THEN 1 ELSE 0 END) AS by_people,
       SUM(CASE WHEN kind <> 'tool_call' AND COALESCE(decision, 'allow') IN ('allow', 'approve', 'modify', 'warn')
                THEN 1 ELSE 0 END) AS passes
FROM events WHERE kind IN ('tool_call', 'gate_decision', 'verification', 'approval_decision')
""",
}


def read(asked: Asked) -> Signs:
    """Calls of writing tools without a decision before them, where other writing tools have one."""
    every = asked.one("all")
    declared = bool(every["declared"])
    which = "writes" if declared else "any"
    seen = asked.one(which)
    calls, gated = int(seen["calls"] or 0), int(seen["gated"] or 0)
    # A gate that writes no row when it allows, or rows that no call can be joined to, show nothing.
    joins = bool(every["passes"]) and gated > 0
    ungated = int(seen["ungated"] or 0) if joins else 0
    found = joins and seen["gated_tools"] and seen["beside_tools"] and ungated
    verdict = None
    if found:
        verdict = ("present" if seen["same_request"] else "likely") if declared else "possible"
    relevant = int(every["writes"] or 0) if declared else calls
    return Signs(
        relevant=max(relevant, calls),
        usable=calls if joins else 0,
        count=ungated if found else 0,
        unit="calls of writing tools" if declared else "calls of tools",
        verdict=verdict,  # type: ignore[arg-type]
        least=10,
        said=f"{ungated if found else 0} of {calls} {'writing calls' if declared else 'calls'} had no decision before "
        f"them: {seen['beside_tools'] if found else 0} tools lie beside the gate, {seen['gated_tools']} behind it.",
        rows=[row["row_id"] for row in asked.ask(f"{which}_rows")] if found else (),
        cause=f"{seen['same_request']} of them are in requests in which the gate decided on other calls"
        if found and seen["same_request"]
        else None,
        traps=_traps(every, int(seen["by_memory"] or 0)),
        cap=None if declared else "C",
        detail={"Tools": asked.ask(f"{which}_tools")} if found else {},
    )


def _traps(every: dict[str, int], by_memory: int) -> list[str]:
    said = [
        f"{every['reads'] or 0} reads are left out.",
        f"{every['by_people'] or 0} calls by a person are left out.",
        f"{by_memory} calls rest on an earlier decision on the same tool in their request.",
    ]
    return (
        said if every["passes"] else [*said, "No decision lets anything pass: the gate writes no row when it allows."]
    )


DETECTOR = Detector("P4-ungated-tool", QUERIES, read)
