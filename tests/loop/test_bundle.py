"""An evidence bundle: the same contents give the same bytes, and no byte can change unseen."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.errors import InputError
from advisor.loop.bundle import MANIFEST, About, Given, Manifest, chained, packed, sealed
from advisor.loop.verification import MOST_BYTES, Verification, verify

ABOUT = About(
    date="2026-11-22",
    advisor="0.1.0",
    knowledge="1.0",
    python="3.11.9",
    duckdb="1.4.0",
    redacted=True,
    remarks=("secrets are masked",),
    inputs=(Given(name="app.jsonl", size=3, sha256="0" * 64),),
)
MEMBERS = {"report.json": b'{"schema": "advisor/diagnosis/1"}\n', "report.html": b"<p>\n", "rows.jsonl": b""}
MANIFEST_, WHOLE = sealed(ABOUT, MEMBERS)
Parts = Iterable[tuple[str, bytes]]


def checked(data: bytes, path: Path, head: str | None = None) -> Verification:
    path.write_bytes(data)
    return verify(path, head)


def archive(parts: Parts, how: int = zipfile.ZIP_STORED) -> bytes:
    """A zip file as another program would write it, with our times."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", how) as file:
        for name, data in parts:
            info = zipfile.ZipInfo(name)
            info.compress_type, info.create_system, info.external_attr = how, 3, 0o644 << 16
            file.writestr(info, data)
    return made.getvalue()


def parts() -> list[tuple[str, bytes]]:
    return [(MANIFEST, MANIFEST_.written()), *MEMBERS.items()]


def test_an_untouched_bundle_is_intact_and_its_head_is_the_one_that_was_sealed(tmp_path: Path) -> None:
    found = checked(WHOLE, tmp_path / "b.zip", MANIFEST_.head)
    assert found.intact
    assert found.changes == ()
    assert (found.head, found.members, found.date) == (MANIFEST_.head, 3, "2026-11-22")
    assert sealed(ABOUT, dict(MEMBERS)) == (MANIFEST_, WHOLE)


def test_the_chain_can_be_followed_by_hand() -> None:
    link = sha256(json.dumps(ABOUT.model_dump(mode="json"), sort_keys=True).encode()).hexdigest()
    for entry, (name, data) in zip(MANIFEST_.entries, MEMBERS.items(), strict=True):
        assert (entry.name, entry.size, entry.sha256) == (name, len(data), sha256(data).hexdigest())
        link = sha256(json.dumps([link, name, len(data), entry.sha256]).encode()).hexdigest()
        assert entry.chain == link
    assert MANIFEST_.head == link


@settings(max_examples=400, deadline=None)
@given(at=st.integers(0, len(WHOLE) - 1), bits=st.integers(1, 255))
def test_no_byte_can_change_unseen(at: int, bits: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    data = bytearray(WHOLE)
    data[at] ^= bits
    assert not checked(bytes(data), tmp_path_factory.getbasetemp() / "flipped.zip").intact


def test_no_bit_of_any_byte_can_change_unseen(tmp_path: Path) -> None:
    unseen = []
    for at in range(len(WHOLE)):
        data = bytearray(WHOLE)
        data[at] ^= 1 << at % 8
        if checked(bytes(data), tmp_path / "b.zip").intact:
            unseen.append(at)
    assert unseen == []


@settings(max_examples=100, deadline=None)
@given(cut=st.integers(1, len(WHOLE) - len(MANIFEST) - 30), more=st.binary(min_size=1, max_size=50))
def test_neither_cutting_nor_adding_goes_unseen(
    cut: int, more: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "cut.zip"
    assert not checked(WHOLE[:-cut], path).intact
    assert not checked(WHOLE + more, path).intact
    assert not checked(more + WHOLE, path).intact


CHANGED = {
    "a member's content": ([*parts()[:2], ("report.html", b"<b>\n"), parts()[3]], "report.html: was changed"),
    "a member more": ([*parts(), ("more.txt", b"")], "more.txt: was added"),
    "a member less": (parts()[:3], "rows.jsonl: is gone"),
    "another name": ([*parts()[:3], ("lines.jsonl", b"")], "rows.jsonl: is gone"),
    "another order": ([*parts()[:2], parts()[3], parts()[2]], "the members: stand in another order"),
    "the manifest last": ([*parts()[1:], parts()[0]], "the file: bytes outside its members were changed"),
    "no manifest": ([(MANIFEST + ".old", parts()[0][1]), *parts()[1:]], "manifest.json: is gone"),
    "a manifest twice": ([*parts(), parts()[0]], "manifest.json: is there 2 times"),
    "a way out": ([*parts(), ("../../etc/cron.d/x", b"")], "../../etc/cron.d/x: no member of a bundle has such a name"),
    "an absolute path": ([*parts(), ("/etc/passwd", b"")], "/etc/passwd: no member of a bundle has such a name"),
}


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("change", CHANGED)
def test_each_change_is_named(change: str, tmp_path: Path) -> None:
    contents, line = CHANGED[change]
    found = checked(archive(contents), tmp_path / "b.zip")
    assert any(each.startswith(line) for each in found.changes), found.changes


def test_the_archive_of_the_other_tests_is_ours_where_nothing_differs(tmp_path: Path) -> None:
    assert archive(parts()) == WHOLE


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"date": "2026-11-22"', b'"date": "2026-11-21"'),
        (b'"redacted": true', b'"redacted": false'),
        (b'"size": 3', b'"size": 4'),
        (b'"about"', b' "about"'),
        (MANIFEST_.entries[1].chain.encode(), b"0" * 64),
        (MANIFEST_.head.encode(), b"f" * 64),
        (b'"entries"', b'"entrances"'),
    ],
)
def test_an_edited_manifest_is_seen(old: bytes, new: bytes, tmp_path: Path) -> None:
    written = MANIFEST_.written()
    assert old in written
    found = checked(archive([(MANIFEST, written.replace(old, new, 1)), *parts()[1:]]), tmp_path / "b.zip")
    assert found.changes
    assert all(each.startswith(MANIFEST) for each in found.changes)


def test_a_bundle_rebuilt_whole_is_told_by_the_recorded_head_alone(tmp_path: Path) -> None:
    other = {**MEMBERS, "report.html": b"<p>all is well\n"}
    manifest = chained(ABOUT, other)
    forged = packed(manifest.written(), other)
    assert checked(forged, tmp_path / "b.zip").intact
    found = checked(forged, tmp_path / "b.zip", MANIFEST_.head.upper())
    assert found.changes == (f"the head: is {manifest.head}, and {MANIFEST_.head} was recorded: it is another bundle",)


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    bomb = archive([parts()[0], ("report.json", b"0" * (64 << 20))], zipfile.ZIP_DEFLATED)
    assert len(bomb) < 1 << 20
    found = checked(bomb, tmp_path / "b.zip")
    assert "report.json: was not stored as a bundle stores its members, and was not read" in found.changes


def test_a_bundle_that_was_packed_anew_is_no_stranger(tmp_path: Path) -> None:
    found = checked(archive(parts(), zipfile.ZIP_DEFLATED), tmp_path / "b.zip")
    assert {each.partition(":")[0] for each in found.changes} == {MANIFEST, *MEMBERS}


def test_many_changes_are_counted(tmp_path: Path) -> None:
    found = checked(archive([*parts(), *((f"m{at}", b"") for at in range(80))]), tmp_path / "b.zip")
    assert len(found.changes) == 51
    assert found.changes[-1] == "and 30 changes more"


@pytest.mark.parametrize("data", [b"", b"hello", b"PK\x03\x04", archive([("a.txt", b"1")]), b"\0" * 100])
def test_what_is_no_bundle_is_wrong_input(data: bytes, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is no evidence bundle"):
        checked(data, tmp_path / "b.zip")


def test_a_folder_a_missing_file_and_a_huge_one_are_wrong_input(tmp_path: Path) -> None:
    huge = tmp_path / "huge.zip"
    with huge.open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    for path, what in ((tmp_path, "is no file"), (tmp_path / "none.zip", "no such file"), (huge, "is larger than")):
        with pytest.raises(InputError, match=what):
            verify(path)


def test_a_head_must_be_one(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is no head of a bundle"):
        checked(WHOLE, tmp_path / "b.zip", "abc")


def test_a_manifest_reads_back_as_it_was() -> None:
    assert Manifest.model_validate_json(MANIFEST_.written()) == MANIFEST_
