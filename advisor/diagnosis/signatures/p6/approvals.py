"""Requests for approval with what became of each: the rows that the approval detectors share.

A request is known by its approval id, or by the proposal (the tool call) that it asks about; one without either is not
counted. Its first decision counts. Rows that withdraw it are `cancelled` rows that name it.
"""

from __future__ import annotations

KEY = "COALESCE(approval_id, proposal_id)"

APPROVALS = f"""
WITH asked AS (
    SELECT {KEY} AS approval, MIN(ts_us) AS asked_us, MIN(row_id) AS asked_row, MIN(request_id) AS request_id,
           MIN(COALESCE(ts_us + sla_us, deadline_us, ts_us + timeout_us)) AS due_us,
           MIN(COALESCE(deadline_us, ts_us + timeout_us, ts_us + sla_us)) AS lapse_us
    FROM events
    WHERE kind = 'approval_request' AND {KEY} IS NOT NULL AND ts_us IS NOT NULL
    GROUP BY {KEY}
),
ranked AS (
    SELECT {KEY} AS approval, ts_us AS decided_us, row_id AS decided_row, decision,
           CASE WHEN decision_source IS NOT NULL THEN decision_source WHEN status = 'timeout' THEN 'timeout' END
               AS source,
           COALESCE(agent_name, agent_id) AS person,
           ROW_NUMBER() OVER (PARTITION BY {KEY} ORDER BY ts_us, decision_source, decision, row_id) AS place
    FROM events
    WHERE kind = 'approval_decision' AND {KEY} IS NOT NULL AND ts_us IS NOT NULL
),
withdrawn AS (
    SELECT {KEY} AS approval FROM events
    WHERE kind IN ('cancelled', 'cancel_request') AND {KEY} IS NOT NULL
    GROUP BY {KEY}
),
approvals AS (
    SELECT a.approval, a.asked_us, a.asked_row, a.request_id, a.due_us, a.lapse_us, d.decided_us, d.decided_row,
           d.decision, d.source, d.person, d.decided_us - a.asked_us AS wait_us,
           CASE WHEN w.approval IS NULL THEN 0 ELSE 1 END AS withdrawn,
           (SELECT MAX(ts_us) FROM events) AS end_us
    FROM asked a
    LEFT JOIN ranked d ON d.approval = a.approval AND d.place = 1 AND d.decided_us >= a.asked_us
    LEFT JOIN withdrawn w ON w.approval = a.approval
)
"""
"""CTEs up to `approvals`: a row for each request, its decision beside it, and the log's end."""

GATES = "('config', 'hook', 'rule', 'model')"
"""Sources of decisions that are no person's and no clock's: these are gates."""
