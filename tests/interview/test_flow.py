"""The flow without a terminal: any keys lead to a valid file, and a skipped question can never change the decision."""

from __future__ import annotations

import contextlib
import datetime as dt
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.catalog.answers import KEYS, choices, read_answers
from advisor.catalog.files import write_atomically
from advisor.catalog.load import shipped
from advisor.errors import InputError
from advisor.interview import flow
from advisor.interview.draft import Draft, id_from
from advisor.interview.run import conduct
from advisor.interview.screens import Check, Leave
from advisor.interview.template import template
from advisor.interview.view import QuestionView, body
from advisor.selection import recommend
from advisor.selection.facets import facets_of
from tests.workloads import answers_file

FACETS = facets_of(shipped())


class Scripted:
    """A screen that answers from a list, and leaves when the list is used up."""

    def __init__(self, keys: Sequence[str], texts: Sequence[str] = ()) -> None:
        self._keys, self._texts = iter(keys), iter(texts)
        self.asked: list[str] = []
        self.remarks: list[str] = []

    def _next(self) -> str:
        key = next(self._keys, None)
        if key is None:
            raise Leave
        return key

    def question(self, view: QuestionView, panel: Sequence[tuple[str, str]], remarks: Sequence[str]) -> str:
        self.asked.append(view.key)
        self.remarks += remarks
        key = self._next()
        return key if key in (*view.options, "back", "note", "help", "save") else view.options[0]

    def gate(self, heading: str, lines: Sequence[str], panel: Sequence[tuple[str, str]]) -> str:
        self.asked.append(heading)
        return "back" if self._next() == "back" else "go"

    def text(self, label: str, default: str, check: Check) -> str:
        said = next(self._texts, default) or "2027-01-31"
        assert check(said) is None
        return said

    def choose(self, label: str, options: Sequence[str]) -> str:
        return options[-1] if self._next() == "yes" else options[0]

    def say(self, lines: Sequence[str]) -> None:
        self.remarks += lines

    def help(self, view: QuestionView) -> None:
        self.asked.append(f"help {view.key}")


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "answers.toml"


KEYSTROKES = st.lists(
    st.sampled_from(["yes", "no", "partly", "unknown", "days", "seconds", "back", "note", "help", "save"]), max_size=60
)


@given(KEYSTROKES)
@settings(max_examples=40, deadline=None)
def test_any_keys_leave_a_valid_file_that_resumes(keys: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "answers.toml"
        with contextlib.suppress(Leave):
            conduct(Draft(path), Scripted(keys, ["A workload", "a-workload"]), lambda: dt.date(2026, 11, 24))
        before = read_answers(path)
        resumed = Scripted([])
        with contextlib.suppress(Leave):
            conduct(Draft(path), resumed)
        assert read_answers(path) == before
        assert not any(name in Draft(path).answered for name in resumed.asked[:1] if name in KEYS)


@given(st.dictionaries(st.sampled_from(KEYS), st.sampled_from(["yes", "no", "partly"]), max_size=20))
@settings(max_examples=60, deadline=None)
def test_a_skipped_question_cannot_change_the_decision(answered: dict[str, str]) -> None:
    answered.pop("duration", None)
    record = recommend(answers_file(answered))
    depends = {each.question for each in record.depends_on}
    for question in flow.skipped(answered, FACETS):
        assert question not in depends
        for value in choices(question):
            assert recommend(answers_file(answered | {question: value})).decision == record.decision


def test_going_back_and_answering_the_same_changes_nothing(path: Path) -> None:
    draft = Draft(path)
    with pytest.raises(Leave):
        conduct(draft, Scripted(["days", "yes", "back", "yes", "no"], ["X", "x"]))
    assert draft.answered == {
        "duration": "days",
        "world_changes_during_unit": "yes",
        "external_side_effects": "no",
    }


def test_a_step_gate_stands_before_the_next_step_and_lets_one_go_back(path: Path) -> None:
    screen = Scripted(["days", "yes", "no", "back", "yes"], ["X", "x"])
    with pytest.raises(Leave):
        conduct(Draft(path), screen)
    gate = "Step 1 is written down: runtime class"
    assert screen.asked == [
        "duration",
        "world_changes_during_unit",
        "external_side_effects",
        gate,
        "external_side_effects",
        gate,
    ]


def test_questions_that_no_longer_matter_are_skipped_and_said_to_be(path: Path) -> None:
    keys = ["days", "yes", "yes", "go", "yes", "yes", "yes", "go", "no", "no"]
    screen = Scripted([*keys, *["no"] * 30], ["X", "x"])
    record = conduct(Draft(path), screen)
    assert "event_stream_exists" not in screen.asked
    assert "single_owner" not in screen.asked
    told = " ".join(screen.remarks)
    assert "event_stream_exists, history_must_replay, consumers_pinned" in told
    assert "single_owner, independent_subtasks, deterministic_merge" in told
    assert record.stable
    assert record.spine == "P5"


def test_planes_that_are_called_for_are_decided_and_the_spine_signed(path: Path) -> None:
    keys = ["days", "yes", "yes", "go", "yes", "yes", "yes", "go", "yes", "no"]
    keys += ["yes", "no", "no", "no", "no", "yes", "no", "no", "go", "yes"]
    texts = ["X", "x", "R. Roe", "principal engineer", "2026-11-24", "2027-03-31", "one tenant at launch"]
    screen = Scripted(keys, texts)
    record = conduct(Draft(path), screen, lambda: dt.date(2026, 11, 24))
    assert record.signed
    assert record.sign_off is not None
    assert record.sign_off.name == "R. Roe"
    deferred = [plane for plane, each in record.planes.items() if each.status == "deferred"]
    assert len(deferred) == 1
    assert read_answers(path).planes[deferred[0]].reason == "one tenant at launch"


def test_what_the_user_wrote_by_hand_survives(path: Path) -> None:
    path.write_text(
        '# mine\nschema = 1\nid = "x"\ntitle = "X"  # the title\n\n[answers]\n# why days\nduration = "days"\n'
    )
    draft = Draft(path)
    draft.answer("single_owner", "yes")
    draft.note("single_owner", 'quotes " and \\ and \x1b survive')
    text = path.read_text()
    for kept in ("# mine", "# the title", "# why days"):
        assert kept in text
    assert read_answers(path).notes["single_owner"] == 'quotes " and \\ and \x1b survive'


@pytest.mark.parametrize("content", ["", "schema = 1\n", "not toml", 'schema = 1\nid = "x"\n[answers]\nx = "yes"\n'])
def test_a_damaged_file_is_refused_and_left_alone(path: Path, content: str) -> None:
    path.write_text(content)
    with pytest.raises(InputError):
        Draft(path)
    assert path.read_text() == content


def test_a_write_that_fails_leaves_the_old_file_and_no_crumbs(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be written"):
        write_atomically(tmp_path / "no" / "answers.toml", "x")
    assert list(tmp_path.iterdir()) == []


def test_the_template_is_an_answers_file_of_which_nothing_is_known(path: Path) -> None:
    path.write_text(template())
    assert set(read_answers(path).answers.model_dump().values()) == {"unknown"}
    assert Draft(path).answered == {}
    for question in shipped().questions.values():
        assert question.comment in template()


@pytest.mark.parametrize(
    ("title", "plain"), [("Contract renewal, 90 days!", "contract-renewal-90-days"), ("Ü", "workload")]
)
def test_an_id_is_proposed_from_the_title(title: str, plain: str) -> None:
    assert id_from(title) == plain


def test_every_question_fits_a_small_terminal() -> None:
    catalog = shipped()
    for key in KEYS:
        record = recommend(answers_file({}))
        told = flow.effects(key, {}, FACETS, answers_file({}))
        from advisor.interview.view import question_view

        view = question_view(key, record, catalog, told, None)
        room = 24 - 4 - 1 - (len(view.options) + 4)
        lines = body(view, 78, room)
        assert len(lines) <= room
        assert all(len(line) <= 78 for line in lines)
        assert " ".join(lines).startswith(view.wording[:40])
