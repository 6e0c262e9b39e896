"""Packed logs: whole, broken, wrong, nested, and such as are meant to do harm."""

from __future__ import annotations

import gzip
import io
import struct
import tarfile
import zipfile
import zlib
from pathlib import Path

import pytest
import zstandard

from advisor.errors import InputError
from advisor.traces import packed
from advisor.traces.load import load
from tests.traces.logs import bad, line, read, rows

LINES = b"".join(line(n) + b"\n" for n in range(1, 2001))
IDS = [f"r-{n}" for n in range(1, 2001)]


def ids(log: object) -> list[str]:
    return [id for (id,) in rows(log, "request_id")]  # type: ignore[arg-type]


def zipped(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return held.getvalue()


def zipped_with_zstd(name: str, content: bytes, packed: bytes | None = None, method: int = 93) -> bytes:
    """An archive whose member is packed by method 93, as Inspect writes `.eval` files; Python before 3.14 cannot."""
    body = zstandard.compress(content) if packed is None else packed
    whole = bytearray(zipped((name, body), method=zipfile.ZIP_STORED))
    for at, fields in ((0, 8), (whole.index(b"PK\x01\x02"), 10)):
        whole[at + fields : at + fields + 2] = struct.pack("<H", method)
        sizes = struct.pack("<III", zlib.crc32(content), len(body), len(content))
        whole[at + fields + 6 : at + fields + 18] = sizes
    return bytes(whole)


PACKED = {
    "gzip": gzip.compress(LINES),
    "gzip in members": gzip.compress(LINES[:5000]) + gzip.compress(LINES[5000:]),
    "gzip padded with zeros": gzip.compress(LINES) + bytes(512),
    "zstd": zstandard.compress(LINES),
    "zstd in frames": zstandard.compress(LINES[:5000]) + zstandard.compress(LINES[5000:]),
    "zip": zipped(
        ("a.jsonl", LINES[: LINES.index(b"\n", 5000) + 1]), ("b.jsonl", LINES[LINES.index(b"\n", 5000) + 1 :])
    ),
    "zip, stored": zipped(("a.jsonl", LINES), method=zipfile.ZIP_STORED),
    "zip, lzma": zipped(("a.jsonl", LINES), method=zipfile.ZIP_LZMA),
    "zip, zstd": zipped_with_zstd("a.jsonl", LINES),
    "zip, zstd in frames": zipped_with_zstd(
        "a.jsonl", LINES, zstandard.compress(LINES[:5000]) + zstandard.compress(LINES[5000:])
    ),
    "gzip inside zip": zipped(("a.jsonl.gz", gzip.compress(LINES)), method=zipfile.ZIP_STORED),
}


@pytest.mark.parametrize("how", PACKED)
@pytest.mark.parametrize("name", ["app.log", "app.jsonl.gz", "noise"])
def test_a_packed_log_is_read_whatever_its_name(how: str, name: str, tmp_path: Path) -> None:
    log = read(tmp_path, PACKED[how], name)
    assert bad(log) == []
    assert ids(log) == IDS


def test_plain_text_that_is_named_gz(tmp_path: Path) -> None:
    assert ids(read(tmp_path, LINES, "app.log.gz")) == IDS


@pytest.mark.parametrize("how", ["gzip", "zstd"])
@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_stream_that_breaks_off_is_read_up_to_the_break(how: str, share: float, tmp_path: Path) -> None:
    noise = b"".join(line(n, note=zlib.crc32(str(n).encode()) * 7919**4) + b"\n" for n in range(1, 20_001))
    whole = gzip.compress(noise) if how == "gzip" else zstandard.compress(noise)
    log = read(tmp_path, whole[: int(len(whole) * share)])
    got = ids(log)
    assert got == [f"r-{n}" for n in range(1, len(got) + 1)]
    # zstd gives out whole blocks of 128 KiB only.
    assert len(got) > 20_000 * share - 3000
    ((number, why),) = bad(log)
    assert number == len(got) + 1
    assert "breaks off here" in why


def test_a_corrupt_gzip_is_read_up_to_the_fault(tmp_path: Path) -> None:
    noise = b"".join(line(n, note=zlib.crc32(str(n).encode()) * 7919**4) + b"\n" for n in range(1, 20_001))
    whole = bytearray(gzip.compress(noise))
    middle = len(whole) // 2
    whole[middle : middle + 64] = bytes(64)
    log = read(tmp_path, bytes(whole))
    faults = log.files[0].bad
    assert faults
    first = faults[0][0]
    assert ids(log)[: first - 1] == [f"r-{n}" for n in range(1, first)]
    assert first > 4000


def test_a_wrong_checksum_is_noted_and_all_is_read(tmp_path: Path) -> None:
    whole = bytearray(gzip.compress(LINES.rstrip(b"\n")))
    whole[-8] ^= 255
    log = read(tmp_path, bytes(whole))
    assert ids(log) == IDS
    ((number, why),) = bad(log)
    assert number == 2000
    assert "CRC check failed" in why


def test_a_wrong_length_is_noted_and_all_is_read(tmp_path: Path) -> None:
    whole = bytearray(gzip.compress(LINES))
    whole[-4:] = struct.pack("<I", 7)
    log = read(tmp_path, bytes(whole))
    assert ids(log) == IDS
    assert "length" in bad(log)[0][1].lower()


def test_what_stands_behind_a_gzip_stream_is_noted(tmp_path: Path) -> None:
    log = read(tmp_path, gzip.compress(LINES) + b"trailing garbage")
    assert ids(log) == IDS
    assert [number for number, _ in bad(log)] == [2000]


def test_a_wrong_checksum_in_a_zip_is_noted_and_all_is_read(tmp_path: Path) -> None:
    whole = bytearray(zipped(("a.jsonl", LINES)))
    at = whole.index(b"PK\x01\x02") + 16
    whole[at] ^= 255
    log = read(tmp_path, bytes(whole))
    assert ids(log) == IDS
    assert "checksum does not fit" in bad(log)[0][1]


def test_a_wrong_checksum_of_a_member_that_is_packed_with_zstd_is_noted_and_all_is_read(tmp_path: Path) -> None:
    whole = bytearray(zipped_with_zstd("a.jsonl", LINES))
    whole[whole.index(b"PK\x01\x02") + 16] ^= 255
    log = read(tmp_path, bytes(whole))
    assert ids(log) == IDS
    assert "checksum does not fit" in bad(log)[0][1]


def test_a_member_that_is_packed_with_zstd_and_breaks_off_is_read_up_to_the_break(tmp_path: Path) -> None:
    noise = b"".join(line(n, note=zlib.crc32(str(n).encode()) * 7919**4) + b"\n" for n in range(1, 20_001))
    body = zstandard.compress(noise)
    log = read(tmp_path, zipped_with_zstd("a.jsonl", noise, body[: len(body) // 2]))
    got = ids(log)
    assert got == [f"r-{n}" for n in range(1, len(got) + 1)]
    assert len(got) > 7000
    ((_, why),) = bad(log)
    assert "breaks off here" in why


def test_members_that_are_no_logs_are_passed_over(tmp_path: Path) -> None:
    content = zipped(("img.png", b"\x89PNG\r\n\x1a\n" + bytes(999)), ("logs/a.jsonl", LINES), ("../../up", LINES[:0]))
    assert ids(read(tmp_path, content)) == IDS


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (zipped(("inner.zip", zipped(("a", LINES)))), "packed more than once"),
        (zipped(("a.png", b"\x89PNG\r\n\x1a\n" + bytes(999))), "a PNG image"),
        (zipped_with_zstd("a", LINES, method=98), "a cannot be read"),
        (b"PK\x03\x04" + bytes(100), "zip archive that cannot be read"),
        (zipped(("a", LINES))[:-40], "zip archive that cannot be read"),
        (gzip.compress(gzip.compress(LINES)), "packed more than once"),
        (b"\x80\x04\x95" + bytes(40), "a Python pickle, which is never opened"),
        (b"%PDF-1.7\n" + LINES, "a PDF document"),
        (bytes(range(256)) * 4, "is binary"),
        (b"BZh91AY&SY" + bytes(40), "packed with bzip2"),
    ],
)
def test_what_cannot_be_read_is_refused_with_what_was_seen(content: bytes, said: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=said):
        read(tmp_path, content)


def test_a_tar_archive_is_refused(tmp_path: Path) -> None:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w:gz") as archive:
        member = tarfile.TarInfo("a.jsonl")
        member.size = len(LINES)
        archive.addfile(member, io.BytesIO(LINES))
    with pytest.raises(InputError, match="is a tar archive; unpack it and pass the folder"):
        read(tmp_path, held.getvalue())


def test_an_encrypted_member_is_refused(tmp_path: Path) -> None:
    whole = bytearray(zipped(("a.jsonl", LINES)))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        whole[whole.index(mark) + offset] |= 1
    with pytest.raises(InputError, match="encrypted"):
        read(tmp_path, bytes(whole))


@pytest.fixture
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed, "BOMB_FROM", 1 << 20)
    monkeypatch.setattr(packed, "LARGEST_RATIO", 100)


@pytest.mark.usefixtures("_small")
@pytest.mark.parametrize("how", ["gzip", "zstd", "zip", "zip, zstd"])
def test_a_stream_that_grows_beyond_reason_is_stopped(how: str, tmp_path: Path) -> None:
    bomb = LINES + (b" " * 999 + b"\n") * 30_000 + line(9999)
    content = {
        "gzip": lambda: gzip.compress(bomb),
        "zstd": lambda: zstandard.compress(bomb),
        "zip": lambda: zipped(("a", bomb)),
        "zip, zstd": lambda: zipped_with_zstd("a", bomb),
    }[how]()
    log = read(tmp_path, content)
    assert ids(log) == IDS
    ((_, why),) = bad(log)
    assert "unpacks to over 100 times its size; the rest was not read" in why


@pytest.mark.usefixtures("_small")
def test_a_zip_whose_members_together_grow_beyond_reason_is_stopped(tmp_path: Path) -> None:
    member = b"".join(line(n) + b"\n" for n in range(1, 200)) + b"\n" * 300_000
    log = read(tmp_path, zipped(*((f"m{n}.jsonl", member) for n in range(50))))
    assert log.files[0].rows < 50 * 199
    assert any("the rest was not read" in why for _, why in log.files[0].bad)


def test_an_archive_of_countless_files_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed, "MOST_MEMBERS", 20)
    with pytest.raises(InputError, match="zip archive of 30 files"):
        read(tmp_path, zipped(*((f"m{n}", b"") for n in range(30))))


def test_members_are_cited_by_name_and_control_characters_in_names_are_shown(tmp_path: Path) -> None:
    content = zipped(("a\x1b[31m.jsonl", line(1, event="gate_denied") + b"\n" + line(2)))
    (guessed,) = read(tmp_path, content).inventory()["guessed_kinds"]
    assert guessed["file"].endswith("!a\\x1b[31m.jsonl")


def test_nothing_but_a_packed_empty_file_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(b""))
    with pytest.raises(InputError, match="holds nothing"):
        load([str(path)])


def test_a_member_that_is_broken_from_its_first_byte_is_noted_and_the_others_are_read(tmp_path: Path) -> None:
    path = tmp_path / "logs.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("broken.jsonl", LINES)
        archive.writestr("whole.jsonl", LINES)
    body = bytearray(path.read_bytes())
    start = body.index(b"broken.jsonl") + len("broken.jsonl")
    body[start : start + 64] = b"\xff" * 64
    path.write_bytes(body)
    log = load([str(tmp_path)])
    assert ids(log) == IDS
    assert log.files[0].bad_rows == 1
    assert "breaks off" in log.files[0].bad[0][1]
