"""What a command line means: files, folders, globs, standard input; what is skipped, and what is a fault."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from advisor.errors import InputError
from advisor.traces.inputs import inputs
from advisor.traces.load import load
from tests.traces.logs import line, rows

GOOD = b"".join(line(n) + b"\n" for n in range(1, 4))


def names(folder: Path, *given: str) -> list[str]:
    return [str(one.path.relative_to(folder)) for one in inputs(given)]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in ("a/one.jsonl", "a/b/two.jsonl", "a/.hidden/three.jsonl", "a/.four.jsonl", "c.log"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(line(len(name)) + b"\n")
    return tmp_path


def test_folders_are_walked_by_name_without_hidden_files(tree: Path) -> None:
    assert names(tree, str(tree)) == ["c.log", "a/one.jsonl", "a/b/two.jsonl"]


def test_globs_match_files_and_folders(tree: Path) -> None:
    assert names(tree, str(tree / "*.log")) == ["c.log"]
    assert names(tree, str(tree / "**/*.jsonl")) == ["a/one.jsonl", "a/b/two.jsonl"]
    assert names(tree, str(tree / "?")) == ["a/one.jsonl", "a/b/two.jsonl"]
    assert names(tree, str(tree / "**")) == ["c.log", "a/one.jsonl", "a/b/two.jsonl"]


def test_links_that_loop_catch_neither_a_walk_nor_a_glob(tree: Path) -> None:
    for name in ("a/loop", "a/b/loop", "a/b/loop2"):
        (tree / name).symlink_to(tree, target_is_directory=True)
    (tree / "self").symlink_to("self")
    assert names(tree, str(tree)) == ["c.log", "a/one.jsonl", "a/b/two.jsonl"]
    assert names(tree, str(tree / "**" / "*.jsonl")) == ["a/one.jsonl", "a/b/two.jsonl"]
    assert names(tree, str(tree / "**" / "**" / "**" / "*.jsonl")) == ["a/one.jsonl", "a/b/two.jsonl"]


def test_very_deep_folders_are_walked(tmp_path: Path) -> None:
    folder = tmp_path
    for _ in range(1200):
        folder = folder / "d"
        folder.mkdir()
    (folder / "x.jsonl").write_bytes(GOOD)
    assert len(inputs([str(tmp_path)])) == 1
    assert len(inputs([str(tmp_path / "**" / "x.jsonl")])) == 1
    while folder != tmp_path:  # what clears temporary folders up goes down by recursion
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()
        folder = folder.parent


def test_every_path_that_means_nothing_is_a_fault_and_all_are_told(tree: Path) -> None:
    (tree / "empty").mkdir()
    os.mkfifo(tree / "pipe")
    (tree / "nowhere").symlink_to("gone")
    given = ["missing.log", "empty", "*.nothing", "pipe", "nowhere", "s3://bucket/x"]
    with pytest.raises(InputError) as caught:
        inputs([*(str(tree / name) for name in given[:-1]), given[-1], "-"])
    assert [fault.what for fault in caught.value.faults] == [
        "no such file",
        "holds no files",
        "matches no files",
        "is no regular file",
        "is a link that leads nowhere",
        "is of no known scheme",
        "there is no standard input left to read",
    ]
    assert all(fault.mend for fault in caught.value.faults)


def test_standard_input_is_read_and_leaves_no_file_behind(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    log = load(["-"], stdin=io.BytesIO(GOOD))
    assert [file.path for file in log.files] == ["(standard input)"]
    assert len(rows(log, "line")) == 3
    assert [path for path in tmp_path.rglob("*") if path.suffix == ".stdin"] == []


def test_standard_input_twice_is_a_fault() -> None:
    with pytest.raises(InputError, match="there is no standard input left"):
        load(["-", "-"], stdin=io.BytesIO(GOOD))


def test_the_same_content_counts_once_and_says_so(tmp_path: Path) -> None:
    one, two, other = (tmp_path / name for name in ("one.jsonl", "two.jsonl", "other.jsonl"))
    one.write_bytes(GOOD)
    two.write_bytes(GOOD)
    other.write_bytes(GOOD.replace(b"r-1", b"x-1"))
    log = load([str(one), str(two), str(other), str(one)])
    assert [file.rows for file in log.files] == [3, 0, 3, 0]
    assert [file.skipped_reason for file in log.files] == [
        None,
        f"has the same content as {one}",
        None,
        f"has the same content as {one}",
    ]


SKIPPED = {
    "README.md": (b"# An agent\n\nIt renews contracts.\n\n- fast\n- [docs](https://example.org)\n", "is text"),
    "LICENSE": (b"MIT License\n\nPermission is hereby granted, free of charge, to any person\n", "is text"),
    "logo.png": (b"\x89PNG\r\n\x1a\n" + bytes(200), "is a PNG image"),
    "model.pkl": (b"\x80\x04\x95" + bytes(60), "is a Python pickle, which is never opened"),
    "empty.log": (b"", "is empty"),
    "blank.log": (b"\n\n  \n", "holds nothing"),
    "config.json": (b'{"name": "agent", "version": "1.0", "retries": 3}', "is a JSON document"),
    "prices.csv": (
        b"customer,plan,price\nC-1,basic,3\nC-2,pro,9\n",
        "is a table with the fields customer, plan, price",
    ),
    "header.csv": (b"ts,event,request_id\n", "is a table without rows"),
    "numbers.json": (b"[1, 2, 3]\n", "is a JSON document"),
    "settings.ini": (b"[server]\nport = 80\n[client]\nretries = 3\nname = x\n", "is text"),
}


def test_a_folder_says_of_each_file_why_it_was_skipped(tmp_path: Path) -> None:
    for name, (content, _) in SKIPPED.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "app.jsonl").write_bytes(GOOD)
    log = load([str(tmp_path)])
    reasons = {Path(file.path).name: file.skipped_reason for file in log.files}
    assert reasons.pop("app.jsonl") is None
    assert set(reasons) == set(SKIPPED)
    assert [name for name, reason in reasons.items() if not str(reason).startswith(SKIPPED[name][1])] == []


@pytest.mark.parametrize("name", SKIPPED)
def test_a_named_file_without_events_is_a_fault_with_what_was_seen_and_a_mend(name: str, tmp_path: Path) -> None:
    content, why = SKIPPED[name]
    path, good = tmp_path / name, tmp_path / "app.jsonl"
    path.write_bytes(content)
    good.write_bytes(GOOD)
    with pytest.raises(InputError) as caught:
        load([str(good), str(path)])
    (fault,) = caught.value.faults
    assert fault.place == str(path)
    assert fault.what.startswith(why)
    assert fault.mend


def test_a_folder_of_nothing_but_other_files_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_bytes(SKIPPED["README.md"][0])
    with pytest.raises(InputError, match="--init-mapping"):
        load([str(tmp_path)])


def test_an_unreadable_file_does_not_stop_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a.jsonl", "b.jsonl"):
        (tmp_path / name).write_bytes(GOOD if name == "a.jsonl" else GOOD.replace(b"r-", b"s-"))
    opened = Path.open

    def refusing(self: Path, *given: object, **named: object) -> object:
        if self.name == "a.jsonl":
            raise PermissionError(13, "Permission denied")
        return opened(self, *given, **named)  # type: ignore[arg-type, call-overload]

    monkeypatch.setattr(Path, "open", refusing)
    log = load([str(tmp_path)])
    assert [file.skipped_reason for file in log.files] == ["cannot be read (permission denied)", None]
    assert len(rows(log, "line")) == 3
