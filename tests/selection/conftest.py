"""What one test computes is no other test's."""

from __future__ import annotations

import pytest

from advisor.selection import record


@pytest.fixture(autouse=True)
def _nothing_kept() -> None:
    """Each test cuts the decision into its facets anew: what was kept would hide from it how that is done."""
    record._facets.cache_clear()
