"""The record that takes another's place: what it says, what the old one keeps, and how the two are linked."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from advisor.catalog.answers import content_digest, read_answers
from advisor.catalog.load import shipped
from advisor.diagnosis.detector import Facts
from advisor.diagnosis.diagnose import run
from advisor.errors import InputError
from advisor.loop.supersede import Superseding, supersede
from advisor.loop.watch import watch
from advisor.selection import recommend
from advisor.traces.table import table_of
from tests.loop.evidence.records import DAY, Rows, requests, writes

OLD = """\
# Kept by hand.
schema = 1
id = "refunds"
title = "Refunds"

[answers]
duration = "minutes"             # measured in spring
external_side_effects = "unknown"

[notes]
duration = "A guess."

[planes.throttling]
status = "deferred"
until = "2026-11-01"
reason = "one tenant"

[sign_off]
name = "A"
role = "B"
date = "2026-01-01"

[record]
model_version = "m-1"
"""
LASTING: Rows = [
    *requests(30, 3 * DAY, apart_us=DAY, model_version="key sk-live m-2"),
    *({**row, "request_id": f"w{n}"} for n, row in enumerate(writes(30))),
]


def superseded(folder: Path, old: str = OLD, rows: Rows = LASTING, name: str = "new.toml") -> Superseding:
    path, table = folder / "old.toml", table_of(rows)
    if not path.exists():
        path.write_text(old)
    file = read_answers(path)
    found = run(table, shipped(), facts=Facts(), overrides={}, only=[])
    watched = watch(file, found, table, dt.date(2026, 11, 22))
    return supersede(path, folder / name, file, watched, lambda text: text.replace("sk-live", "***"))


def test_the_new_record_says_what_was_measured_and_waits_for_a_signature(tmp_path: Path) -> None:
    made = superseded(tmp_path)
    new = read_answers(tmp_path / "new.toml")
    assert made.answers == {
        "duration": ("minutes", "days"),
        "external_side_effects": ("unknown", "yes"),
        "pauses_or_external_waits": ("unknown", "yes"),
    }
    assert (new.id, new.answers.duration, new.sign_off) == ("refunds-2", "days", None)
    assert new.notes["duration"].startswith("A guess. 2026-11-22: minutes is contradicted. 30 requests last 3.0 days")
    assert "(rows):" in new.notes["duration"]
    assert new.record.model_version == "key *** m-2"
    assert new.record.evidence is not None
    assert new.record.evidence.startswith("Held against 150 rows from 1970-01-01 to 1970-02-02; contradicted: ")
    assert "duration minutes to days" in new.record.evidence
    assert made.lapsed == ("planes.throttling",)
    assert new.planes == {}
    text = (tmp_path / "new.toml").read_text()
    assert "# planes.throttling was deferred until 2026-11-01: one tenant" in text
    assert "# Kept by hand." in text
    assert "# measured in spring" in text
    assert made.changes["runtime_class"] == recommend(new).runtime_class == "long-horizon"


def test_the_two_are_linked_and_the_old_one_is_otherwise_untouched(tmp_path: Path) -> None:
    superseded(tmp_path)
    old, new = read_answers(tmp_path / "old.toml"), read_answers(tmp_path / "new.toml")
    assert (old.record.superseded_by, new.record.supersedes) == ("refunds-2", "refunds")
    assert new.record.supersedes_digest == content_digest(old)
    assert (tmp_path / "old.toml").read_text().replace('superseded_by = "refunds-2"\n', "") == OLD
    (tmp_path / "old.toml").write_text(OLD.replace('"minutes"', '"hours"'))
    assert new.record.supersedes_digest != content_digest(read_answers(tmp_path / "old.toml"))


def test_nothing_contradicted_changes_no_answer(tmp_path: Path) -> None:
    made = superseded(tmp_path, rows=requests(9, 120_000_000), old=OLD.replace('\n[record]\nmodel_version = "m-1"', ""))
    assert (made.answers, made.changes) == ({}, {})
    assert "contradicted: nothing" in str(read_answers(tmp_path / "new.toml").record.evidence)


def test_the_third_record_follows_the_second(tmp_path: Path) -> None:
    assert superseded(tmp_path, OLD.replace('"refunds"', '"refunds-9"')).id == "refunds-10"


def test_no_record_is_superseded_twice_and_none_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "taken.toml").write_text("x")
    with pytest.raises(InputError, match="exists"):
        superseded(tmp_path, name="taken.toml")
    assert (tmp_path / "old.toml").read_text() == OLD
    superseded(tmp_path)
    with pytest.raises(InputError, match="is superseded by refunds-2 already"):
        superseded(tmp_path, name="other.toml")
    assert not (tmp_path / "other.toml").exists()


def test_an_old_record_that_cannot_be_linked_leaves_no_new_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from advisor.catalog.files import write_atomically
    from advisor.errors import Fault
    from advisor.loop import supersede as module

    def locked(path: Path, text: str) -> None:
        if path.name == "old.toml":
            raise InputError([Fault(str(path), "cannot be written", "check its rights")])
        write_atomically(path, text)

    monkeypatch.setattr(module, "write_atomically", locked)
    with pytest.raises(InputError, match="cannot be written"):
        superseded(tmp_path)
    assert [each.name for each in tmp_path.iterdir()] == ["old.toml"]
