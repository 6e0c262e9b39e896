"""Wrong input: one line each on stderr, nothing on stdout, exit code 2, never a traceback."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.cli.run import advisor

GOOD = 'schema = 1\nid = "x"\ntitle = "X"\n[answers]\nduration = "days"\n'
CASES: dict[str, tuple[bytes, str]] = {
    "unknown key": (GOOD.encode() + b'colour = "red"\n', "answers.colour: is an unknown key"),
    "a typo is recognised": (GOOD.encode() + b'work_split = "yes"\n', "did you mean work_splits?"),
    "wrong value": (
        GOOD.encode() + b'work_splits = "maybe"\n',
        "answers.work_splits: is 'maybe'; answer one of yes",
    ),
    "wrong duration": (
        GOOD.replace("days", "yes").encode(),
        "answers.duration: is 'yes'; answer one of seconds",
    ),
    "duplicate key": (GOOD.encode() + b'duration = "days"\n', "Cannot overwrite a value"),
    "not TOML": (b"schema: 1\n", "is not TOML"),
    "not UTF-8": (GOOD.encode() + b"# \xff\xfe\n", ":6: is not UTF-8"),
    "empty": (b"", "is empty"),
    "only white space": (b" \n\n", "is empty"),
    "an id that escapes": (GOOD.replace('"x"', '"../x"').encode(), "id: is not a plain id"),
    "a bare boolean": (
        GOOD.encode() + b"work_splits = true\n",
        'is the bare boolean true; write "yes" in quotes',
    ),
    "a bare yes": (GOOD.encode() + b"work_splits = yes\n", "quote text values"),
    "another schema version": (
        GOOD.replace("schema = 1", "schema = 2").encode(),
        "schema: is 2, this tool reads 1",
    ),
    "no schema": (GOOD.replace("schema = 1\n", "").encode(), "schema: is missing; add schema"),
    "no answers": (b'schema = 1\nid = "x"\ntitle = "X"\n', "answers: is missing; add the table [answers]"),
    "answers no table": (b'schema = 1\nid = "x"\ntitle = "X"\nanswers = 3\n', "answers: is 3"),
    "an unknown table": (GOOD.encode() + b"[answer]\n", "answer: is an unknown key; did you mean answers?"),
    "a deferral without a reason": (
        GOOD.encode() + b'[planes.approval]\nstatus = "deferred"\nuntil = "2027-01-01"\n',
        "planes.approval: is deferred without reason",
    ),
    "a date that is none": (GOOD.encode() + b'[record]\ndate = "soon"\n', "record.date: is not a date"),
    "a note on nothing": (GOOD.encode() + b'[notes]\ncolour = "red"\n', "notes: names no question: colour"),
    "nested without end": (b"a = " + b"[" * 100_000, "is nested too deeply"),
    "terminal escapes": (
        GOOD.encode() + b'"\\u001b[31mx" = "yes"\n',
        "answers.\\x1b[31mx: is an unknown key",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_bad_answers_file(case: str, tmp_path: Path) -> None:
    content, expected = CASES[case]
    path = tmp_path / "answers.toml"
    path.write_bytes(content)
    done = advisor("recommend", str(path))
    assert (done.returncode, done.stdout) == (2, "")
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith(str(path))
    assert expected in lines[0]


def test_every_fault_of_every_file_comes_at_once(tmp_path: Path) -> None:
    first, second = tmp_path / "a.toml", tmp_path / "b.toml"
    first.write_text(GOOD + 'work_splits = "maybe"\nsingle_owner = true\n')
    second.write_text("")
    done = advisor("recommend", str(first), str(second), str(tmp_path / "c.toml"))
    assert (done.returncode, done.stdout) == (2, "")
    assert [line.split(":")[0] for line in done.stderr.splitlines()] == [
        str(p) for p in (first, first, second, tmp_path / "c.toml")
    ]


def test_a_missing_file(tmp_path: Path) -> None:
    done = advisor("recommend", str(tmp_path / "nowhere.toml"))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.strip() == f"{tmp_path / 'nowhere.toml'}: no such file; check the path"


def test_a_directory(tmp_path: Path) -> None:
    done = advisor("recommend", str(tmp_path))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.strip() == f"{tmp_path}: is a directory; name the file inside it"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads every file")
def test_an_unreadable_file(tmp_path: Path) -> None:
    path = tmp_path / "answers.toml"
    path.write_text(GOOD)
    path.chmod(0)
    done = advisor("recommend", str(path))
    assert (done.returncode, done.stdout) == (2, "")
    assert "cannot be read (permission denied)" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["recommend"],
        ["recommend", "--frmat", "json", "x"],
        ["recomend"],
        ["recommend", "x", "--format", "pdf"],
    ],
)
def test_wrong_words_on_the_command_line(arguments: list[str]) -> None:
    done = advisor(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1
    assert "--help" in done.stderr


def test_an_output_that_cannot_be_written_leaves_no_crumbs(tmp_path: Path) -> None:
    path = tmp_path / "answers.toml"
    path.write_text(GOOD)
    done = advisor("recommend", str(path), "-o", str(tmp_path / "no" / "out.md"))
    assert (done.returncode, done.stdout) == (2, "")
    assert "cannot be written" in done.stderr
    assert sorted(p.name for p in tmp_path.iterdir()) == ["answers.toml"]
