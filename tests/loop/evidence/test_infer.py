from __future__ import annotations

import random
from pathlib import Path

import pytest

from advisor.catalog.answers import KEYS, choices, read_answers
from advisor.catalog.load import shipped
from advisor.errors import InputError
from advisor.interview import flow
from advisor.interview.draft import Draft
from advisor.interview.inferred import write_inferred
from advisor.interview.template import template
from advisor.loop.evidence import Inferred, infer
from advisor.loop.evidence.questions import UNLOGGED
from advisor.selection import recommend
from advisor.selection.facets import facets_of
from advisor.traces.table import table_of
from tests.cli.run import advisor
from tests.loop.evidence.records import DAY, SECOND, Rows, checked, requests


def busy() -> Rows:
    """Thirty requests of three days with writes, delegations and escalations."""
    rows = requests(30, 3 * DAY)
    for number in range(30):
        start = {"request_id": f"r{number}", "ts_us": number * 3600 * SECOND + 5, "status": "ok"}
        rows.append({"kind": "commit", "side_effect": "external_write", "tool_name": "pay\x1b[2J", **start})
        rows.append({"kind": "delegation", "agent_name": "pricing", **start})
        rows.append({"kind": "escalation", **start})
    return rows


def test_what_logs_show_is_answered_with_its_evidence_and_the_rest_stays_unknown() -> None:
    found = infer(table_of(busy()))
    expected = {
        "duration": "days",
        "external_side_effects": "yes",
        "pauses_or_external_waits": "yes",
        "work_splits": "yes",
        "outside_envelope": "yes",
    }
    assert dict(found.answers) == expected
    assert "3.0 days" in found.notes["duration"]
    assert "(rows):" in found.notes["duration"]
    assert not set(UNLOGGED) & set(found.answers)


def test_what_is_weak_is_a_hint_and_no_answer() -> None:
    found = infer(table_of(requests(4, 3 * DAY)))
    assert "duration" not in found.answers
    assert found.notes["duration"].startswith("A hint from the logs that this is days")


def test_no_log_no_answer() -> None:
    assert infer(table_of([])) == Inferred({}, {})


def test_an_inferred_answer_is_never_contradicted_by_the_logs_it_came_from() -> None:
    for rows in (busy(), requests(40, 9 * SECOND), requests(40, 60 * SECOND, steps=9)):
        found = infer(table_of(rows))
        assert all(answer in choices(key) for key, answer in found.answers.items())
        mine = [check for check in checked(found.answers, rows).checks if check.subject in found.answers]
        assert {check.verdict for check in mine} <= {"holds"}


def test_the_order_of_lines_changes_no_answer() -> None:
    rows = busy()
    assert infer(table_of(random.Random(1).sample(rows, len(rows)))).answers == infer(table_of(rows)).answers


def test_the_file_serves_recommend_and_the_interview_goes_on_with_what_is_unknown(tmp_path: Path) -> None:
    path = tmp_path / "answers.toml"
    done = write_inferred(infer(table_of(busy())), path, title="Order desk")
    file = read_answers(path)
    assert (file.id, file.title, set(done)) == ("order-desk", "Order desk", set(infer(table_of(busy())).answers))
    assert recommend(file).runtime_class == "long-horizon"
    assert "3.0 days" in recommend(file).notes["duration"]
    assert "\x1b" not in path.read_text()
    run = advisor("recommend", str(path), "--format", "json")
    assert run.returncode == 0
    asked = flow.next_question(Draft(path).answered, facets_of(shipped()))
    assert asked is not None
    assert asked not in done


def test_answers_of_a_person_are_refused_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "answers.toml"
    text = (
        '# mine\nschema = 1\nid = "x"\ntitle = "X"\n\n[answers]\nduration = "seconds"  # sure\n'
        'work_splits = "unknown"\n\n[notes]\nduration = "I measured it"\nwork_splits = "ask Ada"\n'
    )
    path.write_text(text)
    with pytest.raises(InputError) as refused:
        write_inferred(infer(table_of(busy())), path)
    assert "holds 1 answer; choose another name, or add --force" in str(refused.value)
    assert path.read_text() == text
    done = write_inferred(infer(table_of(busy())), path, force=True)
    file = read_answers(path)
    assert (file.title, file.answers.duration, file.notes["duration"]) == ("X", "seconds", "I measured it")
    assert (file.answers.work_splits, file.notes["work_splits"]) == ("yes", "ask Ada")
    assert "duration" not in done
    assert "# sure" in path.read_text()


def test_a_template_in_which_nothing_was_answered_is_filled_in(tmp_path: Path) -> None:
    path = tmp_path / "answers.toml"
    path.write_text(template())
    write_inferred(infer(table_of(busy())), path)
    answers = read_answers(path).answers.model_dump()
    assert answers["duration"] == "days"
    assert {key for key in KEYS if answers[key] != "unknown"} == set(infer(table_of(busy())).answers)


def test_a_file_that_is_no_answers_file_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "answers.toml"
    path.write_text("notes about the week")
    with pytest.raises(InputError):
        write_inferred(infer(table_of(busy())), path, force=True)
    assert path.read_text() == "notes about the week"
