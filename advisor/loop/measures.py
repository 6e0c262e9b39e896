"""What each statement of a record is measured by: one case a row, when it was, and its value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from advisor.diagnosis.detector import numbered
from advisor.diagnosis.statistics import wilson
from advisor.loop.evidence import effects, people, splitting, units
from advisor.loop.evidence.conventions import HOUR, LIMITS
from advisor.loop.evidence.observation import REQUEST
from advisor.loop.trend import Trend, trend_of
from advisor.traces.table import EventTable

Unit = Literal["share", "microseconds", "per hour"]


@dataclass(frozen=True)
class Measure:
    """A number that logs give, case by case.

    Attributes:
        what: What it says, without its value.
        unit: `share` has values of 0 and 1 and is their mean; the others are medians.
        sql: Rows of `at_us` and `value`; `?` stands for the names that belong to the record.
    """

    what: str
    unit: Unit
    sql: str


@dataclass(frozen=True)
class Measured:
    """A measure over a whole log.

    Attributes:
        interval: 95 %: Wilson's for a share, between order statistics for a median; None where cases are too few for
            one. Cases count as independent.
        trend: How it moves over the log's time.
    """

    what: str
    unit: Unit
    value: float
    interval: tuple[float, float] | None
    cases: int
    trend: Trend


def _requests_with(condition: str) -> str:
    return f"""
SELECT MIN(ts_us) AS at_us, MAX(CASE WHEN {condition} THEN 1 ELSE 0 END) AS value
FROM events WHERE {REQUEST} GROUP BY request_id
"""


_ESCALATED = Measure(
    "units of work that are escalated", "share", _requests_with("kind = 'escalation' OR decision = 'escalate'")
)
_STOPPED = Measure("units of work that somebody asks to stop", "share", _requests_with("kind = 'cancel_request'"))
_THROTTLED = Measure("units of work that are throttled", "share", _requests_with("kind = 'throttle'"))
_PER_HOUR = Measure(
    "units of work that begin in an hour with any",
    "per hour",
    f"""
WITH starts AS (SELECT MIN(ts_us) AS ts_us FROM events WHERE {REQUEST} GROUP BY request_id)
SELECT CAST(FLOOR(CAST(ts_us AS DOUBLE) / {HOUR}) AS BIGINT) * {HOUR} AS at_us, COUNT(*) AS value
FROM starts GROUP BY CAST(FLOOR(CAST(ts_us AS DOUBLE) / {HOUR}) AS BIGINT)
""",
)
_APPROVED = Measure(
    "writes that a person approved before",
    "share",
    people.ACTIONS + "SELECT at_us, by_person AS value FROM decided",
)
VERSION = Measure(
    "model calls that name the recorded version",
    "share",
    """
SELECT ts_us AS at_us, CASE WHEN list_contains(CAST(? AS VARCHAR[]), model_version) THEN 1 ELSE 0 END AS value
FROM events WHERE kind = 'llm_call' AND model_version IS NOT NULL
""",
)
MEASURES: Mapping[str, tuple[Measure, ...]] = MappingProxyType(
    {
        "duration": (
            Measure("duration of a unit of work", "microseconds", units.SPANS + "SELECT at_us, us AS value FROM timed"),
        ),
        "world_changes_during_unit": (
            Measure(
                "units of work that see policy or index change under way",
                "share",
                f"SELECT at_us, CASE WHEN policies > 1 OR indexes > 1 THEN 1 ELSE 0 END AS value"
                f" FROM ({units.CHANGED}) versions",
            ),
        ),
        "pauses_or_external_waits": (
            Measure(
                "units of work that stand still for over an hour",
                "share",
                units.GAPS
                + "SELECT t.at_us, CASE WHEN p.request_id IS NULL THEN 0 ELSE 1 END AS value"
                + " FROM timed t LEFT JOIN paused p ON p.request_id = t.request_id",
            ),
            Measure(
                "longest pause of those that pause",
                "microseconds",
                units.GAPS + "SELECT t.at_us, p.us AS value FROM timed t JOIN paused p ON p.request_id = t.request_id",
            ),
        ),
        "external_side_effects": (
            Measure(
                "tool calls and commits that write",
                "share",
                f"""
SELECT ts_us AS at_us, CASE WHEN {effects.WRITES} THEN 1 ELSE 0 END AS value
FROM events WHERE kind IN ('tool_call', 'commit') AND side_effect IS NOT NULL AND side_effect <> 'unknown'
""",
            ),
        ),
        "work_splits": (
            Measure(
                "units of work that hand work over",
                "share",
                f"SELECT at_us, CASE WHEN handed > 0 THEN 1 ELSE 0 END AS value FROM ({splitting.SPLITS}) splits",
            ),
        ),
        "independent_subtasks": (
            Measure(
                "units of work whose delegations run side by side",
                "share",
                splitting.TASKS + "SELECT at_us, beside AS value FROM beside",
            ),
        ),
        "deterministic_merge": (
            Measure(
                "merges with a model call under them",
                "share",
                f"SELECT at_us, CASE WHEN calls > 0 THEN 1 ELSE 0 END AS value FROM ({splitting.UNDER}) under",
            ),
        ),
        "peers_with_side_effects": (
            Measure(
                "writing units of work in which several agents write",
                "share",
                f"SELECT at_us, CASE WHEN agents > 1 THEN 1 ELSE 0 END AS value FROM ({effects.BY_REQUEST}) writes",
            ),
        ),
        "partial_result_useful": (
            Measure(
                "delegations that fail",
                "share",
                """
SELECT ts_us AS at_us, CASE WHEN status IN ('error', 'timeout') THEN 1 ELSE 0 END AS value
FROM events WHERE kind = 'delegation' AND status IS NOT NULL
""",
            ),
            Measure(
                "merges that go on with part of the results",
                "share",
                """
SELECT ts_us AS at_us, CASE WHEN partial THEN 1 ELSE 0 END AS value
FROM events WHERE kind IN ('merge', 'merge_field') AND partial IS NOT NULL
""",
            ),
        ),
        "partial_write_costly": (
            Measure(
                "writing units of work of which some writes are done and others fail",
                "share",
                "SELECT at_us, CASE WHEN done > 0 AND failed > 0 THEN 1 ELSE 0 END AS value"
                f" FROM ({effects.BY_REQUEST}) writes",
            ),
        ),
        "outside_envelope": (_ESCALATED,),
        "person_decides_every_action": (_APPROVED,),
        "approval_above_threshold_only": (_APPROVED,),
        "stop_in_flight": (_STOPPED,),
        "volume_can_overwhelm": (_PER_HOUR, _THROTTLED),
        "planes.kill_switch": (_STOPPED,),
        "planes.escalation": (_ESCALATED,),
        "planes.approval": (
            Measure(
                "wait for a decision",
                "microseconds",
                """
SELECT q.at_us, a.at_us - q.at_us AS value
FROM (SELECT approval_id, MIN(ts_us) AS at_us FROM events
      WHERE kind = 'approval_request' AND approval_id IS NOT NULL GROUP BY approval_id) q
JOIN (SELECT approval_id, MIN(ts_us) AS at_us FROM events
      WHERE kind = 'approval_decision' AND approval_id IS NOT NULL GROUP BY approval_id) a
  ON a.approval_id = q.approval_id AND a.at_us >= q.at_us
""",
            ),
            Measure(
                "approvals due that nobody gave an answer to",
                "share",
                people.ASKED + "SELECT at_us, CASE WHEN open_ = 1 OR lapsed = 1 THEN 1 ELSE 0 END AS value FROM due",
            ),
        ),
        "planes.throttling": (_PER_HOUR, _THROTTLED),
        "sequence.console": (
            Measure(
                "rows that belong to a request",
                "share",
                "SELECT ts_us AS at_us, CASE WHEN request_id IS NULL THEN 0 ELSE 1 END AS value"
                " FROM events WHERE kind <> 'unknown'",
            ),
        ),
        "record.model_version": (VERSION,),
    }
)


def measured(table: EventTable, measure: Measure, names: Sequence[str] = ()) -> Measured | None:
    """The measure over a log; None where the log holds no case of it.

    Args:
        table: The events.
        measure: What to measure.
        names: What stands for `?` in its query.
    """
    cases = f"WITH cases AS ({numbered(measure.sql, LIMITS, 0)})"
    given: tuple[Any, ...] = (list(names),) if "?" in measure.sql else ()
    total = table.query(f"{cases} SELECT COUNT(value) AS many, SUM(value) AS summed FROM cases", given)[0]
    many = int(total["many"])
    if not many:
        return None
    interval: tuple[float, float] | None
    if measure.unit == "share":
        value, interval = float(total["summed"]) / many, wilson(int(total["summed"]), many)
    else:
        value, interval = _median(table, cases, given, many)
    return Measured(
        what=measure.what,
        unit=measure.unit,
        value=value,
        interval=interval,
        cases=many,
        trend=trend_of(table, cases, given, share=measure.unit == "share"),
    )


def _median(table: EventTable, cases: str, given: Sequence[Any], many: int) -> tuple[float, tuple[float, float] | None]:
    """The lower median with its distribution-free interval: from order statistic k to the k-th from the top."""
    from scipy.stats import binom

    low = int(binom.ppf(0.025, many, 0.5))
    places = {"low": low, "middle": (many + 1) // 2, "high": many - low + 1}
    rows = table.query(
        f"{cases}, placed AS (SELECT value, ROW_NUMBER() OVER (ORDER BY value) AS place FROM cases"
        f" WHERE value IS NOT NULL) SELECT place, value FROM placed WHERE place IN {tuple(places.values())}",
        given,
    )
    at = {int(row["place"]): float(row["value"]) for row in rows}
    return at[places["middle"]], (at[places["low"]], at[places["high"]]) if low else None
