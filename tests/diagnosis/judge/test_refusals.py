"""What the judge refuses, in whole sentences: each fault with its place, what is wrong there and how to mend it."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from advisor.diagnosis.judge import judge
from advisor.errors import InputError
from tests.diagnosis.judge.tables import Row, trials, write

GOOD = '{"task": "a", "version": "v", "trial": 1, "passed": 1}\n'
HEADER = "task,version,trial,passed\n"
NO_RUNS = "holds no list of runs; pass a table of outcomes, tau-bench's list of runs or tau2-bench's results"
NO_KIND = "use .csv, .jsonl, .json or .parquet"
NO_OBJECT = "is no JSON object; correct or remove the line"
FAULTS = {
    "o.xlsx": ("PK", [f": is of no kind that is known (.xlsx); {NO_KIND}"]),
    "o": ("task", [f": is of no kind that is known (no suffix); {NO_KIND}"]),
    "o.json.gz": ("[]", [f": is of no kind that is known (.json); {NO_KIND}"]),
    "empty.jsonl": ("", [": holds no trial; write one row a trial"]),
    "number.jsonl": ("42\n", [f":1: {NO_OBJECT}"]),
    "broken.jsonl": (
        f'{GOOD}{{"task"}}\n\n{GOOD}["x"]\n',
        [
            ":2: is not JSON (Expecting ':' delimiter: line 1 column 8 (char 7)); correct or remove the line",
            f":5: {NO_OBJECT}",
        ],
    ),
    "many.ndjson": ("42\n" * 21, [f":{line}: {NO_OBJECT}" for line in range(1, 21)]),
    "no-verdict.jsonl": (
        '\n {"task": "a", "version": "v", "trial": 1}\n',
        [": lacks the columns passed (it has task, trial, version); add or rename them"],
    ),
    "no-trial.jsonl": ('{"task": "a", "version": "v", "passed": 1}\n', [":1: trial: is empty; fill it in"]),
    "wide.csv": (
        "task,trial,m,l,k,j,i,h,g,f,e,d,c,b,a\n" + "1," * 14 + "1\n",
        [": lacks the columns version, passed (it has a, b, c, d, e, f, g, h, i, j, k, l); add or rename them"],
    ),
    "o.tsv": (
        HEADER.replace(",", "\t") + "a\tv\t1\t1\na\tv\t2\tyes\n",
        [":3: passed: is 'yes'; write 0, 1, true or false"],
    ),
    "o.csv": (
        f"{HEADER[:-1]},passed_2,infrastructure\na,v,1,{'x' * 41},0,maybe\n,v,2,1,?,1\n",
        [
            f":2: passed: is '{'x' * 40}'; write 0, 1, true or false",
            ":2: infrastructure: is 'maybe'; write 0, 1, true or false",
            ":3: task: is empty; fill it in",
            ":3: passed_2: is '?'; write 0, 1, true or false",
        ],
    ),
    "many.csv": (
        HEADER + "a,v,1,?\n" * 30 + ",v,1,1\n",
        [f":{line}: passed: is '?'; write 0, 1, true or false" for line in range(2, 22)],
    ),
    "document.json": ('{"a": 1}', [f": {NO_RUNS}"]),
    "none.json": ("[]", [f": {NO_RUNS}"]),
    "mixed.json": ("[{}, 1]", [f": {NO_RUNS}"]),
    "broken.json": ("nonsense", [": is not JSON (Expecting value: line 1 column 1 (char 0)); correct it"]),
    "gap.json": (
        json.dumps([{"task": "a", "version": "v", "trial": 1, "passed": True}, {"task": "a", "version": " "}]),
        [f":2: {name}: is empty; fill it in" for name in ("version", "trial", "passed")],
    ),
}  # fmt: skip


def refused(path: Path | list[Path], *versions: str) -> list[str]:
    with pytest.raises(InputError) as caught:
        judge(path, *versions)
    return [str(fault) for fault in caught.value.faults]


@pytest.mark.parametrize("name", FAULTS)
def test_a_file_is_refused_with_every_place(tmp_path: Path, name: str) -> None:
    text, faults = FAULTS[name]
    (tmp_path / name).write_text(text)
    assert refused(tmp_path / name) == [f"{tmp_path / name}{fault}" for fault in faults]


@pytest.mark.parametrize(
    ("name", "place", "mend"), [("o.jsonl", ":2", "correct or remove the line"), ("o.json", "", "correct it")]
)
def test_a_value_nested_too_deeply_is_no_json(tmp_path: Path, name: str, place: str, mend: str) -> None:
    (tmp_path / name).write_text((GOOD if place else "") + "[" * 100_000)
    (fault,) = refused(tmp_path / name)
    assert fault.startswith(f"{tmp_path / name}{place}: is not JSON (")
    assert fault.endswith(f"; {mend}")


def test_a_file_that_duckdb_cannot_read_is_refused_in_its_words(tmp_path: Path) -> None:
    cut = tmp_path / "o.jsonl.gz"
    cut.write_bytes(gzip.compress(GOOD.encode())[:30])
    (fault,) = refused(cut)
    assert fault.startswith(f"{cut}: cannot be read (IO Error: ")
    assert fault.endswith("); correct the file")
    path = tmp_path / "o.csv"
    path.write_text(f"{HEADER}a,v,1\n")  # DuckDB says on fifteen lines what it tried; its first 200 characters are kept
    (fault,) = refused(path)
    assert fault.startswith(f"{path}: cannot be read (Invalid Input Error: Error when sniffing file ")
    assert "\n" not in fault
    assert len(fault) == len(f"{path}: cannot be read (); correct the file") + 200


def test_a_trial_that_is_told_twice_names_both_places(tmp_path: Path) -> None:
    rows = trials("a", "v", "10") + trials("b", "v", "1")
    first = write(tmp_path / "first.csv", rows)
    again = write(tmp_path / "again.csv", [*trials("b", "v", "1"), *trials("a", "v", "11")])
    said = f"task 'a', version 'v', trial '1' stands already at {first}:3, otherwise; give each trial its own name"
    assert refused([first, again]) == [f"{again}:4: {said}"]
    more: list[Row] = [{"task": at, "version": "v", "trial": 1, "passed": k} for k in (0, 1) for at in range(21)]
    places = [fault.partition(": ")[0] for fault in refused(write(tmp_path / "many.csv", more))]
    assert places == [f"{tmp_path / 'many.csv'}:{line}" for line in range(23, 43)]


def test_all_files_that_cannot_be_read_are_named_at_once(tmp_path: Path) -> None:
    (tmp_path / "o.json").write_text("{}")
    assert refused([tmp_path / "none.csv", tmp_path, tmp_path / "o.json"]) == [
        f"{tmp_path / 'none.csv'}: no such file; check the path",
        f"{tmp_path}: is a directory; name the file inside it",
        f"{tmp_path / 'o.json'}: {NO_RUNS}",
    ]


def test_versions_that_are_not_there_or_not_told_apart(tmp_path: Path) -> None:
    path = write(tmp_path / "o.csv", [row for k in range(9) for row in trials("a", f"v{k}", "1")])
    known = "v0, v1, v2, v3, v4, v5, v6, v7"
    assert refused(path, "x", "y") == [
        f"{path}: --current x: is no version of this table; use one of {known}",
        f"{path}: --prior y: is no version of this table; use one of {known}",
    ]
    assert refused(path) == [
        f"{path}: has 9 versions, and none is named as current; add --current and --prior, from {known}"
    ]
    two = write(tmp_path / "two.csv", [*trials("a", "v1", "1"), *trials("a", "v2", "1")])
    assert refused(two) == [
        f"{two}: has 2 versions, and none is named as current; add --current and --prior, from v1, v2"
    ]
    assert refused(path, "v1", "v1") == [f"{path}: --prior v1: is the current version too; name another one"]
    alone = write(tmp_path / "alone.csv", trials("a", "v1", "1"))
    with pytest.raises(InputError, match="--prior v1: is the current version too; name another one"):
        judge(alone, prior="v1")
