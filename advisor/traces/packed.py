"""What lies inside a file: itself, what it packs, or an archive's members; told by first bytes, never by names."""

from __future__ import annotations

import gzip
import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from pathlib import Path
from typing import IO, Any, NamedTuple

from advisor.errors import printable
from advisor.traces.lines import Bomb, Damaged

LARGEST_RATIO = 1000
"""Unpacked over packed bytes from which on, past BOMB_FROM, a stream is taken for a bomb."""
BOMB_FROM = 1 << 30
MOST_MEMBERS = 10_000
"""Members of an archive that are opened."""
_WINDOW = 1 << 27
GZIP, ZSTD, ZIP = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"PK\x03\x04"
_ZIPPED_ZSTD = 93
"""The method of a zip's member that is packed with zstd, as Inspect writes its `.eval` archives."""
_BINARY: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"%PDF", "a PDF document"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90\0", "a program"),
    (b"BZh", "packed with bzip2"),
    (b"\xfd7zXZ\0", "packed with xz"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"PK\x05\x06", "an empty zip archive"),
    (b"\x80\x02", "a Python pickle, which is never opened"),
    (b"\x80\x03", "a Python pickle, which is never opened"),
    (b"\x80\x04", "a Python pickle, which is never opened"),
    (b"\x80\x05", "a Python pickle, which is never opened"),
    (b"ARROW1", "an Arrow file"),
    (b"\xff\xff\xff\xff", "an Arrow stream"),
    (b"Obj\x01", "an Avro file"),
    (b"LPKSHHRH", "a journal of journald: export it with journalctl -o json"),
)
_HEAD = 512
_NULS = re.compile(rb"\0+")


class Refused(Exception):
    """A file that cannot be read at all: what was seen, and how to mend it."""

    def __init__(self, what: str, mend: str) -> None:
        self.what, self.mend = what, mend
        super().__init__(f"{what}; {mend}")


class Inside(NamedTuple):
    """A stream of bytes inside a file; `name` differs from the file's for a member of an archive."""

    name: str
    stream: IO[bytes]
    packed: str


def insides(path: Path) -> Iterator[Inside]:
    """The streams inside a file: itself, unpacked, or the members of a zip archive.

    Raises:
        Refused: It is binary, or an archive that is broken, or holds nothing that can be read.
    """
    with path.open("rb") as file:
        magic = file.read(4)
        if magic == ZIP:
            yield from _members(path)
            return
        file.seek(0)
        with _unpacked(file) as (stream, packed):
            yield Inside(str(path), _textual(stream), packed)


def _members(path: Path) -> Iterator[Inside]:
    """A zip's members, packed ones unpacked; those that are binary are passed over where others can be read."""
    size = path.stat().st_size
    read = 0
    refused: list[str] = []
    spent = _Spent(lambda: size)
    try:
        with zipfile.ZipFile(path) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            if len(members) > MOST_MEMBERS:
                raise Refused(f"is a zip archive of {len(members)} files", f"unpack it; {MOST_MEMBERS} are opened")
            for member in members:
                name = f"{path}!{printable(member.filename)}"
                try:
                    with _opened(archive, member, spent) as stream, _unpacked(stream, spent) as (inner, _):
                        yield Inside(name, _textual(inner), "zip")
                    read += 1
                    if spent.exceeded:
                        return
                except Refused as error:
                    refused.append(f"{printable(member.filename)} {error.what}")
                except (RuntimeError, NotImplementedError, zipfile.BadZipFile) as error:
                    refused.append(f"{printable(member.filename)} cannot be read ({error})")
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError) as error:
        raise Refused(f"is a zip archive that cannot be read ({error})", "unpack it and pass the folder") from None
    if refused and not read:
        raise Refused(f"is a zip archive whose files cannot be read: {'; '.join(refused[:3])}", "unpack it")


class _Spent:
    """Bytes unpacked so far, held against the packed bytes read for them."""

    def __init__(self, packed: Callable[[], int]) -> None:
        self._packed, self._bytes, self.exceeded = packed, 0, False

    def add(self, count: int) -> None:
        self._bytes += count
        if self._bytes > BOMB_FROM and self._bytes > LARGEST_RATIO * max(1, self._packed()):
            self.exceeded = True
            raise Bomb(f"unpacks to over {LARGEST_RATIO} times its size; the rest was not read")


class _Stream(io.RawIOBase):
    """A packed stream that is counted, and whose checksum, where given, is checked at the end; an error stays one."""

    def __init__(self, inner: IO[bytes], spent: _Spent, crc: int | None = None) -> None:
        self._inner, self._spent, self._crc, self._sum = inner, spent, crc, 0
        self._error: Exception | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        if self._error:
            raise self._error
        read = getattr(self._inner, "read1", self._inner.read)
        try:
            data: bytes = read(len(buffer))
            self._spent.add(len(data))
        except Exception as error:
            self._error = error
            raise
        if self._crc is not None:
            self._sum = zlib.crc32(data, self._sum)
            if not data and self._sum != self._crc:
                self._crc = None
                raise Damaged("the packed stream is damaged (its checksum does not fit)")
        buffer[: len(data)] = data
        return len(data)


class _Frames:
    """Zstandard frames one after the other; the library's own stream would not say that the last one breaks off."""

    # So little that no number of the smallest blocks, each of which may unpack to 128 KiB, takes much memory.
    _STEP = 1024

    def __init__(self, file: IO[bytes], frame: Callable[[], Any]) -> None:
        self._file, self._new, self._frame = file, frame, frame()
        self._begun, self._left, self._rest = False, b"", b""

    def read(self, size: int) -> bytes:
        """At most that many bytes; none at the end.

        Raises:
            EOFError: The file ends inside a frame.
        """
        while not self._left:
            packed = self._rest or self._file.read(self._STEP)
            self._rest = b""
            if not packed:
                if self._begun:
                    raise EOFError("the last frame is not whole")
                return b""
            self._left, self._begun = self._frame.decompress(packed), True
            if self._frame.eof:
                self._rest, self._frame, self._begun = self._frame.unused_data, self._new(), False
        data, self._left = self._left[:size], self._left[size:]
        return data


def _frames(file: IO[bytes]) -> _Frames:
    import zstandard

    return _Frames(file, zstandard.ZstdDecompressor(max_window_size=_WINDOW).decompressobj)


@contextmanager
def _opened(archive: zipfile.ZipFile, member: zipfile.ZipInfo, spent: _Spent) -> Iterator[IO[bytes]]:
    # Without its checksum zipfile hands out all that it unpacks; with it, a wrong one would cost the last bytes.
    unchecked = copy(member)
    del unchecked.CRC
    zstd = member.compress_type == _ZIPPED_ZSTD
    if zstd:  # Python knows the method from 3.14 on: the packed bytes are taken as they lie
        unchecked.compress_type, unchecked.file_size = zipfile.ZIP_STORED, member.compress_size
    with archive.open(unchecked) as stream:
        inner = _frames(stream) if zstd else stream
        yield io.BufferedReader(_Stream(inner, spent, member.CRC), 1 << 18)  # type: ignore[arg-type]


def _head(stream: IO[bytes]) -> bytes | None:
    """How a stream starts; None where it breaks before that: the reader of lines meets it again and notes where."""
    try:
        return bytes(stream.peek(_HEAD)[:_HEAD])  # type: ignore[attr-defined]
    except Exception:
        return None


@contextmanager
def _unpacked(file: IO[bytes], spent: _Spent | None = None) -> Iterator[tuple[IO[bytes], str]]:
    """A stream as it is, or unpacked where it is gzip or zstd."""
    start = (_head(file) or b"")[:4]
    spent = spent or _Spent(file.tell)
    if start.startswith(GZIP):
        with gzip.GzipFile(fileobj=file, mode="rb") as stream:
            yield io.BufferedReader(_Stream(stream, spent), 1 << 18), "gzip"  # type: ignore[arg-type]
    elif start == ZSTD:
        yield io.BufferedReader(_Stream(_frames(file), spent), 1 << 18), "zstd"  # type: ignore[arg-type]
    else:
        yield file, ""


def _textual(stream: IO[bytes]) -> IO[bytes]:
    """The stream, looked at: it may be text.

    Raises:
        Refused: It is something else; errors of a packed stream are left to whoever reads it.
    """
    start = _head(stream)
    if start is None:
        return stream
    for magic, what in _BINARY:
        if start.startswith(magic):
            raise Refused(f"is {what}", "name a log; JSON lines, JSON, CSV, text, Parquet and SQLite are read")
    if start[257:262] == b"ustar":
        raise Refused("is a tar archive", "unpack it and pass the folder")
    if start.startswith((GZIP, ZSTD, ZIP)):
        raise Refused("is packed more than once", "unpack it and pass the folder")
    wide = start.startswith((b"\xff\xfe", b"\xfe\xff")) or start[1:4:2] == b"\0\0" or start[0:3:2] == b"\0\0"
    odd = sum(1 for byte in start if byte < 32 and byte not in (0, 7, 8, 9, 10, 11, 12, 13, 27))
    # A crash may leave one long run of NUL in a log; a binary file has many short ones.
    if not wide and (odd > 0.05 * len(start) or len(_NULS.findall(start)) > 8):
        raise Refused("is binary", "name a log; JSON lines, JSON, CSV, text, Parquet and SQLite are read")
    return stream
