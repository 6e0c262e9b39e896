"""Small logs for detector tests: rows in, the finding of one detector out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from advisor.catalog.load import shipped
from advisor.diagnosis.detector import Facts
from advisor.diagnosis.diagnose import run
from advisor.diagnosis.findings import Finding
from advisor.traces.table import table_of


def finding(
    id: str,
    events: Iterable[Mapping[str, Any]],
    *,
    facts: Facts | None = None,
    overrides: Mapping[str, float] | None = None,
) -> Finding:
    """What one detector says of rows whose keys are stored columns (`ts_us`, `kind`, ...)."""
    given = {f"{id}.{slug}": value for slug, value in (overrides or {}).items()}
    found = run(table_of(events), shipped(), facts=facts or Facts(), overrides=given, only=[id])
    return found.findings[0]
