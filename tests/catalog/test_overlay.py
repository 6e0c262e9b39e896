"""A user's directory laid over the shipped knowledge: the three questions of section 3.1, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from advisor.catalog.admission import overlay
from advisor.errors import InputError
from tests.cli.run import advisor

PATTERN = """
id = "P10"
title = "Speculative Execution"
section = "ours"
concern = "{concern}"
summary = "Runs the likely next step early and throws it away if it was wrong."
transfers = "x"
does_not_transfer = "x"
inevitable = "x"
use_when = ["waiting dominates"]
do_not_use_when = ["steps have side effects"]
references = ["srinivasan-2026-methodology"]

[lineage]
result = "Speculation"
text = "x"
reference = "srinivasan-2026-methodology"

[contract]
input = "x"
output = "x"
deadline = "x"
retry_budget = "x"
partial_result = "x"

[boundary]
proposer = "x"
verifier = "x"
commit = "x"
reject = "x"

[prevents]
{mode} = "x"
"""


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    (tmp_path / "mine" / "patterns").mkdir(parents=True)
    return tmp_path / "mine"


def _write(mine: Path, concern: str = "Coordination", mode: str = "idle-waiting", drop: str = "") -> None:
    text = PATTERN.format(concern=concern, mode=mode)
    if drop:
        start = text.index(drop)
        end = text.find("\n\n" if drop.startswith("[") else "\n", start)
        text = text[:start] + text[end if end > 0 else len(text) :]
    (mine / "patterns" / "P10.toml").write_text(text)


def _faults(mine: Path) -> list[str]:
    with pytest.raises(InputError) as caught:
        overlay(mine)
    return [str(fault) for fault in caught.value.faults]


def test_a_pattern_that_answers_the_three_questions_is_admitted(mine: Path) -> None:
    _write(mine)
    laid = overlay(mine)
    assert laid.added == ("patterns/P10",)
    assert laid.catalog.patterns["P10"].title == "Speculative Execution"
    done = advisor("catalog", "check", str(mine))
    assert (done.returncode, done.stdout) == (1 - 1, "sound: 1 added, 0 replaced\n")


@pytest.mark.parametrize(
    ("drop", "question"),
    [
        ("concern =", "question 1 is open: which concern"),
        ("[prevents]", "question 2 is open: which failure mode"),
        ("deadline =", "question 3 is open: the typed contract lacks deadline"),
        ("[contract]", "the typed contract lacks input, output, deadline, retry_budget, partial_result"),
    ],
)
def test_each_open_question_is_named(mine: Path, drop: str, question: str) -> None:
    _write(mine, drop=drop)
    assert any(question in fault and fault.startswith("mine/patterns/P10.toml: ") for fault in _faults(mine))


@pytest.mark.parametrize("mode", ["multiplied-retries", "Multiplied_Retries"])
def test_a_failure_mode_that_is_already_prevented_is_refused_with_both_names(mine: Path, mode: str) -> None:
    _write(mine, mode=mode)
    (fault,) = _faults(mine)
    assert "P10 (Speculative Execution)" in fault
    assert "P1 (Hierarchical Delegation) already prevents" in fault


def test_another_concern_may_prevent_the_same(mine: Path) -> None:
    _write(mine, concern="State", mode="multiplied-retries")
    assert overlay(mine).added == ("patterns/P10",)


def test_a_replaced_entry_is_reported(mine: Path) -> None:
    from advisor.catalog.files import data_room

    text = (data_room("knowledge") / "patterns" / "P8.toml").read_text()
    (mine / "patterns" / "P8.toml").write_text(text.replace('status = "candidate"', 'status = "candidate" # ours'))
    assert overlay(mine).replaced == ("patterns/P8",)
    assert "patterns/P8 replaces the shipped entry" in advisor("catalog", "check", str(mine)).stderr


def test_what_else_is_refused(mine: Path, tmp_path: Path) -> None:
    assert _faults(tmp_path / "nowhere") == [
        f"{tmp_path / 'nowhere'}: is not a directory; name the folder that holds the rooms"
    ]
    assert "holds no entry" in _faults(mine)[0]
    (mine / "questions").mkdir()
    (mine / "questions" / "colour.toml").write_text('id = "colour"')
    (mine / "patterns" / "P1.toml").write_text("concern = ")
    faults = _faults(mine)
    assert any("questions/colour.toml: is no question of the method" in fault for fault in faults)
    assert any("patterns/P1.toml: is not TOML" in fault for fault in faults)
