"""kill -9 before and after every effect, and at commits between: the table of `kill_points`, without a fault in it."""

from __future__ import annotations

import pytest

import starters.agent as package
from starters.agent.kill_points import table

pytestmark = pytest.mark.chaos


@pytest.mark.parametrize(("engine", "every"), [("sql", 5), ("dbos", 8)])
def test_a_kill_at_each_point_leaves_nothing_unfinished_leaked_doubled_or_out_of_order(
    url: str, engine: str, every: int
) -> None:
    if engine == "dbos":
        pytest.importorskip(f"{package.__name__}.engines.dbos_engine")
    honoured, ignored, commits = table(None if url.startswith("sqlite") else url, engine, every)
    # Six effects before the one that fails, with a point on either side; and one before that.
    assert honoured.runs == honoured.killed == ignored.killed == 13
    assert honoured.sound and commits.sound and commits.killed == commits.runs > 7, (honoured, commits)
    # An outside that ignores keys repeats what was done and not yet recorded; nothing else is wrong there either.
    assert (ignored.unfinished, ignored.leaked, ignored.doubled, ignored.wrong_order) == (0, 0, 6, 0)
