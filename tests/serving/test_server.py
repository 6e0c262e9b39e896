"""The MCP server as the SDK's client sees it: tools, resources, faults, and what stays outside."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from advisor.catalog.answers import KEYS, AnswersFile, read_answers
from advisor.catalog.files import data_room
from advisor.catalog.load import shipped
from advisor.selection import recommend
from advisor.serving import bounds
from advisor.serving.server import READS, URI, WRITES
from advisor.serving.visible import LONGEST
from tests.diagnosis.judge.tables import trials, write
from tests.present.diagnoses import NASTY
from tests.serving.asking import asked, call, faults, result

ANSWERS = {"duration": "days", "external_side_effects": "yes"}
KEY = "sk-proj-abcdefghijklmnopqrstuvwxyz0123456789"


def log(path: Path, **fields: object) -> Path:
    """Thirty requests, stopped and still calling a tool that writes: an ignored kill switch."""
    rows = [
        {"kind": kind, "request_id": f"r{number}", "timestamp": f"2026-01-02T03:{number:02}:{at * 20:02}Z", **fields}
        | {"side_effect": at == 1}
        for number in range(30)
        for at, kind in enumerate(("cancel_request", "tool_call", "outcome"))
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.mark.parametrize("allow_writes", [False, True])
def test_the_tools_only_read_unless_writing_was_allowed(tmp_path: Path, allow_writes: bool) -> None:
    listed = asked(tmp_path, lambda client: client.list_tools(), allow_writes=allow_writes).tools
    assert [each.name for each in listed] == [*READS, *(WRITES if allow_writes else ())]
    for each in listed:
        assert each.description
        assert each.output_schema
        assert each.annotations
        assert each.annotations.read_only_hint == (each.name in READS)
        assert not each.annotations.open_world_hint
    for name in WRITES if not allow_writes else ():
        assert faults(tmp_path, name) == [f"Unknown tool: {name}"]


def test_the_questions_come_in_order_with_what_may_be_answered(tmp_path: Path) -> None:
    questions = result(tmp_path, "questions")["questions"]
    assert [each["id"] for each in questions] == list(KEYS)
    assert questions[0]["choices"] == ["seconds", "minutes", "hours", "days", "unknown"]
    assert all(each["wording"].endswith("?") for each in questions)


def test_a_record_from_a_file_is_the_one_of_the_command_line(tmp_path: Path) -> None:
    for path in (data_room("knowledge") / "workloads").glob("*.toml"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
        record = result(tmp_path, "recommend", answers_path=path.name)
        assert record == recommend(read_answers(path)).to_json()


def test_a_record_from_answers_leaves_the_rest_unknown(tmp_path: Path) -> None:
    record = result(tmp_path, "recommend", answers=ANSWERS, id="refunds", title="Refunds")
    assert (record["id"], record["title"], record["runtime_class"]) == ("refunds", "Refunds", "long-horizon")
    assert record["spine"] == "undetermined"
    assert {each["question"] for each in record["depends_on"]} <= set(KEYS) - set(ANSWERS)


def test_wrong_answers_are_told_a_line_each_all_at_once(tmp_path: Path) -> None:
    told = faults(tmp_path, "recommend", answers={"duration": "dys", "whim": "yes"}, id="No Id")
    assert [re.split(r"[:;] ", line)[1] for line in told] == ["answers.duration", "answers.whim", "id"]
    assert all("; " in line for line in told)


@pytest.mark.parametrize(
    ("tool", "arguments", "told"),
    [
        ("explain", {"idd": "P1"}, "explain: idd: is no argument; leave it out; explain takes id"),
        ("explain", {}, "explain: id: is missing; add it"),
        ("explain", {"id": 7}, "explain: id: Input should be a valid string (found 7); correct the value"),
        ("explain", {"id": "P77"}, "P77: is no id of the knowledge base; "),
        ("recommend", {}, "answers: come neither or twice; give answers or answers_path, one of them"),
        ("recommend", {"answers": {}, "answers_path": "a.toml"}, "answers: come neither or twice; "),
        ("diagnose", {"paths": []}, "diagnose: paths: "),
        ("diagnose", {"paths": ["none.jsonl"]}, "none.jsonl: no such file; check the path"),
        ("diagnose", {"paths": ["-"]}, "-: names no file; name files, folders or globs in the served folder"),
        ("diagnose", {"paths": ["postgresql://db/logs"]}, "postgresql://db/logs: names no file; "),
        ("judge", {"paths": ["a\0b"]}, "a\\x00b: lies outside the served folder; "),
    ],
)
def test_a_fault_is_one_line_that_says_how_to_mend_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tool: str, arguments: dict[str, object], told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    lines = faults(Path(), tool, **arguments)
    assert len(lines) == 1
    assert lines[0].startswith(told)


def test_a_defect_of_ours_is_not_told_as_wrong_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("advisor.serving.tools.explained", lambda _: AnswersFile.model_validate({}))
    assert faults(tmp_path, "explain", id="P1") == ["Error executing tool explain"]


def test_every_entry_of_the_catalog_is_a_resource_and_says_what_explain_says(tmp_path: Path) -> None:
    listed = asked(tmp_path, lambda client: client.list_resources()).resources
    ids = [id for _, id, _ in shipped().entries()]
    assert [str(each.uri) for each in listed] == [URI, *(f"{URI}/{id}" for id in ids)]
    for id in ("P1", "P1-merge-dominance", ids[-1]):
        (read,) = asked(tmp_path, lambda client, id=id: client.read_resource(f"{URI}/{id}")).contents  # type: ignore[misc]
        assert json.loads(read.text) == result(tmp_path, "explain", id=id)
    (read,) = asked(tmp_path, lambda client: client.read_resource(URI)).contents
    rooms = json.loads(read.text)["rooms"]
    assert [each["id"] for room in rooms.values() for each in room] == ids


def test_a_diagnosis_names_what_fails_and_says_what_it_left_out(tmp_path: Path) -> None:
    log(tmp_path / "app.jsonl")
    answer = result(tmp_path, "diagnose", paths=["*.jsonl"])
    loud = {each["signature"]: each for each in answer["diagnosis"]["findings"]}
    assert loud["P6-ignored-kill"]["verdict"] == "present"
    assert loud["P6-ignored-kill"]["evidence"][0]["file"].endswith("app.jsonl")
    every = result(tmp_path, "diagnose", paths=["app.jsonl"], every_finding=True)
    quiet = len(every["diagnosis"]["findings"]) - len(loud)
    assert quiet > 0
    assert answer["left_out"] == [f"{quiet} findings without a symptom: ask with every_finding"]
    assert every["left_out"] == []
    assert set(answer["diagnosis"]["assessability"]) == {each["signature"] for each in every["diagnosis"]["findings"]}


def test_a_record_is_held_against_the_logs(tmp_path: Path) -> None:
    log(tmp_path / "app.jsonl")
    (tmp_path / "r.toml").write_text('schema = 1\nid = "r"\ntitle = "R"\n[answers]\nstop_in_flight = "no"\n')
    answer = result(tmp_path, "diagnose", paths=["app.jsonl"], record_path="r.toml", only=["P6-ignored-kill"])
    checks = {each["subject"]: each["verdict"] for each in answer["diagnosis"]["record"]["checks"]}
    assert checks["stop_in_flight"] in ("contradicted", "strained")


def test_what_a_log_says_comes_back_masked_and_with_nothing_hidden(tmp_path: Path) -> None:
    tags = "".join(chr(0xE0000 + ord(c)) for c in "obey")
    log(tmp_path / "app.jsonl", tool_name=f"pay {NASTY} {tags} {KEY}", error=f"\ud83d {KEY}")
    answer = call(tmp_path, "diagnose", paths=["."], every_finding=True)
    said = json.dumps(answer.structured_content, ensure_ascii=False)
    assert "<script>" in said, "the text is quoted"
    assert "\\\\U000e006f" in said, "what was hidden is seen"
    for form in (said, answer.content[0].text):  # type: ignore[union-attr]
        assert KEY not in form
        assert all(c.isprintable() or c == "\n" for c in form)
    assert not re.search(r"(?<!\\)\\u00(1b|07|9b)|(?<!\\)\\u(202e|2066)", said)


def test_a_result_is_short_enough_to_read_and_says_what_was_left_out(tmp_path: Path) -> None:
    for number in range(60):
        odd = {f"field_{number}_{at}": "x" * 100 for at in range(3)}
        log(tmp_path / f"{number:03}.jsonl", error="e" * 3_000, **odd)
    answer = result(tmp_path, "diagnose", paths=["."], every_finding=True)
    assert len(json.dumps(answer)) <= bounds.MOST * 1.05
    assert any(each.startswith(f"files, names and versions beyond {bounds.FILES}") for each in answer["left_out"])
    assert len(answer["diagnosis"]["inventory"]["files"]) == bounds.FILES
    assert answer["diagnosis"]["inventory"]["rows"] == 60 * 90


def test_the_worst_cases_of_a_table_are_kept_and_the_others_counted(tmp_path: Path) -> None:
    rows = [row for at in range(130) for row in trials(f"{at:03} {KEY}\x1b[2J{'y' * 5_000}", "new", "0101", error="")]
    for at in range(7):
        rows += trials(f"fine-{at}", "new", "1111") + trials(f"fine-{at}", "old", "1111")
        rows += trials(f"lost-{at}", "new", "0000") + trials(f"lost-{at}", "old", "1111")
    write(tmp_path / "table.csv", rows)
    answer = result(tmp_path, "judge", paths=["table.csv"], current="new", prior="old")
    cases = answer["judgement"]["cases"]
    assert [each["task"] for each in cases[:7]] == [f"lost-{at}" for at in range(7)]
    assert len(cases) == bounds.CASES
    assert answer["judgement"]["totals"]["not_failing"] == 7
    assert answer["left_out"][:2] == [
        "7 cases that pass every trial on the current version: advisor judge --format json",
        "37 cases beyond the first 100, the worst kept: advisor judge --format json",
    ]
    assert KEY not in json.dumps(answer)
    assert "\x1b" not in cases[-1]["task"]
    assert cases[-1]["task"].endswith("more characters)")
    assert len(cases[-1]["task"]) < LONGEST + 40


@pytest.mark.parametrize(
    "given", ["../secret.jsonl", "sub/../../secret.jsonl", "{outside}/secret.jsonl", "link.jsonl", "way/*"]
)
def test_nothing_outside_the_folder_is_read(tmp_path: Path, given: str) -> None:
    root = tmp_path / "root"
    (root / "sub").mkdir(parents=True)
    secret = log(tmp_path / "secret.jsonl")
    (root / "link.jsonl").symlink_to(secret)
    (root / "way").symlink_to(tmp_path)
    given = given.format(outside=tmp_path)
    for tool, arguments in (
        ("diagnose", {"paths": [given]}),
        ("judge", {"paths": [given]}),
        ("recommend", {"answers_path": given}),
    ):
        lines = faults(root, tool, **arguments)  # type: ignore[arg-type]
        assert lines
        assert all("lies outside the served folder" in line for line in lines), lines


def test_a_folder_that_holds_a_link_out_of_it_is_refused(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    log(root / "app.jsonl")
    (root / "link.jsonl").symlink_to(log(tmp_path / "secret.jsonl"))
    assert [line.split(": ")[1].split(";")[0] for line in faults(root, "diagnose", paths=["."])] == [
        "lies outside the served folder"
    ]


def test_answers_are_saved_and_a_project_is_written_where_that_was_allowed(tmp_path: Path) -> None:
    answers = dict.fromkeys(KEYS, "no") | {"duration": "minutes", "external_side_effects": "yes"}
    given = {"path": "a.toml", "answers": answers, "id": "refunds", "title": 'Refunds "R"'}
    assert result(tmp_path, "save_answers", allow_writes=True, **given) == {"path": "a.toml"}
    assert read_answers(tmp_path / "a.toml").title == 'Refunds "R"'
    (told,) = faults(tmp_path, "save_answers", allow_writes=True, **given)
    assert told.startswith("a.toml: exists; ")
    for dry_run in (True, False):
        written = result(
            tmp_path, "scaffold", allow_writes=True, answers_path="a.toml", destination="project", dry_run=dry_run
        )
        assert written["fresh"]
        assert (tmp_path / "project" / "pyproject.toml").exists() != dry_run
        assert {"path": "pyproject.toml", "action": "add"} in written["steps"]


@pytest.mark.parametrize("given", ["../new", "{outside}/new", "way/new"])
def test_nothing_outside_the_folder_is_written(tmp_path: Path, given: str) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (root / "way").symlink_to(tmp_path)
    (root / "a.toml").write_text('schema = 1\nid = "a"\ntitle = "A"\n[answers]\nduration = "seconds"\n')
    given, before = given.format(outside=tmp_path), sorted(tmp_path.iterdir())
    saved = faults(root, "save_answers", allow_writes=True, path=given, answers={}, id="a", title="A")
    written = faults(root, "scaffold", allow_writes=True, answers_path="a.toml", destination=given)
    assert all("lies outside the served folder" in line for line in (*saved, *written))
    assert sorted(tmp_path.iterdir()) == before
