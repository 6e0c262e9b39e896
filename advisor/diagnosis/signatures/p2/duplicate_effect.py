"""P2-duplicate-effect: one intent takes effect twice, tried again after an unknown outcome or after a resume."""

from __future__ import annotations

from advisor.diagnosis.detector import CITED, Asked, Detector, Row, Shown, Signs

# Errors after which a request that was sent may have taken effect; one that never connected has not.
_LATE = "time.?out|timed out|deadline.?exceeded|connection.?(?:reset|aborted|closed|lost)|broken pipe|cancelled"
_ERROR = "LOWER(CONCAT(COALESCE(e.error_type, ''), ' ', COALESCE(e.error_message, LEFT(e.text, 200), '')))"
# Commits are the effects; a log without any has its writing tool calls. An intent is an action, a proposal, or (weaker)
# equal arguments to one receiver; one proposal may commit several different calls, and the id of a call is no intent,
# since a model that calls again gives another. `epoch` counts the times that the action was undone: what is done after
# that is no duplicate.
_EFFECTS = f"""
WITH declared AS (SELECT COUNT(*) AS commits FROM events WHERE kind = 'commit'),
effects AS (
    SELECT e.row_id, e.ord, e.kind, e.status, e.attempt, e.result_fp, e.request_id, e.saga_id,
           CASE WHEN e.kind = 'compensation' THEN e.compensates ELSE e.action_id END AS action_id,
           CASE WHEN e.kind = 'tool_call' AND e.proposal_id = e.tool_call_id THEN NULL ELSE e.proposal_id END
           AS proposal_id, e.tool_name, e.name, e.resource_id, e.args_hash,
           CASE WHEN e.status IN ('timeout', 'cancelled', 'unknown') THEN 1
                WHEN e.status = 'error' THEN CASE WHEN regexp_matches({_ERROR}, '{_LATE}')
                     AND NOT regexp_matches({_ERROR}, 'connect(?:ion)?.?timeout') THEN 1 ELSE 0 END
                ELSE 0 END AS unsure
    FROM events e CROSS JOIN declared d
    WHERE e.kind IN ('commit', 'compensation', 'tool_call')
      AND (e.kind <> 'tool_call' OR (d.commits = 0 AND e.side_effect IN ('write', 'external_write')))
      AND COALESCE(e.side_effect, 'unknown') NOT IN ('none', 'read') AND COALESCE(e.is_replay, FALSE) = FALSE
),
keyed AS (
    SELECT row_id, ord, kind, status, attempt, result_fp, unsure,
           CASE WHEN action_id IS NOT NULL THEN 'action' WHEN proposal_id IS NOT NULL THEN 'proposal'
                ELSE 'arguments' END AS way,
           CASE WHEN COALESCE(saga_id, request_id) IS NULL THEN NULL
                WHEN action_id IS NOT NULL THEN CONCAT(
                    'action', CHR(31), COALESCE(saga_id, request_id), CHR(31), action_id)
                WHEN proposal_id IS NOT NULL THEN CONCAT(
                    'proposal', CHR(31), COALESCE(request_id, saga_id), CHR(31), proposal_id, CHR(31),
                    COALESCE(tool_name, name, ''), CHR(31), COALESCE(resource_id, ''), CHR(31), COALESCE(args_hash, ''))
                WHEN args_hash IS NOT NULL AND COALESCE(resource_id, tool_name) IS NOT NULL THEN CONCAT(
                    'arguments', CHR(31), COALESCE(request_id, saga_id), CHR(31), COALESCE(tool_name, name, ''),
                    CHR(31), COALESCE(resource_id, ''), CHR(31), args_hash)
           END AS intent
    FROM effects
),
repeated AS (
    SELECT intent FROM keyed WHERE intent IS NOT NULL AND kind <> 'compensation' AND status = 'ok'
    GROUP BY intent HAVING COUNT(*) > 1
),
followed AS (
    SELECT k.*, SUM(CASE WHEN k.kind = 'compensation' AND k.status = 'ok' THEN 1 ELSE 0 END) OVER (
               PARTITION BY k.intent ORDER BY k.ord, k.row_id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS epoch
    FROM keyed k JOIN repeated r ON r.intent = k.intent
),
doubles AS (
    SELECT intent, epoch, MIN(way) AS way, SUM(CASE WHEN status = 'ok' THEN 1 ELSE 0 END) AS effects,
           COUNT(DISTINCT CASE WHEN status = 'ok' THEN result_fp END) AS results,
           SUM(CASE WHEN status = 'ok' AND result_fp IS NOT NULL THEN 1 ELSE 0 END) AS with_result,
           MIN(CASE WHEN status = 'ok' THEN result_fp END) AS result_fp,
           MAX(CASE WHEN status IN ('timeout', 'error', 'cancelled', 'unknown', 'pending') OR attempt > 1
                    THEN 1 ELSE 0 END) AS tried_again,
           MIN(row_id) AS row_id
    FROM followed WHERE kind <> 'compensation'
    GROUP BY intent, epoch HAVING SUM(CASE WHEN status = 'ok' THEN 1 ELSE 0 END) > 1
),
common AS (
    SELECT k.result_fp FROM keyed k WHERE k.status = 'ok' AND k.kind <> 'compensation'
      AND k.result_fp IN (SELECT result_fp FROM doubles)
    GROUP BY k.result_fp HAVING COUNT(DISTINCT k.intent) > 1
),
judged AS (
    SELECT d.*, CASE WHEN d.results = 1 AND d.with_result = d.effects AND c.result_fp IS NULL THEN 1 ELSE 0
           END AS echoed
    FROM doubles d LEFT JOIN common c ON c.result_fp = d.result_fp
),
tries AS (
    SELECT k.intent, k.row_id, k.ord, k.status,
           SUM(k.unsure) OVER (
               PARTITION BY k.intent ORDER BY k.ord, k.row_id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
           ) AS unsures
    FROM keyed k
    WHERE k.way <> 'action' AND k.intent IN (SELECT intent FROM keyed WHERE unsure = 1)
      AND k.intent NOT IN (SELECT intent FROM repeated)
),
doubted AS (SELECT DISTINCT intent FROM tries WHERE status = 'ok' AND unsures > 0)
"""
QUERIES = {
    "coverage": """
WITH declared AS (SELECT COUNT(*) AS commits FROM events WHERE kind = 'commit')
SELECT COALESCE(MAX(d.commits), 0) AS commits,
       COALESCE(SUM(CASE WHEN e.status = 'ok' OR e.status IS NULL THEN 1 ELSE 0 END), 0) AS effects,
       COALESCE(SUM(CASE WHEN e.status = 'ok' AND COALESCE(e.saga_id, e.request_id) IS NOT NULL
                AND (e.action_id IS NOT NULL OR (e.proposal_id IS NOT NULL AND NOT (
                         e.kind = 'tool_call' AND e.proposal_id = COALESCE(e.tool_call_id, '')))
                     OR (e.args_hash IS NOT NULL AND COALESCE(e.resource_id, e.tool_name) IS NOT NULL))
           THEN 1 ELSE 0 END), 0) AS usable
FROM events e CROSS JOIN declared d
WHERE e.kind IN ('commit', 'tool_call')
  AND (e.kind = 'commit' OR (d.commits = 0 AND e.side_effect IN ('write', 'external_write')))
  AND COALESCE(e.side_effect, 'unknown') NOT IN ('none', 'read') AND COALESCE(e.is_replay, FALSE) = FALSE
""",
    "doubles": f"""{_EFFECTS}
SELECT way, echoed, COUNT(*) AS intents, SUM(effects - 1) AS extra, SUM(tried_again) AS tried_again
FROM judged GROUP BY way, echoed
UNION ALL
SELECT 'undone' AS way, 0 AS echoed, COUNT(*) AS intents, 0 AS extra, 0 AS tried_again FROM (
    SELECT intent FROM followed WHERE kind <> 'compensation' AND status = 'ok'
    GROUP BY intent HAVING COUNT(DISTINCT epoch) > 1
) again
UNION ALL
SELECT 'in doubt' AS way, 0 AS echoed, COUNT(*) AS intents, 0 AS extra, 0 AS tried_again FROM doubted
ORDER BY way, echoed
""",
    "worst": f"""{_EFFECTS},
chosen AS (
    SELECT intent, epoch, way, ROW_NUMBER() OVER (ORDER BY echoed, way, effects DESC, intent, epoch) AS place
    FROM judged
)
SELECT f.row_id, c.way FROM chosen c JOIN followed f ON f.intent = c.intent AND f.epoch = c.epoch
WHERE c.place <= 10 AND f.kind <> 'compensation'
ORDER BY c.place, f.ord, f.row_id LIMIT 20
""",
    "doubted": f"""{_EFFECTS}
SELECT t.row_id FROM tries t JOIN doubted d ON d.intent = t.intent ORDER BY t.intent, t.ord, t.row_id LIMIT {CITED}
""",
}


def read(asked: Asked) -> Signs:
    """Every successful effect beyond the first of one intent, unless the receiver gave the first one's answer again."""
    coverage = asked.one("coverage")
    relevant, usable = int(coverage["effects"]), int(coverage["usable"])
    answers = asked.ask("doubles") if usable else []
    groups = [row for row in answers if row["way"] not in ("undone", "in doubt")]
    undone, doubted = (_sum([row for row in answers if row["way"] == way], "intents") for way in ("undone", "in doubt"))
    real = [row for row in groups if not row["echoed"]]
    if doubted and not real:
        return _in_doubt(asked, relevant, usable, doubted, _traps(groups, undone))
    keyed = [row for row in real if row["way"] != "arguments"]
    proxy = bool(real) and not keyed
    by_tool = not coverage["commits"]
    verdict: Shown | None = "present" if keyed and not by_tool else "likely" if real else "refuted" if groups else None
    shown = keyed or real or groups
    extra, intents = _sum(shown, "extra"), _sum(shown, "intents")
    again = _sum(shown, "tried_again")
    what = "arguments to one receiver" if proxy else "action or proposal"
    traps = _traps(groups, undone) if shown else []
    if doubted:
        traps.append(f"{doubted} more intents succeeded once, after a try whose outcome is unknown: not counted.")
    return Signs(
        relevant=relevant,
        usable=usable,
        count=extra,
        unit="effects",
        verdict=verdict,
        said=f"{extra} of {usable} effects repeat an effect of the same {what} ({intents} intents)."
        if shown
        else f"None of {usable} effects was made twice for one intent.",
        rows=[row["row_id"] for row in asked.ask("worst")][:CITED] if shown else (),
        cause=f"{again} of {intents} intents were tried again after a try that failed or has no known outcome"
        if again and verdict != "refuted"
        else None,
        traps=traps,
        refuted="Each repeat was answered with the first one's result, which no other intent has."
        if verdict == "refuted"
        else None,
        cap="C" if proxy or by_tool else None,
    )


def _in_doubt(asked: Asked, relevant: int, usable: int, doubted: int, traps: list[str]) -> Signs:
    """Tries without a key that timed out or broke off and were made again: whether both took effect is in no log."""
    return Signs(
        relevant=relevant,
        usable=usable,
        count=doubted,
        unit="effects",
        verdict="possible",
        said=f"{doubted} of {usable} effects came after a try of the same that timed out or broke off, without a key: "
        "whether the first one took effect too, the log cannot show.",
        rows=[row["row_id"] for row in asked.ask("doubted")],
        traps=[*traps, "A try that never connected, and one that carries an action's id, is not counted."],
        cap="C",
    )


def _sum(rows: list[Row], name: str) -> int:
    return sum(int(row[name] or 0) for row in rows)


def _traps(groups: list[Row], undone: int) -> list[str]:
    echoed = _sum([row for row in groups if row["echoed"]], "intents")
    said = ["Reads and replays are not counted; intents are never compared across requests."]
    if echoed:
        said.append(f"{echoed} intents were answered with their first result again: nothing happened twice there.")
    if undone:
        said.append(f"{undone} intents were undone between two effects; an effect after its undoing is not counted.")
    return said


DETECTOR = Detector("P2-duplicate-effect", QUERIES, read)
