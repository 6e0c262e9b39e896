"""Every detector finds the same in every engine: verdict, counts, p, and the rows shown."""

from __future__ import annotations

from typing import Any

import pytest

from advisor.catalog.load import shipped
from advisor.diagnosis.detector import Facts
from advisor.diagnosis.detectors import detectors
from advisor.diagnosis.diagnose import emitted_queries, run
from advisor.diagnosis.findings import Diagnosis
from advisor.traces.table import Events
from tests.traces.warehouses.engines import ENGINES, duckdb, exchanged, local, rows_at_random

pytest.importorskip("sqlglot", reason="sqlglot is not installed")


def diagnosed(table: Events) -> Diagnosis:
    return run(table, shipped(), facts=Facts(), overrides={})


def compared(diagnosis: Diagnosis) -> dict[str, tuple[Any, ...]]:
    return {
        one.signature: (
            one.verdict,
            one.grade,
            one.count,
            one.of,
            one.relevant,
            None if one.p_value is None else round(one.p_value, 12),
            one.said,
            [cited.row_id for cited in one.evidence],
            [cited.row_id for cited in one.cause_evidence],
            one.checked,
        )
        for one in diagnosis.findings
    }


def answered(table: Events) -> dict[str, Any]:
    """Each query's rows; what an engine refuses is its message."""
    found: dict[str, Any] = {}
    for id, queries in emitted_queries(detectors(), shipped()).items():
        for name, sql in queries.items():
            try:
                rows = table.query(sql)
            except Exception as error:
                found[f"{id}.{name}"] = str(error)[:300]
            else:
                found[f"{id}.{name}"] = [
                    {key: round(value, 9) if isinstance(value, float) else value for key, value in row.items()}
                    for row in rows
                ]
    return found


@pytest.mark.parametrize("seed", [1, 2])
def test_a_warehouse_in_duckdb_finds_what_the_table_does(seed: int) -> None:
    table = local(rows_at_random(3000, seed))
    there = duckdb(exchanged(table))
    assert answered(there) == answered(table)
    assert compared(diagnosed(there)) == compared(diagnosed(table))


@pytest.mark.slow
@pytest.mark.parametrize("engine", sorted(ENGINES))
def test_every_query_answers_alike(engine: str) -> None:
    for many, seed in ((0, 0), (3000, 1)):
        table = local(rows_at_random(many, seed))
        with ENGINES[engine](exchanged(table)) as there:
            here, other = answered(table), answered(there)
            assert {name: other[name] for name in here if other[name] != here[name]} == {}


@pytest.mark.slow
@pytest.mark.parametrize("engine", sorted(ENGINES))
def test_every_detector_finds_the_same(engine: str) -> None:
    table = local(rows_at_random(3000, 2))
    with ENGINES[engine](exchanged(table)) as there:
        assert compared(diagnosed(there)) == compared(diagnosed(table))
