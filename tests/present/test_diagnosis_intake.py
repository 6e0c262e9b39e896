"""What was read, however many files there were: in few lines for people, whole for programs."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from advisor.diagnosis.findings import Diagnosis
from advisor.present.diagnosis import render_diagnosis
from advisor.present.diagnosis.intake import FILES, LISTED, Skipped, intake
from tests.present import diagnoses

LONG = "is a JSON document with the fields " + ", ".join(f"field_{n}" for n in range(30)) + ", which say neither"


def file(path: str, **given: Any) -> dict[str, Any]:
    return {"path": path, "format": "otlp_json", "rows": 10, "bad_rows": 0, "skipped_reason": None, "bad": [], **given}


def read(*files: dict[str, Any], **inventory: Any) -> Diagnosis:
    return replace(diagnoses.rich(), inventory={**diagnoses.INVENTORY, "files": list(files), **inventory})


def plain(found: Diagnosis, format: str) -> str:
    return " ".join(render_diagnosis(found, format, width=200).replace("\\", "").split())


@pytest.mark.parametrize("format", ["terminal", "markdown", "html"])
def test_many_files_are_counted_by_format_and_only_those_with_something_to_say_are_named(format: str) -> None:
    good = [file(f"logs/good-{n}.json") for n in range(FILES)]
    odd = file("logs/odd.jsonl", format="json_lines", bad_rows=7, bad=[{"line": n, "why": "is cut"} for n in range(7)])
    skipped = [file(f"logs/skip-{n}", format=None, rows=0, skipped_reason="is text") for n in range(30)]
    same = [file(f"c-{n}", rows=0, skipped_reason=f"has the same content as logs/good-{n}.json") for n in range(2)]
    text = plain(read(*good, odd, *skipped, *same), format)
    assert f"{FILES} {FILES * 10} 0" in re.sub(r"<[^>]+>|\|", " ", text).replace("  ", " ").replace("  ", " ")
    assert "good-" not in text
    assert "7 bad records in" in text
    assert "is cut; line 1 is cut; line 2 is cut" in text
    assert "line 3 is cut" not in text
    assert "Skipped, 30 files: is text" in text
    assert "Skipped, 2 files: has the same content as another file" in text
    assert "skip-29" not in text


def test_reasons_that_differ_in_their_fields_only_are_one() -> None:
    def why(fields: str) -> str:
        return f"is a JSON document with the fields {fields}, which say neither when nor what happened"

    one = [file("a", skipped_reason=why("x, y"), rows=0)]
    assert intake({"files": one}).skipped == (Skipped(why("x, y"), ("a",)),)
    two = [*one, file("b", skipped_reason=why("z"), rows=0), file("c", skipped_reason="is empty", rows=0)]
    assert [(len(each.paths), each.reason) for each in intake({"files": two}).skipped] == [
        (2, "is a JSON document with other fields, which say neither when nor what happened"),
        (1, "is empty"),
    ]


def test_few_files_are_named_one_by_one() -> None:
    text = render_diagnosis(read(*[file(f"logs/good-{n}.json") for n in range(FILES)]), "terminal", width=80)
    assert text.count("logs/good-") == FILES


@pytest.mark.parametrize("width", [60, 80])
def test_a_long_reason_takes_the_whole_width(width: int) -> None:
    found = read(file("a.jsonl"), file("package.json", format=None, rows=0, skipped_reason=LONG))
    lines = render_diagnosis(found, "terminal", width=width).splitlines()
    start = next(at for at, line in enumerate(lines) if line.startswith("Skipped, 1 file: is a JSON document"))
    end = lines.index("  package.json")
    assert all(width - 12 < len(line) <= width for line in lines[start : end - 1])


@pytest.mark.parametrize("format", ["terminal", "markdown", "html"])
def test_what_no_column_took_is_told_and_bounded(format: str) -> None:
    unused = [{"name": f"extra.f{n}", "rows": 900 - n} for n in range(100)]
    unread = [{"name": "t", "column": "ts", "rows": 1, "file": "a.jsonl", "line": 4}]
    found = read(file("a.jsonl"), unused_fields=unused, unused_fields_more=40, unread_values=unread)
    text = plain(found, format)
    said = "Fields that filled no column, with their rows (of large files, those of a sample): extra.f0 (900), "
    assert f"{said}extra.f1 (899)" in text
    assert f"extra.f{LISTED - 1} (" in text
    assert f"extra.f{LISTED} (" not in text
    assert f"and {100 - LISTED + 40} more." in text
    assert "Values that could not be read: t as ts (1 row, first a.jsonl:4)." in text


def test_json_has_every_file_and_field() -> None:
    unused = [{"name": f"f{n}", "rows": 1} for n in range(100)]
    files = [file(f"{n}.json") for n in range(50)]
    document = json.loads(render_diagnosis(read(*files, unused_fields=unused, unused_fields_more=3), "json"))
    inventory = document["inventory"]
    assert [each["path"] for each in inventory["files"]] == [each["path"] for each in files]
    assert inventory["unused_fields"] == unused
    assert inventory["unused_fields_more"] == 3
    assert inventory["unread_values"] == []
