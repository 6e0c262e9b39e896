"""The judgement: a verdict for each case, clusters of one cause, the batch test, and pass^k by version."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from advisor.catalog.models import Frozen
from advisor.diagnosis.judge import clusters, exact, outcomes
from advisor.diagnosis.judge.clusters import Cluster
from advisor.diagnosis.judge.pass_k import curve
from advisor.errors import Fault, InputError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection
    from pandas import DataFrame

Verdict = Literal[
    "infrastructure",
    "not_failing",
    "insufficient_trials",
    "replay_divergence",
    "functional",
    "variance",
    "mixed",
    "prior_only",
    "undetermined",
]
MIN_TRIALS = 3
"""Fewest trials on a side: three unanimous ones give a posterior of .967 (a convention)."""
ALPHA = 0.05


class Case(Frozen):
    """One task: its verdict with the counts behind it.

    `current` and `prior` are [passes, trials] without infrastructure trials. `p_value` is Fisher's, one-sided, for more
    failures on the current version; `p_adjusted` is Holm's over all cases. `candidate`: the verdict cannot reach
    significance with these trials alone. `more_trials_needed` counts the trials that are missing for a verdict.
    """

    task: str
    verdict: Verdict
    current: tuple[int, int]
    prior: tuple[int, int]
    p_value: float | None
    p_adjusted: float | None
    candidate: bool
    more_trials_needed: int
    infrastructure_trials: int
    verifier_in_doubt: bool
    cluster: int | None
    reason: str | None = None


class Judgement(Frozen):
    """The JSON shape `advisor/judgement/1`."""

    schema_: Literal["advisor/judgement/1"] = Field(default="advisor/judgement/1", alias="schema")
    current: str
    prior: str | None
    cases: tuple[Case, ...]
    totals: dict[str, int]
    pass_k: dict[str, tuple[float, ...]]
    pass_k_intervals: dict[str, tuple[tuple[float, float], ...]]
    pass_at_k: dict[str, tuple[float, ...]]
    tasks_at_k: dict[str, tuple[int, ...]]
    batch_test: dict[str, Any]
    clusters: tuple[Cluster, ...]
    rows: int
    duplicates: int
    infrastructure_as_failure: bool
    remarks: tuple[str, ...]

    @property
    def found(self) -> bool:
        """Whether there is bad news: a case that is functional or diverges."""
        return any(case.verdict in ("functional", "replay_divergence") for case in self.cases)

    def to_pandas(self) -> DataFrame:
        """A row for each case, by task: verdict, passes and trials of both versions, p-values, what is missing."""
        import pandas as pd

        rows = [
            {
                **case.model_dump(exclude={"current", "prior"}),
                "current_passes": case.current[0],
                "current_trials": case.current[1],
                "prior_passes": case.prior[0],
                "prior_trials": case.prior[1],
            }
            for case in self.cases
        ]
        return pd.DataFrame(rows).set_index("task")

    def to_json(self) -> dict[str, Any]:
        """The judgement as plain JSON values."""
        return self.model_dump(mode="json", by_alias=True)


def judge(
    path: Path | Sequence[Path],
    current: str | None = None,
    prior: str | None = None,
    *,
    infrastructure_as_failure: bool = False,
) -> Judgement:
    """Judges outcomes by section 5.4, per case.

    Args:
        path: One table or several (CSV, JSON lines, Parquet, benchmark results): task, version, trial, passed, and what
            else there is.
        current: The version that fails; may be left out where the table has only one.
        prior: The version to compare with; none where the table has only one.
        infrastructure_as_failure: Count infrastructure trials as failures in pass^k (another benchmark's convention);
            verdicts leave them out all the same.

    Raises:
        InputError: The table cannot be read, or the versions are not in it.
    """
    import duckdb

    folder = tempfile.TemporaryDirectory(prefix="advisor-")
    # Bounded, whatever the table: what does not fit is spilled.
    con = duckdb.connect(config={"memory_limit": "512MB", "temp_directory": folder.name})
    try:
        paths = [path] if isinstance(path, Path) else list(path)
        read = outcomes.load(con, paths)
        current, prior = _versions(read.versions, current, prior, paths[0])
        found = clusters.find(con, current)
        cases = tuple(_cases(con, current, prior, found))
        return Judgement(
            current=current,
            prior=prior,
            cases=cases,
            totals=dict(sorted(Counter(case.verdict for case in cases).items())),
            batch_test=_batch(cases),
            clusters=tuple(found),
            rows=read.rows,
            duplicates=read.duplicates,
            infrastructure_as_failure=infrastructure_as_failure,
            remarks=tuple(_remarks(cases, found, read.duplicates, prior)),
            **_curves(con, [v for v in (current, prior) if v], infrastructure_as_failure),
        )
    finally:
        con.close()
        folder.cleanup()


def verdict_of(current: tuple[int, int], prior: tuple[int, int], doubt: bool = False) -> Verdict:
    """A case's verdict from [passes, trials] on both sides, in the order of the rule."""
    passes, trials = current
    prior_passes, prior_trials = prior
    if trials == 0:
        return "infrastructure"
    if passes == trials:
        return "not_failing"
    if trials < MIN_TRIALS or prior_trials < MIN_TRIALS:
        return "insufficient_trials"
    if passes == 0 and prior_passes == prior_trials:
        return "undetermined" if doubt else "replay_divergence"
    if passes == 0 and prior_passes == 0:
        return "undetermined" if doubt else "functional"
    return "variance"


def _versions(known: tuple[str, ...], current: str | None, prior: str | None, path: Path) -> tuple[str, str | None]:
    faults = [
        Fault(f"{path}: --{name} {given}", "is no version of this table", f"use one of {', '.join(known[:8])}")
        for name, given in (("current", current), ("prior", prior))
        if given is not None and given not in known
    ]
    chosen = known[0] if current is None else current
    if current is None and len(known) > 1:
        mend = f"add --current and --prior, from {', '.join(known[:8])}"
        faults.append(Fault(str(path), f"has {len(known)} versions, and none is named as current", mend))
    elif chosen == prior:
        faults.append(Fault(f"{path}: --prior {prior}", "is the current version too", "name another one"))
    if faults:
        raise InputError(faults)
    others = [version for version in known if version != chosen]
    return chosen, prior if prior is not None or len(others) != 1 else others[0]


def _cases(con: DuckDBPyConnection, current: str, prior: str | None, found: list[Cluster]) -> Iterator[Case]:
    rows = con.execute(
        """
        SELECT task,
            count(*) FILTER (version = $c AND NOT infra AND passed), count(*) FILTER (version = $c AND NOT infra),
            count(*) FILTER (version = $p AND NOT infra AND passed), count(*) FILTER (version = $p AND NOT infra),
            count(*) FILTER (infra), bool_or(doubt)
        FROM trials WHERE version = $c OR version = $p GROUP BY task HAVING count(*) FILTER (version = $c) > 0
        ORDER BY task
        """,
        {"c": current, "p": prior},
    ).fetchall()
    in_cluster = {task: cluster.id for cluster in found for task in cluster.tasks}
    p_values = [exact.case_p_value(row[1:5]) for row in rows]
    for (task, c, n, pc, pn, infra, doubt), p, adjusted in zip(rows, p_values, exact.holm(p_values), strict=True):
        verdict = verdict_of((c, n), (pc, pn), bool(doubt))
        missing = max(0, MIN_TRIALS - n) + max(0, MIN_TRIALS - pn) if verdict == "insufficient_trials" else 0
        yield Case(
            task=task,
            verdict=verdict,
            current=(c, n),
            prior=(pc, pn),
            p_value=p,
            p_adjusted=adjusted,
            candidate=verdict == "replay_divergence" and adjusted is not None and adjusted >= ALPHA,
            more_trials_needed=missing,
            infrastructure_trials=infra,
            verifier_in_doubt=bool(doubt),
            cluster=in_cluster.get(task),
        )


def _batch(cases: tuple[Case, ...]) -> dict[str, Any]:
    """The batch test, and once more with the cases of each cluster left out, for they are one explanation."""
    tested = exact.batch(Counter((*case.current, *case.prior) for case in cases))
    apart = exact.batch(Counter((*case.current, *case.prior) for case in cases if case.cluster is None))
    document: dict[str, Any] = tested._asdict()
    document["without_clusters"] = apart._asdict() if apart.cases != tested.cases else None
    return document


def _curves(con: DuckDBPyConnection, versions: list[str], as_failure: bool) -> dict[str, Any]:
    kept = "true" if as_failure else "NOT infra"
    rows = con.execute(
        f"""
        SELECT version, c, n, count(*) FROM (
            SELECT version, count(*) FILTER (passed AND NOT infra) AS c, count(*) AS n FROM trials WHERE {kept}
            GROUP BY version, task) GROUP BY version, c, n
        """
    ).fetchall()
    curves = {each: curve({(c, n): many for v, c, n, many in rows if v == each}) for each in versions}
    return {
        "pass_k": {version: each.pass_hat for version, each in curves.items()},
        "pass_k_intervals": {version: each.intervals for version, each in curves.items()},
        "pass_at_k": {version: each.pass_at for version, each in curves.items()},
        "tasks_at_k": {version: each.tasks for version, each in curves.items()},
    }


def _remarks(cases: tuple[Case, ...], found: list[Cluster], duplicates: int, prior: str | None) -> Iterator[str]:
    if prior is None:
        yield "No prior version was named: nothing can be said about divergence."
    if duplicates:
        yield f"{duplicates} rows repeat another one byte for byte and were counted once."
    missing = sum(case.more_trials_needed for case in cases)
    if missing:
        yield f"{missing} more trials would decide the cases with too few."
    doubtful = sum(case.verifier_in_doubt for case in cases)
    if doubtful:
        yield f"In {doubtful} cases the second verifier disagrees; nothing functional is claimed there."
    if any(case.candidate for case in cases):
        yield "A divergence marked as candidate cannot reach significance with its own trials; the batch test decides."
    for cluster in found:
        if len(cluster.tasks) > 1:
            many = len(cluster.tasks)
            yield f"{many} cases fail with one cause ({cluster.kind}): one explanation, not {many}."
    if max(case.current[1] for case in cases) == 1:
        yield "There is one trial a case: this compares pass rates (k = 1), and says nothing about consistency."
