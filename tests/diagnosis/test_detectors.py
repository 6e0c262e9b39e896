"""What holds for every detector: an entry, tests, needs that exist, portable queries, quiet on silence."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from advisor.catalog.load import shipped
from advisor.catalog.models import Signature
from advisor.diagnosis.detector import Facts, numbered
from advisor.diagnosis.detectors import detectors
from advisor.diagnosis.diagnose import entry_of, run
from advisor.traces.columns import KINDS, by_name
from advisor.traces.formats import formats
from advisor.traces.table import table_of

ENTRIES: dict[str, Signature] = {**shipped().signatures, **shipped().weaknesses}
BANNED = (
    r"\bFILTER\s*\(",
    r"\bASOF\b",
    r"\bQUALIFY\b",
    r"\bGROUP BY ALL\b",
    r"\bany_value\s*\(",
    r"\bfirst\s*\(",
    r"\blast\s*\(",
    r"\bmode\s*\(",
    r"\barg_m(ax|in)\s*\(",
    r"\bapprox_",
    r"\bquantile",
    r"\bpercentile",
    r"\blist\s*\(",
    r"\bSAMPLE\b",
    r"\bstring_agg\b",
    r"\|\|",
)


def test_every_entry_has_a_detector_and_every_detector_an_entry() -> None:
    assert set(detectors()) == set(ENTRIES)


@pytest.mark.parametrize("id", sorted(ENTRIES))
def test_every_detector_has_tests_of_its_own(id: str) -> None:
    named = f"test_{id.partition('-')[2].replace('-', '_')}.py"
    found = [path for path in Path(__file__).parent.rglob(named) if path.parent.name in ("signatures", "weaknesses")]
    assert found, f"tests/diagnosis/*/{named} is missing"


@pytest.mark.parametrize("id", sorted(ENTRIES))
def test_needs_and_wants_name_kinds_and_columns_of_the_model(id: str) -> None:
    for need in (*ENTRIES[id].needs, *ENTRIES[id].wants):
        for option in need.split("|"):
            name, at, cap = option.partition("@")
            assert not at or cap in "ABCD"
            if name.startswith("kind:"):
                assert name.removeprefix("kind:") in {*KINDS, "any"}
                continue
            kind, dot, column = name.rpartition(".")
            assert not dot or kind in KINDS
            assert column in by_name(), f"{id}: {column}"
            assert by_name()[column].name == column


@pytest.mark.parametrize("id", sorted(ENTRIES))
def test_grades_are_of_formats_that_are_read(id: str) -> None:
    assert set(ENTRIES[id].grades) <= {one.grade for one in formats()} | {"app-log"}


@pytest.mark.parametrize("id", sorted(detectors()))
def test_queries_use_no_construct_that_engines_disagree_on(id: str) -> None:
    for name, sql in detectors()[id].queries.items():
        code = re.sub(r"'[^']*'", "''", sql)
        for banned in BANNED:
            assert not re.search(banned, code, re.IGNORECASE), f"{id}.{name} uses {banned}"
        if "LIMIT" in code:
            assert "ORDER BY" in code, f"{id}.{name} limits without an order"


def test_every_query_runs_on_an_empty_table_with_the_thresholds_of_its_entry() -> None:
    table = table_of([])
    for id, detector in detectors().items():
        thresholds = {slug: threshold.value for slug, threshold in entry_of(shipped(), id).thresholds.items()}
        for sql in detector.queries.values():
            table.query(numbered(sql, thresholds, 0))


def test_an_empty_log_and_one_of_plain_lines_are_never_called_healthy() -> None:
    for rows in ([], [{"kind": "log", "name": "started", "ts_us": 1}] * 5):
        found = run(table_of(rows), shipped(), facts=Facts(), overrides={})
        said = {finding.verdict for finding in found.findings if finding.signature != "SDB-id-coverage"}
        assert said <= {"not_assessable", "insufficient"}
        assert all(finding.missing for finding in found.findings if finding.verdict == "not_assessable")
