"""Rows as evidence: where each stands, and one line that says what it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from advisor.diagnosis.detector import CITED
from advisor.diagnosis.findings import Citation
from advisor.traces.table import Events

_SHOWN = (
    "request_id agent_name tool_name consumer child_id resource_id op_id timer_id approval_id saga_id action_id "
    "compensates merge_field winner_agent event_in attempt status decision decision_source reason_code error_type "
    "expected_version actual_version new_version from_state to_state model_version policy_version proposal_id "
    "verification_id side_effect caused_by error_message text"
).split()
LONGEST = 160


def cite(table: Events, row_ids: Sequence[int]) -> tuple[Citation, ...]:
    """The rows with these ids as citations, in the order given, each once, at most CITED."""
    wanted = list(dict.fromkeys(int(row) for row in row_ids))[:CITED]
    if not wanted:
        return ()
    columns = ", ".join(("row_id", "file", "line", "event_id", "ts_us", "kind", "name", *_SHOWN))
    rows = table.query(f"SELECT {columns} FROM events WHERE row_id IN ({', '.join(map(str, wanted))})")
    by_id = {row["row_id"]: row for row in rows}
    return tuple(_citation(table, by_id[row]) for row in wanted if row in by_id)


def provenance(table: Events, row_ids: Sequence[int]) -> list[dict[str, Any]]:
    """Who declared the kinds of these rows, and in which formats they stand; each pair once."""
    wanted = ", ".join(str(int(row)) for row in row_ids[:CITED])
    return table.query(
        f"SELECT DISTINCT declared_by, source_format FROM events WHERE row_id IN ({wanted}) "
        "ORDER BY declared_by, source_format"
    )


def _citation(table: Events, row: dict[str, Any]) -> Citation:
    said = [str(row["kind"]), *([str(row["name"])] if row["name"] and row["name"] != row["kind"] else [])]
    for column in _SHOWN:
        value = row[column]
        if value is not None and value != "":
            text = str(value)
            said.append(f"{column}={text if len(text) <= LONGEST else text[: LONGEST - 1] + '…'}")
    file, line = table.place(row)
    return Citation(file, line, row["event_id"], " ".join(said), row["ts_us"], row["row_id"])
