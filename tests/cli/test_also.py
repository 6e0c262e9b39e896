"""One run, several documents: `--also FILE`, whose name says the format."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.contention import contended
from tests.cli.run import advisor

NAMES = {
    "markdown": "a.md",
    "html": "a.html",
    "json": "a.json",
    "sarif": "a.sarif",
    "junit": "a.xml",
    "terminal": "a.txt",
}


def test_each_file_holds_what_its_format_prints(tmp_path: Path) -> None:
    log = str(contended(tmp_path / "app.jsonl"))
    given = [part for name in NAMES.values() for part in ("--also", str(tmp_path / name))]
    done = advisor("diagnose", log, *given)
    assert (done.returncode, done.stderr) == (1, "")
    for format, name in NAMES.items():
        assert (tmp_path / name).read_text() == advisor("diagnose", log, "--format", format).stdout, name
    assert done.stdout == (tmp_path / "a.txt").read_text()


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        (["--also", "a.pdf"], "--also a.pdf: has a name of no format; end it in one of .md .html .json"),
        (["--also", "a"], "--also a: has a name of no format"),
        (["--also", "a.md", "--also", "a.md"], "--also a.md: is written already; name another file"),
        (["--also", "a.md", "-o", "a.md"], "--also a.md: is written already; name another file"),
        (["--also", "a.md", "--text"], "advisor diagnose --also: is for findings, not for --text"),
    ],
)
def test_a_file_that_cannot_be_meant_is_told_before_anything_is_read(given: list[str], fault: str) -> None:
    done = advisor("diagnose", "missing.jsonl", *given)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith(fault)


def test_nothing_is_printed_where_a_file_cannot_be_written(tmp_path: Path) -> None:
    log = str(contended(tmp_path / "app.jsonl"))
    done = advisor("diagnose", log, "--also", str(tmp_path / "no" / "a.md"))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"{tmp_path / 'no' / 'a.md'}: cannot be written")
