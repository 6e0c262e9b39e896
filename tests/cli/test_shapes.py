"""Every JSON document that a command prints holds to its schema, and the schemas refuse what is no such document."""

from __future__ import annotations

import json
import re
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

import advisor
from advisor.catalog.load import shipped
from advisor.cli.app import run
from advisor.present.schemas import LEAVING, name_of, schemas
from tests.cli.contention import T, contended
from tests.diagnosis.judge.tables import trials, write
from tests.diagnosis.reliability.test_reliability import table
from tests.replay.server import Provider, serving
from tests.replay.test_replay import TRUTH, plan_text

CORPUS = Path(__file__).parents[1] / "selection" / "corpus"
WORKLOADS = sorted(CORPUS.glob("*.toml"))
RECORD = """
schema = 1
id = "r"
title = "R"
[answers]
duration = "days"
[sign_off]
name = "A"
role = "B"
date = 2026-01-01
[planes.throttling]
status = "deferred"
until = "2026-02-01"
reason = "one tenant"
"""
MAPPING = """
schema = 1
[[sources]]
[sources.fields]
tool_name = "tool"
request_id = ["request", "id"]
[[sources.kinds]]
field = "kind"
equals = "cas"
kind = "cas"
"""
INSIDE = {"record": "record-check-1", "reliability": "reliability-1"}
"""Shapes that stand in a field of a diagnosis."""


def holds(document: Any, *, of: str) -> None:
    """Fails unless a document holds to the schema of its name, and what stands in it to its own."""
    for one in document if isinstance(document, list) else [document]:
        assert one["schema"] == "advisor/" + "/".join(of.rsplit("-", 1))
        faults = [error.message for error in Draft202012Validator(schemas()[of][0]).iter_errors(one)]
        assert faults == []
        for field, name in INSIDE.items():
            if of == "diagnosis-1" and one[field]:
                holds(one[field], of=name)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one of everything that commands read."""
    folder = tmp_path_factory.mktemp("shapes")
    contended(folder / "app.jsonl")
    (folder / "record.toml").write_text(RECORD)
    (folder / "mapping.toml").write_text(MAPPING)
    (folder / "guessed.jsonl").write_text('{"event": "order_escalated", "timestamp": "2026-01-02T03:04:05Z"}\n' * 3)
    (folder / "report.md").write_text("# Stuck\nCompensation ran twice and the saga left half of the writes behind.\n")
    (folder / "symptoms.toml").write_text('[symptom]\n"P5-cas-contention" = "yes"\n[way]\n')
    table(folder / "outcomes.csv", [0.95 - 0.15 * day / 60 for day in range(60)])
    rows = [row for at, (new, old) in enumerate([("000", "111"), ("000", "000"), ("0101", "1111"), ("11", "1")])
            for row in (*trials(f"t{at}", "new", new, error="boom"), *trials(f"t{at}", "old", old))]  # fmt: skip
    write(folder / "trials.csv", rows)
    return folder


LINES = {
    "record-1": ["recommend record.toml", f"recommend {WORKLOADS[0]} {WORKLOADS[1]}"],
    "comparison-1": [f"recommend record.toml --against {WORKLOADS[0]}"],
    "diagnosis-1": [
        "diagnose app.jsonl",
        "diagnose app.jsonl --record record.toml --mapping mapping.toml",
        "diagnose guessed.jsonl",
        "diagnose --ask --answers symptoms.toml",
    ],
    "match-1": ["diagnose --text report.md", "diagnose --text report.md report.md"],
    "story-1": [f"diagnose app.jsonl --request r{T}-1"],
    "gains-1": ["diagnose app.jsonl --mapping mapping.toml --check-mapping"],
    "guessed-kinds-1": ["diagnose guessed.jsonl --explain-mapping"],
    "judgement-1": ["judge trials.csv --current new --prior old", "judge trials.csv --current new"],
    "reliability-1": ["diagnose --outcomes outcomes.csv"],
    "watch-1": ["watch record.toml app.jsonl --today 2026-11-22"],
    "explanation-1": [f"explain {next(iter(shipped().room(room)))}" for room in ("patterns", "questions", "readings")],
    "catalog-1": ["catalog"],
}


@pytest.mark.parametrize(("name", "line"), [(name, line) for name, lines in LINES.items() for line in lines])
def test_what_a_command_prints_holds_to_its_schema(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, line: str
) -> None:
    monkeypatch.chdir(place)
    out = tmp_path / "document.json"
    assert run([*line.split(), "--format", "json", "-o", str(out)]) in (0, 1)
    document = json.loads(out.read_text(encoding="utf-8"))
    assert isinstance(document, list) == (line.endswith("report.md report.md") or "recommend /" in line)
    holds(document, of=name)


def test_a_replay_prints_a_judgement(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "not-a-secret")
    with serving(Provider(TRUTH)) as url:
        (tmp_path / "plan.toml").write_text(plan_text(url, list(TRUTH["new"])))
        assert run(["replay", str(tmp_path / "plan.toml"), "-f", "json", "-o", str(tmp_path / "out.json")]) == 1
    holds(json.loads((tmp_path / "out.json").read_text()), of="judgement-1")


def test_a_bundle_its_report_and_its_verification_hold_to_theirs(place: Path, tmp_path: Path) -> None:
    bundle, out = str(tmp_path / "b.zip"), str(tmp_path / "v.json")
    assert run(["diagnose", str(place / "app.jsonl"), "--bundle", bundle, "-o", out, "-f", "json"]) == 1
    with zipfile.ZipFile(bundle) as archive:
        holds(json.loads(archive.read("manifest.json")), of="bundle-1")
        holds(json.loads(archive.read("report.json")), of="diagnosis-1")
    assert run(["verify", bundle, "-f", "json", "-o", out]) == 0
    holds(json.loads(Path(out).read_text()), of="verification-1")


def plain(value: Any) -> Any:
    """TOML's values as JSON's: dates as text."""
    return json.loads(json.dumps(value, default=str))


def written(folder: Path, place: Path) -> Iterator[tuple[str, Path]]:
    """Files that people write or have written for them, with the names of their schemas."""
    for path in [*WORKLOADS, place / "record.toml"]:
        yield "answers-1", path
    for name, arguments in (("mapping-1", "--init-mapping -o"), ("baseline-1", "--write-baseline")):
        run(["diagnose", str(place / "app.jsonl"), "-q", *arguments.split(), str(folder / name)])
        yield name, folder / name
    (folder / "plan-1").write_text(plan_text("http://127.0.0.1:1", ["a", "b"], "concurrency = 3"))
    yield "plan-1", folder / "plan-1"
    (folder / "settings").write_text('[diagnose]\nonly = ["P5-cas-contention"]\n')
    yield "settings", folder / "settings"
    yield "mapping-1", place / "mapping.toml"


def test_what_people_write_holds_to_its_schema_and_a_stray_key_does_not(place: Path, tmp_path: Path) -> None:
    seen = set()
    for name, path in written(tmp_path, place):
        check = Draft202012Validator(schemas()[name][0])
        document = plain(tomllib.loads(path.read_text(encoding="utf-8")))
        assert [error.message for error in check.iter_errors(document)] == [], path
        assert not check.is_valid({**document, "whim": 1})
        seen.add(name)
    assert seen == set(schemas()) - {name_of(model) for model, _ in LEAVING}


def test_every_schema_is_one_and_refuses_a_document_that_lacks_or_adds_a_field() -> None:
    for name in map(name_of, (model for model, _ in LEAVING)):
        schema = schemas()[name][0]
        Draft202012Validator.check_schema(schema)
        assert set(schema["required"]) == set(schema["properties"]), "a printed document has every field"
        assert schema["additionalProperties"] is False


def test_every_shape_that_the_code_names_is_registered() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in Path(advisor.__file__).parent.rglob("*.py"))
    named = {"-".join(each) for each in re.findall(r'"advisor/([a-z-]+)/(\d+)"', source)}
    # What a starter remembers of itself stays in its project; nobody prints it.
    assert named - {"project-1"} == {name_of(model) for model, _ in LEAVING}
