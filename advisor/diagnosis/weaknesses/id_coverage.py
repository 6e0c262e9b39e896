"""SDB-id-coverage (S11): rows without the identifiers that thread requests, versions and checks together."""

from __future__ import annotations

from advisor.diagnosis.detector import CITED, Asked, Detector, Row, Signs
from advisor.diagnosis.weaknesses.decisions import whole

LENSES = {
    "model_version": ("Model version on model calls", "llm_call", "'llm_call'"),
    "prompt_version": ("Prompt version on model calls", "llm_call", "'llm_call'"),
    "policy_version": (
        "Policy version on decisions",
        "decision",
        "'gate_decision', 'verification', 'approval_decision'",
    ),
    "verification_id": ("Verification id on commits", "commit", "'commit'"),
}
_FILLED = ",\n".join(
    f"       SUM(CASE WHEN kind IN ({kinds}) THEN 1 ELSE 0 END) AS {column}_rows,\n"
    f"       SUM(CASE WHEN kind IN ({kinds}) AND {column} IS NOT NULL THEN 1 ELSE 0 END) AS {column}_filled"
    for column, (_, _, kinds) in LENSES.items()
)
QUERIES = {
    "rows": f"""
SELECT COUNT(*) AS logged, COUNT(request_id) AS filled, SUM(CASE WHEN kind <> 'log' THEN 1 ELSE 0 END) AS typed,
       SUM(CASE WHEN kind <> 'log' AND request_id IS NOT NULL THEN 1 ELSE 0 END) AS typed_filled,
{_FILLED}
FROM events WHERE kind <> 'unknown'
""",
    "kinds": """
SELECT kind, COUNT(*) AS without, MIN(row_id) AS first_row FROM events
WHERE kind <> 'unknown' AND request_id IS NULL
GROUP BY kind ORDER BY COUNT(*) DESC, kind LIMIT 20
""",
}


def read(asked: Asked) -> Signs:
    """The share of rows with a request id, against the least share; versions and check ids are shown beside it."""
    seen = asked.one("rows")
    least = asked.thresholds["request-id"]
    rows, filled = whole(seen, "logged"), whole(seen, "filled")
    typed, typed_filled = whole(seen, "typed"), whole(seen, "typed_filled")
    low = rows > 0 and filled / rows < least
    spared = low and typed > 0 and typed_filled / typed >= least
    kinds = asked.ask("kinds") if low else []
    return Signs(
        relevant=rows,
        usable=rows,
        count=rows - filled,
        unit="rows",
        verdict="possible" if spared else "present" if low else None,
        said=f"{filled} of {rows} rows carry a request id." + "".join(_lens(seen, column) for column in LENSES),
        rows=[row["first_row"] for row in kinds][:CITED],
        traps=[_start_up(typed, typed_filled)] if low and typed and typed < rows else (),
        detail={"Fill rates": _table(seen)},
    )


def _lens(seen: Row, column: str) -> str:
    rows = whole(seen, f"{column}_rows")
    return f" {LENSES[column][0]}: {whole(seen, f'{column}_filled')} of {rows}." if rows else ""


def _start_up(typed: int, filled: int) -> str:
    return f"Rows that belong to no request, such as start-up: without plain log lines, {filled} of {typed} carry one."


def _table(seen: Row) -> list[Row]:
    every = [{"identifier": "Request id on all rows", "filled": whole(seen, "filled"), "rows": whole(seen, "logged")}]
    named = [
        {
            "identifier": LENSES[column][0],
            "filled": whole(seen, f"{column}_filled"),
            "rows": whole(seen, f"{column}_rows"),
        }
        for column in LENSES
    ]
    return every + [row for row in named if row["rows"]]


DETECTOR = Detector("SDB-id-coverage", QUERIES, read)
