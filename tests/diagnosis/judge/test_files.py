"""Files of outcomes: what is refused, with file and line, and several files as one table."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from advisor.diagnosis.judge import judge
from advisor.errors import InputError
from tests.cli.run import advisor
from tests.diagnosis.judge.tables import trials, write

BAD = {
    "a missing column": ("task,version,trial\na,v,1\n", "lacks the columns passed (it has task, trial, version)"),
    "a wrong value": (
        "task,version,trial,passed\na,v,1,1\na,v,2,maybe\n",
        ":3: passed: is 'maybe'; write 0, 1, true or false",
    ),
    "an empty cell": ("task,version,trial,passed\n,v,1,1\n", ":2: task: is empty"),
    "a contradiction": (
        "task,version,trial,passed\na,v,1,1\na,v,1,0\n",
        ":3: task 'a', version 'v', trial '1' stands already at ",
    ),
    "no rows": ("task,version,trial,passed\n", "holds no trial"),
    "nothing": ("", "lacks the columns task, version, trial, passed"),
    "an escape": ("task,version,trial,passed\na,v,1,\x1b[31m\n", "\\x1b[31m"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_table_is_refused_with_its_line(tmp_path: Path, case: str) -> None:
    text, expected = BAD[case]
    path = tmp_path / "o.csv"
    path.write_text(text)
    done = advisor("judge", str(path))
    assert (done.returncode, done.stdout) == (2, "")
    assert expected in done.stderr.replace("\\\\", "\\")
    assert all(line.startswith(str(path)) for line in done.stderr.splitlines())


def test_all_faults_at_once_and_versions_that_are_not_there(tmp_path: Path) -> None:
    path = write(tmp_path / "o.csv", trials("a", "v1", "11") + trials("b", "v2", "xy", passed_2="?"))
    with pytest.raises(InputError) as caught:
        judge(path)
    assert len(caught.value.faults) == 4
    path = write(tmp_path / "o.csv", trials("a", "v1", "11") + trials("b", "v2", "11"))
    for arguments, words in (
        (["--current", "v9"], "is no version of this table; use one of v1, v2"),
        ([], "has 2 versions, and none is named as current; add --current and --prior"),
        (["--current", "v1", "--prior", "v1"], "is the current version too"),
    ):
        done = advisor("judge", str(path), *arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert words in done.stderr
    missing = advisor("judge", str(tmp_path / "none.csv"))
    assert missing.stderr == f"{tmp_path / 'none.csv'}: no such file; check the path\n"
    assert advisor("judge", str(tmp_path)).stderr == f"{tmp_path}: is a directory; name the file inside it\n"
    (tmp_path / "o.xlsx").write_bytes(b"PK")
    assert "use .csv, .jsonl, .json or .parquet" in advisor("judge", str(tmp_path / "o.xlsx")).stderr
    good = json.dumps({"task": "a", "version": "v", "trial": 1, "passed": 1})
    (tmp_path / "o.jsonl").write_text(f'{good}\n{{"task": "a"\n{good}\n42\n')
    stderr = advisor("judge", str(tmp_path / "o.jsonl")).stderr.splitlines()
    assert [line.split(" ")[0] for line in stderr] == [f"{tmp_path / 'o.jsonl'}:{line}:" for line in (2, 4)]


def test_versions_in_files_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "old[1]").mkdir()
    old = write(tmp_path / "old[1]" / "o.csv", trials("a", "v1", "111"))
    new = write(tmp_path / "new.csv", trials("a", "v2", "000"))
    assert judge([new, old], "v2", "v1").totals == {"replay_divergence": 1}
    done = advisor("judge", str(new), str(old), "--current", "v2", "--format", "json")
    assert json.loads(done.stdout)["prior"] == "v1"
    write(
        old,
        [
            {"task": "a", "version": "v2", "trial": 0, "passed": 1},
            {"task": "b", "version": "v1", "trial": 0, "passed": "?"},
        ],
    )
    with pytest.raises(InputError) as caught:
        judge([new, old, tmp_path / "none.csv", tmp_path])
    assert [fault.what for fault in caught.value.faults] == ["no such file", "is a directory"]
    with pytest.raises(InputError) as caught:
        judge([new, old], "v2")
    assert [fault.place for fault in caught.value.faults] == [f"{old}:3: passed"]
