"""Spoilt logs of every format: no reader raises, hangs, takes memory without bound, or writes an unsound row."""

from __future__ import annotations

import random
import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.errors import InputError
from advisor.traces.lenient import values_of
from advisor.traces.lines import lines_of
from advisor.traces.load import load
from tests.traces.mutation import FILES, SAMPLES, read_bare, spoilt_file

NAMES = [path.relative_to(SAMPLES).as_posix() for path in FILES]
ROUNDS = 25
SLOWEST = 20.0
"""Seconds of processor time for a sample's ROUNDS, of which none is larger than a few hundred KiB."""


@pytest.mark.parametrize("name", NAMES)
def test_spoilt_samples_are_read_bare(name: str, tmp_path: Path) -> None:
    luck = random.Random(name)
    began = time.process_time()
    for _ in range(ROUNDS):
        read_bare(spoilt_file(SAMPLES / name, luck, tmp_path))
    assert time.process_time() - began < SLOWEST


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(NAMES), st.integers(0, 2**32))
def test_spoilt_samples_are_loaded_or_refused(name: str, seed: int) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = spoilt_file(SAMPLES / name, random.Random(seed), Path(folder))
        try:
            log = load([str(path)])
        except InputError as error:
            assert all(fault.what and fault.mend for fault in error.faults)
            return
        (file,) = log.files
        assert [why for _, why in file.bad if "the reader stopped" in why] == []
        (counted,) = log.table.query(
            "SELECT COUNT(*) FILTER (WHERE kind = 'unknown') AS bad, COUNT(*) AS every FROM events"
        )
        assert counted["bad"] >= file.bad_rows
        assert counted["every"] == file.rows + file.bad_rows - log.copies
        log.inventory()


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_lines_and_any_line_is_read_or_refused(content: bytes) -> None:
    import io

    notes: list[int] = []
    numbers = []
    for number, line in lines_of(io.BytesIO(content), lambda at, why: notes.append(at)):
        numbers.append(number)
        try:
            values, _ = values_of(line)
        except ValueError as error:
            assert str(error)
        else:
            assert values
    assert numbers == sorted(set(numbers))


@settings(max_examples=100, deadline=None)
@given(
    st.binary(max_size=600),
    st.sampled_from([b"", b"{", b"[", b"\x1f\x8b\x08", b"PK\x03\x04", b"PAR1", b"(\xb5/\xfd", b"\xff\xfe"]),
)
def test_any_file_is_read_or_refused(content: bytes, magic: bytes) -> None:
    import tempfile

    with tempfile.NamedTemporaryFile(suffix=".log") as file:
        file.write(magic + content)
        file.flush()
        read_bare(Path(file.name))


@pytest.mark.slow
def test_a_million_spoilt_records_in_bounded_memory_and_time() -> None:
    def bounded() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))

    done = subprocess.run(
        [sys.executable, "-m", "tests.traces.million", "1000000"],
        cwd=SAMPLES.parents[2],
        preexec_fn=bounded,
        capture_output=True,
        text=True,
        timeout=3600,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    records, rows, bad, mebibytes = map(int, done.stdout.split())
    assert records >= 1_000_000
    assert rows > 0
    assert bad > 0
    assert mebibytes < 700
