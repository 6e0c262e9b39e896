"""What logs show of one question: an answer they speak for, how strongly, in numbers and rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from advisor.diagnosis.detector import Row, numbered
from advisor.loop.evidence.conventions import HOUR, LIMITS
from advisor.traces.table import EventTable

CITED = 5
REQUEST = "request_id IS NOT NULL AND ts_us IS NOT NULL AND kind <> 'unknown' AND COALESCE(is_replay, FALSE) = FALSE"
"""Rows that belong to a unit of work as it happened; a replay is another run of one that is over."""
AGENT = (
    "LOWER(agent_name) NOT IN ('user', 'human', 'system', 'tool', 'environment')"
    " AND COALESCE(agent_role, '') <> 'human'"
)
"""Names that belong to an agent: not those that conversations give to people, to the system prompt and to tools."""
Number = int | float | None


@dataclass(frozen=True)
class Observation:
    """What was looked at for one question.

    Attributes:
        said: What was seen, with its numbers.
        shows: The answer that it speaks for; None: it speaks for none.
        strong: Whether it can contradict an answer; otherwise it strains one at most.
        tail: For durations: the answer that the slowest twentieth speaks for.
        why: Why nothing can be said, or why what was seen is weak.
        numbers: The numbers behind the sentence, by name.
        rows: `row_id`s that show it, at most CITED.
    """

    said: str
    shows: str | None = None
    strong: bool = False
    tail: str | None = None
    why: str = ""
    numbers: Mapping[str, Number] = field(default_factory=dict)
    rows: tuple[int, ...] = ()


@dataclass(frozen=True)
class Ground:
    """What every observation stands on.

    Attributes:
        rows: Readable rows.
        with_request: How many of them belong to a request.
        requests: Units of work.
        window_us: How much time the log covers: from its first instant to its last, or the hours in which anything was
            logged where that is less, so that one wrong clock does not make a short log a long one.
        sessions: Share of the requests whose id is a session's or conversation's, which may hold idle time.
    """

    rows: int
    with_request: int
    requests: int
    window_us: int
    sessions: float


@dataclass(frozen=True)
class Looking:
    """What a probe gets: its queries answered, and the ground they stand on."""

    ask: Callable[[str], list[Row]]
    ground: Ground

    def one(self, name: str) -> dict[str, int]:
        """The only row of a query of counts, with 0 for what is not there."""
        return {key: int(value or 0) for key, value in self.ask(name)[0].items()}

    def rows(self, name: str) -> tuple[int, ...]:
        """The row ids that a query names."""
        return tuple(int(row["row_id"]) for row in self.ask(name)[:CITED])


@dataclass(frozen=True)
class Probe:
    """Looks for one question's answer in the table; `subject` is the question's id, or the name of another check."""

    subject: str
    queries: Mapping[str, str]
    read: Callable[[Looking], Observation]


_GROUND = """
SELECT COUNT(*) AS total, COUNT(request_id) AS with_request, COUNT(DISTINCT request_id) AS requests,
       MAX(CASE WHEN end_us > ts_us THEN end_us ELSE ts_us END) - MIN(ts_us) AS window_us,
       COUNT(DISTINCT CAST(FLOOR(CAST(ts_us AS DOUBLE) / 3600000000) AS BIGINT)) AS hours,
       COUNT(DISTINCT CASE WHEN regexp_matches(LOWER(request_id_source), 'session|conversation|thread')
                      THEN request_id END) AS sessions
FROM events WHERE kind <> 'unknown'
"""


def ground_of(table: EventTable) -> Ground:
    """Counts rows, requests and the window of a log."""
    row = table.query(_GROUND)[0]
    requests = int(row["requests"] or 0)
    return Ground(
        rows=int(row["total"] or 0),
        with_request=int(row["with_request"] or 0),
        requests=requests,
        window_us=min(int(row["window_us"] or 0), int(row["hours"] or 0) * HOUR),
        sessions=int(row["sessions"] or 0) / requests if requests else 0.0,
    )


def observe(table: EventTable, probes: Sequence[Probe]) -> dict[str, Observation]:
    """What a log shows, by the subject of each probe."""
    ground = ground_of(table)
    answered: dict[str, list[Row]] = {}

    def asked(sql: str) -> list[Row]:
        # Probes share queries; each text runs once.
        if sql not in answered:
            answered[sql] = table.query(sql)
        return answered[sql]

    def asker(probe: Probe) -> Callable[[str], list[Row]]:
        return lambda name: asked(numbered(probe.queries[name], LIMITS, 0))

    return {probe.subject: probe.read(Looking(asker(probe), ground)) for probe in probes}


def nothing(why: str, numbers: Mapping[str, Number] | None = None, said: str = "") -> Observation:
    """An observation that speaks for no answer."""
    return Observation(said=said or why, why=why, numbers=numbers or {})


def seen(where: str) -> dict[str, str]:
    """The two queries that count the rows under a condition and cite the first of them."""
    return {
        "seen": f"""
SELECT COUNT(*) AS total, COUNT(DISTINCT request_id) AS requests,
       SUM(CASE WHEN declared_by = 'guess' THEN 1 ELSE 0 END) AS guessed
FROM events WHERE {where}
""",
        "examples": f"SELECT row_id FROM events WHERE {where} ORDER BY row_id LIMIT {CITED}",
    }


def is_habit(count: dict[str, int]) -> bool:
    """Whether rows are seen often enough to be no oddity, and were not merely guessed from names."""
    return cases_of(count) >= LIMITS["few"] and 2 * count["guessed"] <= count["total"]


def cases_of(count: dict[str, int]) -> int:
    """Requests with such rows; where no row names its request, the rows."""
    return count["requests"] or count["total"]


def doubt(count: dict[str, int]) -> str:
    """Why rows that are seen are no habit; empty where they are."""
    if is_habit(count):
        return ""
    if 2 * count["guessed"] > count["total"]:
        return "most of these rows were taken for it by their names alone"
    return f"seen in {cases_of(count)}, and fewer than {LIMITS['few']:.0f} may be odd ones"


def in_requests(count: dict[str, int], what: str) -> str:
    """`12 escalations in 4 requests`; without requests the rows alone."""
    many = f"{count['total']} {what}"
    return f"{many} in {count['requests']} request{'s' * (count['requests'] != 1)}" if count["requests"] else many
