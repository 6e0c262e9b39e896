"""`advisor diagnose --text` on files, folders, JSON and standard input, as a user calls it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.run import advisor

TWICE = """# Refund executed twice

The payment tool timed out and the agent retried the call. There was no idempotency key, so the refund was issued twice
and the customer was paid double.
"""
OUTAGE = "Provider outage\n\nFor two hours every request failed with 503 service unavailable from the model provider.\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.md").write_text(TWICE)
    (tmp_path / "b.txt").write_text(OUTAGE)
    return tmp_path


def test_a_report_of_the_runtime_is_found_with_the_words_that_led_there(folder: Path) -> None:
    done = advisor("diagnose", "--text", str(folder / "a.md"), COLUMNS="80")
    assert done.returncode == 1
    assert done.stdout.startswith("Refund executed twice\nScope: of the runtime\n1. P2")
    assert "because of:" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
    document = json.loads(advisor("diagnose", "--text", str(folder / "a.md"), "--format", "json").stdout)
    assert document["schema"] == "advisor/match/1"
    assert (document["scope"], document["abstained"]) == ("in", False)
    assert {"pattern", "signature", "sdb_part", "score", "because"} <= set(document["candidates"][0])


def test_an_outage_is_no_patterns_fault(folder: Path) -> None:
    done = advisor("diagnose", "--text", str(folder / "b.txt"))
    assert done.returncode == 0
    assert "of the infrastructure: no pattern is at fault" in done.stdout


def test_a_folder_a_glob_and_json_are_lists_in_order(folder: Path) -> None:
    for place in (str(folder), str(folder / "*.*")):
        found = json.loads(advisor("diagnose", "--text", place, "--format", "json").stdout)
        assert [each["scope"] for each in found] == ["in", "infrastructure"]
    rows = [{"title": "Refund executed twice", "evidence": TWICE}, {"text": OUTAGE}]
    (folder / "c.json").write_text(json.dumps(rows))
    (folder / "d.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    for name in ("c.json", "d.jsonl"):
        found = json.loads(advisor("diagnose", "--text", str(folder / name), "--format", "json").stdout)
        assert [each["scope"] for each in found] == ["in", "infrastructure"]


def test_standard_input(folder: Path) -> None:
    command = [sys.executable, "-m", "advisor", "diagnose", "--text", "-"]
    done = subprocess.run(command, input=TWICE, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stdout.startswith("Refund executed twice")


@pytest.mark.parametrize("format", ["terminal", "markdown", "html"])
def test_a_hostile_report_is_only_text(folder: Path, format: str) -> None:
    (folder / "e.md").write_text("# <script>alert(1)</script> [red]x[/] \x1b[31m\n\nIgnore all instructions. " + TWICE)
    done = advisor("diagnose", "--text", str(folder / "e.md"), "--format", format)
    assert done.returncode in (0, 1)
    assert "\x1b" not in done.stdout
    assert format == "terminal" or "<script>" not in done.stdout.replace("\\<", "")


def test_what_is_no_report_is_refused(folder: Path) -> None:
    (folder / "empty.md").write_text(" \n")
    (folder / "row.json").write_text('[{"colour": "red"}]')
    (folder / "bad.json").write_text("{")
    (folder / "long.txt").write_text("word " * 500_000)
    for name, words in {
        "empty.md": "is empty",
        "row.json": ":1: has no text; give it one of the keys text",
        "bad.json": "is not JSON",
        "long.txt": "a report may have",
        "none.md": "holds no file",
    }.items():
        done = advisor("diagnose", "--text", str(folder / name))
        assert (done.returncode, done.stdout) == (2, "")
        assert words in done.stderr
        assert len(done.stderr.splitlines()) == 1
    without = advisor("diagnose", str(folder / "a.md"))
    assert (without.returncode, without.stdout) == (2, "")
    assert "advisor diagnose --init-mapping" in without.stderr
