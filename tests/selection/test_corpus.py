"""24 workloads from public write-ups: the record agrees with an annotator's reading wherever the facts decide it."""

import json
from pathlib import Path

import pytest

from advisor.catalog.answers import read_answers
from advisor.selection import recommend
from advisor.selection.record import DecisionRecord

CORPUS = Path(__file__).parent / "corpus"
LABELS = json.loads((CORPUS / "labels.json").read_text())
# Step 1 puts any work that waits over an hour under long-horizon and any work of seconds under conversational; the
# annotator went by busy time, or by what triggers the work.
CLASS_DIFFERS = {
    "softcode-invoice-match",
    "agentd-invoice",
    "soc-in-a-box",
    "bank-fraud-agent",
    "telco-calls",
}


def _record(name: str) -> DecisionRecord:
    return recommend(read_answers(CORPUS / f"{name}.toml"))


def test_there_are_24() -> None:
    assert len(LABELS) == 24


@pytest.mark.parametrize("name", LABELS)
def test_the_spine_agrees(name: str) -> None:
    record, label = _record(name), LABELS[name]["spine"]
    if "cost question" in label:
        assert record.spine_alternatives or record.spine == "undetermined"
    else:
        assert record.spine == label


@pytest.mark.parametrize("name", LABELS)
def test_the_class_and_concern_agree_or_the_difference_is_step_1s(name: str) -> None:
    record, label = _record(name), LABELS[name]
    agrees = (record.runtime_class, record.dominant_concern) == (
        label["runtime_class"],
        label["dominant_concern"],
    )
    assert agrees == (name not in CLASS_DIFFERS)


@pytest.mark.parametrize("pattern", ["P1", "P2", "P4", "P6"])
@pytest.mark.parametrize("name", LABELS)
def test_the_patterns_agree_where_the_facts_decide(name: str, pattern: str) -> None:
    record, label = _record(name), LABELS[name][pattern]
    chosen = pattern in (*record.coordination, *record.control)
    open_ = pattern in record.why_not and record.why_not[pattern].startswith("Not decided")
    if label is None:
        assert open_
    elif label:
        assert chosen
    else:
        # Sources are silent on kill switches and throttles, either of which would bring P6.
        assert not chosen
        assert pattern == "P6" or not open_
