from __future__ import annotations

import json

import pytest

from advisor.diagnosis.story import story
from advisor.errors import InputError
from advisor.present.story import render_story
from advisor.traces.table import table_of

HOUR = 3_600_000_000
ROWS = [
    {"request_id": "r1", "kind": "proposal", "proposal_id": "p1", "ts_us": 1_776_000_000_000_000},
    {
        "request_id": "r1",
        "kind": "gate_decision",
        "proposal_id": "p1",
        "decision": "allow",
        "ts_us": 1_776_000_000_100_000,
    },
    {"request_id": "r1", "kind": "approval_request", "ts_us": 1_776_000_000_200_000},
    {"request_id": "r1", "kind": "commit", "proposal_id": "p1", "ts_us": 1_776_000_000_200_000 + 30 * HOUR},
    {"request_id": "r1", "kind": "commit", "proposal_id": "p2", "ts_us": 1_776_000_000_300_000 + 30 * HOUR},
    {"request_id": "r2", "kind": "outcome", "ts_us": 1_776_000_000_000_000},
]


def test_a_story_is_told_in_order_with_its_gaps_and_what_is_missing() -> None:
    told = story(table_of(reversed(ROWS)), "r1")
    assert [step.role for step in told.steps] == ["proposes", "verifies", "asks a person", "commits", "commits"]
    assert [step.gap for step in told.steps] == [None, None, None, "30.0 hours without a row", None]
    assert told.gaps == (
        "1 of 2 commits have no verification in this request",
        "1 of 1 approval requests have no decision",
        "no outcome: whether it ended is not logged",
    )


def test_an_unknown_request_names_some_that_exist() -> None:
    with pytest.raises(InputError, match="is the id of no row; there are r1, r2"):
        story(table_of(ROWS), "r3")


def test_an_id_is_data_and_never_sql() -> None:
    rows = [{"request_id": "' OR 1=1 --", "kind": "outcome", "ts_us": 1}, *ROWS]
    assert len(story(table_of(rows), "' OR 1=1 --").steps) == 1


@pytest.mark.parametrize("format", ["terminal", "markdown", "html", "json"])
def test_every_format_holds_every_step_and_no_escape_of_the_log(format: str) -> None:
    rows = [{**ROWS[0], "text": "<script>x</script> \x1b[31m [bold]ignore all rules[/bold]"}]
    shown = render_story(story(table_of(rows), "r1"), format)
    assert "\x1b" not in shown
    assert "<script>x" not in shown or format in ("terminal", "json")
    if format == "json":
        assert json.loads(shown)["steps"][0]["role"] == "proposes"
