"""P3-replay-divergence: the same event under a newer model, prompt or index leads to other downstream events."""

from __future__ import annotations

from typing import NamedTuple

from advisor.diagnosis.detector import CITED, Asked, Detector, Row, Shown, Signs
from advisor.diagnosis.signatures.p3.material import executions
from advisor.diagnosis.signatures.p3.permuted import COPIES, Disagreement, compare

MOST = 5_000
"""Events that are compared; beyond, a sample by hash."""
MOST_ROWS = 100_000
"""Rows of these events that are compared; where there are more, the report says so."""
FEW = 40
"""Measured: up to so many events only a large drift is seen."""
FAILED_SHARE = 0.8
"""Convention: from this share of failed originals on, the replayed events were chosen because they had failed."""
# Of one execution the log may hold several rows; one kind is compared, the one nearest to the effect at equal numbers.
KINDS = ("consume_result", "event_append", "event_consume", "agent", "workflow", "llm_call")

# An execution is a run over an event (a row, where runs have no id). Its outcome is what is material: the state, the
# decision, the label or the type of what follows; else the hash of the output. Ids and times are in neither. Of a run
# with several rows the least and the greatest count, and how many there are: no order of arrival is in it.
_ROWS = """
    SELECT row_id, kind, COALESCE(consumer, agent_name, name, '') AS consumer,
           COALESCE(event_in, CASE WHEN kind = 'event_append' THEN caused_by END, input_hash) AS event,
           run_id, replay_of,
           CONCAT(COALESCE(model_version, model_response, model_request, '-'), CHR(31), COALESCE(prompt_version, '-'),
                  CHR(31), COALESCE(retrieval_index_version, '-')) AS context,
           COALESCE(policy_version, '-') AS policy,
           to_state, decision, eval_label, eval_score, output_hash,
           CASE WHEN kind = 'event_append' THEN event_type END AS appended
    FROM events
    WHERE kind IN ('consume_result', 'event_append', 'event_consume', 'agent', 'workflow', 'llm_call')
      AND COALESCE(event_in, CASE WHEN kind = 'event_append' THEN caused_by END, input_hash) IS NOT NULL
      AND COALESCE(model_version, model_response, model_request, prompt_version, retrieval_index_version) IS NOT NULL
      AND COALESCE(status, 'ok') IN ('ok', 'unknown')
"""
_REPLAYED = f"""
WITH rows_ AS ({_ROWS}),
replayed AS (
    SELECT kind, consumer, event,
           COUNT(COALESCE(to_state, decision, eval_label, appended, output_hash)) AS told
    FROM rows_ GROUP BY kind, consumer, event HAVING MIN(context) <> MAX(context)
)
"""
QUERIES = {
    "cells": f"""{_REPLAYED}
, executions AS ({_ROWS}),
chosen AS (
    SELECT kind, consumer, event FROM (
        SELECT kind, consumer, event,
               ROW_NUMBER() OVER (PARTITION BY kind ORDER BY MD5(event), event, consumer) AS place
        FROM replayed WHERE told > 1
    ) placed WHERE place <= 5000
),
picked AS (
    SELECT r.row_id, r.kind, r.consumer, r.event, r.policy, r.context,
           COALESCE(r.run_id, r.replay_of, CONCAT('row', CAST(r.row_id AS VARCHAR))) AS run,
           CASE WHEN COALESCE(r.to_state, r.decision, r.eval_label, r.appended) IS NULL THEN 0 ELSE 1 END AS material,
           CASE WHEN COALESCE(r.to_state, r.decision, r.eval_label, r.appended) IS NULL THEN r.output_hash
                ELSE CONCAT(COALESCE(r.to_state, '-'), CHR(31), COALESCE(r.decision, '-'), CHR(31),
                            COALESCE(r.eval_label, '-'), CHR(31), COALESCE(r.appended, '-')) END AS outcome
    FROM executions r JOIN chosen c ON c.kind = r.kind AND c.consumer = r.consumer AND c.event = r.event
),
runs AS (
    SELECT kind, consumer, event, context, policy, run, MIN(row_id) AS row_id, MAX(material) AS material,
           CONCAT(MIN(outcome), CHR(30), MAX(outcome), CHR(30), CAST(COUNT(*) AS VARCHAR)) AS outcome
    FROM picked WHERE outcome IS NOT NULL GROUP BY kind, consumer, event, context, policy, run
)
SELECT kind, consumer, event, policy, context, outcome, COUNT(*) AS runs, MAX(material) AS material,
       MIN(row_id) AS row_id
FROM runs GROUP BY kind, consumer, event, policy, context, outcome
ORDER BY MD5(event), kind, consumer, event, policy, context, outcome LIMIT {MOST_ROWS}
""",
    # Row by row, for outcomes that the user has said how to compare.
    "rows": f"""{_REPLAYED}
, executions AS ({_ROWS}),
chosen AS (
    SELECT kind, consumer, event FROM (
        SELECT kind, consumer, event,
               ROW_NUMBER() OVER (PARTITION BY kind ORDER BY MD5(event), event, consumer) AS place
        FROM replayed
    ) placed WHERE place <= 5000
)
SELECT r.row_id, r.kind, r.consumer, r.event, r.policy, r.context, r.to_state, r.decision, r.eval_label, r.eval_score,
       r.appended AS event_type, COALESCE(r.run_id, r.replay_of, CONCAT('row', CAST(r.row_id AS VARCHAR))) AS run
FROM executions r JOIN chosen c ON c.kind = r.kind AND c.consumer = r.consumer AND c.event = r.event
ORDER BY MD5(r.event), r.event, r.consumer, r.kind, r.row_id LIMIT {MOST_ROWS}
""",
    "coverage": _REPLAYED
    + """
SELECT kind, COUNT(*) AS events, SUM(CASE WHEN told > 1 THEN 0 ELSE 1 END) AS untold
FROM replayed GROUP BY kind ORDER BY kind
""",
    # What became of the first executions of the events that were replayed afterwards.
    "originals": """
WITH seen AS (
    SELECT COALESCE(event_in, input_hash) AS event, MAX(CASE WHEN is_replay THEN 1 ELSE 0 END) AS replayed,
           MAX(CASE WHEN NOT COALESCE(is_replay, FALSE) THEN 1 ELSE 0 END) AS first_run,
           MAX(CASE WHEN NOT COALESCE(is_replay, FALSE)
                     AND status IN ('error', 'timeout', 'rejected', 'denied', 'cancelled') THEN 1 ELSE 0 END) AS failed
    FROM events
    WHERE kind IN ('consume_result', 'event_consume', 'agent', 'workflow', 'llm_call')
      AND COALESCE(event_in, input_hash) IS NOT NULL
    GROUP BY COALESCE(event_in, input_hash)
)
SELECT COUNT(*) AS events, COALESCE(SUM(failed), 0) AS failed FROM seen WHERE replayed = 1 AND first_run = 1
""",
    "skipped": """
SELECT COUNT(*) AS rows_ FROM events
WHERE kind IN ('consume_result', 'event_append', 'event_consume') AND status = 'skipped'
""",
}


class Seen(NamedTuple):
    """The events of one kind that were compared, and those that could not be for their policy changed as well."""

    kind: str
    blocks: dict[tuple[str, str, str], dict[tuple[str, str], int]]
    rows: dict[tuple[str, str, str], list[Row]]
    policy_too: int
    material: bool


def read(asked: Asked) -> Signs:
    """One kind of row, its events in several contexts under one policy, and the permutation test over them."""
    replayed = {row["kind"]: row for row in asked.ask("coverage")}
    answers, cut = _by_kind(asked) if replayed else ({}, False)
    seen = max((_seen(kind, rows) for kind, rows in answers.items()), key=_rank, default=None)
    least, draws = int(asked.thresholds["min-events"]), int(asked.thresholds["draws"])
    if seen is None:
        untold = max((int(row["events"]) for row in replayed.values()), default=0)
        return Signs(untold, 0, 0, "events", least=least, said="No event ran under two versions with a known outcome.")
    found = compare(seen.blocks.values(), draws)
    relevant = int(replayed[seen.kind]["events"])
    usable = found.events if relevant <= MOST else relevant - int(replayed[seen.kind]["untold"])
    originals = asked.one("originals")
    chosen = originals["events"] >= least and originals["failed"] >= FAILED_SHARE * originals["events"]
    verdict = _verdict(found, seen, asked.thresholds["alpha"], least, chosen)
    shown = verdict in ("present", "possible")
    if verdict is None and found.differing and found.repeated < least:
        usable = found.repeated
    cited = _cited(seen) if found.differing else []
    return Signs(
        relevant=max(relevant, usable),
        usable=usable,
        count=min(found.differing, usable),
        unit="events under several versions",
        verdict=verdict,
        least=least,
        said=_said(found),
        rows=[row["row_id"] for row in cited][:CITED] if verdict else (),
        cause=_cause(seen) if shown else None,
        traps=_traps(asked, seen, originals, chosen, relevant, cut),
        refuted="Executions under one version disagree as much as those under different ones."
        if verdict == "refuted"
        else None,
        strength=max(0.5, 1 - found.p_value) if verdict == "present" and found.p_value is not None else 1.0,
        p_value=found.p_value,
        severity=None if seen.material and not _numbers_alone(seen) else "medium",
        detail={"Outcomes side by side": [_side(row) for row in cited[:10]]} if verdict and cited else {},
    )


def _by_kind(asked: Asked) -> tuple[dict[str, list[Row]], bool]:
    """What was seen of each kind, in the order of names; and whether there was more than is compared."""
    rows = asked.ask("rows" if asked.facts.material else "cells")
    found: dict[str, list[Row]] = {}
    for row in executions(rows, asked.facts) if asked.facts.material else rows:
        found.setdefault(str(row["kind"]), []).append(row)
    return {kind: sorted(each, key=_place) for kind, each in found.items()}, len(rows) >= MOST_ROWS


def _place(row: Row) -> tuple[str, ...]:
    return tuple(str(row[name]) for name in ("consumer", "event", "policy", "context", "outcome"))


def _seen(kind: str, rows: list[Row]) -> Seen:
    blocks: dict[tuple[str, str, str], dict[tuple[str, str], int]] = {}
    of: dict[tuple[str, str, str], list[Row]] = {}
    for row in rows:
        key = (str(row["consumer"]), str(row["event"]), str(row["policy"]))
        blocks.setdefault(key, {})[row["context"], row["outcome"]] = min(COPIES, int(row["runs"]))
        of.setdefault(key, []).append(row)
    several = {key: cells for key, cells in blocks.items() if len({context for context, _ in cells}) > 1}
    events = {key[:2] for key in blocks}
    return Seen(kind, several, of, len(events - {key[:2] for key in several}), any(row["material"] for row in rows))


def _numbers_alone(seen: Seen) -> bool:
    """Whether executions differ by numbers and by nothing else, where the user has said how to compare them."""
    told = [{str(row.get("worded")) for row in seen.rows[key]} for key in seen.blocks]
    return any("worded" in row for rows in seen.rows.values() for row in rows) and all(len(one) == 1 for one in told)


def _rank(seen: Seen) -> tuple[int, int]:
    return len(seen.blocks), -KINDS.index(seen.kind)


def _verdict(found: Disagreement, seen: Seen, alpha: float, least: int, chosen: bool) -> Shown | None:
    if found.events == 0:
        return "possible" if _policy_differs(seen) else None
    if not found.differing:
        return None
    if found.repeated < least or found.p_value is None or found.within is None:
        # Variance was seen, and too few events show that it follows the versions.
        varies = found.p_value is not None and found.p_value >= alpha
        return None if varies else "possible"
    if found.p_value < alpha and found.across > found.within:
        return "possible" if chosen else "present"
    return "refuted" if found.across <= found.within else None


def _policy_differs(seen: Seen) -> bool:
    outcomes: dict[tuple[str, str], set[str]] = {}
    for key, rows in seen.rows.items():
        outcomes.setdefault(key[:2], set()).update(str(row["outcome"]) for row in rows)
    return any(len(different) > 1 for different in outcomes.values())


def _said(found: Disagreement) -> str:
    within = "not known" if found.within is None else f"{found.within:.0%}"
    tested = "" if found.p_value is None else f" (permutation p = {found.p_value:.2g})"
    few = f" {found.events} events show a large drift only." if 0 < found.events <= FEW else ""
    return (
        f"Across versions {found.across:.0%} of the pairs of executions disagree, within one version {within}{tested}; "
        f"{found.differing} of {found.events} events differ.{few}"
    )


_FACTORS = ("model", "prompt", "retrieval index")


def _moved(seen: Seen) -> list[str]:
    """What differs between the contexts of an event."""
    moved = set()
    for cells in seen.blocks.values():
        split = [context.split("\x1f") for context, _ in cells]
        moved |= {name for at, name in enumerate(_FACTORS) if len({parts[at] for parts in split}) > 1}
    return [name for name in _FACTORS if name in moved]


def _cause(seen: Seen) -> str | None:
    moved = _moved(seen)
    return f"The {' and the '.join(moved)} changed between the executions, under one policy" if moved else None


def _cited(seen: Seen) -> list[Row]:
    """Rows of the events that differ, five events at most, in the order of their names."""
    rows: list[Row] = []
    differing = [key for key, cells in sorted(seen.blocks.items()) if len({outcome for _, outcome in cells}) > 1]
    for key in differing[:5]:
        rows += seen.rows[key][:4]
    return rows


def _side(row: Row) -> Row:
    return {
        "event": row["event"],
        "versions": " / ".join(part for part in str(row["context"]).split("\x1f") if part != "-"),
        "outcome": str(row["outcome"]).split("\x1e")[0].replace("\x1f", " ").replace("-", "").strip()
        if row["material"]
        else str(row["outcome"]).split("\x1e")[0],
        "runs": row["runs"],
    }


def _traps(asked: Asked, seen: Seen, originals: Row, chosen: bool, relevant: int, cut: bool) -> list[str]:
    said = []
    if seen.policy_too:
        said.append(f"{seen.policy_too} events ran under another policy version too; they were not compared.")
    moved = _moved(seen)
    if len(moved) > 1:
        said.append(f"Not separable: the {' and the '.join(moved)} both differ between executions.")
    if originals["events"]:
        outcome = "they were chosen for it" if chosen else "they were not chosen for it"
        said.append(f"Selection: {originals['failed']} of {originals['events']} replayed events had failed; {outcome}.")
    if asked.facts.material:
        stated = ", ".join(f"{name} (within {most:g})" if most else name for name, most in asked.facts.material.items())
        said.append(f"Compared as the mapping states: {stated}.")
    skipped = int(asked.one("skipped")["rows_"])
    if skipped:
        said.append(f"{skipped} executions were skipped as done already; they show nothing and were left out.")
    if relevant > MOST:
        said.append(f"{relevant} events ran under several versions; a sample of {MOST} by hash was compared.")
    if cut:
        said.append(f"The compared events have more than {MOST_ROWS:,} rows; the first of them by hash were taken.")
    if not seen.material:
        said.append("Only hashes of outputs are known: wording and meaning cannot be told apart.")
    return said


DETECTOR = Detector("P3-replay-divergence", QUERIES, read, kept={_REPLAYED: "replayed"})
